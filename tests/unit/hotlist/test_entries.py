"""Entries: decided and recorded like a search, released, reviewed, ended, decided again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.hotlist.asking import standing_intent, standing_of
from gatehouse.hotlist.errors import SealBroken, UnknownEntry, WrongStep
from gatehouse.hotlist.sealing import EntryKey
from gatehouse.law import Rulebook
from gatehouse.ledger.decisions import DecisionsRoot
from gatehouse.model import BadInput, Process, ProcessKind, Purpose, Scope, SearchMode, SearchState
from gatehouse.search.errors import Refused
from gatehouse.search.judging import ATTACHMENT, unseal
from tests.unit.hotlist.world import WAITING, World
from tests.unit.search.world import ALDER, BIRCH, CEDAR, DUNE, PLATE


def rules_of(world: World, plate: str = PLATE, **changes: object) -> set[str]:
    answer = world.ask(plate, **changes)
    assert answer.state is SearchState.DENIED
    assert world.pass_by(plate) == []
    return {each.rule.id for each in answer.refusals}


class TestAsk:
    def test_a_permitted_entry_is_requested_permitted_and_released(self, world: World) -> None:
        answer = world.ask()
        assert answer.state is SearchState.RELEASED
        assert world.events("hotlist:entry:") == ["requested", "permitted", "released"]
        asked, permitted, released = (world.values(at) for at in range(3))
        assert asked["purpose"] == "stolen_vehicle_or_plate"
        assert permitted["owners"] == [ALDER, CEDAR]
        assert released["counts"] == {"owners": 2}
        assert asked["case_number"] == permitted["case_number"] == released["case_number"] == "26-0001"

    def test_the_decisions_that_are_attached_are_those_that_are_recorded(self, world: World) -> None:
        world.ask()
        sealed = unseal(world.ledger.attachment(1, ATTACHMENT))
        assert DecisionsRoot.from_value(world.values(1)["owners_decided"]) == sealed.root

    def test_the_record_tells_the_standing_search_again(self, world: World) -> None:
        standing = world.standing(state="OH")
        signed = world.sign(standing_intent(standing), "o1")
        world.hotlists.entries.ask(standing, signed=signed)
        assert standing_of(CEDAR, world.values(0)) == standing

    @pytest.mark.parametrize(
        ("changes", "rule"),
        [
            ({"case_number": None}, "hotlist:no-case"),
            ({"case_number": "  "}, "hotlist:no-case"),
            ({"reason": " "}, "hotlist:no-reason"),
            ({"days": 31}, "hotlist:too-long"),
            ({"plate": "TEST12?"}, "hotlist:not-named"),
            ({"officer": "s1x"}, ""),
            ({"officer": "alder-o"}, "door:not-entitled"),
            ({"reason": "ICE ERO"}, "hotlist:immigration"),
            ({"source": "ICE hot list"}, "hotlist:immigration"),
            ({"process": Process(ProcessKind.EXIGENCY)}, "hotlist:not-exigent"),
            ({"scope": Scope.NETWORK, "purpose": Purpose.REGISTRATION_INSURANCE}, "door:scope-cap"),
        ],
    )
    def test_what_a_rule_stands_against_is_denied_on_the_record(
        self, world: World, changes: dict[str, object], rule: str
    ) -> None:
        if not rule:
            with pytest.raises(BadInput):
                world.ask(PLATE, **changes)
            assert world.events() == []
            return
        assert rule in rules_of(world, **({"plate": PLATE} | changes))  # type: ignore[arg-type]  # a test's keywords
        assert world.events("hotlist:entry:") == ["requested", "denied"]

    def test_an_unsigned_entry_is_denied(self, world: World) -> None:
        answer = world.hotlists.entries.ask(world.standing(), signed=None)
        assert answer.state is SearchState.DENIED
        assert {each.rule.id for each in answer.refusals} == {"door:unsigned"}

    def test_a_signature_of_another_entry_is_none(self, world: World) -> None:
        signed = world.sign(standing_intent(world.standing()), "o1")
        answer = world.hotlists.entries.ask(world.standing("TEST9"), signed=signed)
        assert answer.state is SearchState.DENIED

    def test_a_case_has_five_plates(self, world: World) -> None:
        answers = [world.ask(f"TEST{at}") for at in range(6)]
        assert [each.state for each in answers] == [SearchState.RELEASED] * 5 + [SearchState.DENIED]
        assert {each.rule.id for each in answers[-1].refusals} == {"hotlist:too-many-plates"}
        assert world.ask("TEST7", case_number="26-0002").state is SearchState.RELEASED
        world.hotlists.entries.end(answers[0].id, by=world.officer("o1"), reason="found")
        assert world.ask("TEST8").state is SearchState.RELEASED

    def test_spelling_a_case_otherwise_makes_no_new_case(self, world: World) -> None:
        for at in range(5):
            world.ask(f"TEST{at}", case_number="26-0001 a")
        assert "hotlist:too-many-plates" in rules_of(world, "TEST7", case_number="26-0001A")

    def test_a_source_of_two_custodians_is_not_held_to_five_plates(self, world: World) -> None:
        world.source()
        world.clock.move(WAITING)
        states = {world.ask(f"TEST{at}", source="state list").state for at in range(7)}
        assert states == {SearchState.RELEASED}

    @pytest.mark.parametrize("days", [0, -1])
    def test_what_is_over_already_is_no_standing_search(self, world: World, days: int) -> None:
        with pytest.raises(BadInput):
            world.ask(days=days)
        assert world.events() == []

    def test_training_is_no_standing_search(self, world: World) -> None:
        with pytest.raises(BadInput, match="no training"):
            world.ask(mode=SearchMode.TRAINING)
        assert world.events() == []

    def test_a_person_enters_so_many_a_day_whatever_the_cases_are_called(self, world: World) -> None:
        answers = [world.ask(f"TEST{at}", case_number=f"26-{at}") for at in range(21)]
        assert [each.state for each in answers[:20]] == [SearchState.RELEASED] * 20
        assert {each.rule.id for each in answers[20].refusals} == {"hotlist:too-many-entries"}
        world.clock.move(timedelta(days=1))
        assert world.ask("TEST99", case_number="26-99").state is SearchState.RELEASED

    def test_a_failing_rulebook_permits_nobody(self, world: World) -> None:
        class Broken:
            def evaluate(self, situations: object) -> list[object]:
                raise RuntimeError("broken")

        world.registry.rulebook = Rulebook(world.registry.rulebook.pack, Broken())  # type: ignore[arg-type]
        assert world.ask().state is SearchState.DENIED
        assert world.pass_by() == []


class TestOwners:
    def test_only_owners_that_permit_are_matched(self, world: World) -> None:
        world.registry.agreements[ALDER] = False
        assert world.ask().state is SearchState.RELEASED
        assert world.pass_by(owner=ALDER) == []
        assert world.pass_by(owner=BIRCH) == []
        assert world.pass_by(owner=DUNE) == []
        assert len(world.pass_by(owner=CEDAR)) == 1

    def test_an_owner_that_no_longer_permits_is_not_matched_before_anything_is_recorded(
        self, world: World
    ) -> None:
        world.ask()
        world.registry.agreements[ALDER] = False
        assert world.pass_by(owner=ALDER) == []

    def test_an_owner_that_permits_later_is_matched_once_that_is_recorded(self, world: World) -> None:
        world.registry.agreements[ALDER] = False
        world.ask()
        world.registry.agreements[ALDER] = True
        assert world.pass_by(owner=ALDER) == []
        assert world.hotlists.revise() == 1
        assert world.events("hotlist:entry:")[-1] == "revised"
        assert len(world.pass_by(owner=ALDER)) == 1

    def test_deciding_again_without_a_change_records_nothing(self, world: World) -> None:
        world.ask()
        before = world.events()
        assert world.hotlists.revise() == 0
        assert world.events() == before

    def test_an_entry_that_nobody_permits_any_more_ends(self, world: World) -> None:
        world.ask()
        world.registry.agreements[ALDER] = False
        world.registry.bans[CEDAR] = frozenset({"stolen_vehicle_or_plate"})
        assert world.hotlists.revise() == 1
        assert len(world.hotlists.index) == 0
        assert world.hotlists.parts.tables.standing() == []

    def test_an_officer_who_has_left_matches_nothing(self, world: World) -> None:
        world.ask()
        person = world.officer("o1")
        world.registry.officers["o1"] = type(person)(
            person.id, person.agency, "A", person.roles, active=False
        )
        assert world.pass_by() == []


class TestReview:
    @pytest.fixture
    def entry(self, world: World) -> str:
        answer = world.ask(reason="investigation", purpose=Purpose.CRIMINAL_INVESTIGATION, offense="13A")
        assert answer.state is SearchState.REVIEW_PENDING, answer
        assert (answer.reviewer, answer.due_at) != (None, None)
        return answer.id

    def test_nothing_matches_while_a_review_waits(self, world: World, entry: str) -> None:
        assert world.pass_by() == []

    def test_the_assigned_supervisor_approves(self, world: World, entry: str) -> None:
        assert world.approve(entry).state is SearchState.RELEASED
        assert world.events("hotlist:entry:")[-2:] == ["approved", "released"]
        assert len(world.pass_by()) == 1

    @pytest.mark.parametrize("by", ["o1", "s2", "o2", "dune-s"])
    def test_nobody_else_approves(self, world: World, entry: str, by: str) -> None:
        with pytest.raises(Refused):
            world.approve(entry, by)

    def test_a_refusal_ends_it(self, world: World, entry: str) -> None:
        from gatehouse.search.signature import review_intent

        signed = world.sign(review_intent(entry, refusing="vague"), "s1")
        refused = world.hotlists.entries.refuse(entry, by=world.officer("s1"), signed=signed, reason="vague")
        assert refused.state is SearchState.REFUSED
        with pytest.raises(WrongStep):
            world.approve(entry)

    def test_a_review_that_is_late_expires(self, world: World, entry: str) -> None:
        world.clock.move(timedelta(hours=25))
        with pytest.raises(WrongStep) as late:
            world.approve(entry)
        assert (late.value.expected, late.value.got) == ("review_pending", "expired")
        world.hotlists.sweep()
        assert world.events("hotlist:entry:")[-1] == "expired"


class TestEnd:
    def test_an_ended_entry_matches_nothing(self, world: World) -> None:
        entry = world.ask().id
        world.hotlists.entries.end(entry, by=world.officer("o2"), reason="found")
        assert world.pass_by() == []
        assert world.events("hotlist:entry:")[-1] == "ended"
        with pytest.raises(WrongStep):
            world.hotlists.entries.end(entry, by=world.officer("o1"), reason="again")

    def test_an_entry_of_another_agency_is_none(self, world: World) -> None:
        entry = world.ask().id
        with pytest.raises(UnknownEntry):
            world.hotlists.entries.end(entry, by=world.officer("alder-o"), reason="x")

    def test_an_entry_expires_by_itself(self, world: World) -> None:
        world.ask(days=1)
        world.clock.move(timedelta(days=1))
        assert world.pass_by() == []
        world.hotlists.sweep()
        assert len(world.hotlists.index) == 0


class TestRestart:
    def test_entries_that_stand_are_matched_after_a_restart(self, world: World) -> None:
        world.ask()
        ended = world.ask("TEST9").id
        world.hotlists.entries.end(ended, by=world.officer("o1"), reason="x")
        world.reopen()
        assert len(world.pass_by()) == 1
        assert world.pass_by("TEST9") == []

    def test_an_entry_that_was_cut_off_is_closed_on_the_record(self, world: World) -> None:
        world.hotlists.entries.requested(world.standing())
        world.reopen()
        assert world.events("hotlist:entry:") == ["requested", "denied"]
        assert world.pass_by() == []

    def test_an_entry_cut_off_before_its_release_has_failed(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class CutOff(BaseException):
            pass

        def cut(*_: object) -> None:
            raise CutOff

        monkeypatch.setattr(type(world.hotlists.entries), "_released", cut)
        with pytest.raises(CutOff):
            world.ask()
        monkeypatch.undo()
        world.reopen()
        assert world.events("hotlist:entry:") == ["requested", "permitted", "failed"]
        assert world.pass_by() == []


class TestAtRest:
    def test_the_database_holds_no_plate_in_clear(self, world: World, tmp_path: Path) -> None:
        world.ask("TESTPLATE", case_number="CASE-4711", reason="reason-in-words")
        world.pass_by("TESTPLATE")
        kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        for secret in (b"TESTPLATE", b"CASE-4711", b"reason-in-words"):
            assert secret not in kept

    def test_another_key_opens_nothing(self, world: World, tmp_path: Path) -> None:
        entry = world.tables.entry(world.ask().id)
        other = EntryKey.create(tmp_path / "other.key")
        with pytest.raises(SealBroken):
            other.unseal(entry.id, entry.sealed)
        with pytest.raises(SealBroken):
            world.hotlists.parts.key.unseal("another", entry.sealed)
