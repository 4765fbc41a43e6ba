"""Records with misplaced cells: moved back where one way is left, else rejected with the reason."""

from __future__ import annotations

import pytest

from gatehouse.records import repair
from gatehouse.records.layouts import Plan, recognize_header
from gatehouse.records.repair import is_total, mend
from tests.unit.records.exports import AUDIT, PORTAL, audit_row, portal_row


def plan(header: tuple[str, ...]) -> Plan:
    found = recognize_header(header, [])
    assert found is not None
    return found


AUDITS, PORTALS = plan(AUDIT), plan(PORTAL)


def test_mend_of_a_sound_record_moves_nothing() -> None:
    cells = tuple(audit_row(1))
    assert mend(cells, AUDITS) == repair.Mended((cells,))


def test_mend_of_two_records_on_one_line_gives_both() -> None:
    first, second = portal_row(1, "theft"), portal_row(2, "other")
    glued = [*first[:-1], f'{first[-1]}"{second[0]}', *second[1:]]
    assert mend(glued, PORTALS) == repair.Mended((tuple(first), tuple(second)), moved=True)


@pytest.mark.parametrize("mark", ['"', ""])
def test_mend_of_a_record_with_a_header_behind_it_gives_the_record(mark: str) -> None:
    row = portal_row(1, "theft")
    glued = [*row[:-1], f"theft{mark}id", *PORTAL[1:]]
    assert mend(glued, PORTALS) == repair.Mended((tuple(row),), moved=True, header=True)


def test_mend_of_an_extra_cell_prefers_the_place_where_prose_goes_on() -> None:
    cells = audit_row(1)
    cells[7:8] = ["theft", " red car"]
    [mended] = mend(cells, AUDITS).records
    assert mended[7] == "theft, red car"
    assert mended[10] == cells[11]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([*audit_row(1)[:7], "theft", "car", *audit_row(1)[8:]], repair.EXTRA_CELLS),
        (audit_row(1)[:5], repair.MISSING_CELLS),
        ([*audit_row(1)[:5], "2025", *audit_row(1)[6:]], repair.MISPLACED_CELLS),
        ([*audit_row(1)[:10], "noon", *audit_row(1)[11:]], repair.UNREADABLE_TIME),
    ],
)
def test_mend_without_one_way_back_rejects_with_the_reason(cells: list[str], reason: str) -> None:
    assert mend(cells, AUDITS) == repair.Mended((), reason=reason)


@pytest.mark.parametrize(
    "cells", [["Total: 3"], ["TOTAL", "", "1,204"], ["Grand total", "3", "4"], ["Total searches: 12", ""]]
)
def test_is_total_of_a_line_of_totals(cells: list[str]) -> None:
    assert is_total(cells)


@pytest.mark.parametrize(
    "cells", [[], [""], ["3"], ["Total", "theft"], ["Totality", "3"], ["Total: theft"], audit_row(1)]
)
def test_is_total_of_anything_else_is_false(cells: list[str]) -> None:
    assert not is_total(cells)
