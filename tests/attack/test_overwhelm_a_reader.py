"""Attempts to make a reader of notes, receipts, policies, paths or bundles fall over or toil."""

from __future__ import annotations

import pytest

from gatehouse.ledger import Policy, Receipt, VerifierKey, layout, open_note, sign_note, verify_consistency
from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.encoding import LARGEST_NOTE
from gatehouse.ledger.errors import InvalidCheckpoint, InvalidNote, InvalidProof, InvalidReceipt, InvalidTile
from gatehouse.ledger.merkle import EMPTY_ROOT, verify_inclusion
from gatehouse.ledger.note import MOST_SIGNATURES, add_signatures
from gatehouse.ledger.policy import LARGEST_POLICY
from gatehouse.model import BadInput
from tests.unit.ledger.made import NOW, checkpoint_note, log_key, receipt, witness_key
from tests.unit.ledger.naive import NaiveTree, numbered

LOG = log_key()
TREE = NaiveTree(numbered(3))
NOTE = checkpoint_note(TREE)
HUGE = "9" * 5000


def test_note_of_a_megabyte() -> None:
    fits = sign_note("a" * (LARGEST_NOTE - 200) + "\n", signers=[LOG])
    assert len(open_note(fits, keys=[LOG.vkey]).text) == LARGEST_NOTE - 199
    for text in ("a" * LARGEST_NOTE, "\n" * LARGEST_NOTE, "—" * (LARGEST_NOTE // 3 + 1)):
        note = sign_note(f"{text}\n", signers=[LOG])
        with pytest.raises(InvalidNote, match="too long") as refusal:
            open_note(note, keys=[LOG.vkey])
        assert refusal.value.got == f"{len(note.encode())} bytes"
        with pytest.raises(InvalidNote, match="too long"):
            open_note(note.encode(), keys=[LOG.vkey])


def test_note_with_one_signature_too_many() -> None:
    text = NOTE.split("\n\n")[0] + "\n"
    lines = [witness_key(number).line(text, at=NOW) for number in range(MOST_SIGNATURES)]
    assert len(open_note(add_signatures(NOTE, lines[1:]), keys=[LOG.vkey]).others) == MOST_SIGNATURES - 1
    with pytest.raises(InvalidNote, match="too many signatures") as refusal:
        open_note(NOTE + "".join(lines), keys=[LOG.vkey])
    assert (refusal.value.expected, refusal.value.got) == ("at most 100", "101")


def test_note_of_one_signature_a_hundred_and_one_times() -> None:
    with pytest.raises(InvalidNote, match="too many signatures"):
        open_note(NOTE + NOTE.split("\n\n")[1] * MOST_SIGNATURES, keys=[LOG.vkey])


@pytest.mark.parametrize("number", ["9223372036854775808", "18446744073709551616", "1" + "0" * 19, HUGE])
def test_huge_numbers(number: str) -> None:
    """Python refuses to read numbers of more than 4,300 digits with an error of its own."""
    with pytest.raises(InvalidCheckpoint, match="no checkpoint"):
        Checkpoint.parse(NOTE.split("\n\n")[0].replace("\n3\n", f"\n{number}\n") + "\n")
    with pytest.raises(InvalidReceipt, match="no receipt"):
        Receipt.parse(receipt(TREE, 1).text.replace("index 1", f"index {number}"))
    with pytest.raises(BadInput, match="the policy cannot be used"):
        Policy.parse(f"witness a {witness_key(1).vkey}\ngroup g {number} a\nquorum g\n")
    with pytest.raises(BadInput, match="no tile lies there"):
        layout.parse_path(f"tile/0/000.p/{number}")
    with pytest.raises(BadInput, match="no tile lies there"):
        layout.parse_path(f"tile/0/{number}")


def test_path_of_many_groups() -> None:
    for groups in (7, 2000):
        with pytest.raises(BadInput, match="no tile lies there"):
            layout.parse_path(f"tile/0/{'x001/' * groups}001")


def test_proof_that_is_longer_than_any_tree_is_high() -> None:
    for length in (65, 10_000):
        with pytest.raises(InvalidProof, match="wrong length"):
            verify_inclusion(
                index=1, size=2**63 - 1, leaf_hash=bytes(32), proof=[bytes(32)] * length, root=bytes(32)
            )
        with pytest.raises(InvalidProof, match="wrong length"):
            verify_consistency(
                size1=3, size2=2**63 - 1, root1=bytes(32), root2=bytes(32), proof=[bytes(32)] * length
            )


def test_sizes_beyond_all_bounds_end_at_once() -> None:
    """A size of ten thousand bits asks for a proof of as many hashes, so a short one is refused."""
    huge = 1 << 10_000
    with pytest.raises(InvalidProof, match="wrong length"):
        verify_inclusion(index=huge - 1, size=huge, leaf_hash=EMPTY_ROOT, proof=[EMPTY_ROOT], root=EMPTY_ROOT)
    with pytest.raises(InvalidProof, match="wrong length"):
        verify_consistency(size1=1, size2=huge, root1=EMPTY_ROOT, root2=EMPTY_ROOT, proof=[EMPTY_ROOT])


def test_policy_of_deep_groups_or_of_too_many_bytes() -> None:
    head = f"log {LOG.vkey}\nwitness g0 {witness_key(1).vkey}\n"
    chain = "".join(f"group g{depth} any g{depth - 1}\n" for depth in range(1, 2000))
    with pytest.raises(BadInput, match="more than 48"):
        Policy.parse(f"{head}{chain}quorum g1999\n")
    with pytest.raises(BadInput, match="too long"):
        Policy.parse("quorum none\n" + "#" * LARGEST_POLICY)


def test_bundle_that_promises_more_than_it_holds() -> None:
    for data in (b"\xff", b"\xff\xff", b"\x00\x01", b"\x00\x00\x00", b"\x00\x02a", b"\x00\x01a\xff\xffb"):
        with pytest.raises(InvalidTile, match="cut off"):
            layout.decode_bundle(data)


def test_bundle_of_empty_entries_in_place_of_256() -> None:
    with pytest.raises(InvalidTile, match="another count"):
        layout.decode_bundle(bytes(2 * 257), count=256)


def test_key_of_a_megabyte() -> None:
    for text in ("a" * 10**6, "+" * 10**6, f"{LOG.vkey}{'A' * 10**6}"):
        with pytest.raises(BadInput, match="no verifier key"):
            VerifierKey.parse(text)
