from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.ledger import merkle
from gatehouse.ledger.growing import GrowingTree, Proofs
from gatehouse.ledger.sqlite_storage import SqliteStorage
from gatehouse.ledger.tiles import TileNodes
from tests.unit.ledger.logs import filled, made_log, opened
from tests.unit.ledger.naive import NaiveTree, numbered

NAIVE = NaiveTree(numbered(700))


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> SqliteStorage:
    path = made_log(tmp_path_factory.mktemp("log"))
    with opened(path) as log:
        filled(log, NAIVE.entries)
    return SqliteStorage(path)


@given(first=st.integers(0, 300), more=st.integers(0, 400))
def test_growing_tree_from_any_size_is_the_naive_tree(storage: SqliteStorage, first: int, more: int) -> None:
    tree = GrowingTree(storage, first)
    size = first + more
    tree.extend([NAIVE.leaf(index) for index in range(first, size)])
    assert (tree.size, tree.root()) == (size, NAIVE.root(size))
    proofs = Proofs(tree, size)
    assert (proofs.size, proofs.root) == (size, NAIVE.root(size))
    for index in {0, size // 3, size - 3, size - 2, size - 1} & set(range(size)):
        assert merkle.inclusion_proof(tree, index=index, size=size) == NAIVE.path(index, size)
        assert list(proofs.inclusion(index)) == NAIVE.path(index, size)
    for before in {0, min(1, size), size // 2, size}:
        assert merkle.consistency_proof(tree, size1=before, size2=size) == NAIVE.proof(before, size)


def test_growing_tree_answers_for_earlier_sizes_while_it_grows(storage: SqliteStorage) -> None:
    tree = GrowingTree(storage, 0)
    for index in range(600):
        tree.extend([NAIVE.leaf(index)])
    for size in (1, 255, 256, 257, 512, 513, 599):
        assert merkle.root(tree, size) == Proofs(tree, size).root == NAIVE.root(size)
        proofs = Proofs(tree, size)
        for index in range(size):
            assert list(proofs.inclusion(index)) == NAIVE.path(index, size)


def test_growing_tree_fills_tiles_as_they_are_stored(storage: SqliteStorage) -> None:
    tree = GrowingTree(storage, 0)
    filled_tiles = [tile for index in range(700) for tile in tree.extend([NAIVE.leaf(index)])]
    assert [(tile.level, tile.index) for tile in filled_tiles] == [(0, 0), (0, 1)]
    for tile in filled_tiles:
        assert tile.hashes == b"".join(NAIVE.leaf(tile.index * 256 + at) for at in range(256))
        assert tile.root == NAIVE.subtree(8, tile.index)
        assert storage.tile(tile.level, tile.index) == tile.hashes


def test_tile_nodes_hold_each_complete_node() -> None:
    hashes = b"".join(NAIVE.leaf(index) for index in range(256))
    for cut in (0, 1, 13, 255, 256):
        nodes = TileNodes(hashes[: 32 * cut])
        for level in range(9):
            assert [nodes.at(level, place) for place in range(cut >> level)] == [
                NAIVE.subtree(level, place) for place in range(cut >> level)
            ]
        assert nodes.full == (cut == 256)
        nodes.extend(hashes[32 * cut :])
        assert (bytes(nodes.hashes), nodes.at(8, 0), nodes.full) == (hashes, NAIVE.subtree(8, 0), True)


def test_tile_nodes_have_no_node_that_is_not_complete() -> None:
    nodes = TileNodes(b"".join(NAIVE.leaf(index) for index in range(13)))
    for level, place in ((0, 13), (1, 6), (2, 3), (3, 1), (4, 0), (8, 0)):
        with pytest.raises(IndexError):
            nodes.at(level, place)


def test_storage_without_a_log_says_so(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="there is no log"):
        SqliteStorage(tmp_path / "none")
