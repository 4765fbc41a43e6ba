"""Checkpoints: one spelling, one log, and the empty tree's own root."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.ledger.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint
from gatehouse.ledger.encoding import to_base64
from gatehouse.ledger.errors import InvalidCheckpoint, InvalidSignature, UntrustedNote
from gatehouse.ledger.merkle import EMPTY_ROOT
from gatehouse.ledger.note import open_note, sign_note
from tests.unit.ledger.made import ORIGIN, checkpoint_note, log_key
from tests.unit.ledger.mutations import is_refused_or_has_one_spelling, mutations
from tests.unit.ledger.naive import NaiveTree, numbered

TREE = NaiveTree(numbered(5))
ROOT = to_base64(TREE.root())
TEXT = f"{ORIGIN}\n5\n{ROOT}\n"

lines = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=20)


def test_text_of_a_checkpoint_is_that_of_the_specification() -> None:
    assert Checkpoint(ORIGIN, 5, TREE.root()).text == TEXT
    assert Checkpoint.parse(TEXT) == Checkpoint(ORIGIN, 5, TREE.root())


@given(lines, st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32), st.lists(lines, max_size=3))
def test_text_of_any_checkpoint_gives_it_back(origin: str, size: int, root: bytes, more: list[str]) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(more))
    assert Checkpoint.parse(checkpoint.text) == checkpoint


@given(st.one_of(mutations(TEXT), mutations(f"{TEXT}extension\n"), st.text(max_size=80)))
def test_changed_or_arbitrary_text_is_refused_or_has_one_spelling(text: str) -> None:
    is_refused_or_has_one_spelling(text, Checkpoint.parse, InvalidCheckpoint)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        TEXT[:-1],
        f"{TEXT}\n",
        f"\n{TEXT}",
        f"\n5\n{ROOT}\n",
        f"{ORIGIN}\n\n{ROOT}\n",
        f"{ORIGIN}\n5\n\n",
        f"{ORIGIN}\n5\n",
        f"{ORIGIN}\n05\n{ROOT}\n",
        f"{ORIGIN}\n-5\n{ROOT}\n",
        f"{ORIGIN}\n+5\n{ROOT}\n",
        f"{ORIGIN}\n5 \n{ROOT}\n",
        f"{ORIGIN}\n5.0\n{ROOT}\n",
        f"{ORIGIN}\n9223372036854775808\n{ROOT}\n",
        f"{ORIGIN}\n5\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n5\n{to_base64(bytes(31))}\n",
        f"{ORIGIN}\n5\n{to_base64(bytes(33))}\n",
        f"{TEXT}extension\n\n",
        f"{TEXT}\nextension\n",
    ],
)
def test_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InvalidCheckpoint, match="no checkpoint"):
        Checkpoint.parse(text)


def test_empty_tree_has_its_own_root_and_no_other() -> None:
    assert Checkpoint.parse(f"{ORIGIN}\n0\n{to_base64(EMPTY_ROOT)}\n").size == 0
    with pytest.raises(InvalidCheckpoint, match="the empty tree has another root") as refusal:
        Checkpoint.parse(f"{ORIGIN}\n0\n{ROOT}\n")
    assert (refusal.value.expected, refusal.value.got) == (EMPTY_ROOT.hex(), TREE.root().hex())


def test_open_checkpoint_gives_the_checkpoint_the_note_and_the_text_as_it_came() -> None:
    raw, keys = checkpoint_note(TREE), [log_key().vkey]
    expected = SignedCheckpoint(Checkpoint(ORIGIN, 5, TREE.root()), open_note(raw, keys=keys), raw)
    assert open_checkpoint(raw, keys=keys, origin=ORIGIN) == expected
    assert open_checkpoint(raw.encode(), keys=keys) == expected


def test_open_checkpoint_of_another_log_is_refused() -> None:
    with pytest.raises(InvalidCheckpoint, match="another log's") as refusal:
        open_checkpoint(checkpoint_note(TREE), keys=[log_key().vkey], origin="other.example")
    assert (refusal.value.expected, refusal.value.got) == ("other.example", ORIGIN)


def test_open_checkpoint_of_a_note_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidCheckpoint, match="no checkpoint"):
        open_checkpoint(sign_note("hello\n", signers=[log_key()]), keys=[log_key().vkey])


def test_open_checkpoint_without_a_sound_signature_is_refused_before_it_is_read() -> None:
    raw = checkpoint_note(TREE)
    with pytest.raises(UntrustedNote):
        open_checkpoint(raw, keys=[log_key("other.example", 3).vkey])
    with pytest.raises(InvalidSignature):
        open_checkpoint(raw.replace("\n5\n", "\n6\n"), keys=[log_key().vkey])
