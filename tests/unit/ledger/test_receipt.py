"""Receipts: one spelling, and all that it takes to check an entry offline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.encoding import to_base64
from gatehouse.ledger.errors import InvalidReceipt, PolicyNotMet
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.receipt import Receipt
from tests.unit.ledger.made import ORIGIN, log_key, receipt, witness_key
from tests.unit.ledger.mutations import is_refused_or_has_one_spelling, mutations
from tests.unit.ledger.naive import NaiveTree, numbered

TREE = NaiveTree(numbered(7))
POLICY = Policy.of_log(log_key().vkey)
RECEIPT = receipt(TREE, 4, extra=b"out of band")
HASH = to_base64(bytes(32))

hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple)


def test_text_of_a_receipt_is_that_of_the_specification() -> None:
    proof = "".join(f"{to_base64(each)}\n" for each in TREE.path(4, 7))
    head = f"c2sp.org/tlog-proof@v1\nextra b3V0IG9mIGJhbmQ=\nindex 4\n{proof}\n"
    assert RECEIPT.text == head + RECEIPT.checkpoint
    assert Receipt.parse(RECEIPT.text) == RECEIPT


def test_text_without_extra_data_has_no_such_line() -> None:
    plain = receipt(NaiveTree([b"only"]), 0)
    assert plain.text == f"c2sp.org/tlog-proof@v1\nindex 0\n\n{plain.checkpoint}"
    assert Receipt.parse(plain.text) == plain


@pytest.mark.parametrize("size", [1, 2, 7])
def test_receipt_of_every_entry_verifies_and_gives_the_checkpoint(size: int) -> None:
    for index in range(size):
        found = Receipt.parse(receipt(TREE, index, size=size).text)
        expected = Checkpoint(ORIGIN, size, TREE.root(size))
        assert found.verify(TREE.entries[index], policy=POLICY) == expected
        assert found.verify_leaf(TREE.leaf(index), policy=POLICY) == expected


def test_receipt_with_a_quorum_of_witnesses_verifies_and_with_fewer_does_not() -> None:
    witnesses = [witness_key(number) for number in (1, 2, 3)]
    named = "\n".join(f"witness w{number} {key.vkey}" for number, key in enumerate(witnesses))
    policy = Policy.parse(f"log {log_key().vkey}\n{named}\ngroup two 2 w0 w1 w2\nquorum two\n")
    for missing in range(3):
        chosen = [key for number, key in enumerate(witnesses) if number != missing]
        enough = receipt(TREE, 2, signers=[log_key(), *chosen])
        assert enough.verify(TREE.entries[2], policy=policy).size == 7
        with pytest.raises(PolicyNotMet, match="too few witnesses"):
            receipt(TREE, 2, signers=[log_key(), chosen[0]]).verify(TREE.entries[2], policy=policy)


@given(st.integers(0, 2**63 - 1), hashes, st.text(), st.none() | st.binary(max_size=40))
def test_text_of_any_receipt_gives_it_back(
    index: int, proof: tuple[bytes, ...], checkpoint: str, extra: bytes | None
) -> None:
    made = Receipt(index, proof, checkpoint, extra)
    assert Receipt.parse(made.text) == made


@given(st.one_of(mutations(RECEIPT.text), st.text(max_size=100)))
def test_changed_or_arbitrary_text_is_refused_or_has_one_spelling(text: str) -> None:
    is_refused_or_has_one_spelling(text, Receipt.parse, InvalidReceipt)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\nindex 0",
        "c2sp.org/tlog-proof@v1\nindex 0\n",
        "c2sp.org/tlog-proof@v2\nindex 0\n\nrest\n",
        "c2sp.org/tlog-proof@v1 \nindex 0\n\nrest\n",
        "c2sp.org/tlog-proof@v1\r\nindex 0\r\n\r\nrest\n",
        "\ufeffc2sp.org/tlog-proof@v1\nindex 0\n\nrest\n",
        "\nc2sp.org/tlog-proof@v1\nindex 0\n\nrest\n",
        "c2sp.org/tlog-proof@v1\n\nrest\n",
        "c2sp.org/tlog-proof@v1\nindex\n\nrest\n",
        "c2sp.org/tlog-proof@v1\nindex 00\n\nrest\n",
        "c2sp.org/tlog-proof@v1\nindex -1\n\nrest\n",
        "c2sp.org/tlog-proof@v1\nindex  1\n\nrest\n",
        "c2sp.org/tlog-proof@v1\nindex 9223372036854775808\n\nrest\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\nrest\n",
        "c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 0\n\nrest\n",
        "c2sp.org/tlog-proof@v1\nextra AB==\nindex 0\n\nrest\n",
        "c2sp.org/tlog-proof@v1\nextra\nindex 0\n\nrest\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nindex 0\n\nrest\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nrest\n",
        f"c2sp.org/tlog-proof@v1\nindex 0\n {HASH}\n\nrest\n",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH[:-2]}B=\n\nrest\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + f"{HASH}\n" * 64 + "\nrest\n",
    ],
)
def test_text_that_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(InvalidReceipt, match="no receipt"):
        Receipt.parse(text)
