"""A change that rides along with an entry, and reaches past what it was given."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from gatehouse.ledger.committer import NotRecorded, Position
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.fsck import fsck
from gatehouse.model import BadUse
from tests.unit.ledger.folders import ORIGIN, PACK
from tests.unit.ledger.logs import database, made_log, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = made_log(tmp_path)
    with database(path) as connection:
        connection.execute("CREATE TABLE mine (n INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO mine VALUES (1)")
    return path


def rows(path: Path) -> list[int]:
    with database(path) as connection:
        return [n for (n,) in connection.execute("SELECT n FROM mine ORDER BY n")]


@pytest.mark.parametrize("ends", [SystemExit, asyncio.CancelledError, KeyboardInterrupt, GeneratorExit])
def test_end_the_thread_that_all_others_wait_for(path: Path, ends: type[BaseException]) -> None:
    def apply(store: sqlite3.Connection) -> None:
        store.execute("INSERT INTO mine VALUES (2)")
        raise ends

    def make(position: Position) -> bytes:
        raise ends

    with opened(path) as log:
        with pytest.raises(ends):
            log.append(b"lost", apply=apply)
        with pytest.raises(ends):
            log.append(make)
        assert log.append(b"next").index == 0
    assert rows(path) == [1]


def test_make_a_change_durable_without_its_entry(path: Path) -> None:
    def end_the_transaction(store: sqlite3.Connection) -> None:
        with pytest.raises(sqlite3.IntegrityError):
            store.execute("INSERT OR ROLLBACK INTO mine VALUES (1)")

    def again(store: sqlite3.Connection) -> None:
        end_the_transaction(store)
        store.execute("INSERT INTO mine VALUES (3)")

    def anew(store: sqlite3.Connection) -> None:
        end_the_transaction(store)
        store.execute("CREATE TABLE more (n)")

    def before(store: sqlite3.Connection) -> None:
        store.execute("DELETE FROM mine WHERE n = 3")
        store.execute("INSERT INTO mine VALUES (3)")
        store.execute("DELETE FROM mine WHERE n = 3")

    with opened(path) as log:
        # SQLite asks about a statement once, so it is known by then.
        log.append(b"a", apply=before)
        for change in (end_the_transaction, again, anew):
            with pytest.raises(NotRecorded):
                log.append(b"lost", apply=change)
        assert log.append(b"b").index == 1
    assert rows(path) == [1]
    with database(path) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'more'").fetchone() == (0,)


def test_learn_from_a_failure_what_another_has_said(path: Path) -> None:
    def apply(store: sqlite3.Connection) -> None:
        try:
            store.execute("INSERT OR ROLLBACK INTO mine VALUES (1)")
        except sqlite3.IntegrityError:
            raise ValueError("what nobody else may hear") from None

    with opened(path) as log, pytest.raises(NotRecorded) as caught:
        log.append(b"lost", apply=apply)
    assert "nobody else may hear" not in str(caught.value)


@pytest.mark.parametrize(
    "statement", ["ROLLBACK TO LEDGER_APPLY", 'ROLLBACK TO "Ledger_Apply"', "RELEASE Ledger_apply"]
)
def test_leave_an_entry_that_nobody_can_open(tmp_path: Path, statement: str) -> None:
    Ledger.create(tmp_path / "book", origin=ORIGIN)
    asked, agency = "search:plate:requested", "alder-pd"
    with Ledger.open(tmp_path / "book") as ledger:
        with pytest.raises(BadUse, match="reaches for the log's own"):
            ledger.append(
                asked, agency=agency, fields={}, pack=PACK, apply=lambda store: store.execute(statement)
            )
        assert ledger.append(asked, agency=agency, fields={"purpose": "theft"}, pack=PACK).index == 0
        assert ledger.openings(0).values["purpose"] == "theft"


def test_change_how_the_log_reads_its_own_rows(path: Path) -> None:
    def apply(store: sqlite3.Connection) -> None:
        store.row_factory = lambda _cursor, row: {"n": row[0]}
        store.text_factory = bytes

    with opened(path) as log:
        log.append(b"a", apply=apply)
        assert log.append(b"b").index == 1
    assert fsck(path).size == 2


def test_put_an_older_copy_in_place_of_what_is_open(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    with opened(path) as log:
        log.append(b"a")
        with database(path) as source, database(copy) as target:
            source.backup(target)
        log.append(b"b")
        with database(copy) as source, database(path) as target:
            source.backup(target)
        for _ in range(2):
            with pytest.raises(NotRecorded, match="has lost entries that it had acknowledged"):
                log.append(b"lost")
