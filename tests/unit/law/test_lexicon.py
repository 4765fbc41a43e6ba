"""The lexicon file: every example holds, every mistake in a file is named."""

from __future__ import annotations

import re

import pytest

from gatehouse.law.lexicon import parse
from gatehouse.law.reasons import Lexicon
from gatehouse.model import BadInput, Signal

LEXICON = Lexicon.load()
BLANK = """
[[rule]]
id = "blank"
signal = "none_stated"
sentence = "Blank"
blank = true
must = [""]
must_not = []
"""


def lexicon_with(rule: str) -> bytes:
    return f'version = "t"\n{rule}\n{BLANK}'.encode()


def test_examples_of_every_rule_hold() -> None:
    assert LEXICON.check() == []


def test_every_signal_has_a_rule() -> None:
    assert {rule.signal for rule in LEXICON.rules.values()} == set(Signal)


def test_every_rule_says_what_it_means_and_has_examples_both_ways() -> None:
    poor = [
        rule.id
        for rule in LEXICON.rules.values()
        if len(rule.sentence) < 10 or not rule.must or not rule.must_not or rule.sentence.endswith(".")
    ]
    assert poor == []


def test_describe_returns_the_sentence() -> None:
    assert LEXICON.describe("agency-ice") == "Names ICE, Immigration and Customs Enforcement"


def test_examples_hold_no_personal_data() -> None:
    # Dates of birth, phone and social security numbers, and plate shapes have no place in a public file.
    shapes = re.compile(r"\b(\d{1,2}/\d{1,2}/\d{2,4}|\d{3}-\d{2}-\d{4}|\d{3}-\d{4}|\d[A-Z]{3}\d{3})\b")
    texts = [text for rule in LEXICON.rules.values() for text in (*rule.must, *rule.must_not)]
    assert [text for text in texts if shapes.search(text) and text != "7ZZZ123"] == []


def test_every_pattern_is_bounded_on_both_sides() -> None:
    loose = [
        rule.id
        for rule in LEXICON.rules.values()
        if not rule.blank and not re.fullmatch(r"(\\b\(|\^\[).*(\)\\b|\*\$)", rule.expression, re.DOTALL)
    ]
    assert loose == []


def test_parse_space_in_a_pattern_stands_for_separators() -> None:
    rule = '[[rule]]\nid="a"\nsignal="hsi"\nsentence="Says a b"\npatterns=["a b"]\nmust=[]\nmust_not=[]'
    lexicon = Lexicon(lexicon_with(rule))
    assert [match.rule for match in lexicon.classify("A -- B")] == ["a"]
    assert lexicon.classify("ab") == ()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\xff", "not a TOML document"),
        (b"version = 1", "wrong parts"),
        (b'version = "1"', "exactly one rule for blank"),
        (lexicon_with('[[rule]]\nid="a"'), "wrong keys"),
        (lexicon_with('[[rule]]\nid="a"\nsignal="x"\nsentence="s"\nmust=[]\nmust_not=[]'), "unknown signal"),
        (lexicon_with('[[rule]]\nid="a"\nsignal="hsi"\nsentence="s"\nmust=[]\nmust_not=[]'), "has patterns"),
        (
            lexicon_with(
                '[[rule]]\nid="a"\nsignal="hsi"\nsentence="s"\npatterns=["{no}"]\nmust=[]\nmust_not=[]'
            ),
            "unknown macro",
        ),
        (lexicon_with(BLANK), "rule ids repeat"),
        (lexicon_with('[[word]]\nword="abc"\ndistance=3'), "distance is out of range"),
        (lexicon_with('[[word]]\nword="abc"\nbogus=3'), "unknown keys"),
    ],
)
def test_parse_flawed_file_names_the_flaw(content: bytes, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        parse(content, where="x.toml")


@pytest.mark.parametrize("pattern", ["(", "a(?=b)", r"(a)\\1"])
def test_lexicon_pattern_that_re2_refuses_is_bad_input(pattern: str) -> None:
    rule = f'[[rule]]\nid="a"\nsignal="hsi"\nsentence="s"\npatterns=["{pattern}"]\nmust=[]\nmust_not=[]'
    with pytest.raises(BadInput, match="not an RE2 expression"):
        Lexicon(lexicon_with(rule))
