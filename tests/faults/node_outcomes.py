"""What a node must hold after a fault: each acknowledged read once, and each answer's record, whole."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.fsck import fsck
from gatehouse.ledger.settings import LOG
from gatehouse.ledger.source import open_source
from gatehouse.ledger.verify import verify
from gatehouse.model import SearchState
from gatehouse.node.node import Node
from tests.faults.node_load import CAMERAS, OFFICERS, TOGETHER, ask, plate_of, reads_of, seen_in

STEP = "search:plate:"
REQUESTED, PERMITTED, RELEASED = STEP + "requested", STEP + "permitted", STEP + "released"


@dataclass(slots=True)
class NodeOutcomes:
    """What processes under load have told; see `node_load`."""

    taken: dict[str, int] = field(default_factory=dict)  # the newest number, by camera
    batches: int = 0
    answered: dict[str, int] = field(default_factory=dict)  # how many reads, by search
    closed: set[str] = field(default_factory=set)
    unavailable: int = 0
    opened: int = 0
    left_open: int = 0
    broken: list[str] = field(default_factory=list)

    def take(self, told: bytes) -> None:
        """Read lines; one that was cut off has told nothing."""
        for line in told[: told.rfind(b"\n") + 1].decode().splitlines():
            self.take_line(line)

    def take_line(self, line: str) -> None:
        """Read a line."""
        match line.split():
            case ["opened", left]:
                self.opened, self.left_open = self.opened + 1, self.left_open + int(left)
            case ["taken", camera, number]:
                self.taken[camera], self.batches = int(number), self.batches + 1
            case ["answered", search, reads]:
                self.answered[search] = int(reads)
            case ["closed", search]:
                self.closed.add(search)
            case ["unavailable", _]:
                self.unavailable += 1
            case _:
                self.broken.append(line)

    def check(self, node: Node, *, vault: Path | None = None) -> Counter[str]:
        """Hold an open node against what was told, and return how its searches ended.

        `vault` is the database of a vault elsewhere.
        """
        assert (self.broken, self.left_open) == ([], 0)
        ends = self._check_record(node, vault or node.located.vault / "keys.sqlite")
        self._check_reads(node)
        log = node.located.ledger / LOG
        node.ledger.export()
        assert fsck(log, exported=node.ledger.folder.public).size == node.ledger.log.size
        public = open_source(node.ledger.folder.public)
        keys = list(node.ledger.folder.policy().log_keys)
        assert verify(public, keys=keys).checkpoint.size == node.ledger.log.size
        return ends

    def _check_record(self, node: Node, vault: Path) -> Counter[str]:
        """Check that each search has a request and one outcome, and each answer all that it needs."""
        log = node.ledger.log
        events = [read_entry(log.entry(index)).event for index in range(log.size)]
        searches = {
            id: (state, requested, decided, last)
            for id, state, requested, decided, last in node.searches.query(
                "SELECT id, state, requested, decided, last FROM search_search"
            )
        }
        ends = Counter(state for state, *_ in searches.values())
        assert ends.keys() <= {"released", "failed", "denied"}
        found = Counter(event for event in events if event.startswith(STEP))
        assert found[REQUESTED] == len(searches)
        assert {state: found[STEP + state] for state in ends} == ends
        assert found[PERMITTED] == ends["released"] + ends["failed"]
        for id, (state, requested, decided, last) in searches.items():
            assert events[requested] == REQUESTED
            assert events[last] == STEP + state
            released = node.ledger.openings(last).values
            if state == SearchState.RELEASED:
                assert requested < decided < last
                assert events[decided] == PERMITTED
            if id in self.answered:
                assert state == SearchState.RELEASED, f"{id} was answered off the record"
                assert released["counts"]["reads"] == self.answered[id]  # type: ignore[index,call-overload]
            if id in self.closed:
                assert id not in self.answered
        assert self.answered.keys() | self.closed <= searches.keys()
        with closing(sqlite3.connect(vault)) as connection:
            counted = connection.execute("SELECT * FROM counted WHERE event = ?", (RELEASED,)).fetchall()
        assert len(counted) == ends["released"]
        assert {row[1] for row in counted} == {at for at, each in enumerate(events) if each == RELEASED}
        return ends

    def _check_reads(self, node: Node) -> None:
        """Check by searches that each read which was acknowledged is there once, and no batch in part."""
        for camera in (each.id for each in CAMERAS):
            newest = node.reads.last_batch(camera)
            # Of each process, one batch may have been stored when its acknowledgment was cut off.
            assert 0 <= newest - self.taken.get(camera, 0) <= max(1, self.opened)
            for first in range(0, newest + 1, TOGETHER):
                answer = ask(node, OFFICERS[0].id, plate_of(camera, first))
                found = seen_in(answer)
                wanted = range(max(1, first), min(newest + 1, first + TOGETHER))
                assert answer.state is SearchState.RELEASED
                assert len(found) == len(set(found))
                assert set(found) == reads_of(camera, wanted)
