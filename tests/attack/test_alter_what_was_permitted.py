"""Attempts to have the vault open more than a genuine receipt permits: another plate, time or owner."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Disclosure
from gatehouse.ledger.decisions import OwnerDecision, SaltedDecision
from gatehouse.ledger.errors import InvalidOpening
from gatehouse.model import Error, Outcome
from gatehouse.vault.errors import (
    NotPermitted,
)
from tests.attack.vaults import exchanged, guarded, opened, refused
from tests.unit.vault.world import (
    AT,
    OTHER,
    OWNER,
    World,
    resalted,
    text,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with guarded(tmp_path) as world:
        yield world


class TestOpeningsSwapped:
    @pytest.mark.parametrize(
        ("field", "value"),
        [("plate", "OTHER1"), ("window", {"from": "2020-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"})],
    )
    @pytest.mark.parametrize("whose", ["openings", "request_openings", "both"])
    def test_for_another_plate_or_window(self, world: World, field: str, value: Json, whose: str) -> None:
        ask = world.ask(world.search())
        changed: dict[str, Any] = {}
        for name in ("openings", "request_openings"):
            if whose in (name, "both"):
                changed[name] = exchanged(list(getattr(ask, name)), field, value)
        refused(world, dataclasses.replace(ask, **changed), InvalidOpening)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("plate", "OTHER1"),
            ("window", {"from": "2020-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}),
        ],
    )
    def test_for_a_decision_on_another_plate_or_window(self, world: World, field: str, value: Json) -> None:
        """Both are on the record, and the vault will not say which of them was meant."""
        search = world.search(decided={field: value})
        refused(world, world.ask(search), NotPermitted, match=f"`{field}`")

    def test_for_the_disclosures_of_another_search(self, world: World) -> None:
        mine, theirs = world.search(), world.search("OTHER1")
        theirs_shown = world.ask(theirs)
        refused(world, world.ask(mine, request_openings=theirs_shown.request_openings), NotPermitted)
        moved = [
            dataclasses.replace(each, index=mine.request.index) for each in theirs_shown.request_openings
        ]
        refused(world, world.ask(mine, request_openings=moved), InvalidOpening)

    def test_for_none_or_for_two_of_one_field(self, world: World) -> None:
        search = world.search()
        for name in ("openings", "request_openings"):
            shown: list[Disclosure] = list(getattr(world.ask(search), name))
            for each in shown:
                fewer = world.ask(search, **{name: [other for other in shown if other is not each]})
                refused(world, fewer, NotPermitted, match="not disclosed")
                twice = world.ask(search, **{name: [*shown, each]})
                refused(world, twice, NotPermitted, match="stands twice")

    @pytest.mark.parametrize(
        "detail",
        [
            None,
            {},
            {"mode": "live"},
            {"mode": "live", "confusables": "no"},
            {"mode": "training", "confusables": False},
            {"confusables": False},
        ],
    )
    def test_for_a_request_that_touches_no_live_reads(self, world: World, detail: Json) -> None:
        search = world.requested(world.search(), {"detail": detail}, {})
        refused(world, world.ask(search), NotPermitted, match="how to search")

    @pytest.mark.parametrize("plate", [None, 7, "", "T?ST", "TE???23", "TEST1234567"])
    def test_for_a_plate_that_names_a_crowd_or_nothing(self, world: World, plate: Any) -> None:
        refused(world, world.ask(world.search(plate)), NotPermitted)

    @pytest.mark.parametrize(
        "window",
        [
            None,
            {"from": text(AT)},
            {"from": text(AT), "to": "2020-01-01T00:00:00Z"},
            {"from": "2026-11-23", "to": "2026-11-24"},
            {"from": "0001-01-01T00:00:00+14:00", "to": text(AT)},
            {"from": 0, "to": 1},
        ],
    )
    def test_for_a_window_that_is_none(self, world: World, window: Any) -> None:
        search = world.requested(world.search(), {"window": window}, {"window": window})
        refused(world, world.ask(search), NotPermitted)


OUTCOMES = {OWNER: Outcome.DENY, OTHER: Outcome.PERMIT, "elm-pd": Outcome.REVIEW}


class TestPermitsAltered:
    def test_owner_who_denied_counted_as_permitted(self, world: World) -> None:
        search = world.search(outcomes=OUTCOMES)
        for changed in (
            resalted(search.permits, alder_pd=Outcome.PERMIT),
            resalted(search.permits, elm_pd=Outcome.PERMIT),
        ):
            refused(world, world.ask(search, permits=changed), NotPermitted, match="not those on the record")

    def test_owner_missing_added_or_named_twice(self, world: World) -> None:
        search = world.search(outcomes=OUTCOMES)
        permits = search.permits.salted
        stranger = SaltedDecision(OwnerDecision("fir-pd", Outcome.PERMIT), bytes(32))
        twice = SaltedDecision(permits[0].decision, bytes(32))
        for changed in (permits[1:], permits[:-1], (), [*permits, stranger], [*permits, twice]):
            refused(world, world.ask(search, permits=changed), NotPermitted)

    def test_decisions_of_another_search(self, world: World) -> None:
        denied, permitted = world.search(outcomes=OUTCOMES), world.search()
        refused(world, world.ask(denied, permits=permitted.permits.salted), NotPermitted)

    def test_salt_of_another_length(self, world: World) -> None:
        search = world.search()
        short = [dataclasses.replace(each, salt=b"") for each in search.permits.salted]
        refused(world, world.ask(search, permits=short), NotPermitted)

    def test_owner_who_asks_for_review_or_denies_is_not_reached(self, world: World) -> None:
        assert opened(world, world.search(outcomes=OUTCOMES)).owners == {OTHER}
        nobody = {OWNER: Outcome.DENY, OTHER: Outcome.REVIEW}
        with pytest.raises(NotPermitted, match="no owner permits"):
            opened(world, world.search(outcomes=nobody))

    def test_root_of_another_form(self, world: World) -> None:
        values: list[Json] = [None, {}, {"root": "00" * 32, "size": 0}]
        for value in values:
            refused(world, world.ask(world.search(decided={"owners_decided": value})), Error)
