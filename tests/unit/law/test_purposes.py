"""Purposes of historic searches: whole phrases only, and none where nothing is known."""

from __future__ import annotations

import pytest

from gatehouse.law.purposes import Stated, known_phrases, read, stated
from gatehouse.law.reasons import Lexicon
from gatehouse.model import FAMILIES, BadInput, Purpose


class TestStated:
    @pytest.mark.parametrize(
        ("text", "purpose", "offense"),
        [
            ("stolen vehicle", Purpose.STOLEN_VEHICLE_OR_PLATE, "240"),
            ("  Stolen Vehicle/Plate ", Purpose.STOLEN_VEHICLE_OR_PLATE, "240"),
            ("AMBER ALERT", Purpose.MISSING_ENDANGERED, "MISSING"),
            ("hit-and-run", Purpose.CRASH_INVESTIGATION, "HIT_RUN"),
            ("Counterfeiting/Forgery - two twenties", Purpose.CRIMINAL_INVESTIGATION, "250"),
            ("Homicide -", Purpose.CRIMINAL_INVESTIGATION, "09A"),
        ],
    )
    def test_stated_known_phrase_is_its_purpose(self, text: str, purpose: Purpose, offense: str) -> None:
        assert stated(text) == Stated(purpose, offense)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "   ",
            "investigation",
            "not a stolen vehicle",
            "stolen vehicle ICE",
            "warrant",
            "homicide - shooting",
        ],
    )
    def test_stated_anything_more_than_a_phrase_is_none(self, text: str) -> None:
        assert stated(text) is None

    def test_stated_no_phrase_carries_an_immigration_signal(self) -> None:
        lexicon = Lexicon.load()
        immigration = FAMILIES["immigration"]
        assert len(known_phrases()) > 100
        for phrase in known_phrases():
            assert not {match.signal for match in lexicon.classify(phrase)} & immigration, phrase


class TestRead:
    def test_read_phrase_twice_is_refused(self) -> None:
        row = '[[phrases]]\npurpose = "other"\nis = ["a b", "A-B"]\n'
        with pytest.raises(BadInput, match="cannot be read") as caught:
            read(row)
        assert "stands twice" in (caught.value.got or "")

    @pytest.mark.parametrize("row", ['purpose = "tourism"', 'purpose = "other"\noffense = "999"', ""])
    def test_read_unknown_code_is_refused(self, row: str) -> None:
        with pytest.raises(BadInput):
            read(f'[[phrases]]\n{row}\nis = ["a"]\n')
