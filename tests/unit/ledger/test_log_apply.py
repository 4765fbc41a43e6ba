"""The caller's own change in the transaction that appends an entry."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from gatehouse.ledger.committer import (
    Apply,
    NotRecorded,
    Position,
    StorageFailed,
)
from gatehouse.ledger.errors import LogCorrupt
from gatehouse.ledger.fsck import fsck
from gatehouse.model import BadUse
from tests.unit.ledger.logs import (
    database,
    made_log,
    opened,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return made_log(tmp_path)


class TestApply:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = made_log(tmp_path)
        with database(path) as connection:
            connection.execute("CREATE TABLE searches (n INTEGER)")
        return path

    def rows(self, path: Path) -> list[int]:
        with database(path) as connection:
            return [n for (n,) in connection.execute("SELECT n FROM searches ORDER BY n")]

    def test_apply_becomes_durable_with_the_entry(self, path: Path) -> None:
        with opened(path) as log:
            log.append(b"a", apply=lambda store: store.execute("INSERT INTO searches VALUES (1)"))
            assert self.rows(path) == [1]

    def test_apply_that_raises_fails_its_own_append_only(self, path: Path) -> None:
        class Refused(Exception):
            pass

        gate, begun = threading.Event(), threading.Event()

        def hold(position: Position) -> bytes:
            begun.set()
            gate.wait(20)
            return b"held"

        def insert(number: int, *, fails: bool = False) -> object:
            def apply(store: sqlite3.Connection) -> None:
                store.execute("INSERT INTO searches VALUES (?)", (number,))
                if fails:
                    raise Refused(number)

            return apply

        with opened(path) as log:
            held = log.submit(hold)
            begun.wait(20)
            pending = [
                log.submit(b"%d" % number, apply=insert(number, fails=number % 3 == 0))  # type: ignore[arg-type]
                for number in range(9)
            ]
            gate.set()
            log.result(held)
            found: list[int | None] = []
            for number, each in enumerate(pending):
                if number % 3:
                    found.append(log.result(each).index)
                else:
                    with pytest.raises(Refused):
                        log.result(each)
            assert found == [1, 2, 3, 4, 5, 6]
            assert [log.entry(index) for index in range(7)] == [b"held", b"1", b"2", b"4", b"5", b"7", b"8"]
        assert self.rows(path) == [1, 2, 4, 5, 7, 8]

    def test_make_that_raises_uses_no_index(self, path: Path) -> None:
        def fails(position: Position) -> bytes:
            raise ZeroDivisionError

        with opened(path) as log:
            with pytest.raises(ZeroDivisionError):
                log.append(fails)
            assert log.append(b"next").index == 0

    @pytest.mark.parametrize(
        "statement",
        [
            "COMMIT",
            "ROLLBACK",
            "RELEASE ledger_apply",
            "DELETE FROM ledger_entry",
            "UPDATE ledger_head SET published = 0",
            "INSERT INTO ledger_entry VALUES (9, x'00')",
            "DROP TABLE ledger_tile",
            "DELETE FROM ledger_opening",
            "INSERT INTO ledger_ended VALUES ('alder-pd', '2026-11-23', 0)",
            "CREATE TRIGGER t AFTER INSERT ON ledger_entry BEGIN SELECT raise(ABORT, 'no'); END",
            "CREATE TEMP TRIGGER t AFTER INSERT ON ledger_entry BEGIN SELECT raise(ABORT, 'no'); END",
            "CREATE UNIQUE INDEX i ON ledger_cosignature (size)",
            "DROP INDEX ledger_opening_by_day",
            "ALTER TABLE ledger_head ADD COLUMN more",
            "ALTER TABLE searches RENAME TO ledger_searches",
            'ALTER TABLE searches RENAME TO "Ledger_more"',
            "CREATE TEMP TABLE Ledger_entry (idx, data)",
            "CREATE TEMP VIEW ledger_chain AS SELECT 1",
            "PRAGMA user_version = 9",
            "ATTACH ':memory:' AS other",
        ],
    )
    def test_apply_that_reaches_for_the_log_is_refused(self, path: Path, statement: str) -> None:
        with opened(path) as log:
            log.append(b"a", apply=lambda store: store.execute("INSERT INTO searches VALUES (1)"))
            with pytest.raises(BadUse, match="reaches for the log's own"):
                log.append(b"b", apply=lambda store: store.execute(statement))
            assert log.append(b"c").index == 1
            assert [log.entry(0), log.entry(1)] == [b"a", b"c"]

    def test_apply_may_use_its_own_savepoints_and_tables(self, path: Path) -> None:
        def apply(store: sqlite3.Connection) -> None:
            store.execute("CREATE TABLE IF NOT EXISTS more (n)")
            store.execute("SAVEPOINT own")
            store.execute("INSERT INTO searches VALUES (2)")
            store.execute("ROLLBACK TO own")
            store.execute("RELEASE own")
            store.execute("INSERT INTO searches VALUES (3)")

        with opened(path) as log:
            log.append(b"a", apply=apply)
        assert self.rows(path) == [3]


def or_rollback(store: sqlite3.Connection) -> None:
    store.execute("INSERT OR ROLLBACK INTO searches VALUES (1)")


def or_rollback_unsaid(store: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        store.execute("INSERT OR ROLLBACK INTO searches VALUES (1)")


def raise_rollback(store: sqlite3.Connection) -> None:
    store.execute("INSERT INTO strict VALUES (1)")


def refer_to_nothing(store: sqlite3.Connection) -> None:
    store.execute("INSERT INTO results VALUES (99)")


def fail_elsewhere(store: sqlite3.Connection) -> None:
    raise StorageFailed("another log's store failed")


def find_damage_elsewhere(store: sqlite3.Connection) -> None:
    raise LogCorrupt("another log is damaged")


class TestOneBadApply:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = made_log(tmp_path)
        with database(path) as connection:
            for statement in (
                "CREATE TABLE searches (n INTEGER PRIMARY KEY)",
                "INSERT INTO searches VALUES (1)",
                "CREATE TABLE results (n REFERENCES searches (n) DEFERRABLE INITIALLY DEFERRED)",
                "CREATE TABLE strict (n)",
                "CREATE TRIGGER never BEFORE INSERT ON strict BEGIN SELECT raise(ROLLBACK, 'no'); END",
            ):
                connection.execute(statement)
        return path

    @pytest.mark.parametrize(
        ("bad", "raised"),
        [
            (or_rollback, NotRecorded),
            (or_rollback_unsaid, NotRecorded),
            (raise_rollback, NotRecorded),
            (refer_to_nothing, NotRecorded),
            (fail_elsewhere, StorageFailed),
            (find_damage_elsewhere, LogCorrupt),
        ],
    )
    @pytest.mark.parametrize("culprits", [{0}, {5}, {2, 8}, set(range(9))])
    def test_apply_that_undoes_its_batch_fails_alone(
        self, path: Path, bad: Apply, raised: type[Exception], culprits: set[int]
    ) -> None:
        gate, begun = threading.Event(), threading.Event()

        def hold(position: Position) -> bytes:
            begun.set()
            gate.wait(20)
            return b"held"

        def insert(number: int) -> Apply:
            return lambda store: store.execute("INSERT INTO searches VALUES (?)", (10 + number,))

        with opened(path) as log:
            held = log.submit(hold)
            begun.wait(20)
            pending = [
                log.submit(b"%d" % number, apply=bad if number in culprits else insert(number))
                for number in range(9)
            ]
            gate.set()
            log.result(held)
            sound = [number for number in range(9) if number not in culprits]
            for number in culprits:
                with pytest.raises(raised):
                    log.result(pending[number])
            assert [log.result(pending[number]).index for number in sound] == [*range(1, len(sound) + 1)]
            assert log.append(b"next").index == len(sound) + 1
            entries = [log.entry(index) for index in range(log.size)]
        assert entries == [b"held", *(b"%d" % number for number in sound), b"next"]
        with database(path) as connection:
            rows = [n for (n,) in connection.execute("SELECT n FROM searches ORDER BY n")]
            assert connection.execute("SELECT count(*) FROM results").fetchone() == (0,)
        assert rows == [1, *(10 + number for number in sound)]
        assert fsck(path).size == len(entries)
