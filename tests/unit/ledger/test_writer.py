"""What an append learns when the store fails: `NotRecorded` only if it is certain."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gatehouse.ledger.committer import NotRecorded, OutcomeUnknown, StorageFailed
from gatehouse.ledger.log import Log
from gatehouse.ledger.sqlite import SqliteCommitter, SqliteTransaction
from gatehouse.ledger.view import LogView
from gatehouse.ledger.writer import Writer
from tests.unit.ledger.logs import POLICY, database, made_log, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return made_log(tmp_path)


class Disk:
    """Makes commits and recoveries of a log fail."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.before = self.after = self.recovering = 0
        self.recovered = 0
        commit, recover = SqliteTransaction.commit, SqliteCommitter.recover

        def failing(transaction: SqliteTransaction) -> None:
            if self.before:
                self.before -= 1
                raise self._failed()
            commit(transaction)
            if self.after:
                self.after -= 1
                raise self._failed()

        def recovering(committer: SqliteCommitter) -> None:
            if self.recovering:
                self.recovering -= 1
                raise StorageFailed("the disk is away")
            self.recovered += 1
            recover(committer)

        patch.setattr(SqliteTransaction, "commit", failing)
        patch.setattr(SqliteCommitter, "recover", recovering)

    def _failed(self) -> StorageFailed:
        error = StorageFailed("the disk has failed", hint="see to the disk")
        error.uncertain = True
        return error


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_writer_commit_that_failed_but_lasted_is_acknowledged(path: Path, disk: Disk) -> None:
    with opened(path) as log:
        disk.after = 1
        found = log.append(b"a")
        found.receipt.verify(b"a", policy=POLICY)
        assert disk.recovered == 1
        assert log.append(b"b").index == 1


def test_writer_commit_that_failed_and_left_nothing_is_not_recorded(path: Path, disk: Disk) -> None:
    with opened(path) as log:
        disk.before = 1
        with pytest.raises(NotRecorded, match="disk has failed"):
            log.append(b"a")
        assert (log.size, disk.recovered) == (0, 1)
        assert log.append(b"b").index == 0


@pytest.mark.parametrize("lasted", [False, True])
def test_writer_that_cannot_look_says_so_and_looks_before_it_goes_on(
    path: Path, disk: Disk, lasted: bool
) -> None:
    with opened(path) as log:
        if lasted:
            disk.after = 1
        else:
            disk.before = 1
        disk.recovering = 2
        with pytest.raises(OutcomeUnknown, match="may be on the record") as unknown:
            log.append(b"a")
        assert unknown.value.hint == (
            "see to the disk; then open the log again and look for the entry before it is given once more"
        )
        with pytest.raises(NotRecorded, match="the disk is away"):
            log.append(b"b")
        assert log.append(b"c").index == int(lasted)
        assert [log.entry(index) for index in range(log.size)] == [b"a", b"c"][not lasted :]


def test_writer_errors_of_one_batch_are_raised_apart(path: Path, disk: Disk) -> None:
    with opened(path) as log:
        disk.before = 1
        pending = [log.submit(b"%d" % number) for number in range(3)]
        errors = []
        for each in pending:
            try:
                log.result(each)
            except NotRecorded as error:
                errors.append(error)
        assert len({id(error) for error in errors}) == len(errors) > 0


def test_writer_upkeep_that_fails_is_no_failure_of_the_append(
    path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tidy(committer: SqliteCommitter) -> None:
        raise StorageFailed("the disk has failed")

    with opened(path) as log:
        with monkeypatch.context() as patched:
            patched.setattr(SqliteCommitter, "tidy", tidy)
            assert log.append(b"a").index == 0
            assert log.append(b"b").index == 1
        assert disk.recovered >= 1
        assert log.append(b"c").index == 2


@pytest.mark.parametrize(
    ("broken", "error"),
    [(["_record"], NotRecorded), (["_record", "_lasted"], OutcomeUnknown), (["_next_head"], None)],
)
def test_writer_with_a_fault_of_its_own_leaves_nobody_waiting(
    path: Path, monkeypatch: pytest.MonkeyPatch, broken: list[str], error: type[Exception] | None
) -> None:
    def fault(*_: object) -> None:
        raise ZeroDivisionError

    with opened(path) as log:
        with monkeypatch.context() as patched:
            for name in broken:
                patched.setattr(Writer, name, fault)
            if error is None:
                # The commit was over by then, and what is durable counts.
                log.append(b"a").receipt.verify(b"a", policy=POLICY)
            else:
                with pytest.raises(error):
                    log.append(b"a")
        assert log.append(b"b").index == (error is None)


def test_writer_tidies_a_long_write_ahead_log(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatehouse.ledger.sqlite._LONGEST_WAL", 50_000)
    monkeypatch.setattr("gatehouse.ledger.sqlite._LOOK_EVERY", 2)
    wal = path.with_name("log.sqlite-wal")
    with opened(path) as log:
        for number in range(40):
            log.append(b"%d" % number)
        assert wal.stat().st_size < 120_000
    assert not wal.exists()


@pytest.mark.parametrize("use", [Log.close, LogView.close])
def test_close_twice_does_nothing(path: Path, use: Callable[[Log], None]) -> None:
    with opened(path) as log:
        log.append(b"a")
        log.close()
        use(log)


def test_writer_whose_store_has_lost_what_was_acknowledged_goes_on_no_more(path: Path) -> None:
    def fails(_: object) -> None:
        failed = sqlite3.OperationalError("the disk has failed")
        failed.sqlite_errorcode, failed.sqlite_errorname = sqlite3.SQLITE_IOERR, "SQLITE_IOERR"
        raise failed

    with opened(path) as log:
        log.append(b"a")
        log.append(b"b")
        with pytest.raises(NotRecorded, match="SQLITE_IOERR"):
            log.append(b"c", apply=fails)
        with database(path) as connection:
            connection.executescript(
                "DELETE FROM ledger_entry WHERE idx = 1; DELETE FROM ledger_checkpoint WHERE size = 2;"
                "UPDATE ledger_head SET published = 1"
            )
        with pytest.raises(NotRecorded, match="the store has lost entries that it had acknowledged"):
            log.append(b"c")
