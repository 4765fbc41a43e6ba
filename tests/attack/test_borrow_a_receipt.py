"""Attempts to have the vault open reads with a receipt that is not for them, or not any more."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.ledger import VerificationError
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.errors import InvalidOpening, InvalidProof, PolicyNotMet, UntrustedNote
from gatehouse.ledger.policy import Policy
from gatehouse.vault.errors import (
    ClockBehind,
    NotPermitted,
    ReceiptSpent,
    ReceiptStale,
)
from tests.attack.vaults import exchanged, guarded, opened, refused
from tests.unit.ledger.made import log_key, witness_key
from tests.unit.vault.world import (
    AT,
    Book,
    World,
    text,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with guarded(tmp_path) as world:
        yield world


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


def test_decision_of_another_rulebook(world: World) -> None:
    search = world.search()
    world.pack = b"\x22" * 32
    refused(world, world.ask(search), NotPermitted, match="another rulebook")


def test_two_wildcards_with_one_person(world: World) -> None:
    refused(world, world.ask(world.search("TEST1??")), NotPermitted, match="second person")
