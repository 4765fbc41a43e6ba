"""A disk without room: nothing acknowledged is lost, and once there is room the log goes on by itself."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from gatehouse.ledger.committer import NotRecorded, OutcomeUnknown
from gatehouse.ledger.fsck import fsck
from gatehouse.ledger.log import Log
from gatehouse.ledger.settings import PUBLIC
from gatehouse.ledger.view import LogView
from gatehouse.model import PartUnavailable
from tests.faults.books import make, open_book
from tests.faults.outcomes import Outcomes
from tests.unit.ledger.logs import made_log, opened

ROOM = 1_000_000


class Disk(NamedTuple):
    """A folder with little room (for all files together, or for each), and how it gets more."""

    folder: Path
    for_all: bool
    enlarge: Callable[[], object]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Return a small file system; who may not mount one gets a limit on the size of files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.geteuid() == 0 and not _mount(folder, f"size={ROOM}")
    if mounted:
        yield Disk(folder, True, lambda: _mount(folder, f"remount,size={16 * ROOM}"))
        subprocess.run(["umount", str(folder)], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * ROOM, hard))
    yield Disk(folder, False, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _mount(folder: Path, options: str) -> int:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def fill(log: Log) -> dict[int, bytes]:
    """Append until ten appends in a row have failed, and return what was acknowledged, by index."""
    recorded: dict[int, bytes] = {}
    failed = number = 0
    while failed < 10:
        number += 1
        entry = f"entry {number} ".encode().ljust(9_000, b".")
        try:
            recorded[log.append(entry).index] = entry
            failed = 0
        except (NotRecorded, OutcomeUnknown):
            failed += 1
    return recorded


def test_full_disk_refuses_and_goes_on_when_there_is_room(disk: Disk) -> None:
    path = made_log(disk.folder)
    with opened(path) as log:
        recorded = fill(log)
        assert len(recorded) > 10
        assert {index: log.entry(index) for index in recorded} == recorded
        disk.enlarge()
        again = log.append(b"after all")
    with LogView.read(path) as view:
        assert {index: view.entry(index) for index in recorded} == recorded
        assert view.entry(again.index) == b"after all"
    assert fsck(path).size == again.index + 1


def test_full_disk_leaves_no_entry_of_a_ledger_without_its_opening(disk: Disk) -> None:
    folder, outcomes = disk.folder / "book", Outcomes()
    make("ledger", folder)
    book = open_book("ledger", folder)
    refused = number = 0
    while refused < 10:
        name = f"agency.{number}"
        number += 1
        try:
            found = book.append(name)
        except (NotRecorded, OutcomeUnknown):
            refused += 1
        else:
            outcomes.recorded[name] = found.index, found.receipt.text
            refused = 0
    assert len(outcomes.recorded) > 10
    disk.enlarge()
    name = "another.after-all"
    found = book.append(name)
    outcomes.recorded[name] = found.index, found.receipt.text
    book.close()
    outcomes.check("ledger", folder, exported=folder / PUBLIC)


def test_full_disk_leaves_an_export_as_it_was(disk: Disk) -> None:
    path, exported = made_log(disk.folder), disk.folder / "public"
    with opened(path) as log:
        for number in range(3):
            log.append(b"%d" % number)
        before = log.export(exported)
        for number in range(24):
            log.append(b"%d" % number + b"." * 9_000)
        if disk.for_all:
            _fill_up(disk.folder / "rest")
            with pytest.raises(PartUnavailable, match="cannot be exported"):
                log.export(exported)
            assert (exported / "checkpoint").read_text() == before
        disk.enlarge()
        assert log.export(exported) == log.checkpoint()
    assert fsck(path, exported=exported).size == 27


def _fill_up(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
