"""Characters that nobody sees, put beside or inside words: the words are found, and spans point at them."""

from __future__ import annotations

import pytest

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
