"""Searches that are open: from `open` until `release`, in memory alone, and for 120 s at most."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Never

from gatehouse.ledger.canonical import Json
from gatehouse.model import Candidate
from gatehouse.vault.checks import RECEIPT_AGE, Permitted
from gatehouse.vault.errors import NotOpen
from gatehouse.vault.protocol import OpenedRead

_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Expected:
    """What a lookup stands for: the plate, and the retention class of the key behind its token."""

    candidate: Candidate = field(repr=False)
    minutes: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A read that may be released before its end, in microseconds since 1970."""

    read: OpenedRead
    ends: int


@dataclass(frozen=True, slots=True)
class Open:
    """A search that is answered. Lookups are named by (bucket, token)."""

    permitted: Permitted
    expected: Mapping[tuple[int, bytes], Expected]
    at: datetime


@dataclass(frozen=True, slots=True)
class Examined:
    """A search whose rows were opened: what `released` must say, and the reads."""

    permitted: Permitted
    counts: Mapping[str, Json]
    kept: Sequence[Kept]
    at: datetime


class Searches:
    """The open searches. Each step takes a search away, so that none can be taken twice."""

    def __init__(self) -> None:
        self._open: dict[str, Open] = {}
        self._examined: dict[str, Examined] = {}
        self._lock = threading.Lock()

    def add(self, search: Open) -> str:
        """Keep a search, and return its id."""
        opened_id = secrets.token_hex(_ID_BYTES)
        with self._lock:
            self._open[opened_id] = search
        return opened_id

    def take_open(self, opened_id: str, *, now: datetime) -> Open:
        """Take the search that `examine` is about."""
        with self._lock:
            self._drop_old(now)
            return self._open.pop(opened_id, None) or _refuse(opened_id)

    def keep(self, opened_id: str, search: Examined) -> None:
        """Keep what was found for a search."""
        with self._lock:
            self._examined[opened_id] = search

    def examined(self, opened_id: str, *, now: datetime) -> Examined:
        """Return the search that `release` is about; it stays until `drop`."""
        with self._lock:
            self._drop_old(now)
            return self._examined.get(opened_id) or _refuse(opened_id)

    def drop(self, opened_id: str) -> bool:
        """Let go of what was found; return False where another call has done so."""
        with self._lock:
            return self._examined.pop(opened_id, None) is not None

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._open.clear()
            self._examined.clear()

    def _drop_old(self, now: datetime) -> None:
        oldest = now - RECEIPT_AGE
        self._open = {each: search for each, search in self._open.items() if search.at >= oldest}
        self._examined = {each: search for each, search in self._examined.items() if search.at >= oldest}


def _refuse(opened_id: str) -> Never:
    raise NotOpen(
        "no such search is open here",
        where=f"search {opened_id[:64]}",
        expected=f"the id of a search opened within {RECEIPT_AGE.total_seconds():.0f} s, at this step",
    )
