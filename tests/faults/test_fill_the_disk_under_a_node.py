"""A disk without room under a running node: nothing acknowledged is lost, and it goes on with room."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from gatehouse.model import PartUnavailable, SearchState
from gatehouse.node.node import Node
from tests.faults.node_load import CAMERAS, EACH, OFFICERS, Running, ask, batch_of, make, open_node, plate_of
from tests.faults.node_outcomes import NodeOutcomes

CAMERA, PERSON = CAMERAS[0].id, OFFICERS[0].id
SIZE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder whose room can be taken away and given back."""

    folder: Path
    fill: Callable[[], object]
    free: Callable[[], object]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Return a small file system; who may not mount one gets a limit on the size of files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if os.geteuid() == 0 and not subprocess.run(command, capture_output=True, check=False).returncode:
        yield Disk(folder, lambda: _fill(folder / "rest"), (folder / "rest").unlink)
        subprocess.run(["umount", str(folder)], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit() -> None:
        largest = max(each.stat().st_size for each in folder.rglob("*") if each.is_file())
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))

    def lift() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    yield Disk(folder, limit, lift)
    lift()


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def until_refused(node: Node, outcomes: NodeOutcomes, numbers: Iterator[int]) -> int:
    """Hand batches in until one is refused, and return its number."""
    for number in numbers:
        try:
            taken = node.ingest(batch_of(CAMERA, number))
        except PartUnavailable as error:
            assert error.what
            return number
        assert taken.accepted == EACH
        outcomes.take_line(f"taken {CAMERA} {number}")
    raise AssertionError("there is no end of room")


def test_full_disk_refuses_reads_and_searches_and_both_go_on_when_there_is_room(disk: Disk) -> None:
    place, outcomes = disk.folder / "node", NodeOutcomes()
    make(place)
    numbers = count(1)
    with open_node(place, Running(time.time())) as node:
        for _ in range(3):
            for _ in range(2):
                number = next(numbers)
                assert node.ingest(batch_of(CAMERA, number)).accepted == EACH
                outcomes.take_line(f"taken {CAMERA} {number}")
            disk.fill()
            refused = until_refused(node, outcomes, numbers)
            unrecorded = 0
            while not unrecorded:
                # What the write-ahead log has room for is answered or fails on the record; then nothing is.
                try:
                    answer = ask(node, PERSON, plate_of(CAMERA, 1))
                except PartUnavailable:
                    unrecorded += 1
                    continue
                told = "answered" if answer.state is SearchState.RELEASED and not answer.failure else "closed"
                reads = f" {len(answer.reads)}" if told == "answered" else ""
                outcomes.take_line(f"{told} {answer.id}{reads}")
            disk.free()
            # The batch that got no answer comes again; it may have been stored.
            taken = node.ingest(batch_of(CAMERA, refused))
            assert taken.duplicate or taken.accepted == EACH
            outcomes.take_line(f"taken {CAMERA} {refused}")
            answer = ask(node, PERSON, plate_of(CAMERA, 1))
            assert answer.state is SearchState.RELEASED
            outcomes.take_line(f"answered {answer.id} {len(answer.reads)}")
    with open_node(place, Running(time.time())) as node:
        node.door.expire_due()
        outcomes.check(node)
