"""A vault under attack, and what every refusal of it must leave as it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Disclosure
from gatehouse.ledger.policy import Policy
from gatehouse.model import Error
from gatehouse.vault import OpenAsk, Opened
from tests.unit.ledger.made import log_key
from tests.unit.vault.world import (
    PACK,
    PLATE,
    Search,
    World,
)


@contextmanager
def guarded(folder: Path) -> Iterator[World]:
    """Yield a vault that holds one read of the plate; afterwards it must be able to answer rightly."""
    world = World(folder / "vault")
    world.take(PLATE)
    yield world
    world.policy, world.pack = Policy.of_log(log_key().vkey), PACK
    world.reads.rows = world.reads.rows[:1]
    world.clock.move(3600)
    world.reopen()
    assert world.answer()[0]["reads"] == 1


def refused(world: World, ask: OpenAsk, error: type[Error], *, match: str | None = None) -> None:
    """Check that an ask is refused, naming no plate, and that it spends nothing."""
    with pytest.raises(error, match=match) as refusal:
        world.vault.open(ask)
    assert PLATE not in str(refusal.value)
    assert PLATE not in repr(refusal.value.__context__)
    with world.vault._database.locked() as connection:
        assert connection.execute("SELECT count(*) FROM spent").fetchone() == (0,)


def exchanged(openings: list[Disclosure], field: str, value: Json) -> list[Disclosure]:
    return [dataclasses.replace(each, value=value) if each.field == field else each for each in openings]


def opened(world: World, search: Search) -> Opened:
    return world.vault.open(world.ask(search))
