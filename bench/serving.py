"""A node in a process of its own: it serves HTTP, loads reads of past days, and answers searches.

Past days go the short way, through the vault's sealing and the store without HTTP: a month would else take
hours. The parent process tells what to do through a pipe, one call after the other.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

from bench.cameras import signed_batch
from bench.network import MONTH, OFFICER, SEARCHER, SUPERVISOR
from tests.unit.node.running import Signed

from gatehouse.model import (
    Behalf,
    PlatePattern,
    PlateSearch,
    Purpose,
    Scope,
    SearchState,
    Window,
)
from gatehouse.node.config import load_config
from gatehouse.node.node import Node
from gatehouse.node.settling import settle
from gatehouse.reads.rows import DAY_MINUTES, Lookup, ReadBatch
from gatehouse.search.answer import Answer
from gatehouse.search.signature import intent_hash, review_intent, search_intent
from gatehouse.web.app import create_app
from gatehouse.web.serve import serving

NONCE = bytes(32)
# As many rows as a transaction of the intake takes.
CALL = 20_000


@dataclass(frozen=True, slots=True)
class Ask:
    """A search as a benchmark varies it: a pattern, how far, and how many days back."""

    plate: str
    scope: Scope
    days: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search took: milliseconds in all and by stage, and what it reached and found."""

    milliseconds: float
    stages: dict[str, float]
    permitted: int
    reads: int
    lookups: list[Lookup] = field(repr=False)


def serve_node(told: Connection, folder: Path, port: int) -> None:
    """Open the node, serve it, and do what the parent says until it says nothing more."""
    with Node.open(load_config(folder)) as node, serving(create_app(node), port=port):
        settle(node)
        told.send(port)
        calls = Calls(node)
        while True:
            name, arguments = told.recv()
            if name == "close":
                break
            told.send(getattr(calls, name)(*arguments))
    told.send("closed")


class Calls:
    """What a node is told to do."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._stages: dict[str, float] = {}
        self._lookups: list[Lookup] = []
        self._number = 0

    def keys(self, owners: list[str], days: int) -> float:
        """Have a month's keys of every owner made, which a real node makes day by day."""
        begun = time.perf_counter()
        today = datetime.now(UTC).date().toordinal() - date(1970, 1, 1).toordinal()
        buckets = [(today - day) * DAY_MINUTES for day in range(days)]
        for owner in owners:
            self._node.vault._keys.for_batch(owner, MONTH, buckets)  # type: ignore[attr-defined]
        return time.perf_counter() - begun

    def load(self, owners: list[str], back: int, rows: int, number: int) -> float:
        """Store a past day's reads, shared evenly among the owners' cameras; return the seconds."""
        begun = time.perf_counter()
        day = datetime.now(UTC).date() - timedelta(days=back)
        chance = random.Random(back)
        sealed: Queue[list[ReadBatch] | None] = Queue(2)
        failed: list[Exception] = []

        def store() -> None:
            while (batches := sealed.get()) is not None:
                try:
                    assert all(self._node.reads.add(batches)), "a day is loaded twice"
                except Exception as error:
                    failed.append(error)

        storing = Thread(target=store)
        storing.start()
        waiting: list[ReadBatch] = []
        held = 0
        for at, owner in enumerate(owners):
            size = rows * (at + 1) // len(owners) - rows * at // len(owners)
            batch = signed_batch(chance, owner, number, size, day)
            done = self._node.showing.seal(batch, received_at=datetime.now(UTC))
            assert len(done.rows) == size, done.refused
            waiting.append(ReadBatch(batch.camera, number, done.rows))
            held += size
            if held >= CALL:
                sealed.put(waiting)
                waiting, held = [], 0
        sealed.put(waiting)
        sealed.put(None)
        storing.join()
        if failed:
            raise failed[0]
        return time.perf_counter() - begun

    def search(self, asks: list[Ask], pause: float) -> list[Asked]:
        """Ask one search after the other, with a pause between."""
        found = []
        with self._timed():
            for ask in asks:
                found.append(self._ask(ask))
                time.sleep(pause)
        return found

    def _ask(self, ask: Ask) -> Asked:
        node = self._node
        self._number += 1
        now = node.clock()
        search = PlateSearch(
            agency=SEARCHER,
            officer=OFFICER.id,
            entered_by=OFFICER.id,
            plate=PlatePattern.parse(ask.plate),
            window=Window(now - timedelta(days=ask.days), now),
            scope=ask.scope,
            purpose=Purpose.STOLEN_VEHICLE_OR_PLATE,
            on_behalf_of=Behalf.NONE,
            reason="stolen Honda Civic taken from Main Street last night",
            offense="240",
            case_number=f"26-{self._number:05}",
            ground="the car was taken by people who came from another state",
        )
        intent = intent_hash(search_intent(search), NONCE)
        self._stages.clear()
        self._lookups = []
        begun = time.perf_counter()
        answer = node.door.ask(search, signed=Signed(OFFICER.id, now, intent, NONCE))
        spent = time.perf_counter() - begun
        if answer.state is SearchState.REVIEW_PENDING:
            answer, more = self._reviewed(answer)
            spent += more
        assert answer.state is SearchState.RELEASED, (answer.state, answer.refusals[:3])
        stages = {name: seconds * 1e3 for name, seconds in self._stages.items()}
        stages["the rest of the door"] = spent * 1e3 - sum(stages.values())
        permitted = sum(len(each.owners) for each in answer.groups if each.decision.outcome.value == "permit")
        assert answer.counts is not None
        counted = answer.counts["reads"]
        assert isinstance(counted, int)
        return Asked(spent * 1e3, stages, permitted, counted, self._lookups)

    def _reviewed(self, answer: Answer) -> tuple[Answer, float]:
        """Have the supervisor approve, collect, and return what the machine took of that."""
        node = self._node
        intent = intent_hash(review_intent(answer.id), NONCE)
        begun = time.perf_counter()
        node.door.approve(answer.id, by=SUPERVISOR, signed=Signed(SUPERVISOR.id, node.clock(), intent, NONCE))
        answer = node.door.collect(answer.id, by=OFFICER)
        return answer, time.perf_counter() - begun

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Have the parts of the door count their time under the name of a stage."""
        node = self._node
        decider = node.door._decider
        parts: list[tuple[Any, str, str]] = [
            (decider, "decide", "decision"),
            (node.vault, "open", "vault: check and derive tokens"),
            (node.reads, "lookup", "lookup"),
            (node.vault, "examine", "vault: open the rows"),
            (node.vault, "release", "vault: release"),
        ]
        for part, name, stage in parts:
            setattr(part, name, self._counting(getattr(part, name), stage))
        append = node.ledger.append
        node.ledger.append = lambda event, **more: self._counting(  # type: ignore[method-assign]
            append, f"ledger: {event.rpartition(':')[2]}"
        )(event, **more)
        try:
            yield
        finally:
            for part, name, _ in parts:
                delattr(part, name)
            del node.ledger.append

    def _counting(self, work: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:
            begun = time.perf_counter()
            found = work(*arguments, **more)
            self._stages[stage] = self._stages.get(stage, 0.0) + time.perf_counter() - begun
            if stage.startswith("vault: check"):
                self._lookups = list(found.lookups)
            return found

        return counted
