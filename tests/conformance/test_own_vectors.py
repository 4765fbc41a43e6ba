"""The tree against vectors that a shell script computes with sha256sum; needs no reference data."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gatehouse.ledger import leaf_hash, merkle, verify_consistency, verify_inclusion
from gatehouse.ledger.merkle import Frontier

FOLDER = Path(__file__).with_name("vectors")
TREE: dict[str, Any] = json.loads((FOLDER / "tree.json").read_text())
ENTRIES = [bytes.fromhex(text) for text in TREE["entries"]]
ROOTS = [bytes.fromhex(text) for text in TREE["roots"]]


class Leaves:
    """The tree of the vectors' entries, as proofs are made from it."""

    def subtree(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree."""
        frontier = Frontier()
        for entry in ENTRIES[index << level : (index + 1) << level]:
            frontier.append(leaf_hash(entry))
        return frontier.root()


def test_vectors_are_what_the_script_prints() -> None:
    printed = subprocess.run(["bash", FOLDER / "tree.sh"], check=True, capture_output=True, text=True).stdout
    assert printed == (FOLDER / "tree.json").read_text()


def test_roots_are_those_that_certificate_transparency_publishes() -> None:
    published = [
        "6e340b9c",
        "fac54203",
        "aeb6bcfe",
        "d37ee418",
        "4e3bbb1f",
        "76e67dad",
        "ddb89be4",
        "5dc9da79",
    ]
    assert [each.hex()[:8] for each in ROOTS] == ["e3b0c442", *published]


def test_roots_of_all_sizes_are_the_vectors() -> None:
    frontier, found = Frontier(), [merkle.EMPTY_ROOT]
    for entry in ENTRIES:
        frontier.append(leaf_hash(entry))
        found.append(frontier.root())
    assert found == ROOTS == [merkle.root(Leaves(), size) for size in range(9)]


@pytest.mark.parametrize("case", TREE["inclusion"])
def test_inclusion_proof_is_the_vector_and_verifies(case: str) -> None:
    index, size = map(int, case.split(" of "))
    proof = [bytes.fromhex(text) for text in TREE["inclusion"][case]]
    assert merkle.inclusion_proof(Leaves(), index=index, size=size) == proof
    leaf = leaf_hash(ENTRIES[index])
    verify_inclusion(index=index, size=size, leaf_hash=leaf, proof=proof, root=ROOTS[size])


@pytest.mark.parametrize("case", TREE["consistency"])
def test_consistency_proof_is_the_vector_and_verifies(case: str) -> None:
    size1, size2 = map(int, case.split(" to "))
    proof = [bytes.fromhex(text) for text in TREE["consistency"][case]]
    assert merkle.consistency_proof(Leaves(), size1=size1, size2=size2) == proof
    verify_consistency(size1=size1, size2=size2, root1=ROOTS[size1], root2=ROOTS[size2], proof=proof)


def test_vectors_hold_every_proof_of_every_size() -> None:
    assert list(TREE["inclusion"]) == [f"{index} of {size}" for size in range(1, 9) for index in range(size)]
    assert list(TREE["consistency"]) == [
        f"{size1} to {size2}" for size2 in range(1, 9) for size1 in range(1, size2 + 1)
    ]
