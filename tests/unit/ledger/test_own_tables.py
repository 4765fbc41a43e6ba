"""Tables of a caller beside those of a log."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.ledger import own_tables
from gatehouse.model import BadInput, BadUse
from tests.unit.ledger.logs import database, made_log, opened

TABLE = "CREATE TABLE IF NOT EXISTS mine_state (n INTEGER) STRICT"


def names(path: Path) -> set[str]:
    with database(path) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'mine%'")
        return {name for (name,) in found}


def test_create_makes_tables_once_beside_a_log_that_goes_on(tmp_path: Path) -> None:
    path = made_log(tmp_path)
    for _ in range(2):
        own_tables.create(path, [TABLE, "CREATE INDEX IF NOT EXISTS mine_by_n ON mine_state (n)"])
    assert names(path) == {"mine_state", "mine_by_n"}
    with opened(path) as log:
        log.append(b"a", apply=lambda store: store.execute("INSERT INTO mine_state VALUES (1)"))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE IF NOT EXISTS ledger_mine (n INTEGER)",
        "DROP TABLE ledger_entry",
        "CREATE TABLE mine_state (n INTEGER)",
        'CREATE TABLE IF NOT EXISTS "ledger_mine" (n INTEGER)',
        "CREATE UNIQUE INDEX IF NOT EXISTS mine_by_size ON ledger_cosignature (size)",
        'CREATE INDEX IF NOT EXISTS mine_by_size on "Ledger_cosignature" (size)',
    ],
)
def test_create_that_is_no_table_of_the_callers_is_refused_whole(tmp_path: Path, statement: str) -> None:
    path = made_log(tmp_path)
    with pytest.raises(BadUse, match="is not one"):
        own_tables.create(path, [TABLE, statement])
    assert names(path) == set()


def test_create_where_no_log_is_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no log"):
        own_tables.create(tmp_path / "none.sqlite", [TABLE])
    assert list(tmp_path.iterdir()) == []
