"""No text makes an answer milder: every document with one cause of refusal against a phrase of every signal.

The comparison is seen to fail: rules that a text lifts, which no pack would load, are tried with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.law import Lexicon
from gatehouse.law.deciding import Rulebook, decide
from gatehouse.law.document import ask, parse
from gatehouse.law.formula import All, Meets, Not
from gatehouse.law.pack import Pack
from gatehouse.model import Decision, Outcome, Signal
from tests.unit.law.documents import PERMITTED, Document, documents

BOOK = Rulebook(Pack.load())
STRICTNESS = {Outcome.PERMIT: 0, Outcome.REVIEW: 1, Outcome.DENY: 2}
ALL = tuple(documents())
# At least one phrase for each signal; the last ones claim what would permit, if a text could.
PHRASES = (
    "ICE ERO", "ICE", "8 USC 1325", "HSI narcotics", "assist FBI", "abortion", "hormone therapy", "protest",
    "mosque", "child custody", "my ex", "traffic stop", "all vehicles", "inv", "n/a", "26-00417", "PC 187",
    "training", "more like this", "pretext", "stolen vehicle", "approved", "judge signed warrant",
)  # fmt: skip
FREE = st.lists(st.sampled_from(PHRASES)).map(" ".join) | st.text(max_size=60)


def answers(book: Rulebook, asked: Sequence[Document]) -> list[Decision]:
    """Return the decision of each document."""
    return ask(parse(json.dumps(asked).encode()).questions, book)


@cache
def silent() -> list[Decision]:
    """Return the decision of each document without any reason."""
    return answers(BOOK, ALL)


def refused_by(rule: str) -> list[Document]:
    """Return the documents that one rule alone denies."""
    return [
        document
        for document, decision in zip(ALL, silent(), strict=True)
        if decision.outcome is Outcome.DENY and [each.id for each in decision.rules] == [rule]
    ]


def milder(book: Rulebook, asked: Sequence[Document], reason: str) -> list[Document]:
    """Return the documents whose answer a reason makes milder."""
    before = answers(book, asked)
    after = answers(book, [document | {"reason": reason} for document in asked])
    return [
        document
        for document, one, other in zip(asked, before, after, strict=True)
        if STRICTNESS[other.outcome] < STRICTNESS[one.outcome]
    ]


def bent(signal: str, *rules: str) -> Rulebook:
    """Return a rulebook in which a signal lifts some rules, past the guard that lets no such pack load."""
    pack = Pack.load()
    texts = {"": pack.network, **pack.texts}
    formulas = dict(pack.rules)
    for rule in rules:
        home = pack.rules[rule].jurisdiction or ""
        policy = rf'(@id\("{re.escape(rule)}"\)(?:(?!@id).)*?when\s*\{{)(.*?)(\}}\s*(?:;|unless))'
        lifted = rf'\1 (\2) && !(context.signals.contains("{signal}")) \3'
        texts[home], found = re.subn(policy, lifted, texts[home], flags=re.DOTALL)
        assert found == 1, rule
        absent = Not(Meets("signals", frozenset({signal})))
        formulas[rule] = replace(pack.rules[rule], formula=All((pack.rules[rule].formula, absent)))
    return Rulebook(replace(pack, network=texts.pop(""), texts=texts, rules=formulas))


class TestDocuments:
    def test_documents_begin_with_permits(self) -> None:
        assert {each.outcome for each in answers(BOOK, PERMITTED)} == {Outcome.PERMIT}

    def test_documents_are_permitted_or_denied_by_one_rule_often_enough(self) -> None:
        permits = [each for each in silent() if each.outcome is Outcome.PERMIT]
        single = [each for each in silent() if each.outcome is Outcome.DENY and len(each.rules) == 1]
        assert len(permits) > len(ALL) / 4
        assert len(single) > len(ALL) / 4
        assert len({each.rules[0].id for each in single}) > 20

    def test_phrases_raise_every_signal(self) -> None:
        lexicon = Lexicon.load()
        assert {match.signal for phrase in PHRASES for match in lexicon.classify(phrase)} == set(Signal)


class TestTextNeverPermits:
    @pytest.mark.parametrize("phrase", PHRASES)
    def test_reason_makes_no_answer_milder(self, phrase: str) -> None:
        assert milder(BOOK, ALL, phrase) == []

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(ALL), FREE)
    def test_free_text_makes_no_answer_milder(self, document: Document, reason: str) -> None:
        assert milder(BOOK, [document], reason) == []

    @settings(max_examples=200, deadline=None)
    @given(st.sampled_from([each for each in ALL if each["case_number"]]), FREE)
    def test_words_of_a_case_make_no_answer_milder(self, document: Document, words: str) -> None:
        # Both state a case, so that its being stated makes no difference.
        before, after = answers(BOOK, [document, document | {"case_number": f"26-1 {words}"}])
        assert STRICTNESS[after.outcome] >= STRICTNESS[before.outcome]

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(ALL), st.frozensets(st.sampled_from(Signal)), st.sampled_from(Signal))
    def test_signal_makes_no_decision_milder(
        self, document: Document, signals: frozenset[Signal], more: Signal
    ) -> None:
        (question,) = parse(json.dumps(document).encode()).questions
        before, after = (
            decide(question.request, [question.owner], at=question.at, signals=each, pack=BOOK)[0]
            for each in (signals, signals | {more})
        )
        assert STRICTNESS[after.outcome] >= STRICTNESS[before.outcome]


class TestLiftedRules:
    @pytest.mark.parametrize(
        ("rule", "signal", "phrase"),
        [
            ("owner/banned-purpose", "statute_code", "PC 187"),
            ("us-il/2-130(c)/declaration", "vague", "inv"),
            ("owner/no-agreement", "case_number_only", "26-00417"),
        ],
    )
    def test_rule_that_a_text_lifts_is_found(self, rule: str, signal: str, phrase: str) -> None:
        book = bent(signal, rule)
        found = milder(book, ALL, phrase)
        assert found
        assert all(each in refused_by(rule) for each in found)

    def test_every_rule_that_denies_alone_is_found_when_a_text_lifts_it(self) -> None:
        alone = {
            each.rules[0].id for each in silent() if each.outcome is Outcome.DENY and len(each.rules) == 1
        }
        found = milder(bent("case_number_only", *alone), ALL, "26-00417")
        for rule in alone:
            assert [each for each in found if each in refused_by(rule)], rule
