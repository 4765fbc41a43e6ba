"""Files removed or replaced under a running log, which goes on writing to what nobody else can find."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gatehouse.ledger.committer import NotRecorded, OutcomeUnknown, StorageTaken
from gatehouse.ledger.folder import Ledger, Shredded
from gatehouse.ledger.fsck import fsck
from gatehouse.ledger.log import Log
from gatehouse.ledger.sealing import OpeningStore
from gatehouse.ledger.view import LogView
from tests.faults.books import make, open_book
from tests.faults.outcomes import Outcomes
from tests.unit.ledger.folders import DAY, NEXT_DAY, ORIGIN, PACK, THAT_DAY, CutOff
from tests.unit.ledger.logs import Clock, made_log, opened

ENTRIES = [b"a", b"b", b"c"]


def remove(path: Path) -> None:
    path.unlink()


def replace_by_a_copy(path: Path) -> None:
    copy = path.with_name("copy")
    shutil.copy2(path, copy)
    copy.replace(path)


def move_away(path: Path) -> None:
    path.rename(path.with_name("away"))


WAYS = [remove, replace_by_a_copy, move_away]
JOURNAL = ["log.sqlite-wal", "log.sqlite-shm"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return made_log(tmp_path)


def filled(log: Log) -> None:
    for entry in ENTRIES:
        log.append(entry)


def refused(log: Log, name: str, got: str) -> str:
    """Check that nothing is acknowledged, at first and ever after, and return what to do about it."""
    said = rf"removed or replaced while the log was open.*{name}.*the file that was opened.*{got}"
    with pytest.raises(OutcomeUnknown, match=f"(?s){said}"):
        log.append(b"lost")
    with pytest.raises(NotRecorded, match=f"(?s){said}"):
        log.append(b"lost too")
    with pytest.raises(NotRecorded) as caught:
        log.append(b"as well")
    return str(caught.value.hint)


def entries(path: Path) -> list[bytes]:
    with LogView.read(path) as view:
        return [view.entry(index) for index in range(view.size)]


@pytest.mark.parametrize("name", JOURNAL)
@pytest.mark.parametrize("way", WAYS)
def test_take_the_write_ahead_log_away(path: Path, way: Callable[[Path], None], name: str) -> None:
    with opened(path) as log:
        filled(log)
        way(path.with_name(name))
        hint = refused(log, name, "another file" if way is replace_by_a_copy else "no file")
    assert hint.startswith(f"interrupt process {os.getpid()} (`kill -INT {os.getpid()}`)")
    fsck(path)
    assert entries(path)[:3] == ENTRIES


@pytest.mark.parametrize("way", WAYS)
def test_take_the_database_away(path: Path, way: Callable[[Path], None]) -> None:
    saved = path.parent / "saved" / path.name
    saved.parent.mkdir()
    with opened(path) as log:
        filled(log)
        way(path)
        hint = refused(log, path.name, "another file" if way is replace_by_a_copy else "no file")
        copy_what_is_open(path, saved)
    assert hint.startswith(f"copy what process {os.getpid()} has open, from /proc/{os.getpid()}/fd")
    fsck(saved)
    assert entries(saved)[:3] == ENTRIES


def copy_what_is_open(path: Path, to: Path) -> None:
    """Copy database and write-ahead log from the descriptors of this process."""
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            name = descriptor.readlink().name.removesuffix(" (deleted)")
        except FileNotFoundError:
            continue
        name = {"away": path.name}.get(name, name)
        if name in (path.name, f"{path.name}-wal"):
            shutil.copyfile(descriptor, to.with_name(name))


@pytest.mark.parametrize("name", ["log.sqlite", *JOURNAL])
def test_bring_a_file_back_after_it_was_missed(path: Path, name: str) -> None:
    with opened(path) as log:
        filled(log)
        move_away(path.with_name(name))
        with pytest.raises(OutcomeUnknown):
            log.append(b"lost")
        path.with_name("away").rename(path.with_name(name))
        with pytest.raises(NotRecorded, match="removed or replaced"):
            log.append(b"lost too")
    with opened(path) as log:
        assert log.entry(2) == ENTRIES[2]
        assert log.append(b"after all").index == log.size - 1


def test_take_the_folder_away(path: Path) -> None:
    with opened(path) as log:
        filled(log)
        path.parent.rename(path.parent.with_name("elsewhere"))
        refused(log, path.name, "no file")
    path.parent.with_name("elsewhere").rename(path.parent)
    assert entries(path)[:3] == ENTRIES


@pytest.mark.parametrize("name", JOURNAL)
def test_take_the_write_ahead_log_of_a_ledger_away(tmp_path: Path, name: str) -> None:
    folder, outcomes = tmp_path / "book", Outcomes()
    make("ledger", folder)
    book = open_book("ledger", folder)
    for number in range(3):
        found = book.append(f"agency.{number}")
        outcomes.recorded[f"agency.{number}"] = found.index, found.receipt.text
    remove(folder / name)
    with pytest.raises(OutcomeUnknown, match="removed or replaced"):
        book.append("agency.unknown")
    with pytest.raises(NotRecorded, match="removed or replaced"):
        book.append("agency.refused")
    outcomes.refused.add("agency.refused")
    book.close()
    outcomes.check("ledger", folder, exported=folder / "public")


@pytest.mark.parametrize("name", ["log.sqlite", *JOURNAL])
@pytest.mark.parametrize("way", WAYS)
def test_take_the_files_away_before_a_day_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Callable[[Path], None], name: str
) -> None:
    def cut_off(*_: object) -> None:
        raise CutOff

    path = tmp_path / "book"
    Ledger.create(path, origin=ORIGIN, at=THAT_DAY)
    with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
        ledger.append("search:plate:requested", agency="alder-pd", fields={"plate": "QX1"}, pack=PACK)
    with Ledger.open(path, clock=Clock(NEXT_DAY)) as ledger:
        with monkeypatch.context() as patched:
            patched.setattr(OpeningStore, "destroy", cut_off)
            with pytest.raises(CutOff):
                ledger.shred("alder-pd", DAY, by="clerk")
        way(path / name)
        before = {each.name for each in path.iterdir()}
        with pytest.raises(StorageTaken, match="removed or replaced"):
            ledger.shred("alder-pd", DAY, by="clerk")
        assert {each.name for each in path.iterdir()} == before, "a second write-ahead log was begun"
        with pytest.raises(StorageTaken, match="removed or replaced"):
            ledger.shred("birch-pd", DAY, by="clerk")
    if name in JOURNAL:
        with Ledger.open(path, clock=Clock(NEXT_DAY)) as ledger:
            assert ledger.shred("alder-pd", DAY, by="clerk") == Shredded(None, 1, index=1)
        fsck(path / "log.sqlite", exported=path / "public")


def test_put_an_older_database_there_while_the_disk_fails(path: Path) -> None:
    def fails(_: object) -> None:
        failed = sqlite3.OperationalError("the disk has failed")
        failed.sqlite_errorcode, failed.sqlite_errorname = sqlite3.SQLITE_IOERR, "SQLITE_IOERR"
        raise failed

    with opened(path) as log:
        shutil.copy2(path, path.with_name("older"))
        filled(log)
        with pytest.raises(NotRecorded, match="SQLITE_IOERR"):
            log.append(b"lost", apply=fails)
        path.with_name("older").replace(path)
        with pytest.raises(NotRecorded, match="removed or replaced while the log was open"):
            log.append(b"lost too")
        assert [log.entry(index) for index in range(3)] == ENTRIES


def test_go_to_another_folder_and_open_through_a_link(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "book").symlink_to(path)
    monkeypatch.chdir(tmp_path / "link")
    with opened(Path("book")) as log:
        monkeypatch.chdir("/")
        filled(log)
        assert log.size == 3
