"""The row by which a search is judged: the first, unless a copy of the same owner shows what it hides."""

from __future__ import annotations

import pytest

from gatehouse.audit.counted import counted_rows
from gatehouse.model import FieldState, LinkTier
from tests.unit.audit.builders import EXPORTED, Row, file_facts, linked

HIDDEN = FieldState.REDACTED_AGENCY
FILES = (file_facts(path="a.csv"), file_facts(path="b.csv"), file_facts(path="c.csv"))


def judged(rows: list[Row], owners: tuple[int, ...] = (1, 1, 1)) -> list[tuple[int, int]]:
    """Return file and row of what stands for each search."""
    frame = counted_rows(linked(rows, files=FILES), owners)
    return [(file, row) for file, row in frame.select("file", "row").collect().iter_rows()]


def first(reason: object) -> Row:
    return {"reason": reason}


def copy(reason: object, *, file: int = 1, search: int = 0) -> Row:
    return {"reason": reason, "file": file, "search": search, "tier": LinkTier.ID.value}


def test_counted_rows_first_row_that_shows_its_reason_stands() -> None:
    assert judged([first("burglary"), copy("immigration")]) == [(0, 2)]


@pytest.mark.parametrize("state", [HIDDEN, FieldState.REDACTED_VENDOR, ("burglary, ...", FieldState.PARTIAL)])
def test_counted_rows_copy_stands_for_a_hidden_reason(state: object) -> None:
    rows = [first(state), first("burglary"), copy("immigration"), copy("theft", search=1)]
    assert judged(rows) == [(0, 3), (1, 2)]


@pytest.mark.parametrize("state", [HIDDEN, FieldState.EMPTY, ("n/a", FieldState.PLACEHOLDER)])
def test_counted_rows_copy_that_says_nothing_does_not_stand(state: object) -> None:
    assert judged([first(HIDDEN), copy(state)]) == [(0, 2)]


def test_counted_rows_earliest_of_several_copies_stands() -> None:
    rows = [first(HIDDEN), copy(HIDDEN), copy("theft"), copy("immigration"), copy("arson", file=2)]
    assert judged(rows) == [(1, 3)]


def test_counted_rows_copy_of_another_owner_does_not_stand() -> None:
    assert judged([first(HIDDEN), copy("immigration")], (1, 2, 2)) == [(0, 2)]


def test_counted_rows_offense_is_the_reason_of_a_file_without_reasons() -> None:
    files = [
        file_facts(path=path, exported=EXPORTED - {"reason"} | {"offense"}) for path in ("a.csv", "b.csv")
    ]
    shown = {"file": 1, "search": 0, "tier": LinkTier.ID.value, "offense": "arson"}
    rows: list[Row] = [
        {"reason": FieldState.NOT_EXPORTED, "offense": HIDDEN},
        {"reason": FieldState.NOT_EXPORTED, **shown},
    ]
    found = counted_rows(linked(rows, files=files), (1, 1)).select("file", "row").collect()
    assert found.rows() == [(1, 2)]
