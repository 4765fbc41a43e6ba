"""The node's upkeep: keys and rows that expire, and the counters that the vault publishes each day."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from gatehouse.ledger.folder import Ledger
from gatehouse.model import LogEvent
from gatehouse.node.bodies import Kind
from gatehouse.node.change import NODE
from gatehouse.node.registry import NodeRegistry
from gatehouse.reads.store import ReadStore
from gatehouse.signing.durable import replace_file
from gatehouse.vault.protocol import Vault

TABLES = (
    "CREATE TABLE IF NOT EXISTS node_counters ("
    " day TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, entry INTEGER NOT NULL,"
    " document TEXT NOT NULL, PRIMARY KEY (day, name)) STRICT",
)
_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Counters of days before are no longer owed: a node that rested longer has nothing to count.
_LOOKED_BACK = 31


class Expiry:
    """Deletes the rows whose time is over. Their keys end in the vault's own sweep, whatever happens here."""

    def __init__(self, reads: ReadStore, registry: NodeRegistry, *, clock: Callable[[], datetime]) -> None:
        self._reads = reads
        self._registry = registry
        self._clock = clock

    def __call__(self) -> int:
        """Delete what has expired by the rules in force, and return how many rows and whole days went."""
        now = (self._clock() - _EPOCH) // _MINUTE
        kept: dict[str, int] = {}
        for owner in self._registry.now.ids:
            retention = self._registry.own_rule(owner).retention
            if retention is not None:
                kept[owner] = retention // _MINUTE
        if not kept:
            return 0
        # A bucket ends a retention after its start, and everything in it with it.
        rows = self._reads.expire_owners({owner: now - minutes + 1 for owner, minutes in kept.items()})
        return rows + self._reads.drop_days(now - max(kept.values()))


class Counting:
    """Publishes what the vault counted on each day that is over, once, with an entry that names its hash."""

    def __init__(
        self,
        ledger: Ledger,
        vault: Vault,
        registry: NodeRegistry,
        published: Path,
        *,
        name: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._vault = vault
        self._registry = registry
        self._folder = published / "counters"
        self._name = name
        self._clock = clock

    def __call__(self) -> list[date]:
        """Publish the days that are owed, and return them."""
        today = self._clock().astimezone(UTC).date()
        done = self._published()
        first = self._registry.view.rules[Kind.PACK, NODE][0].since.astimezone(UTC).date()
        owed = [first + timedelta(days=number) for number in range((today - first).days)]
        found = [day for day in owed[-_LOOKED_BACK:] if day not in done]
        for day in found:
            self._publish(day)
        for day, text in done.items():
            # What a crash kept from the folder stands with its entry.
            if not self._path(day).exists():
                self._write(day, text)
        return found

    def _publish(self, day: date) -> None:
        text = json.dumps(self._vault.counters(day), sort_keys=True)
        digest = sha256(text.encode()).hexdigest()

        def insert(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO node_counters VALUES (?, ?, ?, ledger_index(), ?)",
                (day.isoformat(), self._name, digest, text),
            )

        detail = {"day": day.isoformat(), "name": self._name, "sha256": digest}
        self._ledger.append(
            LogEvent.COUNTERS_PUBLISHED,
            agency=self._registry.operator.id,
            fields={"detail": detail},
            pack=None,
            apply=insert,
        )
        self._write(day, text)

    def _published(self) -> dict[date, str]:
        uri = f"{self._ledger.folder.log.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as connection:
            rows = connection.execute(
                "SELECT day, document FROM node_counters WHERE name = ? ORDER BY day DESC LIMIT ?",
                (self._name, 2 * _LOOKED_BACK),
            )
            return {date.fromisoformat(day): text for day, text in rows}

    def _path(self, day: date) -> Path:
        return self._folder / f"{self._name}-{day.isoformat()}.json"

    def _write(self, day: date, text: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        replace_file(self._path(day), text.encode())
