"""Mending of words: bounded, explainable, and never of a real word."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gatehouse.law.normalize import fold
from gatehouse.law.repair import Repairer, Word, alignment_distance

REPAIRER = Repairer(
    [
        Word("immigration", 2, fragments=True, unlike=frozenset({"emigration", "migration"})),
        Word("deported", 1, initial=True),
        Word("alien", unlike=frozenset({"allen"})),
        Word("ice", fragments=True, disguises=frozenset({"1ce", "lce", "!ce"})),
        Word("ero"),
    ]
)


def mended(text: str) -> str:
    return REPAIRER.mend(fold(text)).lower


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("imigration hold", "immigration hold"),
        ("immirgation", "immigration"),
        ("immmmmigration", "immigration"),
        ("1mm1gr4t10n", "immigration"),
        ("imm!gr@tion", "immigration"),
        ("immi gration", "immigration"),
        ("im-mi-gra-tion", "immigration"),
        ("i m m i g r a t i o n", "immigration"),
        ("I.C.E. hold", "ice. hold"),
        ("I C E / E R O", "ice / ero"),
        ("I C E E R O", "ice ero"),
        ("lCE", "ice"),
        ("!CE", "ice"),
        ("aIien", "alien"),
        ("deportd", "deported"),
    ],
)
def test_mend_disguised_word_gives_the_word(text: str, expected: str) -> None:
    assert mended(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "emigration",
        "migration",
        "reported",
        "eported",
        "A.I.C.E.",
        "justice",
        "26-1234",
        "IC3",
        "allen wrench",
    ],
)
def test_mend_other_word_leaves_it_alone(text: str) -> None:
    assert mended(text) == text.lower()


def test_mend_keeps_offsets_of_the_text_as_given() -> None:
    folded = REPAIRER.mend(fold("an I.C.E. hold"))
    start = folded.lower.index("ice")
    assert folded.span(start, start + 3) == (3, 8)


def test_mend_keeps_the_case_as_typed() -> None:
    assert (
        REPAIRER.mend(fold("IMIGRATION Imigration imigration")).cased == "IMMIGRATION Immigration immigration"
    )


@given(st.text(alphabet="imgratione1!lIC. -@x", max_size=40))
@example("imigration")
@example("I.C.E.")
def test_may_mend_is_true_whenever_mend_changes_the_text(text: str) -> None:
    folded = fold(text)
    if REPAIRER.mend(folded).lower != folded.lower:
        assert REPAIRER.may_mend(folded.lower)


@given(st.text(alphabet="abc", max_size=7), st.text(alphabet="abc", max_size=7), st.integers(0, 3))
def test_alignment_distance_is_symmetric_and_exact_up_to_the_limit(a: str, b: str, limit: int) -> None:
    exact = alignment_distance(a, b, 99)
    assert exact == alignment_distance(b, a, 99)
    assert min(alignment_distance(a, b, limit), limit + 1) == min(exact, limit + 1)


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [("", "abc", 3), ("ca", "ac", 1), ("ca", "abc", 3), ("deported", "reported", 1), ("same", "same", 0)],
)
def test_alignment_distance_counts_edits_and_swaps(a: str, b: str, distance: int) -> None:
    assert alignment_distance(a, b, 9) == distance
