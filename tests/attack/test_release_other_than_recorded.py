"""Attempts to have the vault hand out reads that it did not find, or that the record does not count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.errors import InvalidProof
from gatehouse.model import Outcome
from gatehouse.vault import Opened
from gatehouse.vault.errors import (
    NotOpen,
    NotPermitted,
    ReceiptSpent,
    RowAltered,
    WrongCounts,
)
from tests.attack.vaults import guarded, opened
from tests.unit.ledger.made import receipt
from tests.unit.ledger.naive import NaiveTree
from tests.unit.vault.world import (
    AT,
    OTHER,
    OWNER,
    PLATE,
    SEARCHER,
    Search,
    World,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with guarded(tmp_path) as world:
        yield world


class TestRowsOfOthers:
    def examined(self, world: World, search: Search, rows: list[Any]) -> None:
        found = opened(world, search)
        with pytest.raises(RowAltered):
            world.vault.examine(found.id, rows)
        # A refused examination ends the search: nothing can be tried row by row.
        with pytest.raises(NotOpen):
            world.vault.examine(found.id, [])

    def test_of_another_plate(self, world: World) -> None:
        self.examined(world, world.search(), world.take("OTHER1"))

    def test_of_another_bucket(self, world: World) -> None:
        rows = world.take(PLATE, at=AT - timedelta(days=9))
        self.examined(world, world.search(), rows)

    def test_of_an_owner_who_did_not_permit(self, world: World) -> None:
        rows = world.take(PLATE, owner=OTHER)
        outcomes = {OWNER: Outcome.PERMIT, OTHER: Outcome.DENY}
        self.examined(world, world.search(outcomes=outcomes), rows)

    def test_with_the_owner_or_token_rewritten(self, world: World) -> None:
        (denied,) = world.take(PLATE, owner=OTHER)
        (other,) = world.take("OTHER1")
        row = world.reads.rows[0]
        outcomes = {OWNER: Outcome.PERMIT, OTHER: Outcome.DENY}
        for changed in (
            denied._replace(owner_id=OWNER),
            other._replace(token=row.token),
            row._replace(sealed=other.sealed, read_id=other.read_id),
            row._replace(sealed=row.sealed[:-1]),
        ):
            self.examined(world, world.search(outcomes=outcomes), [row, changed])

    def test_twice(self, world: World) -> None:
        row = world.reads.rows[0]
        self.examined(world, world.search(), [row, row])


class TestReleaseNotAsRecorded:
    def found(self, world: World) -> tuple[Search, Opened, dict[str, Json]]:
        search = world.search()
        found = opened(world, search)
        rows = world.reads.lookup(found.lookups, owners=found.owners)
        return search, found, dict(world.vault.examine(found.id, rows).counts)

    @pytest.mark.parametrize(
        "changed",
        [
            {"reads": 0},
            {"reads": True},
            {"owners": {}},
            {"owners": {OTHER: 1}},
            {"withheld": True},
            {"expired": 1},
            {"more": 1},
        ],
    )
    def test_with_other_counts(self, world: World, changed: dict[str, Json]) -> None:
        search, found, counts = self.found(world)
        for wrong in ({**counts, **changed}, {}, None):
            with pytest.raises(WrongCounts):
                world.release(found.id, world.released(search, wrong))  # type: ignore[arg-type]  # as an attacker may
        # What was found is still there for the honest record.
        assert len(world.release(found.id, world.released(search, counts))) == 1

    def test_with_the_entry_of_another_search(self, world: World) -> None:
        search, found, counts = self.found(world)
        other = world.search()
        for wrong in (world.released(other, counts), world.released(search, counts, request=None)):
            with pytest.raises(NotPermitted):
                world.release(found.id, wrong)

    def test_with_the_entry_of_another_agency_or_event(self, world: World) -> None:
        search, found, counts = self.found(world)
        fields: dict[str, Json] = {"counts": counts, "request": search.request.hash}
        for event, agency in (
            ("search:plate:released", "elm-pd"),
            ("search:plate:failed", SEARCHER),
            ("search:plate:permitted", SEARCHER),
            ("hotlist:hit:raised", SEARCHER),
        ):
            with pytest.raises(NotPermitted):
                world.release(found.id, world.book.append(event, fields, agency=agency))

    @pytest.mark.parametrize("hours", [-24, -1, 1, 24])
    def test_with_an_entry_of_a_day_on_which_nobody_counts(self, world: World, hours: int) -> None:
        search, found, counts = self.found(world)
        fields: dict[str, Json] = {"counts": counts, "request": search.request.hash}
        at = world.clock.at + timedelta(hours=hours)
        with pytest.raises(NotPermitted, match="another hour"):
            world.release(found.id, world.book.append("search:plate:released", fields, at=at))
        assert len(world.release(found.id, world.released(search, counts))) == 1

    def test_with_an_entry_that_stands_before_the_decision(self, world: World) -> None:
        search = world.search()
        counts: dict[str, Json] = {
            "reads": 1,
            "plates": 1,
            "owners": {OWNER: 1},
            "expired": 0,
            "outside_window": 0,
            "withheld": False,
        }
        early = world.released(search, counts)
        search.decided = world.again(search.decided)
        found = opened(world, search)
        assert world.vault.examine(found.id, world.reads.rows).counts == counts
        with pytest.raises(NotPermitted, match="before its decision"):
            world.release(found.id, early)

    def test_with_an_entry_that_is_not_recorded_yet(self, world: World) -> None:
        search, found, counts = self.found(world)
        entry = world.released(search, counts)
        earlier = world.book.receipt(search.decided)
        world.book.entries.pop()
        tree = NaiveTree([each.data for each in world.book.entries])
        for lent in (earlier, receipt(tree, search.decided.index)):
            with pytest.raises(InvalidProof):
                world.vault.release(
                    found.id, entry=entry.data, receipt=lent, openings=entry.show(("counts", "request"))
                )

    def test_with_one_entry_for_two_searches(self, world: World) -> None:
        search, found, counts = self.found(world)
        entry = world.released(search, counts)
        world.vault.record(entry.data, world.book.receipt(entry))
        with pytest.raises(ReceiptSpent):
            world.release(found.id, entry)
