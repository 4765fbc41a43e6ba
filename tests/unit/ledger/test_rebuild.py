"""Trees built anew from their bundles: every tile and root is that of the naive tree."""

from __future__ import annotations

import pytest

from gatehouse.ledger.layout import TILE, Resource, tiles
from gatehouse.ledger.merkle import EMPTY_ROOT
from gatehouse.ledger.rebuild import Rebuilt, leaf_hashes
from tests.unit.ledger.published import Tree


@pytest.fixture(scope="module")
def naive() -> Tree:
    return Tree.counted(700)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 700])
def test_rebuilt_tiles_and_root_are_those_of_the_naive_tree(naive: Tree, size: int) -> None:
    rebuilt = Rebuilt()
    found: dict[str, bytes] = {}
    for first in range(0, size, TILE):
        found |= {
            tile.path: data
            for tile, data in rebuilt.add(leaf_hashes(naive.entries[first : min(first + TILE, size)]))
        }
    found |= {tile.path: data for tile, data in rebuilt.partial()}
    expected = [each.path for each in tiles(size) if each.kind == "tile"]
    assert found == {path: naive.part(path) for path in expected}
    assert rebuilt.root() == naive.root(size)
    assert rebuilt.size == size


@pytest.mark.parametrize("first", [0, 256, 512])
def test_root_within_the_bundle_that_comes_is_that_of_the_smaller_tree(naive: Tree, first: int) -> None:
    rebuilt = Rebuilt()
    for at in range(0, first, TILE):
        list(rebuilt.add(leaf_hashes(naive.entries[at : at + TILE])))
    for more in (0, 1, 2, 77, 188):
        hashes = leaf_hashes(naive.entries[first : first + more])
        assert rebuilt.root(hashes) == naive.root(first + more)


def test_a_tree_three_levels_high_has_the_tiles_that_its_size_asks_for() -> None:
    size = 256 * 256 + 256 + 1
    rebuilt = Rebuilt()
    full: list[Resource] = []
    for _ in range(size // TILE):
        full += [tile for tile, _ in rebuilt.add([EMPTY_ROOT] * TILE)]
    full += [tile for tile, _ in rebuilt.add([EMPTY_ROOT])]
    full += [tile for tile, _ in rebuilt.partial()]
    assert {each.path for each in full} == {each.path for each in tiles(size) if each.kind == "tile"}
