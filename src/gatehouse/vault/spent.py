"""What the vault keeps of the record: receipts that were used, and entries that were counted.

Both are durable before anything is answered. Rows stay for good, some 60 bytes each: a clock that was set
back finds them still.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import Final

from gatehouse.ledger import counters
from gatehouse.ledger.canonical import Json
from gatehouse.vault.checks import HIT_RAISED, HOLD_OPENED, RELEASED, Recorded
from gatehouse.vault.errors import ReceiptSpent

# What goes through the vault and nowhere else: the counts of all vaults add up to the entries.
COUNTED: Final = (HOLD_OPENED, HIT_RAISED, RELEASED)


def spend(connection: sqlite3.Connection, entry: Recorded, *, request: bytes | None = None) -> None:
    """Use the receipt of an entry, and its request, within a transaction; a second use is `ReceiptSpent`."""
    try:
        connection.execute("INSERT INTO spent VALUES (?, ?, ?)", (entry.log, entry.index, request))
    except sqlite3.IntegrityError:
        raise ReceiptSpent(
            "a receipt, or the request that it answers, has been used",
            where=f"entry {entry.index}",
            expected="one use",
            hint="ask again",
        ) from None


def count(connection: sqlite3.Connection, entry: Recorded) -> bool:
    """Count an entry within a transaction; return False where it was counted already."""
    day = entry.leaf.hour.date().isoformat()
    row = (entry.log, entry.index, day, entry.leaf.agency, entry.leaf.event)
    return connection.execute("INSERT OR IGNORE INTO counted VALUES (?, ?, ?, ?, ?)", row).rowcount == 1


def counters_of(connection: sqlite3.Connection, day: date, *, name: str) -> Mapping[str, Json]:
    """Return the counts of a day, of the entries' hour in UTC, as a document."""
    rows = connection.execute(
        "SELECT agency, event, count(*) FROM counted WHERE day = ? "
        "GROUP BY agency, event ORDER BY agency, event",
        (day.isoformat(),),
    ).fetchall()
    return {
        "schema": counters.SCHEMA,
        "by": "vault",
        "name": name,
        "day": day.isoformat(),
        "events": list(COUNTED),
        "counts": [{"agency": agency, "event": event, "count": counted} for agency, event, counted in rows],
    }


def mark_seen(connection: sqlite3.Connection, at: int) -> None:
    """Keep within a transaction that the vault has shown a time, in microseconds since 1970."""
    connection.execute("UPDATE vault SET seen = max(seen, ?)", (at,))
