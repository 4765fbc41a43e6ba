"""Per-owner decisions: one root for thousands, and a path that shows one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.ledger.canonical import to_canonical
from gatehouse.ledger.decisions import (
    DecisionsRoot,
    OwnerDecision,
    SaltedDecision,
    SealedDecisions,
    check_decision,
    seal_decisions,
)
from gatehouse.ledger.errors import InvalidProof
from gatehouse.ledger.merkle import EMPTY_ROOT, leaf_hash, node_hash
from gatehouse.model import BadUse, Outcome
from tests.unit.ledger.entries import searched


def decided(number: int) -> list[OwnerDecision]:
    outcomes = tuple(Outcome)
    return [OwnerDecision(f"owner-{at}", outcomes[at % 3], (f"rule:{at % 5}",)) for at in range(number)]


@given(st.integers(1, 70))
def test_every_path_leads_to_the_root_and_returns_its_decision(number: int) -> None:
    sealed = seal_decisions(decided(number))
    found = [check_decision(sealed.root, path) for path in sealed.paths()]
    assert sorted(found, key=lambda each: each.owner) == sorted(decided(number), key=lambda each: each.owner)


def test_no_owner_reached_is_the_empty_tree() -> None:
    sealed = seal_decisions([])
    assert sealed.root == DecisionsRoot(EMPTY_ROOT, 0)
    assert list(sealed.paths()) == []


def test_leaf_is_canonical_json_with_its_salt() -> None:
    salted = SaltedDecision(OwnerDecision("birch-pd", Outcome.DENY, ("il:5",)), b"\xab" * 32)
    assert salted.leaf.decode() == (
        '{"decision":"deny","owner":"birch-pd","rules":["il:5"],"salt":"'
        + "ab" * 32
        + '","schema":"gatehouse-owner-decision/1"}'
    )
    assert SealedDecisions([salted]).root == DecisionsRoot(leaf_hash(salted.leaf), 1)


@given(st.text(), st.sampled_from(Outcome), st.lists(st.text()), st.binary(min_size=32, max_size=32))
def test_leaf_of_any_texts_is_canonical_json(
    owner: str, outcome: Outcome, rules: list[str], salt: bytes
) -> None:
    salted = SaltedDecision(OwnerDecision(owner, outcome, tuple(rules)), salt)
    assert salted.leaf == to_canonical(
        {
            "decision": str(outcome),
            "owner": owner,
            "rules": rules,
            "salt": salt.hex(),
            "schema": "gatehouse-owner-decision/1",
        }
    )


def test_whoever_is_shown_all_decisions_finds_the_same_root() -> None:
    sealed = seal_decisions(decided(100))
    assert SealedDecisions(sealed.salted[::-1]).root == sealed.root


def test_decisions_of_shared_and_of_equal_objects_have_one_root_over_their_leaves() -> None:
    outcomes, rules = tuple(Outcome), (("a",), ("b", "c"))
    shared = [OwnerDecision(f"owner-{at}", outcomes[at % 3], rules[at % 2]) for at in range(4)]
    apart = [replace(each, rules=(*each.rules,)) for each in shared]
    salts = [bytes([at]) * 32 for at in range(4)]
    sealed, again = (SealedDecisions(map(SaltedDecision, decisions, salts)) for decisions in (shared, apart))
    first, second, third, fourth = sorted(leaf_hash(each.leaf) for each in again.salted)
    expected = node_hash(node_hash(first, second), node_hash(third, fourth))
    assert sealed.root == again.root == DecisionsRoot(expected, 4)


def test_same_decisions_twice_have_two_roots() -> None:
    assert seal_decisions(decided(3)).root != seal_decisions(decided(3)).root


def test_owner_with_two_decisions_is_refused() -> None:
    with pytest.raises(BadUse, match="two decisions"):
        seal_decisions([OwnerDecision("a", Outcome.DENY), OwnerDecision("a", Outcome.PERMIT)])


def test_owner_who_was_not_asked_has_no_path() -> None:
    with pytest.raises(BadUse, match="did not reach"):
        seal_decisions(decided(3)).path("owner-3")


def test_path_with_anything_changed_is_refused() -> None:
    sealed = seal_decisions(decided(9))
    path = sealed.path("owner-4")
    decision = path.salted.decision
    others = (
        replace(path, salted=replace(path.salted, salt=bytes(32))),
        replace(path, salted=replace(path.salted, decision=replace(decision, outcome=Outcome.PERMIT))),
        replace(path, salted=replace(path.salted, decision=replace(decision, owner="owner-5"))),
        replace(path, salted=replace(path.salted, decision=replace(decision, rules=()))),
        replace(path, index=(path.index + 1) % 9),
        replace(path, index=-1),
        replace(path, proof=path.proof[:-1]),
        replace(path, proof=(*path.proof, bytes(32))),
    )
    for other in others:
        with pytest.raises(InvalidProof):
            check_decision(sealed.root, other)
    with pytest.raises(InvalidProof):
        check_decision(replace(sealed.root, size=sealed.root.size * 4), path)


def test_five_thousand_owners_leave_the_entry_its_size() -> None:
    sealed = seal_decisions(decided(5000))
    entry, openings = searched("search:plate:permitted", fields={"owners_decided": sealed.root.value})
    assert len(entry) < 2000
    shown = openings.disclose("owners_decided", index=0)
    assert DecisionsRoot.from_value(shown.value) == sealed.root
    path = sealed.path("owner-4999")
    assert len(path.proof) <= 13
    assert check_decision(sealed.root, path) == decided(5000)[4999]


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"root": "00", "size": 1},
        {"root": "0" * 64, "size": -1},
        {"root": "0" * 64, "size": True},
        {"root": "0" * 64, "size": 1, "more": 1},
    ],
)
def test_value_that_is_no_root_is_refused(value: dict[str, int | str] | None) -> None:
    with pytest.raises(InvalidProof):
        DecisionsRoot.from_value(value)
