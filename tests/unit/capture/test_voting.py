from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.capture import Candidate, PlateState, Reading, Why
from gatehouse.capture.voting import Ballot, aligned, edits, voted

TEXTS = st.text("AB01", max_size=9)


def ballot(text: str, sure: float = 0.9, weight: float = 1.0, **doubts: float) -> Ballot:
    """Return a reading of a text, as sure of each sign but those named by their place (`at2=0.3`)."""
    signs = [doubts.get(f"at{place}", sure) for place in range(len(text))]
    return Ballot(Reading(text, tuple(signs)), weight)


class TestVoted:
    def test_readings_that_agree_are_as_sure_as_they_are(self) -> None:
        found = voted([ballot("ZZZ123"), ballot("ZZZ123")])
        assert found.text == "ZZZ123"
        assert found.characters == pytest.approx((0.9,) * 6)
        assert found.candidates == (Candidate("ZZZ123", found.confidence, Why.READ),)

    def test_sign_read_otherwise_once_with_doubt_is_outvoted_and_costs_certainty(self) -> None:
        found = voted([ballot("ZZZ123"), ballot("ZZZ123"), ballot("ZZZ1Z3", at4=0.4)])
        assert found.text == "ZZZ123"
        assert found.characters[4] == pytest.approx(2 * 0.9**3 / (2 * 0.9**2 + 0.4**2))
        assert found.characters[3] == pytest.approx(0.9)

    def test_one_clear_look_outvotes_blurred_glances(self) -> None:
        found = voted([ballot("ZZZ123", 0.99), *[ballot("ZZZ128", 0.99, at5=0.4, weight=0.5)] * 5])
        assert found.text == "ZZZ123"

    def test_first_sign_missed_by_some_is_kept(self) -> None:
        found = voted([ballot("ZZZ123"), ballot("ZZ123", 0.7), ballot("ZZZ123")])
        assert found.text == "ZZZ123"

    def test_candidates_are_those_of_the_ballots_by_their_mean(self) -> None:
        reading = Reading(
            "ZZ0123",
            (0.9,) * 6,
            (Candidate("ZZO123", 0.6, Why.FORMAT), Candidate("ZZ0123", 0.9, Why.READ)),
        )
        found = voted([Ballot(reading, 1.0), Ballot(reading, 0.5)])
        assert found.text == "ZZ0123"
        assert [(each.plate, each.why) for each in found.candidates] == [
            ("ZZO123", Why.FORMAT),
            ("ZZ0123", Why.READ),
        ]

    def test_state_is_the_one_with_most_weight(self) -> None:
        ballots = [
            Ballot(Reading("ZZZ123", (0.9,) * 6, state=PlateState(code, sure)), weight)
            for code, sure, weight in (("IL", 0.8, 1.0), ("WI", 0.9, 0.5), ("IL", 0.6, 1.0))
        ]
        found = voted([*ballots, ballot("ZZZ123")]).state
        assert found is not None
        assert found.code == "IL"
        assert found.confidence == pytest.approx(1.4 / 2.5)

    @pytest.mark.parametrize("ballots", [[], [ballot("")], [ballot("ZZZ123", weight=0.0)]])
    def test_nothing_heard_is_a_reading_of_nothing(self, ballots: list[Ballot]) -> None:
        assert voted(ballots) == Reading("", ())

    @given(st.lists(st.tuples(TEXTS, st.floats(0.05, 1.0), st.floats(0.1, 1.0)), max_size=6))
    def test_any_ballots_give_signs_with_probabilities_and_the_text_among_candidates(
        self, given_: list[tuple[str, float, float]]
    ) -> None:
        found = voted([ballot(text, sure, weight) for text, sure, weight in given_])
        assert len(found.characters) == len(found.text)
        assert all(0 <= each <= 1 for each in found.characters)
        assert (found.text in [each.plate for each in found.candidates]) == bool(found.text)


@pytest.mark.parametrize(
    ("text", "other", "places"),
    [
        ("ABC", "ABC", [0, 1, 2]),
        ("ABC", "AC", [0, None, 1]),
        ("ABC", "XABC", [1, 2, 3]),
        ("ABC", "", [None, None, None]),
        ("ABC", "ADC", [0, 1, 2]),
    ],
)
def test_aligned_gives_the_place_of_each_sign(text: str, other: str, places: list[int | None]) -> None:
    assert aligned(text, other) == list(enumerate(places))


@given(TEXTS, TEXTS)
def test_edits_is_a_distance_that_the_alignment_has(one: str, other: str) -> None:
    apart = edits(one, other)
    assert apart == edits(other, one)
    assert (apart == 0) == (one == other)
    places = aligned(one, other)
    stood = [place for _, place in places if place is not None]
    changed = sum(place is None or one[at] != other[place] for at, place in places)
    assert apart == changed + len(other) - len(stood)
