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
from gatehouse.vault.errors import NotPermitted, ReceiptSpent

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


def count(connection: sqlite3.Connection, entry: Recorded, *, handed_out: bool) -> bool:
    """Count an entry within a transaction; return False where it was counted already.

    `handed_out` says that what the entry lets out leaves the vault with this call. It stays as it was first
    counted: nothing is handed out for an entry that was counted without.
    """
    check_day(connection, entry)
    row = (entry.log, entry.index, _day(entry), entry.leaf.agency, entry.leaf.event, handed_out)
    done = connection.execute(
        "INSERT OR IGNORE INTO counted (log, entry, day, agency, event, handed_out) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        row,
    )
    return done.rowcount == 1


def check_day(connection: sqlite3.Connection, entry: Recorded) -> None:
    """Refuse an entry whose day does not lie between those of the entries counted before and after it.

    A log's time never runs back. So nobody can have an entry of today pass for one of a day long over.
    """
    day = _day(entry)
    before = connection.execute(
        "SELECT day FROM counted WHERE log = ? AND entry < ? ORDER BY entry DESC LIMIT 1",
        (entry.log, entry.index),
    ).fetchone()
    after = connection.execute(
        "SELECT day FROM counted WHERE log = ? AND entry > ? ORDER BY entry LIMIT 1",
        (entry.log, entry.index),
    ).fetchone()
    if (before is not None and day < before[0]) or (after is not None and day > after[0]):
        raise NotPermitted(
            "an entry bears another day than those around it",
            where=f"entry {entry.index}",
            expected=" to ".join(each[0] if each else "any" for each in (before, after)),
            got=day,
        )


def counters_of(connection: sqlite3.Connection, day: date, *, name: str) -> Mapping[str, Json]:
    """Return the counts of a day, of the entries' hour in UTC, as a document."""
    rows = connection.execute(
        "SELECT agency, event, count(*), count(*) FILTER (WHERE event <> ? AND handed_out = 0) FROM counted "
        "WHERE day = ? GROUP BY agency, event ORDER BY agency, event",
        (HIT_RAISED, day.isoformat()),
    ).fetchall()
    document: dict[str, Json] = {
        "schema": counters.SCHEMA,
        "by": "vault",
        "name": name,
        "day": day.isoformat(),
        "events": list(COUNTED),
        "counts": [{"agency": agency, "event": event, "count": every} for agency, event, every, _ in rows],
    }
    if undelivered := [
        {"agency": agency, "event": event, "count": kept} for agency, event, _, kept in rows if kept
    ]:
        document["undelivered"] = list(undelivered)
    return document


def _day(entry: Recorded) -> str:
    return entry.leaf.hour.date().isoformat()


def mark_seen(connection: sqlite3.Connection, at: int) -> None:
    """Keep within a transaction that the vault has shown a time, in microseconds since 1970."""
    connection.execute("UPDATE vault SET seen = max(seen, ?)", (at,))
