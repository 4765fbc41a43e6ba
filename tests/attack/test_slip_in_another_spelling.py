"""Attempts to write the same note, checkpoint, receipt or key in other bytes, so that two readers differ."""

from __future__ import annotations

import pytest

from gatehouse.ledger import Policy, Receipt, VerifierKey, open_checkpoint, open_note, sign_note
from gatehouse.ledger.errors import InvalidNote, InvalidReceipt, InvalidSignature, VerificationError
from gatehouse.ledger.note import split_note
from gatehouse.model import BadInput
from tests.unit.ledger.made import NOW, checkpoint_note, log_key, receipt, witness_key
from tests.unit.ledger.naive import NaiveTree, numbered

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
LOG, WITNESS = log_key(), witness_key(1)
KEYS = [LOG.vkey, WITNESS.vkey]
TREE = NaiveTree(numbered(6))
NOTE = checkpoint_note(TREE, signers=[LOG, WITNESS])
RECEIPT = receipt(TREE, 5, extra=b"x").text


def same_bytes_otherwise(text: str) -> str:
    """Return base64 with another last digit that stands for the same bytes."""
    body = text.rstrip("=")
    return body[:-1] + ALPHABET[ALPHABET.index(body[-1]) + 1] + text[len(body) :]


def test_signature_in_base64_that_is_not_canonical() -> None:
    for line in split_note(NOTE)[1]:
        digits = line.line.split(" ")[2].rstrip("\n")
        for other in (
            digits.rstrip("="),
            f"{digits}=",
            f"{digits} ",
            digits.replace("+", "-").replace("/", "_"),
        ):
            if other != digits:
                with pytest.raises(InvalidNote):
                    open_note(NOTE.replace(digits, other), keys=KEYS)
        if digits.endswith("="):
            with pytest.raises(InvalidNote, match="no signature"):
                open_note(NOTE.replace(digits, same_bytes_otherwise(digits)), keys=KEYS)


def test_signature_of_a_stranger_in_base64_that_is_not_canonical() -> None:
    """A line that nobody checks is read strictly all the same: it is kept, compared and passed on."""
    for digits in ("AAAAAAB=", "AAAAAAA", "AAAAAA-A", "AAAA\u00a0AAAA"):
        with pytest.raises(InvalidNote, match="no signature"):
            open_note(f"{NOTE}— stranger {digits}\n", keys=KEYS)


def test_root_in_base64_that_is_not_canonical() -> None:
    root = NOTE.split("\n")[2]
    text = f"{LOG.name}\n6\n{same_bytes_otherwise(root)}\n"
    with pytest.raises(VerificationError, match="no checkpoint"):
        open_checkpoint(sign_note(text, signers=[LOG]), keys=KEYS)


def test_proof_in_base64_that_is_not_canonical() -> None:
    proof = RECEIPT.split("\n")[3]
    with pytest.raises(InvalidReceipt, match="no receipt"):
        Receipt.parse(RECEIPT.replace(proof, same_bytes_otherwise(proof)))


def test_key_in_another_spelling() -> None:
    for other in (
        f"{LOG.vkey}=",
        f"{LOG.vkey}\n",
        f" {LOG.vkey}",
        LOG.vkey.upper(),
        LOG.vkey.replace("+", " "),
    ):
        with pytest.raises(BadInput, match="no verifier key"):
            VerifierKey.parse(other)


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_lines_that_end_otherwise(newline: str) -> None:
    with pytest.raises(InvalidNote):
        open_note(NOTE.replace("\n", newline), keys=KEYS)
    with pytest.raises((InvalidNote, InvalidSignature)):
        open_note(NOTE.replace("\n", newline, 1), keys=KEYS)
    with pytest.raises(InvalidReceipt):
        Receipt.parse(RECEIPT.replace("\n", newline))
    with pytest.raises(BadInput):
        Policy.parse(f"log {LOG.vkey}\nquorum none\n".replace("\n", newline))


def test_byte_order_mark_before_the_text() -> None:
    for mark in ("\ufeff", "\ufffe", "\u200b"):
        with pytest.raises(InvalidSignature):
            open_note(mark + NOTE, keys=KEYS)
        with pytest.raises(InvalidReceipt):
            Receipt.parse(mark + RECEIPT)
        with pytest.raises(BadInput):
            Policy.parse(f"{mark}log {LOG.vkey}\nquorum none\n")
        with pytest.raises(BadInput):
            VerifierKey.parse(mark + LOG.vkey)
    for encoding in ("utf-16", "utf-32", "utf-8-sig"):
        with pytest.raises((InvalidNote, InvalidSignature)):
            open_note(NOTE.encode(encoding), keys=KEYS)


@pytest.mark.parametrize(
    "data", [b"\xff", b"\xc0\x80", b"\xc1\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80"]
)
def test_bytes_that_are_not_utf_8(data: bytes) -> None:
    with pytest.raises(InvalidNote, match="not UTF-8"):
        open_note(data + NOTE.encode(), keys=KEYS)
    with pytest.raises(InvalidNote, match="not UTF-8"):
        open_note("\ud800" + NOTE, keys=KEYS)


def test_overlong_dash_or_another_dash_before_a_signature() -> None:
    for dash in ("-", "--", "\N{EN DASH}", "\N{HORIZONTAL BAR}", "\N{MINUS SIGN}", "—\u0301"):
        with pytest.raises(InvalidNote, match="no signature"):
            open_note(NOTE.replace("— ", f"{dash} "), keys=KEYS)


@pytest.mark.parametrize("size", ["06", "+6", "6.", "6e0", "0x6", " 6", "６", "٦", "6_", ""])
def test_size_in_other_digits(size: str) -> None:
    text = f"{LOG.name}\n{size}\n{NOTE.split(chr(10))[2]}\n"
    with pytest.raises(VerificationError, match="no checkpoint"):
        open_checkpoint(sign_note(text, signers=[LOG]), keys=KEYS)


def test_index_in_other_digits() -> None:
    for index in ("05", "+5", "5 ", "５", "5_", "-5", "0x5"):
        with pytest.raises(InvalidReceipt, match="no receipt"):
            Receipt.parse(RECEIPT.replace("index 5", f"index {index}"))


def test_signature_line_that_stands_twice_counts_once() -> None:
    lines = NOTE.split("\n\n")[1]
    doubled = open_note(NOTE + lines + lines, keys=KEYS)
    assert doubled.signatures == open_note(NOTE, keys=KEYS).signatures
    stranger = log_key("stranger.example", 9).line(NOTE.split("\n\n")[0] + "\n")
    assert len(open_note(NOTE + stranger * 3, keys=KEYS).others) == 1


def test_signature_of_two_scalars_for_one_message() -> None:
    """S and S plus the order of the group would both fit, were the second not refused (RFC 8032, 5.1.7)."""
    order = 2**252 + 27742317777372353535851937790883648493
    body, lines = split_note(NOTE)
    value = lines[0].value
    other = value[:32] + (int.from_bytes(value[32:], "little") + order).to_bytes(32, "little")
    with pytest.raises(InvalidSignature):
        LOG.key.check(body, type(lines[0])(LOG.name, LOG.key.key_id, other))


def test_cosignature_line_with_bytes_before_or_after() -> None:
    text = NOTE.split("\n\n")[0] + "\n"
    genuine = split_note(f"{text}\n{WITNESS.line(text, at=NOW)}")[1][0]
    for value in (b"\0" + genuine.value, genuine.value + b"\0", genuine.value[1:], genuine.value[:-1], b"\0"):
        line = type(genuine)(genuine.name, genuine.key_id, value).line
        with pytest.raises(InvalidSignature):
            open_note(f"{text}\n{line}", keys=KEYS)
