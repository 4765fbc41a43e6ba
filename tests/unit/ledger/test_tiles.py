"""Reading a tree from tiles: the same hashes as the RFC's, however large, and nothing of another length."""

from __future__ import annotations

import pytest

from gatehouse.ledger import layout, merkle
from gatehouse.ledger.errors import InvalidTile
from gatehouse.ledger.layout import TILE, Resource
from gatehouse.ledger.tiles import TileReader
from gatehouse.model import BadUse
from tests.unit.ledger.naive import NaiveTree, numbered

SIZE = 66_000
TREE = NaiveTree(numbered(SIZE))


def stored(path: str) -> bytes:
    """Return a tile or bundle by its definition in tlog-tiles."""
    resource = layout.parse_path(path)
    if resource.kind == "entries":
        return layout.encode_bundle(TREE.entries[resource.first : resource.end])
    span = 256**resource.level
    return b"".join(TREE.mth(at * span, (at + 1) * span) for at in range(resource.first, resource.end))


class Store:
    """A log's files, which notes what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def fetch(self, path: str) -> bytes:
        """Return a file."""
        self.asked.append(path)
        return stored(path)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, SIZE])
def test_reader_proves_what_the_rfc_says_at_edges_of_tiles(size: int) -> None:
    reader = TileReader(stored, size)
    root = merkle.root(reader, size)
    assert root == TREE.root(size)
    for index in {0, 1, 254, 255, 256, 257, size // 2, size - 257, size - 256, size - 2, size - 1}:
        if 0 <= index < size:
            proof = merkle.inclusion_proof(reader, index=index, size=size)
            assert proof == TREE.path(index, size)
            merkle.verify_inclusion(
                index=index, size=size, leaf_hash=TREE.leaf(index), proof=proof, root=root
            )
    for size1 in {0, 1, 255, 256, 257, 65_535, 65_536, size - 1, size}:
        if 0 <= size1 <= size:
            proof = merkle.consistency_proof(reader, size1=size1, size2=size)
            assert proof == TREE.proof(size1, size)
            merkle.verify_consistency(
                size1=size1, size2=size, root1=TREE.root(size1), root2=root, proof=proof
            )


def test_reader_asks_only_for_what_a_tree_of_its_size_has() -> None:
    for size in (1, 256, 300, 65_536, SIZE):
        store = Store()
        reader = TileReader(store.fetch, size)
        merkle.inclusion_proof(reader, index=size // 3, size=size)
        merkle.consistency_proof(reader, size1=(size + 1) // 2, size2=size)
        reader.entry(size - 1)
        assert set(store.asked) <= {each.path for each in layout.tiles(size)}


def test_reader_asks_for_a_tile_once() -> None:
    store = Store()
    reader = TileReader(store.fetch, SIZE)
    for index in range(1000, 1010):
        merkle.inclusion_proof(reader, index=index, size=SIZE)
    assert len(store.asked) == len(set(store.asked))


def test_reader_of_an_entry_gives_its_bytes() -> None:
    store = Store()
    reader = TileReader(store.fetch, 300)
    assert [reader.entry(index) for index in (0, 255, 256, 299)] == [
        TREE.entries[index] for index in (0, 255, 256, 299)
    ]
    assert store.asked == ["tile/entries/000", "tile/entries/001.p/44"]


@pytest.mark.parametrize(("level", "index"), [(0, 300), (0, -1), (8, 1), (9, 0), (8, -1), (64, 0)])
def test_reader_of_a_subtree_outside_the_tree_is_bad_use(level: int, index: int) -> None:
    with pytest.raises(BadUse, match="no such subtree"):
        TileReader(stored, 300).subtree(level, index)


@pytest.mark.parametrize("index", [-1, 300])
def test_reader_of_an_entry_outside_the_log_is_bad_use(index: int) -> None:
    with pytest.raises(BadUse, match="no such entry"):
        TileReader(stored, 300).entry(index)


@pytest.mark.parametrize(
    ("data", "got"), [(b"", "0 bytes"), (bytes(8191), "8191 bytes"), (bytes(8224), "8224 bytes")]
)
def test_reader_of_a_tile_of_another_length_names_it(data: bytes, got: str) -> None:
    with pytest.raises(InvalidTile, match="wrong length") as refusal:
        TileReader(lambda _: data, 256).subtree(0, 0)
    assert refusal.value.where == "tile/0/000"
    assert (refusal.value.expected, refusal.value.got) == ("8192 bytes", got)


def test_reader_of_a_bundle_of_another_count_refuses() -> None:
    fewer = layout.encode_bundle(TREE.entries[: TILE - 1])
    with pytest.raises(InvalidTile, match="another count"):
        TileReader(lambda _: fewer, TILE).entry(0)


def test_altered_tile_leads_to_another_root() -> None:
    altered = Resource("tile", 0, 0, 200).path

    def fetch(path: str) -> bytes:
        data = stored(path)
        return data[:-1] + bytes([data[-1] ^ 1]) if path == altered else data

    assert merkle.root(TileReader(fetch, 200), 200) != TREE.root(200)
