"""Attempts to pass off a receipt for what a log has not recorded, or not there, or not this log."""

from __future__ import annotations

import dataclasses

import pytest

from gatehouse.ledger import Checkpoint, Policy, Receipt, VerificationError, leaf_hash, merkle
from gatehouse.ledger.errors import (
    InvalidProof,
    InvalidReceipt,
    InvalidSignature,
    PolicyNotMet,
    UntrustedNote,
)
from gatehouse.ledger.note import ED25519, NoteSigner, sign_note
from gatehouse.model import Error
from tests.unit.ledger.made import SeededKey, checkpoint_note, log_key, receipt, witness_key
from tests.unit.ledger.naive import NaiveTree, flips, numbered

A, B = log_key("a.example", 1), log_key("b.example", 2)
TREE = NaiveTree(numbered(11))
OTHER = NaiveTree([*numbered(10), b"another end"])
POLICY = Policy.of_log(A.vkey)
BOTH = Policy.parse(f"log {A.vkey}\nlog {B.vkey}\nquorum none\n")
GENUINE_TEXT = Checkpoint("a.example", 11, TREE.root()).text
GENUINE = receipt(TREE, 3, origin="a.example", signers=[A], extra=b"as it was")


def test_genuine_receipt_holds() -> None:
    """What follows is refused for what it attempts, not for how it is made."""
    assert GENUINE.verify(TREE.entries[3], policy=POLICY) == Checkpoint("a.example", 11, TREE.root())
    assert GENUINE.verify(TREE.entries[3], policy=BOTH).size == 11


def test_receipt_for_another_entry() -> None:
    for entry in [*TREE.entries[:3], *TREE.entries[4:], b"", b"entry 3 ", b"\0" + TREE.entries[3]]:
        with pytest.raises(InvalidProof, match="another root"):
            GENUINE.verify(entry, policy=POLICY)


def test_receipt_for_a_node_of_the_tree_as_if_it_were_an_entry() -> None:
    """The two leaves below a node are no entry, even where their bytes are those that the node hashes."""
    left, right = TREE.leaf(2), TREE.leaf(3)
    forged = dataclasses.replace(GENUINE, index=1, proof=GENUINE.proof[1:])
    for entry in (left + right, b"\1" + left + right):
        with pytest.raises(VerificationError):
            forged.verify(entry, policy=POLICY)


def test_node_of_the_tree_as_if_it_were_a_leaf() -> None:
    """Whoever holds no entry but only a hash must know that the depth of a proof is that of its index."""
    forged = dataclasses.replace(GENUINE, index=1, proof=GENUINE.proof[1:])
    with pytest.raises(InvalidProof, match="wrong length"):
        forged.verify_leaf(merkle.node_hash(TREE.leaf(2), TREE.leaf(3)), policy=POLICY)


def test_receipt_at_another_index() -> None:
    for index in [*range(3), *range(4, 24), 2**62, -1]:
        with pytest.raises(InvalidProof):
            dataclasses.replace(GENUINE, index=index).verify(TREE.entries[3], policy=POLICY)


def test_receipt_in_a_tree_of_another_size() -> None:
    for size in (0, 4, 10, 12, 16, 2**62):
        text = Checkpoint("a.example", size, TREE.root()).text
        forged = dataclasses.replace(GENUINE, checkpoint=GENUINE.checkpoint.replace(GENUINE_TEXT, text))
        with pytest.raises(InvalidSignature):
            forged.verify(TREE.entries[3], policy=POLICY)


def test_receipt_with_the_checkpoint_of_another_tree_of_the_same_size() -> None:
    forged = dataclasses.replace(GENUINE, checkpoint=checkpoint_note(OTHER, origin="a.example", signers=[A]))
    with pytest.raises(InvalidProof, match="another root"):
        forged.verify(TREE.entries[3], policy=POLICY)


def test_receipt_with_the_checkpoint_of_an_earlier_or_later_size() -> None:
    for size in range(11):
        earlier = checkpoint_note(TREE, size, origin="a.example", signers=[A])
        with pytest.raises(InvalidProof):
            dataclasses.replace(GENUINE, checkpoint=earlier).verify(TREE.entries[3], policy=POLICY)


def test_receipt_with_any_hash_of_its_proof_changed_dropped_added_or_swapped() -> None:
    proof = GENUINE.proof
    forged = [
        (*proof[:at], wrong, *proof[at + 1 :]) for at in range(len(proof)) for wrong in flips(proof[at])[::8]
    ]
    forged += [(*proof[:at], *proof[at + 1 :]) for at in range(len(proof))]
    forged += [(*proof[:at], TREE.leaf(0), *proof[at:]) for at in range(len(proof) + 1)]
    forged += [(*proof[:at], proof[at + 1], proof[at], *proof[at + 2 :]) for at in range(len(proof) - 1)]
    for each in forged:
        with pytest.raises(InvalidProof):
            dataclasses.replace(GENUINE, proof=each).verify(TREE.entries[3], policy=POLICY)


def test_receipt_with_any_one_bit_of_its_text_changed() -> None:
    """A receipt with other bits is refused, or differs in what nobody signs: the extra data."""
    data = GENUINE.text.encode()
    held = 0
    for byte in range(len(data)):
        for bit in (0, 3, 5, 7):
            changed = bytearray(data)
            changed[byte] ^= 1 << bit
            try:
                found = Receipt.parse(changed.decode("utf-8", "surrogateescape"))
                found.verify(TREE.entries[3], policy=POLICY)
            except Error:
                continue
            held += 1
            assert dataclasses.replace(found, extra=GENUINE.extra) == GENUINE
    assert held


def test_extra_data_in_place_of_what_is_proved() -> None:
    """Nobody signs extra data, so it changes nothing of what a receipt proves."""
    for extra in (None, b"", b"index 4", GENUINE.text.encode()):
        forged = Receipt.parse(dataclasses.replace(GENUINE, extra=extra).text)
        assert forged.verify(TREE.entries[3], policy=POLICY) == GENUINE.verify(TREE.entries[3], policy=POLICY)
        with pytest.raises(InvalidProof):
            forged.verify(TREE.entries[4], policy=POLICY)


def test_receipt_of_another_log_for_this_logs_entry() -> None:
    theirs = receipt(OTHER, 10, origin="b.example", signers=[B])
    assert theirs.verify(OTHER.entries[10], policy=BOTH).origin == "b.example"
    with pytest.raises(UntrustedNote):
        theirs.verify(OTHER.entries[10], policy=POLICY)
    with pytest.raises(InvalidProof):
        theirs.verify(TREE.entries[10], policy=BOTH)


def test_log_that_signs_another_logs_origin() -> None:
    forged = receipt(OTHER, 10, origin="a.example", signers=[B])
    with pytest.raises(InvalidReceipt, match="of another log") as refusal:
        forged.verify(OTHER.entries[10], policy=BOTH)
    assert (refusal.value.expected, refusal.value.got) == ("b.example", "a.example")


def test_log_that_signs_another_logs_origin_beside_a_witness_of_that_name() -> None:
    """A witness may be run by a log's operator and bear its name, yet it speaks for no log."""
    namesake = witness_key(1, "a.example")
    policy = Policy.parse(f"log {A.vkey}\nlog {B.vkey}\nwitness w {namesake.vkey}\nquorum w\n")
    forged = receipt(OTHER, 10, origin="a.example", signers=[B, namesake])
    with pytest.raises(InvalidReceipt, match="of another log"):
        forged.verify(OTHER.entries[10], policy=policy)


def test_key_of_an_attacker_under_the_logs_name() -> None:
    forged = receipt(OTHER, 10, origin="a.example", signers=[log_key("a.example", 666)])
    with pytest.raises(UntrustedNote):
        forged.verify(OTHER.entries[10], policy=POLICY)


def test_witnesses_alone_for_want_of_the_log() -> None:
    witness = witness_key(1)
    policy = Policy.parse(f"log {A.vkey}\nwitness w {witness.vkey}\nquorum w\n")
    with pytest.raises(PolicyNotMet, match="no log of the policy"):
        receipt(TREE, 3, origin="a.example", signers=[witness]).verify(TREE.entries[3], policy=policy)


def test_witness_key_that_signs_as_if_it_were_a_log() -> None:
    """The kind of a key is part of its id, so a cosigner's plain signature is a stranger's."""
    witness = witness_key(1)
    policy = Policy.parse(f"log {A.vkey}\nwitness w {witness.vkey}\nquorum w\n")
    plain = NoteSigner(witness.name, witness.signer, ED25519)
    with pytest.raises(PolicyNotMet, match="too few witnesses"):
        receipt(TREE, 3, origin="a.example", signers=[A, plain]).verify(TREE.entries[3], policy=policy)


def test_signed_text_that_is_no_checkpoint() -> None:
    """A key that signs other notes too gives no receipt with them."""
    for text in ("a.example\n", "a.example\n1\n", "hello\n\nworld\n", f"{GENUINE_TEXT}\n"):
        forged = Receipt(0, (), sign_note(text, signers=[A]))
        with pytest.raises(VerificationError):
            forged.verify(b"", policy=POLICY)


def test_receipt_from_the_empty_tree() -> None:
    empty = checkpoint_note(NaiveTree([]), origin="a.example", signers=[A])
    for leaf in (merkle.EMPTY_ROOT, leaf_hash(b"")):
        with pytest.raises(InvalidProof, match="outside the tree"):
            Receipt(0, (), empty).verify_leaf(leaf, policy=POLICY)


def test_log_whose_key_is_a_witness_too() -> None:
    """One secret key under two kinds signs two different messages, so one line cannot serve for both."""
    shared = SeededKey(1)
    policy = Policy.parse(f"log {A.vkey}\nwitness w {NoteSigner('a.example', shared, 4).vkey}\nquorum w\n")
    with pytest.raises(PolicyNotMet, match="too few witnesses"):
        GENUINE.verify(TREE.entries[3], policy=policy)
    both = receipt(TREE, 3, origin="a.example", signers=[A, NoteSigner("a.example", shared, 4)])
    assert both.verify(TREE.entries[3], policy=policy).size == 11
