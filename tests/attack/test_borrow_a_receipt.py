"""Attempts to have the vault open reads with a receipt that is not for them, or not any more."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gatehouse.ledger import VerificationError
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Disclosure
from gatehouse.ledger.decisions import OwnerDecision, SaltedDecision
from gatehouse.ledger.errors import InvalidOpening, InvalidProof, PolicyNotMet, UntrustedNote
from gatehouse.ledger.policy import Policy
from gatehouse.model import Error, Outcome
from gatehouse.vault import OpenAsk, Opened
from gatehouse.vault.errors import (
    ClockBehind,
    NotOpen,
    NotPermitted,
    ReceiptSpent,
    ReceiptStale,
    RowAltered,
    WrongCounts,
)
from tests.unit.ledger.made import log_key, receipt, witness_key
from tests.unit.ledger.naive import NaiveTree
from tests.unit.vault.world import (
    AT,
    OTHER,
    OWNER,
    PACK,
    PLATE,
    SEARCHER,
    Book,
    Search,
    World,
    resalted,
    text,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A vault that holds one read of the plate; every refusal must leave it able to answer rightly."""
    world = World(tmp_path / "vault")
    world.take(PLATE)
    yield world
    world.policy, world.pack = Policy.of_log(log_key().vkey), PACK
    world.reads.rows = world.reads.rows[:1]
    world.clock.move(3600)
    world.reopen()
    assert world.answer()[0]["reads"] == 1


def refused(world: World, ask: OpenAsk, error: type[Error], *, match: str | None = None) -> None:
    """Check that an ask is refused, naming no plate, and that it spends nothing."""
    with pytest.raises(error, match=match) as refusal:
        world.vault.open(ask)
    assert PLATE not in str(refusal.value)
    assert PLATE not in repr(refusal.value.__context__)
    with world.vault._database.locked() as connection:
        assert connection.execute("SELECT count(*) FROM spent").fetchone() == (0,)


def exchanged(openings: list[Disclosure], field: str, value: Json) -> list[Disclosure]:
    return [dataclasses.replace(each, value=value) if each.field == field else each for each in openings]


def opened(world: World, search: Search) -> Opened:
    return world.vault.open(world.ask(search))


def test_genuine_receipt_opens(world: World) -> None:
    """What follows is refused for what it attempts, not for how it is made."""
    assert world.answer()[0]["reads"] == 1


class TestReceiptUsedAgain:
    def test_at_once(self, world: World) -> None:
        search = world.search()
        opened(world, search)
        for _ in range(2):
            with pytest.raises(ReceiptSpent):
                opened(world, search)

    def test_after_the_vault_was_restarted(self, world: World) -> None:
        search = world.search()
        opened(world, search)
        world.reopen()
        with pytest.raises(ReceiptSpent):
            opened(world, search)

    def test_under_a_later_checkpoint_or_with_other_extra_data(self, world: World) -> None:
        search = world.search()
        opened(world, search)
        world.search()
        again = world.ask(search)
        for lent in (again.receipt, dataclasses.replace(again.receipt, extra=b"another")):
            with pytest.raises(ReceiptSpent):
                world.vault.open(dataclasses.replace(again, receipt=lent))

    def test_by_a_second_decision_on_the_same_request(self, world: World) -> None:
        """A request is answered once, whatever was decided on it later."""
        search = world.search()
        opened(world, search)
        again = world.again(search.decided, event="search:plate:approved")
        with pytest.raises(ReceiptSpent):
            world.vault.open(world.ask(dataclasses.replace(search, decided=again)))

    def test_by_a_clock_set_back(self, world: World) -> None:
        spent, unused = world.search(), world.search()
        opened(world, spent)
        world.clock.move(3600)
        opened(world, world.search())
        world.clock.move(-3600)
        for search in (spent, unused):
            with pytest.raises(ClockBehind):
                opened(world, search)
        world.reopen()
        for search in (spent, unused):
            with pytest.raises(ClockBehind):
                opened(world, search)

    def test_by_a_clock_set_back_by_less_than_clocks_may_differ(self, world: World) -> None:
        spent = world.search()
        opened(world, spent)
        world.clock.move(115)
        opened(world, world.search())
        unused = world.search()
        world.clock.move(30)
        opened(world, world.search())
        world.clock.move(-55)
        # The vault's own time stands still, so what had grown old stays old.
        with pytest.raises(ReceiptStale):
            opened(world, spent)
        opened(world, unused)


class TestReceiptOfAnotherTime:
    @pytest.mark.parametrize("seconds", [120.000001, 3600])
    def test_too_old(self, world: World, seconds: float) -> None:
        search = world.search()
        world.clock.move(seconds)
        refused(world, world.ask(search), ReceiptStale)

    def test_to_come(self, world: World) -> None:
        search = world.search()
        search.decided = world.again(search.decided, at=AT + timedelta(seconds=61))
        refused(world, world.ask(search), ReceiptStale)

    def test_with_a_younger_time_disclosed(self, world: World) -> None:
        search = world.search()
        world.clock.move(3600)
        ask = world.ask(search)
        openings = exchanged(list(ask.openings), "at", text(world.clock()))
        refused(world, dataclasses.replace(ask, openings=openings), InvalidOpening)

    def test_with_an_hour_that_is_not_its_times(self, world: World) -> None:
        search = world.search()
        hour = f'"hour":"{world.clock.at:%Y-%m-%dT%H}:00:00Z"'.encode()
        earlier = f'"hour":"{world.clock.at - timedelta(days=1):%Y-%m-%dT%H}:00:00Z"'.encode()
        assert hour in search.decided.data
        moved = dataclasses.replace(search.decided, data=search.decided.data.replace(hour, earlier))
        world.book.entries[moved.index] = moved
        refused(world, world.ask(dataclasses.replace(search, decided=moved)), NotPermitted, match="hour")

    def test_of_the_last_moment_opens(self, world: World) -> None:
        search = world.search()
        world.clock.move(120)
        assert opened(world, search).lookups


class TestReceiptOfAnotherSearch:
    def test_of_another_search_of_the_same_agency(self, world: World) -> None:
        mine, theirs = world.search(), world.search("OTHER1")
        refused(world, world.ask(dataclasses.replace(mine, decided=theirs.decided)), NotPermitted)

    def test_of_an_earlier_search_for_one_that_was_denied_later(self, world: World) -> None:
        permitted = world.search()
        denied = world.search(event="search:plate:denied", decided={"decision": "deny"})
        lent = dataclasses.replace(denied, decided=permitted.decided, permits=permitted.permits)
        refused(world, world.ask(lent), NotPermitted, match="another search")

    def test_of_a_denial_or_of_any_other_state(self, world: World) -> None:
        for state in ("denied", "review_pending", "refused", "expired", "failed", "released", "requested"):
            search = world.search(event=f"search:plate:{state}")
            refused(world, world.ask(search), NotPermitted, match="an event that does not open")

    def test_of_a_standing_search(self, world: World) -> None:
        search = world.search(event="hotlist:entry:permitted")
        refused(world, world.ask(search), NotPermitted)

    def test_of_a_permission_whose_decision_is_none(self, world: World) -> None:
        decisions: list[Json] = ["deny", "review", None, "PERMIT", ["permit"]]
        for decision in decisions:
            refused(world, world.ask(world.search(decided={"decision": decision})), NotPermitted)

    def test_of_another_agency_that_names_the_request(self, world: World) -> None:
        search = world.search()
        search.decided = world.again(search.decided, agency="elm-pd")
        refused(world, world.ask(search), NotPermitted, match="two agencies")

    def test_of_a_decision_that_stands_before_its_request(self, world: World) -> None:
        """A book that was made up in another order than it shows; the request is of a later index."""
        search = world.search()
        made_up = Book(world.clock)
        for index, entry in enumerate(reversed(world.book.entries)):
            made_up.entries.append(dataclasses.replace(entry, index=index))
        world.book = made_up
        decided, request = made_up.entries[:2]
        lent = dataclasses.replace(search, request=request, decided=decided)
        refused(world, world.ask(lent), NotPermitted, match="before its request")

    def test_of_another_log(self, world: World) -> None:
        search = world.search()
        elsewhere = Book(world.clock, origin="other.example", signers=[log_key("other.example", 2)])
        elsewhere.entries = world.book.entries
        ask = world.ask(search)
        lent = elsewhere.receipt(search.decided)
        refused(world, dataclasses.replace(ask, receipt=lent), UntrustedNote)
        # Nor where both logs are trusted: request and decision stand in one book.
        world.policy = Policy.parse(
            f"log {log_key().vkey}\nlog {log_key('other.example', 2).vkey}\nquorum none\n"
        )
        refused(world, dataclasses.replace(ask, receipt=lent), NotPermitted, match="agencies or logs")

    def test_for_another_entry(self, world: World) -> None:
        mine, theirs = world.search(), world.search("OTHER1")
        for entry in (theirs.decided, mine.request):
            refused(world, world.ask(mine, receipt=world.book.receipt(entry)), VerificationError)
        refused(world, world.ask(mine, request_receipt=world.book.receipt(theirs.request)), InvalidProof)

    def test_of_an_entry_that_is_on_no_record(self, world: World) -> None:
        search = world.search()
        forged = Book(world.clock)
        forged.entries = [*world.book.entries[:-1]]
        values = {field: value for field, value in search.decided.openings.values.items() if field != "at"}
        made_up = forged.append("search:plate:permitted", values)
        lent = dataclasses.replace(made_up, index=search.decided.index)
        refused(world, world.ask(dataclasses.replace(search, decided=lent)), InvalidProof)

    def test_under_a_checkpoint_that_no_witness_has_seen(self, world: World) -> None:
        witness = witness_key(1)
        world.policy = Policy.parse(f"log {log_key().vkey}\nwitness w {witness.vkey}\nquorum w\n")
        search = world.search()
        refused(world, world.ask(search), PolicyNotMet)
        seen = Book(world.clock, signers=[log_key(), witness])
        seen.entries = world.book.entries
        for name, entry in (("receipt", search.decided), ("request_receipt", search.request)):
            refused(world, world.ask(search, **{name: seen.receipt(entry)}), PolicyNotMet)
        ask = world.ask(
            search, receipt=seen.receipt(search.decided), request_receipt=seen.receipt(search.request)
        )
        assert world.vault.open(ask).lookups


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


def test_decision_of_another_rulebook(world: World) -> None:
    search = world.search()
    world.pack = b"\x22" * 32
    refused(world, world.ask(search), NotPermitted, match="another rulebook")


def test_two_wildcards_with_one_person(world: World) -> None:
    refused(world, world.ask(world.search("TEST1??")), NotPermitted, match="second person")


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
            dataclasses.replace(denied, owner_id=OWNER),
            dataclasses.replace(other, token=row.token),
            dataclasses.replace(row, sealed=other.sealed, read_id=other.read_id),
            dataclasses.replace(row, sealed=row.sealed[:-1]),
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
