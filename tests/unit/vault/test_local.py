"""The vault in a folder: what goes in comes out, against the record only."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from gatehouse.ledger.counters import read_counters
from gatehouse.model import BadUse, Outcome, Read
from gatehouse.vault.errors import NotOpen, TooBroad, VaultInUse
from gatehouse.vault.local import LocalVault
from tests.unit.vault.world import AT, DAY, OTHER, OWNER, PLATE, SEARCHER, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "vault")


def test_search_finds_what_cameras_read_and_counts_it(world: World) -> None:
    world.take(PLATE, "OTHER1")
    world.take("test-123", owner=OTHER)
    counts, reads = world.answer()
    assert counts == {
        "reads": 2,
        "plates": 1,
        "owners": {OWNER: 1, OTHER: 1},
        "expired": 0,
        "outside_window": 0,
        "withheld": False,
    }
    assert {each.owner: each.read for each in reads} == {
        OWNER: Read(f"{OWNER}-1", AT, PLATE, PLATE, 0.93, "IL"),
        OTHER: Read(f"{OTHER}-1", AT, "test-123", PLATE, 0.93, "IL"),
    }
    assert {each.read_id for each in reads} == {row.read_id.hex() for row in world.reads.rows} - {
        world.reads.rows[1].read_id.hex()
    }
    assert all(each.exact for each in reads)
