"""Plates compare by letters and digits, and a search names one but for two signs at most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.model import BadInput, Candidate, PlatePattern
from gatehouse.model.plate import ALPHABET, CONFUSABLE, normalize


class TestNormalize:
    @pytest.mark.parametrize(
        ("text", "plate"),
        [("abc 123", "ABC123"), ("A-B.C·123", "ABC123"), ("ＡＢＣ１２３", "ABC123"), (" o0i1 ", "O0I1")],
    )
    def test_normalize_of_one_plate_is_one_spelling(self, text: str, plate: str) -> None:
        assert normalize(text) == plate

    @pytest.mark.parametrize("text", ["", " - ", "ABC12345678", "ABC*23", "ÄBC123", "ABC?23", "АВС123"])
    def test_normalize_of_what_is_no_plate_is_refused_without_repeating_it(self, text: str) -> None:
        with pytest.raises(BadInput) as refused:
            normalize(text)
        assert len(text) < 4 or text not in str(refused.value)

    @given(st.text(alphabet=ALPHABET, min_size=1, max_size=10))
    def test_normalize_twice_changes_nothing(self, plate: str) -> None:
        assert normalize(normalize(plate)) == plate


class TestPlatePattern:
    @pytest.mark.parametrize(
        "text", ["AB???23", "?BC?12?", "ABC?", "??AB1", "*", "ABC%23", "", "ABCD1234567"]
    )
    def test_parse_of_a_pattern_that_asks_for_a_crowd_is_refused(self, text: str) -> None:
        with pytest.raises(BadInput) as refused:
            PlatePattern.parse(text)
        assert len(text) < 4 or text not in str(refused.value)

    def test_candidates_of_a_wildcard_are_every_sign_in_its_place(self) -> None:
        found = list(PlatePattern.parse("ab?12").candidates(confusables=False))
        assert found == [Candidate(f"AB{sign}12", True) for sign in sorted(ALPHABET)]

    def test_candidates_of_confusable_signs_are_marked(self) -> None:
        assert list(PlatePattern.parse("AB0X").candidates(confusables=True)) == [
            Candidate("AB0X", True),
            Candidate("ABOX", False),
            Candidate("A80X", False),
            Candidate("A8OX", False),
        ]

    def test_repr_does_not_show_the_plate(self) -> None:
        assert repr(PlatePattern.parse("XYZ98?")) == "PlatePattern(6 signs, 1 open)"

    @given(st.text(alphabet=ALPHABET, min_size=4, max_size=6), st.integers(0, 6), st.booleans())
    def test_candidates_are_distinct_as_many_as_counted_and_fit(
        self, known: str, at: int, confusables: bool
    ) -> None:
        pattern = PlatePattern.parse(f"{known[:at]}?{known[at:]}")
        found = list(pattern.candidates(confusables=confusables))
        plates = [each.plate for each in found]
        # Exchanging a sign that a wildcard covers anyway makes no new plate.
        assert len(plates) == len(set(plates)) == pattern.count(confusables=confusables)
        for each in found:
            differing = [
                (asked, got)
                for asked, got in zip(pattern.text, each.plate, strict=True)
                if asked != got != "?"
            ]
            exchanged = [pair for pair in differing if pair[0] != "?"]
            assert all(CONFUSABLE[asked] == got for asked, got in exchanged)
            assert each.exact == (not exchanged)
