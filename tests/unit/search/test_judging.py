"""Judging: door rules only ever refuse, decisions are kept so that their root comes out again."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.ledger.canonical import to_canonical
from gatehouse.ledger.decisions import check_decision
from gatehouse.model import (
    BadInput,
    CitedRule,
    Confidence,
    Decision,
    Outcome,
    PackId,
    PlatePattern,
    Window,
)
from gatehouse.search import closing, exigency, reviewing, rules
from gatehouse.search.history import MarkKind
from gatehouse.search.judging import Judged, seal, tokens, unseal
from gatehouse.search.registry import OwnerRules

DOCS = Path(__file__).resolve().parents[3] / "docs"
PACK = PackId("1", "ab" * 32)
AT = datetime(2026, 11, 23, 16, 4, 5, tzinfo=UTC)
PERMIT, DENY, REVIEW = (
    Decision(outcome, (CitedRule(f"r/{outcome.value}", "c", "s", Confidence.RULE),), PACK)
    for outcome in (Outcome.PERMIT, Outcome.DENY, Outcome.REVIEW)
)
JUDGED = st.lists(st.sampled_from([PERMIT, DENY, REVIEW]), max_size=8).map(
    lambda found: Judged(tuple(f"o-{at}" for at in range(len(found))), tuple(found), PACK)
)
ORDER = (Outcome.PERMIT, Outcome.REVIEW, Outcome.DENY)


@given(JUDGED, st.sets(st.sampled_from([f"o-{at}" for at in range(8)])))
def test_door_rules_never_make_a_decision_milder(judged: Judged, owners: set[str]) -> None:
    for changed in (
        judged.barred([rules.RATE]),
        judged.with_review(rules.SECOND_PERSON),
        judged.refusing(owners, rules.OWNER_SCOPE),
    ):
        assert changed.owners == judged.owners
        assert all(
            ORDER.index(after.outcome) >= ORDER.index(before.outcome)
            for before, after in zip(judged.decisions, changed.decisions, strict=True)
        )
    assert judged.barred([rules.RATE]).of(Outcome.PERMIT) == []
    assert judged.with_review(rules.SECOND_PERSON).of(Outcome.PERMIT) == []


@pytest.mark.parametrize(
    ("decisions", "plain", "waiting"),
    [
        ([PERMIT, REVIEW, DENY], Outcome.PERMIT, Outcome.REVIEW),
        ([REVIEW, DENY], Outcome.REVIEW, Outcome.REVIEW),
        ([PERMIT, DENY], Outcome.PERMIT, Outcome.PERMIT),
        ([DENY], Outcome.DENY, Outcome.DENY),
        ([], Outcome.DENY, Outcome.DENY),
    ],
)
def test_outcome_is_permitted_as_soon_as_one_permits(
    decisions: list[Decision], plain: Outcome, waiting: Outcome
) -> None:
    judged = Judged(tuple(f"o-{at}" for at in range(len(decisions))), tuple(decisions), PACK)
    assert (judged.outcome(), judged.outcome(wait=True)) == (plain, waiting)


@given(JUDGED)
def test_unseal_gives_the_root_and_every_owners_path(judged: Judged) -> None:
    kept = seal(judged)
    again = unseal(kept.data)
    assert again.root == kept.sealed.root
    assert {each.salted.decision.owner for each in again.paths()} == set(judged.owners)
    for path in again.paths():
        assert check_decision(kept.sealed.root, path) == path.salted.decision
    assert seal(judged).sealed.root != kept.sealed.root or not judged.owners


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not packed",
        zlib.compress(b"not json"),
        zlib.compress(to_canonical([])),
        zlib.compress(to_canonical({"groups": [], "key": "", "schema": "another"})),
        zlib.compress(
            to_canonical(
                {
                    "groups": [{"decision": "maybe", "owners": ["a"], "rules": []}],
                    "key": "ab" * 32,
                    "schema": "gatehouse-search-decisions/1",
                }
            )
        ),
    ],
)
def test_unseal_other_bytes_is_bad_input(data: bytes) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        unseal(data)


@pytest.mark.parametrize(
    ("kept", "back", "expected"),
    [
        (timedelta(days=30), timedelta(days=2), 3),
        (timedelta(days=30), timedelta(0), 1),
        (timedelta(days=2), timedelta(hours=3), 4),
        (timedelta(minutes=90), timedelta(minutes=10), 12),
        # What is destroyed is not looked up, however far back a window reaches.
        (timedelta(minutes=90), timedelta(days=90_000), 90),
        (timedelta(days=30), timedelta(days=90_000), 30),
    ],
)
def test_tokens_counts_the_buckets_that_still_have_keys(
    kept: timedelta, back: timedelta, expected: int
) -> None:
    pattern = PlatePattern.parse("TEST1?")
    found = tokens(pattern, Window(AT - back, AT), [OwnerRules(kept)] * 3, confusables=False, at=AT)
    assert found == 36 * expected


def test_rules_have_ids_remedies_and_sentences() -> None:
    for each in rules.RULES.values():
        assert each.cited.id.startswith("door:")
        assert each.cited.sentence.endswith(".")
        assert each.remedy.endswith(".")


def test_manual_names_every_event_and_mark() -> None:
    text = (DOCS / "searching.md").read_text()
    events = (
        closing.UNDELIVERED,
        exigency.FILED,
        exigency.SUSPENDED,
        exigency.RESTORED,
        reviewing.APPROVED,
        reviewing.DECLINED,
    )
    for name in (*events, *(each.value for each in MarkKind)):
        assert f"`{name}`" in text, name
