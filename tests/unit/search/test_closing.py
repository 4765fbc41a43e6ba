"""Failures: each ends on the record, with a sentence, and with nothing in the officer's hands."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import Any

import pytest

from gatehouse.ledger.committer import NotWitnessed
from gatehouse.model import PartUnavailable, SearchState
from gatehouse.reads.errors import LookupIncomplete
from gatehouse.search import closing
from gatehouse.search.door import Door
from gatehouse.search.errors import NotAnswered, OutOfOrder
from gatehouse.search.parts import Parts
from gatehouse.vault.errors import NotPermitted, TooBroad
from tests.unit.search.world import CEDAR, PEOPLE, PLATE, World

REQUESTED, PERMITTED, FAILED = (f"search:plate:{each}" for each in ("requested", "permitted", "failed"))


class Failing:
    """A part of which some methods fail."""

    def __init__(self, inner: object, errors: dict[str, BaseException]) -> None:
        self._inner, self._errors = inner, errors

    def __getattr__(self, name: str) -> Any:
        if name in self._errors:

            def fail(*_: object, **__: object) -> None:
                raise self._errors[name]

            return fail
        return getattr(self._inner, name)


def fail(world: World, part: str, **errors: BaseException) -> None:
    """Put a door up of which one part fails."""
    inner: dict[str, Any] = {part: Failing(getattr(world.parts, part), errors)}
    world.door = Door(dataclasses.replace(world.parts, **inner))


class TestClose:
    @pytest.mark.parametrize(
        ("part", "method", "error", "said"),
        [
            ("reads", "lookup", LookupIncomplete("a shard is down"), "would not be whole"),
            ("vault", "open", NotPermitted("no"), "does not permit"),
            ("vault", "open", TooBroad("too many"), "more lookups"),
            ("vault", "open", PartUnavailable("gone"), "did not answer"),
            ("vault", "examine", RuntimeError(PLATE), "The search failed"),
        ],
    )
    def test_ask_that_fails_after_permitted_is_failed(
        self, world: World, part: str, method: str, error: Exception, said: str
    ) -> None:
        world.take(PLATE)
        fail(world, part, **{method: error})
        answer = world.ask()
        assert (answer.state, answer.reads, answer.counts) == (SearchState.FAILED, (), None)
        assert answer.failure is not None
        assert said in answer.failure.sentence
        assert PLATE not in answer.failure.sentence
        assert world.events() == [REQUESTED, PERMITTED, FAILED]
        assert world.values(2)["detail"] == {"failure": type(error).__name__, "search": answer.id}

    def test_ask_that_is_released_but_not_delivered_says_so_and_counts(self, world: World) -> None:
        world.take(PLATE)
        fail(world, "vault", release=PartUnavailable("gone"))
        answer = world.ask()
        assert (answer.state, answer.reads) == (SearchState.RELEASED, ())
        assert answer.failure is not None
        assert "could not be handed out" in answer.failure.sentence
        assert world.events()[2:] == ["search:plate:released", closing.UNDELIVERED]
        counted = world.vault.counters(world.clock.at.date())["counts"]
        assert counted == [{"agency": CEDAR, "count": 1, "event": "search:plate:released"}]

    def test_ask_whose_owners_cannot_be_known_is_denied(self, world: World) -> None:
        fail(world, "registry", own_rule=RuntimeError("a bug"))
        answer = world.ask()
        assert answer.state is SearchState.DENIED
        assert [each.rule.id for each in answer.refusals] == ["engine:failed"]
        assert world.events() == [REQUESTED, "search:plate:denied"]

    def test_ask_that_the_record_does_not_take_raises_and_decides_nothing(self, world: World) -> None:
        fail(world, "book", append=PartUnavailable("the disk is full"))
        with pytest.raises(PartUnavailable, match="disk is full"):
            world.ask()
        assert world.events() == []

    def test_ask_that_cannot_be_closed_hands_out_nothing_and_is_closed_later(self, world: World) -> None:
        world.take(PLATE)
        append = world.ledger.append

        class Full:
            def __getattr__(self, name: str) -> Any:
                return getattr(world.ledger, name)

            def append(self, event: str, **given: Any) -> Any:
                if event not in (REQUESTED, PERMITTED):
                    raise PartUnavailable("the disk is full")
                return append(event, **given)

        world.door = Door(dataclasses.replace(world.parts, book=Full()))
        with pytest.raises(NotAnswered, match="the record did not take that yet"):
            world.ask()
        assert world.events() == [REQUESTED, PERMITTED]
        closed = Door(world.parts).recover()
        assert [each.state for each in closed] == [SearchState.FAILED]
        assert world.events() == [REQUESTED, PERMITTED, FAILED]

    @pytest.mark.parametrize(
        ("step", "ends"),
        [
            ("requested", "search:plate:denied"),
            ("denied", "search:plate:denied"),
            ("permitted", FAILED),
            ("released", closing.UNDELIVERED),
        ],
    )
    def test_ask_whose_entry_lacks_witnesses_is_answered_with_a_sentence(
        self, world: World, step: str, ends: str
    ) -> None:
        class Unwitnessed:
            """From one step on every entry is on the record, and no receipt comes."""

            def __init__(self) -> None:
                self.away = False

            def __getattr__(self, name: str) -> Any:
                return getattr(world.ledger, name)

            def append(self, event: str, **given: Any) -> Any:
                found = world.ledger.append(event, **given)
                self.away = self.away or event.endswith(f":{step}")
                if not self.away:
                    return found
                error = NotWitnessed("too few witnesses")
                error.index = found.index
                raise error

        world.take(PLATE)
        world.door = Door(dataclasses.replace(world.parts, book=Unwitnessed()))
        answer = world.ask(reason="ICE ERO" if step == "denied" else "stolen Honda")
        assert (answer.reads, answer.receipt) == ((), None)
        assert answer.failure is not None
        assert "witnesses" in answer.failure.sentence
        assert world.events()[-1] == ends

    def test_log_of_a_failure_names_no_plate_and_no_reason(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        fail(world, "vault", examine=RuntimeError(f"{PLATE} o1"))
        world.ask()
        assert "RuntimeError" in caplog.text
        for hidden in (PLATE, "Honda", "26-01234", "o1 "):
            assert hidden not in caplog.text


class TestRecover:
    @pytest.mark.parametrize(
        ("cut", "ended"),
        [("requested", "search:plate:denied"), ("permitted", FAILED)],
    )
    def test_recover_closes_what_a_crash_left_open(self, world: World, cut: str, ended: str) -> None:
        class Cut(BaseException):
            pass

        append: Callable[..., Any] = world.ledger.append

        class Cutting:
            def __getattr__(self, name: str) -> Any:
                return getattr(world.ledger, name)

            def append(self, event: str, **given: Any) -> Any:
                found = append(event, **given)
                if event.endswith(cut):
                    raise Cut
                return found

        world.door = Door(dataclasses.replace(world.parts, book=Cutting()))
        with pytest.raises(Cut):
            world.ask()
        world.reopen()
        (closed,) = world.door.recover()
        assert world.events()[-1] == ended
        assert closed.failure is not None
        assert world.door.recover() == []

    def test_recover_leaves_reviews_alone(self, world: World) -> None:
        asked = world.ask(reason="inv")
        world.reopen()
        assert world.door.recover() == []
        assert world.tables.search(asked.id).state is SearchState.REVIEW_PENDING


class TestAtOnce:
    def test_collect_from_two_threads_releases_once(self, world: World) -> None:
        world.take(PLATE)
        asked = world.ask(reason="inv")
        world.approve(asked.id, "s1")
        both = threading.Barrier(2)
        found: list[Any] = []

        class Meeting:
            """Both threads have decided before either of them puts it on the record."""

            def __getattr__(self, name: str) -> Any:
                return getattr(world.ledger, name)

            def append(self, event: str, **given: Any) -> Any:
                if event == "search:plate:approved":
                    both.wait(timeout=20)
                return world.ledger.append(event, **given)

        parts: Parts = dataclasses.replace(world.parts, book=Meeting())

        def collect() -> None:
            try:
                found.append(Door(parts).collect(asked.id, by=PEOPLE["o1"]))
            except OutOfOrder as error:
                found.append(error)

        threads = [threading.Thread(target=collect) for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(timeout=30)
        released = [each for each in found if getattr(each, "reads", ())]
        assert len(found) == 2
        assert len(released) == 1
        assert world.events().count("search:plate:approved") == 1
        assert world.events().count("search:plate:released") == 1
