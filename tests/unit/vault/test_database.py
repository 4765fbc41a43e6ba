from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.model import PartUnavailable
from gatehouse.vault.database import Database, create_database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    create_database(tmp_path / "keys.sqlite", name="a vault", root=b"root", at=1)
    return Database(tmp_path / "keys.sqlite")


@pytest.mark.parametrize("way", ["transaction", "locked"])
def test_database_that_fails_says_so_and_goes_on(database: Database, way: str) -> None:
    with pytest.raises(PartUnavailable, match="does not answer") as failed, getattr(database, way)() as used:
        used.execute("SELECT * FROM a_table_that_is_lost")
    assert (failed.value.where, failed.value.got) == ("keys.sqlite", "SQLITE_ERROR")

    with database.transaction() as used:
        assert used.execute("SELECT name FROM vault").fetchall() == [("a vault",)]
    database.close()
