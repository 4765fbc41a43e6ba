"""Matching in memory against a comparison of every entry with every read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.hotlist.matching import Index, Match, Standing, StateFit, fit
from gatehouse.model import Read
from gatehouse.model.plate import CONFUSABLE

AT = datetime(2026, 11, 23, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)


def standing(
    plate: str = "TEST123",
    *,
    entry: str = "e1",
    state: str | None = None,
    letters: bool = False,
    confusables: bool = False,
    since: datetime = AT,
    until: datetime = AT + HOUR,
) -> Standing:
    return Standing(entry, "alder-pd", plate, state, letters, confusables, since, until)


def read(plate: str = "TEST123", *, state: str | None = None, at: datetime = AT) -> Read:
    return Read("alder-1", at, plate, plate, state=state)


def found(entry: Standing, seen: Read) -> Match | None:
    matches = Index([entry]).match([seen])
    assert len(matches) < 2
    return matches[0] if matches else None


class TestState:
    def test_the_same_state_is_a_match(self) -> None:
        match = found(standing(state="OH"), read(state="OH"))
        assert match is not None
        assert (match.state, match.exact, match.candidate) == (StateFit.SAME, True, False)

    def test_another_state_is_none(self) -> None:
        assert found(standing(state="OH"), read(state="IL")) is None

    def test_a_state_that_was_not_read_is_a_candidate(self) -> None:
        match = found(standing(state="OH"), read())
        assert match is not None
        assert (match.state, match.candidate) == (StateFit.NOT_READ, True)

    def test_an_entry_without_a_state_takes_any(self) -> None:
        match = found(standing(), read(state="IL"))
        assert match is not None
        assert (match.state, match.candidate) == (StateFit.NOT_LISTED, False)


class TestSigns:
    @pytest.mark.parametrize(("listed", "seen"), [("TESO", "TES0"), ("TES0", "TESO"), ("0OO0", "O00O")])
    def test_letters_of_a_list_match_either_sign_as_a_candidate(self, listed: str, seen: str) -> None:
        match = found(standing(listed, letters=True), read(seen))
        assert match is not None
        assert (match.exact, match.candidate, match.standing.plate) == (False, True, listed)
        exact = found(standing(listed, letters=True), read(listed))
        assert exact is not None and exact.exact

    @pytest.mark.parametrize(("listed", "seen"), [("TESO", "TES0"), ("TES1", "TESI")])
    def test_signs_are_not_exchanged_unless_asked(self, listed: str, seen: str) -> None:
        assert found(standing(listed), read(seen)) is None

    def test_letters_do_not_exchange_other_signs(self) -> None:
        assert found(standing("TES1", letters=True), read("TESI")) is None

    @pytest.mark.parametrize("seen", ["1B0", "I80", "IBO", "18O"])
    def test_confusables_match_as_candidates(self, seen: str) -> None:
        match = found(standing("IB0", confusables=True), read(seen))
        assert match is not None and not match.exact


class TestTime:
    @pytest.mark.parametrize("at", [AT - timedelta(microseconds=1), AT + HOUR])
    def test_a_read_outside_the_entrys_time_is_no_match(self, at: datetime) -> None:
        assert found(standing(), read(at=at)) is None

    def test_the_entry_begins_with_its_first_moment(self) -> None:
        assert found(standing(), read(at=AT)) is not None


class TestIndex:
    def test_a_dropped_entry_matches_nothing(self) -> None:
        index = Index([standing(), standing(entry="e2")])
        index.drop(["e1", "unknown"])
        assert [match.standing.id for match in index.match([read()])] == ["e2"]
        index.drop(["e2"])
        assert index.match([read()]) == []
        assert len(index) == 0

    def test_an_entry_of_the_same_id_is_replaced(self) -> None:
        index = Index([standing()])
        index.add(standing("TEST9"))
        assert index.match([read()]) == []
        assert len(index.match([read("TEST9")])) == 1

    def test_nothing_that_is_printed_holds_a_plate(self) -> None:
        assert "TEST" not in repr(Index([standing()]).match([read()]))


_PLATES = st.text("AO0I1B82", min_size=1, max_size=4)
_STATES = st.sampled_from([None, "OH", "IL"])
_TIMES = st.integers(-1, 3).map(lambda hours: AT + hours * HOUR)
_ENTRIES = st.tuples(_PLATES, _STATES, st.booleans(), st.booleans(), _TIMES, _TIMES)
_READS = st.builds(lambda plate, state, at: read(plate, state=state, at=at), _PLATES, _STATES, _TIMES)


def naive(entry: Standing, seen: Read) -> bool:
    """Compare sign by sign what entry and read say, with nothing of the index."""
    allowed = set(CONFUSABLE) if entry.confusables else {"O", "0"} if entry.letters else set()
    signs = len(entry.plate) == len(seen.plate) and all(
        a == b or (a in allowed and CONFUSABLE[a] == b) for a, b in zip(entry.plate, seen.plate, strict=True)
    )
    states = entry.state is None or seen.state is None or entry.state == seen.state
    return signs and states and entry.since <= seen.captured_at < entry.until


@given(st.lists(_ENTRIES, max_size=25), st.lists(_READS, max_size=25), st.sets(st.integers(0, 24)))
@settings(max_examples=200, deadline=None)
def test_matching_equals_a_naive_comparison(
    given_entries: list[tuple[str, str | None, bool, bool, datetime, datetime]],
    reads: list[Read],
    dropped: set[int],
) -> None:
    entries = [
        standing(
            plate, entry=f"{at:02}", state=state, letters=letters, confusables=signs, since=since, until=until
        )
        for at, (plate, state, letters, signs, since, until) in enumerate(given_entries)
    ]
    index = Index(entries)
    index.drop(f"{at:02}" for at in dropped)
    left = [each for at, each in enumerate(entries) if at not in dropped]
    expected = [(each.id, seen) for seen in reads for each in left if naive(each, seen)]
    found = index.match(reads)
    assert [(match.standing.id, match.read) for match in found] == expected
    assert all(match == fit(match.standing, match.read) for match in found)
    assert all(match.exact == (match.standing.plate == match.read.plate) for match in found)
