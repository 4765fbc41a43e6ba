"""Proof vectors of transparency-dev/merkle and a log written by transparency-dev/tessera."""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from gatehouse.ledger import leaf_hash, merkle, open_checkpoint, verify_consistency, verify_inclusion
from gatehouse.ledger.errors import VerificationError
from gatehouse.ledger.layout import Resource, encode_bundle, entries_path, tile_path, tiles
from gatehouse.ledger.merkle import Frontier
from gatehouse.ledger.tiles import TileReader

pytestmark = pytest.mark.shared

GOLDEN_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
GOLDEN_ENTRIES = [b"one", b"two", b"three", b"four", b"five", b"six", b"seven", b"eit"]
GOLDEN_SIZES = (1, 2, 3, 5, 8)


def vectors(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the vectors below a folder by their names; both verdicts must be among them."""
    found = {
        path.relative_to(folder).as_posix(): json.loads(path.read_text()) for path in folder.rglob("*.json")
    }
    assert {each["wantErr"] for each in found.values()} == {True, False}
    return found


def hashes(texts: list[str] | None) -> list[bytes]:
    """Return the hashes of a proof, which may be left out."""
    return [base64.b64decode(text) for text in texts or []]


def test_inclusion_vectors_have_the_verdicts_that_they_want(reference: Path) -> None:
    verdicts = {}
    found = vectors(reference / "ledger" / "vectors" / "inclusion")
    for name, case in found.items():
        leaf, root = hashes([case["leafHash"], case["root"]])
        index, size, proof = case["leafIdx"], case["treeSize"], hashes(case["proof"])
        try:
            verify_inclusion(index=index, size=size, leaf_hash=leaf, proof=proof, root=root)
            verdicts[name] = False
        except VerificationError as error:
            assert error.expected and error.got
            verdicts[name] = True
    assert verdicts == {name: case["wantErr"] for name, case in found.items()}


def test_consistency_vectors_have_the_verdicts_that_they_want(reference: Path) -> None:
    verdicts = {}
    found = vectors(reference / "ledger" / "vectors" / "consistency")
    for name, case in found.items():
        root1, root2 = hashes([case["root1"], case["root2"]])
        size1, size2, proof = case["size1"], case["size2"], hashes(case["proof"])
        try:
            verify_consistency(size1=size1, size2=size2, root1=root1, root2=root2, proof=proof)
            verdicts[name] = False
        except VerificationError as error:
            assert error.expected and error.got
            verdicts[name] = True
    assert verdicts == {name: case["wantErr"] for name, case in found.items()}


class TestGoldenLog:
    """A log of eight entries that another program has written."""

    @pytest.fixture
    def log(self, reference: Path) -> Path:
        """Return the log's folder."""
        return reference / "ledger" / "vectors" / "golden-log"

    @pytest.mark.parametrize("size", GOLDEN_SIZES)
    def test_checkpoint_opens_and_names_the_root_of_the_entries(self, log: Path, size: int) -> None:
        raw = (log / f"checkpoint.{size}").read_text()
        opened = open_checkpoint(raw, keys=[GOLDEN_KEY], origin="example.com/log/testdata")
        frontier = Frontier()
        for entry in GOLDEN_ENTRIES[:size]:
            frontier.append(leaf_hash(entry))
        assert (opened.checkpoint.size, opened.checkpoint.root) == (size, frontier.root())
        assert f"{opened.checkpoint.text}\n{opened.note.signatures[0].line}" == raw

    @pytest.mark.parametrize("size", GOLDEN_SIZES)
    def test_tiles_and_bundles_are_written_byte_for_byte(self, log: Path, size: int) -> None:
        entries = GOLDEN_ENTRIES[:size]
        ours = {
            entries_path(0, size): encode_bundle(entries),
            tile_path(0, 0, size): b"".join(map(leaf_hash, entries)),
        }
        assert {path: (log / path).read_bytes() for path in ours} == ours
        assert [each.path for each in tiles(size)] == list(ours)

    def test_log_holds_nothing_but_what_its_sizes_have(self, log: Path) -> None:
        ours = {Resource(kind, 0, 0, size).path for kind in ("entries", "tile") for size in GOLDEN_SIZES}
        assert {
            path.relative_to(log).as_posix() for path in (log / "tile").rglob("*") if path.is_file()
        } == ours

    def test_proofs_from_tiles_lead_from_every_entry_and_size_to_every_later_root(self, log: Path) -> None:
        checkpoints = {
            size: open_checkpoint((log / f"checkpoint.{size}").read_bytes(), keys=[GOLDEN_KEY]).checkpoint
            for size in GOLDEN_SIZES
        }
        for size, checkpoint in checkpoints.items():
            reader = TileReader(lambda path: (log / path).read_bytes(), size)
            for index in range(size):
                entry = reader.entry(index)
                proof = merkle.inclusion_proof(reader, index=index, size=size)
                verify_inclusion(
                    index=index, size=size, leaf_hash=leaf_hash(entry), proof=proof, root=checkpoint.root
                )
                assert entry == GOLDEN_ENTRIES[index]
        for size1, size2 in itertools.combinations(GOLDEN_SIZES, 2):
            reader = TileReader(lambda path: (log / path).read_bytes(), size2)
            verify_consistency(
                size1=size1,
                size2=size2,
                root1=checkpoints[size1].root,
                root2=checkpoints[size2].root,
                proof=merkle.consistency_proof(reader, size1=size1, size2=size2),
            )
