"""Attempts to hide text in a name, so that a reader or a terminal shows another one."""

from __future__ import annotations

import pytest

from gatehouse.ledger import (
    Checkpoint,
    NoteSigner,
    Policy,
    VerifierKey,
    open_checkpoint,
    open_note,
    sign_note,
)
from gatehouse.ledger.errors import InvalidCheckpoint, InvalidNote, InvalidSignature
from gatehouse.ledger.note import ED25519
from gatehouse.model import BadInput, BadUse
from tests.unit.ledger.made import ORIGIN, SeededKey, checkpoint_note, log_key, vkey_text
from tests.unit.ledger.naive import NaiveTree, numbered

LOG = log_key()
NOTE = checkpoint_note(NaiveTree(numbered(3)))
SPACES = [
    *" \t\n\x0b\x0c\r\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000",
    *(chr(code) for code in range(0x2000, 0x200B)),
]
CONTROLS = [chr(code) for code in range(32) if chr(code) != "\n"]


@pytest.mark.parametrize("space", SPACES, ids=lambda char: f"U+{ord(char):04X}")
def test_name_with_a_space_of_unicode(space: str) -> None:
    name = f"log{space}example"
    with pytest.raises(BadInput, match="no verifier key"):
        VerifierKey.parse(vkey_text(name, ED25519, LOG.key.public))
    with pytest.raises(BadUse, match="without spaces"):
        NoteSigner(name, SeededKey(1))
    with pytest.raises(InvalidNote):
        open_note(f"{NOTE}— {name} AAAAAAA=\n", keys=[LOG.vkey])


@pytest.mark.parametrize("control", CONTROLS, ids=lambda char: f"U+{ord(char):04X}")
def test_name_or_text_with_a_control_character(control: str) -> None:
    with pytest.raises(BadInput, match="no verifier key"):
        VerifierKey.parse(vkey_text(f"log{control}example", ED25519, LOG.key.public))
    with pytest.raises(BadUse, match="without spaces"):
        NoteSigner(f"log{control}example", SeededKey(1))
    with pytest.raises(InvalidNote, match="control characters"):
        open_note(f"{NOTE}— log{control}example AAAAAAA=\n", keys=[LOG.vkey])
    with pytest.raises(InvalidNote, match="control characters"):
        open_note(f"{control}{NOTE}", keys=[LOG.vkey])
    with pytest.raises(BadUse):
        sign_note(f"a{control}b\n", signers=[LOG])


def test_name_that_is_empty_or_holds_a_plus_sign_or_half_a_character() -> None:
    for name in ("", "+", "a+b", "log.example+00000000", "\ud800"):
        with pytest.raises(BadUse, match="without spaces"):
            NoteSigner(name, SeededKey(1))
    for name in ("", "+", "a+b"):
        with pytest.raises(BadInput, match="no verifier key"):
            VerifierKey.parse(vkey_text(name, ED25519, LOG.key.public))
    with pytest.raises(BadInput, match="no verifier key"):
        VerifierKey.parse("\ud800+00000000+AQ==")


def test_name_that_looks_like_another() -> None:
    """Letters of other scripts are names of their own: they are compared by code point, never folded."""
    for name in ("lоg.example/main", "LOG.example/main", "log.example/main\u200b", "ｌog.example/main"):
        assert name != ORIGIN
        lookalike = log_key(name, 1)
        assert lookalike.key.key_id != LOG.key.key_id
        opened = open_note(f"{NOTE}{lookalike.line('anything' + chr(10))}", keys=[LOG.vkey])
        assert [each.name for each in opened.others] == [name]


def test_origin_that_holds_lines_of_its_own() -> None:
    """A name that brings its own size and root would be another log's checkpoint to whoever reads it."""
    other = NOTE.split("\n\n")[0]
    with pytest.raises(BadUse, match="holds a newline"):
        Checkpoint(other, 9, bytes(32))
    with pytest.raises(BadUse, match="holds a newline"):
        Checkpoint(ORIGIN, 9, bytes(32), (other,))


def test_second_checkpoint_behind_a_blank_line() -> None:
    """The text ends at the last blank line, so what is signed is the whole and no checkpoint."""
    other = Checkpoint(ORIGIN, 9, bytes(32)).text
    with pytest.raises(InvalidSignature):
        open_note(f"{other}\n{NOTE}", keys=[LOG.vkey])
    signed = sign_note(f"{other}\n{NOTE.split(chr(10) * 2)[0]}\n", signers=[LOG])
    with pytest.raises(InvalidCheckpoint, match="no checkpoint"):
        open_checkpoint(signed, keys=[LOG.vkey])


def test_name_in_a_policy_that_hides_a_second_word() -> None:
    """Only spaces and tabs part words, so another space of Unicode is part of a name and fits none."""
    for space in ("\u00a0", "\u2003", "\u3000", "\u200b"):
        with pytest.raises(BadInput, match="the policy cannot be used"):
            Policy.parse(f"log {LOG.vkey}\nquorum none{space}\n")
        with pytest.raises(BadInput, match="the policy cannot be used"):
            Policy.parse(f"log{space}{LOG.vkey}\nquorum none\n")
