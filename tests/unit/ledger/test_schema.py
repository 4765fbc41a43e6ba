from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gatehouse.ledger import schema
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.log import Log
from gatehouse.ledger.settings import Folder
from gatehouse.ledger.view import LogView
from gatehouse.model import BadInput
from tests.unit.ledger.logs import AT, KEY, Clock, database, filled, made_log, opened
from tests.unit.ledger.made import ORIGIN
from tests.unit.ledger.naive import numbered

TABLES = [
    "ledger_attachment",
    "ledger_checkpoint",
    "ledger_chain",
    "ledger_cosignature",
    "ledger_ended",
    "ledger_entry",
    "ledger_head",
    "ledger_key",
    "ledger_lost",
    "ledger_opening",
    "ledger_tile",
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = made_log(tmp_path)
    with opened(path) as log:
        filled(log, numbered(3))
    return path


def version(path: Path) -> int:
    with database(path) as connection:
        return schema.version(connection)


def test_schema_new_log_has_the_latest_version_and_its_own_tables(path: Path) -> None:
    with database(path) as connection:
        found = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
    assert found == set(TABLES)
    assert all(name.startswith(schema.TABLES) for name in found)
    assert version(path) == len(schema.MIGRATIONS)


def test_schema_later_version_is_refused_and_left_alone(path: Path) -> None:
    with database(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    with pytest.raises(BadInput, match="another version"):
        LogView.read(path)
    with pytest.raises(BadInput, match="another version") as refused:
        Log.open(path, signer=KEY)
    assert refused.value.hint == "use the version of Gatehouse that wrote it, or a later one"
    assert version(path) == len(schema.MIGRATIONS) + 1


def test_schema_earlier_version_is_brought_up_to_date_by_a_writer(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = (
        *schema.MIGRATIONS,
        "CREATE TABLE ledger_more (n INTEGER) STRICT;\nCREATE INDEX ledger_by ON ledger_more (n);",
    )
    monkeypatch.setattr(schema, "MIGRATIONS", more)
    with pytest.raises(BadInput, match="another version") as refused:
        LogView.read(path)
    assert refused.value.hint == "open it once for writing, which brings it up to date"
    with opened(path) as log:
        assert log.append(b"x").index == 3
    assert version(path) == len(more)


def test_schema_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = (
        *schema.MIGRATIONS,
        "CREATE TABLE ledger_more (n INTEGER) STRICT;\nINSERT INTO nowhere VALUES (1);",
    )
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", broken)
        with pytest.raises(Exception, match="store failed"):
            Log.open(path, signer=KEY)
    with database(path) as connection, pytest.raises(sqlite3.OperationalError, match="no such table"):
        connection.execute("SELECT n FROM ledger_more")
    with opened(path) as log:
        assert log.size == 3


def test_schema_database_with_versions_of_its_own_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with database(path) as connection:
        connection.execute("CREATE TABLE t (n)")
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(BadInput, match="holds no log"):
        Log.create(path, origin=ORIGIN, signer=KEY)
    assert version(path) == 1
    with database(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("t",)]


def test_schema_second_version_takes_over_the_openings_of_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    Ledger.create(folder, origin=ORIGIN, at=AT)
    with Ledger.open(folder, clock=Clock()) as ledger:
        ledger.append("search:plate:requested", agency="alder-pd", fields={"plate": "QX1"}, pack=bytes(32))
    with database(folder / "log.sqlite") as connection:
        for statement in (
            "ALTER TABLE ledger_opening RENAME TO openings",
            "DROP INDEX ledger_opening_by_day",
            "CREATE INDEX openings_by_day ON openings (agency, day)",
            "DROP TABLE ledger_ended",
            "DROP TABLE ledger_attachment",
            "DROP TABLE ledger_lost",
            "PRAGMA user_version = 1",
        ):
            connection.execute(statement)
    with Ledger.open(folder, clock=Clock()):
        pass
    assert Folder(folder).disclose(0, "plate").value == "QX1"
    assert version(folder / "log.sqlite") == len(schema.MIGRATIONS)


def test_schema_third_version_keeps_what_a_log_of_the_second_holds_and_takes_attachments(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "ledger"
    Ledger.create(folder, origin=ORIGIN, at=AT)

    def append(ledger: Ledger, **attached: bytes) -> int:
        return ledger.append(
            "search:plate:requested",
            agency="alder-pd",
            fields={"plate": "QX1"},
            pack=bytes(32),
            attachments=attached,
        ).index

    with Ledger.open(folder, clock=Clock()) as ledger:
        append(ledger)
    with database(folder / "log.sqlite") as connection:
        connection.execute("DROP TABLE ledger_attachment")
        connection.execute("DROP TABLE ledger_lost")
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(BadInput, match="another version"):
        LogView.read(folder / "log.sqlite")
    with Ledger.open(folder, clock=Clock()) as ledger:
        assert append(ledger, decisions=b"{}") == 1
        assert ledger.attachment(1, "decisions") == b"{}"
        assert [ledger.openings(index).values["plate"] for index in (0, 1)] == ["QX1", "QX1"]
    assert version(folder / "log.sqlite") == len(schema.MIGRATIONS)
