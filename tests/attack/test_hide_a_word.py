"""Characters that nobody sees, put beside or inside words: the words are found, and spans point at them."""

from __future__ import annotations

import json

import polars as pl
import pytest

from gatehouse.audit.texts import CONTENT_BITS, bits, classify
from gatehouse.law.document import parse
from gatehouse.law.reasons import Lexicon


@pytest.mark.parametrize("before", ["", "\u200b", "\U0001f600 ", "e\u0301 ", "\ufb03 ", "\u0130 ", "\udfff "])
def test_span_points_at_the_words_whatever_stands_before(before: str) -> None:
    text = f"{before}assist ICE hold"
    found = {text[match.start : match.end] for match in Lexicon.load().classify(text)}
    assert "ICE" in found


# What is not seen: direction marks, embeddings, overrides, isolates, zero-width characters, controls.
UNSEEN = [
    *"\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200c\u200d\u2060\ufeff\u00ad\x00\x1b\x85"
]


@pytest.mark.parametrize("glue", UNSEEN)
@pytest.mark.parametrize(
    "text", ["{0}ICE hold", "ICE{0} hold", "I{0}C{0}E hold", "immi{0}gration", "{0}ICE{0}"]
)
def test_unseen_character_hides_no_word(text: str, glue: str) -> None:
    given = text.format(glue)
    found = {given[match.start : match.end] for match in Lexicon.load().classify(given)}
    assert any({"ICE", "immigration"} & {span.replace(glue, "").split(" ")[0]} for span in found)


@pytest.mark.parametrize("glue", [each for each in UNSEEN if each not in "\u200c\u200d\u2060\ufeff\u00ad"])
def test_unseen_character_between_two_words_joins_them_for_no_rule(glue: str) -> None:
    text = f"traffic{glue}ICE hold"
    matches = Lexicon.load().classify(text)
    assert any(text[match.start : match.end].startswith("ICE") for match in matches)


def test_word_shown_by_an_override_is_read_as_shown() -> None:
    text = "for \u202enoitargimmi\u202c case"
    matches = Lexicon.load().classify(text)
    assert "noitargimmi" in {text[match.start : match.end] for match in matches}


BESIDE = [
    "26-0417 ICE ERO deport", "26-0417", "ICE", "26-ICE-1", "26-1CE", "I.C.E. hold", "I C E", "inv", "n/a",
    "-", "DHS 26-1", "protest 26-1", "\u0406CE ERO", "8 USC 1325", "my ex", "REDACTED", "26-0417 stolen",
]  # fmt: skip


@pytest.mark.parametrize("text", BESIDE)
def test_word_put_into_a_case_number_is_read_live_as_in_a_record(text: str) -> None:
    document = {
        "searched_at": "2026-11-02T15:00:00Z",
        "searcher": {"name": "Gravel Ford SO", "state": "WY", "kind": "sheriff"},
        "owner": {"name": "Alder PD", "state": "WY", "kind": "police"},
        "case_number": text,
    }
    (question,) = parse(json.dumps(document).encode()).questions
    cells = pl.DataFrame({"key": [1], "text": [text]}, schema={"key": pl.UInt64, "text": pl.String})
    table = classify({"case_number": cells}, Lexicon.load()).signals["case_number"]
    found = bits(question.signals)
    # A text without any signal has no row.
    assert table["bits"].to_list() == ([found] if found else [])
    assert found & ~CONTENT_BITS == 0


@pytest.mark.parametrize("before", ["", "\udfff ", "\u202e"])
def test_word_beside_a_reason_is_found_whatever_stands_before(before: str) -> None:
    assert Lexicon.load().classify_beside(f"{before}ICE ERO hold")
