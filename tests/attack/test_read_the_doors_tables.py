"""What a stolen ledger database tells of searches: ids and times, and nothing of what was asked."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

from gatehouse.model import Behalf, Process, ProcessKind, Scope
from gatehouse.search import exigency
from tests.unit.search.world import ALDER, PEOPLE, World

PLATE = "TEST9Q7"
HIDDEN = (
    PLATE,
    "zebra-colored",
    "26-77441",
    "northbound-ground",
    "Judge-issuer",
    "W-99123",
    "no case",
    "statement-77",
    "stolen_vehicle_or_plate",
)


def test_steal_the_database_and_find_no_word_of_a_search(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.take(PLATE, owner=ALDER)
    words: dict[str, Any] = {
        "plate": PLATE,
        "reason": "zebra-colored car stolen",
        "case_number": "26-77441",
        "ground": "northbound-ground",
        "scope": Scope.REGION,
        "on_behalf_of": Behalf.NONE,
        "process": Process(ProcessKind.EXIGENCY, "Judge-issuer", "W-99123"),
    }
    answer = world.ask(**words)
    exigency.file_paper(
        world.parts, answer.id, by=PEOPLE["o1"], kind="statement-77", reference="statement-77"
    )
    waiting = world.ask(**words | {"reason": "inv"})
    world.refuse(waiting.id, "s1")
    assert answer.reads
    world.close()
    connection = sqlite3.connect(world.ledger.folder.log)
    columns = {
        name
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'search_%'")
        for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")
    }
    connection.close()
    assert {"reason", "case_number", "purpose"}.isdisjoint(columns)
    for file in (tmp_path / "ledger").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert [each for each in HIDDEN if each.encode() in content] == [], file.name


def test_guess_a_plate_against_its_keyed_hash_without_the_key(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.ask(plate=PLATE)
    connection = sqlite3.connect(world.ledger.folder.log)
    ((kept,),) = connection.execute("SELECT plate FROM search_search")
    connection.close()
    world.close()
    for guess in (PLATE, f"cedar-pd\n{PLATE}", f"plate\ncedar-pd\n{PLATE}"):
        for name in ("sha256", "sha1", "md5", "blake2b"):
            assert not hashlib.new(name, guess.encode()).digest().startswith(kept)
