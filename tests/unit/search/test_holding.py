"""Evidence holds: who may place, open and end one, what goes on the record, and how they end."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from gatehouse.model import BadInput, Officer, PartUnavailable, Read, Role
from gatehouse.search.errors import HoldFailed, OutOfOrder, Refused, UnknownHold
from gatehouse.search.handed import Handed
from gatehouse.search.held import HoldState, held
from gatehouse.search.holding import (
    HoldAsked,
    Holds,
    Opening,
    end_intent,
    hold_intent,
    opening_intent,
)
from gatehouse.search.registry import OwnerRules
from gatehouse.vault.checks import HoldGround
from tests.unit.search.world import ALDER, BIRCH, CEDAR, PEOPLE, PLATE, World

CUSTODIANS = {
    each.id: each
    for each in (
        Officer("alder-c", ALDER, "H", frozenset({Role.CUSTODIAN})),
        Officer("birch-c", BIRCH, "I", frozenset({Role.CUSTODIAN})),
        Officer("cedar-c", CEDAR, "J", frozenset({Role.CUSTODIAN})),
    )
}
REASON = "trial of the case begins, the prosecutor asks for the read"


class Desk:
    """Holds of a world in which one search was answered with one read of Alder's."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sight: Read | None = None
        world.registry.officers |= CUSTODIANS
        world.take(PLATE, owner=ALDER)
        self.answer = world.ask()
        (self.read,) = self.answer.reads
        self.holds = Holds(world.parts, sighted=lambda hit, by: self.sight)

    def asked(self, **changed: Any) -> HoldAsked:
        asked = HoldAsked(
            search=self.answer.id,
            read=self.read.read_id,
            ground=HoldGround.ORDER,
            until=self.world.clock() + timedelta(days=60),
            case_number="26-01234",
            reference="O-1",
        )
        return dataclasses.replace(asked, **changed)

    def person(self, by: str) -> Officer:
        return self.world.registry.officers[by]

    def place(self, by: str = "o1", **changed: Any) -> Any:
        asked = self.asked(**changed)
        signed = self.world.signed(hold_intent(asked), by)
        return self.holds.place(asked, by=self.person(by), signed=signed)

    def preserve(self, by: str = "alder-c", **changed: Any) -> Any:
        return self.place(by, ground=HoldGround.PRESERVATION, **changed)

    def open(self, hold: str, by: str = "o1", reason: str = REASON) -> Opening:
        intent = opening_intent(hold, case_number="26-01234", reason=reason)
        return self.holds.open(
            hold,
            by=self.person(by),
            case_number="26-01234",
            reason=reason,
            signed=self.world.signed(intent, by),
        )

    def end(self, hold: str, by: str = "o1") -> Any:
        return self.holds.end(hold, by=self.person(by), signed=self.world.signed(end_intent(hold), by))

    def pass_days(self, days: int) -> None:
        self.world.clock.move(timedelta(days=days))
        self.world.vault.sweep()


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def test_place_is_on_the_record_and_opens_after_the_retention(desk: Desk) -> None:
    hold = desk.place()
    assert desk.world.events()[-2:] == ["evidence:hold:placed", "evidence:hold:kept"]
    assert (hold.agency, hold.owner, hold.officer, hold.state) == (CEDAR, ALDER, "o1", HoldState.KEPT)
    recorded = desk.world.values(hold.placed)
    assert (recorded["officer"], recorded["case_number"], recorded["owners"]) == ("o1", "26-01234", [ALDER])
    assert isinstance(recorded["detail"], dict)
    assert recorded["detail"] == {
        "ground": "order",
        "hit": None,
        "number": hold.id,
        "owner": ALDER,
        "read": desk.read.read_id,
        "reference": "O-1",
        "search": desk.answer.id,
        "until": recorded["detail"]["until"],
        "signature": {"factor": "passkey", "signer": "o1"},
    }
    desk.pass_days(45)
    assert desk.world.ask(window=desk.world.back(days=60)).reads == ()
    opened = desk.open(hold.id)
    assert (opened.read.read, opened.read.owner) == (desk.read.read, ALDER)
    said = desk.world.values(opened.index)
    assert (said["reason"], said["officer"], said["counts"]) == (REASON, "o1", {"plates": 1, "reads": 1})
    assert desk.world.events()[-1] == "evidence:hold:opened"


def test_open_is_recorded_each_time_and_counted_by_the_vault(desk: Desk) -> None:
    hold = desk.place()
    first, second = desk.open(hold.id), desk.open(hold.id, by="o2")
    assert first.index < second.index
    counts = desk.world.vault.counters(desk.world.clock().date())["counts"]
    assert isinstance(counts, list)
    assert {"agency": CEDAR, "count": 2, "event": "evidence:hold:opened"} in counts


def test_hold_keeps_nothing_else_of_its_bucket(desk: Desk) -> None:
    desk.world.take("TEST456", owner=ALDER)
    hold = desk.place()
    desk.pass_days(45)
    for plate in (PLATE, "TEST456"):
        assert desk.world.ask(plate=plate, window=desk.world.back(days=60)).reads == ()
    assert desk.open(hold.id).read.read.plate == PLATE


def test_custodian_of_the_owner_holds_for_a_request_and_opens_it(desk: Desk) -> None:
    hold = desk.preserve()
    assert (hold.agency, hold.owner, hold.ground) == (ALDER, ALDER, HoldGround.PRESERVATION)
    assert desk.open(hold.id, by="alder-c").read.read == desk.read.read
    with pytest.raises(UnknownHold):
        desk.open(hold.id)


@pytest.mark.parametrize(
    ("by", "ground"),
    [
        ("o1", HoldGround.PRESERVATION),
        ("o1", HoldGround.EXCULPATORY),
        ("alder-c", HoldGround.ORDER),
        ("alder-c", HoldGround.CONFIRMED_HIT),
    ],
)
def test_place_on_anothers_ground_is_refused(desk: Desk, by: str, ground: HoldGround) -> None:
    size = desk.world.ledger.log.size
    with pytest.raises(Refused) as refusal:
        desk.place(by, ground=ground)
    assert refusal.value.rule.id == "door:hold-ground"
    assert desk.world.ledger.log.size == size


@pytest.mark.parametrize("by", ["o2", "clerk", "alder-o", "birch-c", "cedar-c", "dune-s"])
def test_place_by_whom_it_does_not_concern_finds_no_read(desk: Desk, by: str) -> None:
    with pytest.raises(UnknownHold):
        desk.place(by)


def test_place_unsigned_or_signed_for_another_end_is_refused(desk: Desk) -> None:
    asked = desk.asked()
    other = hold_intent(desk.asked(until=asked.until + timedelta(days=1)))
    for signed in (None, desk.world.signed(other, "o1"), desk.world.signed(hold_intent(asked), "o2")):
        with pytest.raises(Refused) as refusal:
            desk.holds.place(asked, by=PEOPLE["o1"], signed=signed)
        assert refusal.value.rule.id == "door:hold-unsigned"


@pytest.mark.parametrize("days", [-1, 31])
def test_place_beyond_the_owners_rule_is_refused(desk: Desk, days: int) -> None:
    desk.world.registry.rules[ALDER] = OwnerRules(timedelta(days=30), longest_hold=timedelta(days=30))
    with pytest.raises(Refused) as refusal:
        desk.place(until=desk.world.clock() + timedelta(days=days))
    assert refusal.value.rule.id == "door:hold-too-long"


def test_place_for_a_hit_needs_that_it_is_confirmed_and_of_this_read(desk: Desk) -> None:
    hit: dict[str, Any] = {"ground": HoldGround.CONFIRMED_HIT, "hit": 7}
    another = dataclasses.replace(desk.read.read, camera="alder-pd-2")
    for sight in (None, another):
        desk.sight = sight
        with pytest.raises(Refused) as refusal:
            desk.place(**hit)
        assert refusal.value.rule.id == "door:hold-not-confirmed"
    desk.sight = desk.read.read
    assert desk.place(**hit).state is HoldState.KEPT


def test_place_with_a_hit_for_another_ground_is_bad_input(desk: Desk) -> None:
    for changed in ({"hit": 7}, {"ground": HoldGround.CONFIRMED_HIT}, {"reference": " "}):
        with pytest.raises(BadInput):
            desk.place(**changed)


def test_place_of_what_has_expired_fails_on_the_record(desk: Desk) -> None:
    desk.pass_days(31)
    with pytest.raises(HoldFailed):
        desk.place()
    assert desk.world.events()[-2:] == ["evidence:hold:placed", "evidence:hold:failed"]
    (row,) = desk.holds.listed(by=PEOPLE["o1"])
    assert row.state is HoldState.FAILED
    with pytest.raises(OutOfOrder):
        desk.open(row.id)


def test_end_destroys_the_key_and_nothing_opens_it(desk: Desk) -> None:
    hold = desk.place()
    assert desk.end(hold.id).state is HoldState.ENDED
    assert desk.world.events()[-1] == "evidence:hold:ended"
    for again in (desk.open, desk.end):
        with pytest.raises(OutOfOrder):
            again(hold.id)


def test_hold_that_is_over_leaves_no_key(desk: Desk) -> None:
    hold = desk.place()
    desk.world.clock.move(timedelta(days=60))
    with pytest.raises(OutOfOrder):
        desk.open(hold.id)
    assert desk.world.vault.sweep().holds == 1


def test_open_for_an_immigration_purpose_is_refused_on_the_record(desk: Desk) -> None:
    hold = desk.place()
    with pytest.raises(Refused) as refusal:
        desk.open(hold.id, reason="ICE ERO civil immigration")
    assert refusal.value.rule.id == "door:hold-words"
    assert desk.world.events()[-1] == "evidence:hold:refused"


def test_open_while_the_vault_is_away_is_noted_as_undelivered(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = desk.place()

    def away(*_: object, **__: object) -> None:
        raise PartUnavailable("the vault does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(type(desk.world.vault), "open_hold", away)
        patched.setattr(type(desk.world.vault), "end_hold", away)
        with pytest.raises(HoldFailed):
            desk.open(hold.id)
        with pytest.raises(HoldFailed):
            desk.end(hold.id)
    assert desk.world.events()[-4:] == [
        "evidence:hold:opened",
        "evidence:hold:undelivered",
        "evidence:hold:ended",
        "evidence:hold:not_ended",
    ]
    assert desk.open(hold.id).read.read == desk.read.read
    assert desk.end(hold.id).state is HoldState.ENDED


def test_recover_notes_what_a_crash_left_unsettled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Crash(BaseException):
        """The process ends."""

    def crash(*_: object, **__: object) -> str:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(type(desk.world.vault), "hold", crash)
        with pytest.raises(Crash):
            desk.place()
    (number,) = desk.holds.recover()
    assert held(desk.world.tables, number).state is HoldState.FAILED
    assert desk.holds.recover() == []


def test_listed_tells_the_agency_and_the_owner_and_nobody_else(desk: Desk) -> None:
    first, second = desk.place(), desk.preserve()
    seen = {
        by: [row.id for row in desk.holds.listed(by=desk.person(by))]
        for by in ("o2", "s1", "clerk", "alder-o", "alder-c", "birch-c", "dune-s")
    }
    own = [first.id]
    assert seen == {
        "o2": own,
        "s1": own,
        "clerk": own,
        "alder-o": [second.id],
        "alder-c": [second.id, first.id],
        "birch-c": [],
        "dune-s": [],
    }
    assert desk.holds.look(first.id, by=desk.person("alder-c")) == first
    for by in ("alder-o", "birch-c"):
        with pytest.raises(UnknownHold):
            desk.holds.look(first.id, by=desk.person(by))


def test_listed_goes_page_by_page(desk: Desk) -> None:
    placed = [desk.place().id for _ in range(3)]
    page = desk.holds.listed(by=PEOPLE["o1"], most=2)
    rest = desk.holds.listed(by=PEOPLE["o1"], before=page[-1].placed, most=2)
    assert [row.id for row in (*page, *rest)] == placed[::-1]


def test_open_and_end_by_another_role_of_the_agency_are_refused(desk: Desk) -> None:
    hold = desk.place()
    for act in (desk.open, desk.end):
        with pytest.raises(Refused) as refusal:
            act(hold.id, by="cedar-c")
        assert refusal.value.rule.id == "door:hold-not-yours"


def test_handed_forgets_the_oldest_searches_first(desk: Desk) -> None:
    found = desk.world.parts.handed.find(desk.answer.id, desk.read.read_id)
    assert found is not None
    handed = Handed(most=2)
    for search in ("a", "b", "c"):
        handed.keep(search, [found.row], [desk.read], entry=7)
    assert [handed.find(each, desk.read.read_id) is None for each in "abc"] == [True, False, False]
