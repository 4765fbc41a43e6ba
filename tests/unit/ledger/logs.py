"""Logs on disk for tests of the writer, and witnesses that do as they are told."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.errors import PolicyNotMet
from gatehouse.ledger.log import Log
from gatehouse.ledger.merkle import verify_consistency
from gatehouse.ledger.note import Signs, add_signatures, open_note
from gatehouse.ledger.policy import Policy
from tests.unit.ledger.made import ORIGIN, SeededKey, log_key, witness_key

AT = datetime(2026, 11, 23, 16, 4, 5, 678901, tzinfo=UTC)
KEY = SeededKey(1)
VKEY = log_key().vkey
POLICY = Policy.of_log(VKEY)


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self, at: datetime = AT) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Cosigned:
    checkpoint: str


class FakeWitness:
    """A witness in the same process: `answers` says whether it cosigns; it refuses what does not follow."""

    def __init__(self, *, answers: bool = True) -> None:
        self.key = witness_key(1)
        self.policy = Policy.parse(f"log {VKEY}\nwitness w {self.key.vkey}\nquorum w\n")
        self.answers = threading.Event()
        self.asked: list[int] = []
        self.seen = Checkpoint(ORIGIN, 0, Checkpoint.parse(f"{ORIGIN}\n0\n{_EMPTY}\n").root)
        if answers:
            self.answers.set()

    def collect(self, checkpoint: str, *, proof: Callable[[int], list[bytes]]) -> Cosigned:
        body = Checkpoint.parse(open_note(checkpoint, keys=[VKEY]).text)
        self.asked.append(body.size)
        if not self.answers.is_set():
            raise PolicyNotMet(
                "too few witnesses have cosigned", expected="w", got="none", hint="w: HTTP 500"
            )
        verify_consistency(
            size1=self.seen.size,
            size2=body.size,
            root1=self.seen.root,
            root2=body.root,
            proof=proof(self.seen.size),
        )
        self.seen = body
        return Cosigned(add_signatures(checkpoint, [self.key.line(body.text, at=int(AT.timestamp()))]))


def made_log(folder: Path, *, at: datetime = AT) -> Path:
    """Make an empty log and return its file."""
    path = folder / "log.sqlite"
    Log.create(path, origin=ORIGIN, signer=KEY, at=at)
    return path


@contextmanager
def opened(
    path: Path,
    *,
    signer: Signs | Sequence[Signs] = KEY,
    witness: FakeWitness | None = None,
    clock: Clock | None = None,
    wait: float = 20,
    grace: float = 60,
) -> Iterator[Log]:
    """Open a log under a clock that stands still."""
    with Log.open(
        path,
        signer=signer,
        witnesses=witness,
        clock=clock or Clock(),
        receipt_wait=timedelta(seconds=wait),
        release_grace=timedelta(seconds=grace),
    ) as log:
        yield log


def filled(log: Log, entries: Sequence[bytes]) -> None:
    """Append entries together."""
    for pending in [log.submit(each) for each in entries]:
        log.result(pending)


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a log's file behind its back."""
    connection = sqlite3.connect(path)
    try:
        yield connection
        connection.commit()
    finally:
        connection.close()


_EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
