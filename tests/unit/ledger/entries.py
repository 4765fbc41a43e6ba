"""Entries for the tests: one search of an invented agency."""

from __future__ import annotations

from datetime import UTC, datetime

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Openings
from gatehouse.ledger.entry import draft_entry

AT = datetime(2026, 11, 23, 16, 4, 5, 678901, tzinfo=UTC)
PACK = bytes(range(32))
FIELDS: dict[str, Json] = {
    "plate": "TEST123",
    "officer": "officer-4",
    "case_number": "26-000017",
    "purpose": "stolen_vehicle",
    "offense": "240",
    "reason": "vehicle taken from a garage",
    "on_behalf_of": "none",
    "window": {"from": "2026-11-22T00:00:00Z", "to": "2026-11-23T16:00:00Z"},
}


def searched(
    event: str = "search:plate:requested",
    *,
    agency: str = "alder-pd",
    sequence: int = 0,
    previous: bytes | None = None,
    at: datetime = AT,
    pack: bytes | None = PACK,
    fields: dict[str, Json] | None = None,
    root: bytes | None = None,
) -> tuple[bytes, Openings]:
    """Return an entry and its openings."""
    draft = draft_entry(event, agency=agency, fields=FIELDS if fields is None else fields, root=root)
    return draft.place(sequence=sequence, previous=previous, at=at, pack=pack)
