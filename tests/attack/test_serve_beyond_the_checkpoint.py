"""Attempts to have a log show what its published checkpoint does not cover, and to cut short what it does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gatehouse.ledger.errors import LogCorrupt, VerificationError
from gatehouse.ledger.fsck import fsck
from gatehouse.ledger.layout import LEVEL_BITS, TILE, tiles
from gatehouse.ledger.log import Log
from gatehouse.ledger.source import open_source
from gatehouse.ledger.verify import verify
from gatehouse.ledger.view import LogView
from gatehouse.model import BadInput, BadUse
from tests.unit.ledger.logs import POLICY, VKEY, FakeWitness, database, filled, made_log, opened
from tests.unit.ledger.naive import NaiveTree, numbered

SIZES = [0, 1, 255, 256, 257]


def holding_back(log: Log, witness: FakeWitness, size: int, more: int) -> None:
    """Publish `size` entries, and commit more that no witness has seen."""
    for pending in [log.submit(entry) for entry in numbered(size)]:
        log.result(pending)
    witness.answers.clear()
    for _ in range(more):
        log.submit(b"unseen")
    end = time.monotonic() + 20
    while log.size < size + more:
        assert time.monotonic() < end, "the entries were not committed"
        time.sleep(0.01)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("more", [1, 300])
def test_ask_for_parts_that_are_committed_but_not_published(tmp_path: Path, size: int, more: int) -> None:
    path, witness = made_log(tmp_path), FakeWitness()
    with opened(path, witness=witness) as log:
        holding_back(log, witness, size, more)
        with LogView.read(path) as view:
            for each in (log, view):
                assert each.checkpoint().splitlines()[1] == str(size)
                published = set(tiles(size))
                for part in set(tiles(size + more)) - published:
                    full = part.end <= size >> (LEVEL_BITS * part.level)
                    assert not full
                    with pytest.raises(BadInput, match="no tile lies there yet"):
                        each.fetch(part.path)
                for part in published:
                    each.fetch(part.path)
                with pytest.raises(BadUse):
                    each.entry(size)
                with pytest.raises(BadUse):
                    each.proof(0, size + 1)
                with pytest.raises(BadUse):
                    each.consistency(0, size + 1)
                with pytest.raises(BadUse):
                    each.receipt(size)
        log.export(tmp_path / "out")
        assert verify(open_source(tmp_path / "out"), keys=[VKEY]).checkpoint.size == size
        witness.answers.set()


def test_ask_for_paths_that_are_none(tmp_path: Path) -> None:
    with opened(made_log(tmp_path)) as log:
        filled(log, numbered(300))
        for path in (
            "",
            "/",
            "../log.sqlite",
            "tile/0/000/../001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/0",
            "tile/00/000",
            "tile/64/000",
            "tile/0/x000/000",
            "tile/entries/-01",
            "tile/1/000",
            "checkpoint/",
        ):
            with pytest.raises(BadInput):
                log.fetch(path)


@pytest.mark.parametrize("size", [*SIZES[1:], 300])
def test_cut_a_tile_short(tmp_path: Path, size: int) -> None:
    path, out = made_log(tmp_path), tmp_path / "out"
    with opened(path) as log:
        filled(log, numbered(size))
        log.export(out)
    for part in tiles(size):
        file = out / part.path
        whole = file.read_bytes()
        for cut in (whole[:-32], whole[:-1], b""):
            file.write_bytes(cut)
            with pytest.raises(VerificationError):
                verify(open_source(out), keys=[VKEY])
            with pytest.raises(LogCorrupt):
                fsck(path, exported=out)
        file.write_bytes(whole)
    assert fsck(path, exported=out).size == size


def test_cut_a_stored_tile_short(tmp_path: Path) -> None:
    path = made_log(tmp_path)
    with opened(path) as log:
        filled(log, numbered(TILE))
    with database(path) as connection:
        connection.execute("UPDATE ledger_tile SET hashes = substr(hashes, 1, 8160)")
    with pytest.raises(LogCorrupt, match="wrong length"):
        fsck(path)
    with LogView.read(path) as view:
        with pytest.raises(LogCorrupt):
            view.proof(255)
        with pytest.raises(LogCorrupt):
            view.fetch("tile/0/000")


def test_sixty_five_thousand_entries_have_three_levels(tmp_path: Path) -> None:
    """At 65,536 the third level has its first hash; one entry fewer and one more lie beside it."""
    path, out = made_log(tmp_path), tmp_path / "out"
    tree = NaiveTree(numbered(65_537))
    with opened(path) as log:
        filled(log, tree.entries[:65_535])
        for size in (65_535, 65_536, 65_537):
            if log.size < size:
                log.append(tree.entries[size - 1]).receipt.verify(tree.entries[size - 1], policy=POLICY)
            log.export(out)
            found = verify(open_source(out), keys=[VKEY])
            assert (found.checkpoint.size, found.checkpoint.root) == (size, tree.root(size))
            assert log.proof(12_345) == tree.path(12_345, size)
            for beyond in (f"tile/0/256.p/{size - 65_535}", "tile/2/000.p/2"):
                with pytest.raises(BadInput):
                    log.fetch(beyond)
        assert log.fetch("tile/2/000.p/1") == tree.root(65_536)
    assert fsck(path, exported=out).root == tree.root()
