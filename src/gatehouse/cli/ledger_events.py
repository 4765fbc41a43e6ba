"""The events that `gatehouse ledger append` is given: all of them are sound before one is on the record.

{"event": "search:plate:requested", "agency": "alder-pd", "fields": {"purpose": "…"}, "pack": "<hex>"}
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from gatehouse.cli.files import read_input
from gatehouse.ledger.entry import Draft, draft_entry
from gatehouse.model import BadInput, BadUse

if TYPE_CHECKING:
    from gatehouse.ledger.canonical import Json

LARGEST = 16_000_000
# Ten thousand entries become durable in a second or two; more at once is a mistake.
MOST_EVENTS = 10_000
# A sealed opening has no bound of its own, and no reason or warrant is longer.
LARGEST_FIELDS = 65_535

_KEYS = {"event", "agency", "fields", "pack"}
_FORM = 'keys "event", "agency", "fields" and, unless the packaged rulebook counts, "pack"'


@dataclass(frozen=True, slots=True)
class Event:
    """An event to append, and the hash of the rulebook that decided."""

    draft: Draft
    pack: bytes | None


def read_events(given: str) -> list[Event]:
    """Read an event or a list of them; anything else is `BadInput`."""
    where = "standard input" if given == "-" else given
    data = read_input(given, most=LARGEST)
    try:
        document = json.loads(
            data.decode(),
            object_pairs_hook=_once,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
            parse_int=_integer,
        )
    except UnicodeDecodeError as error:
        raise BadInput("the events cannot be read", where=where, expected="UTF-8") from error
    except json.JSONDecodeError as error:
        got = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise BadInput("the events cannot be read", where=where, expected="JSON", got=got) from error
    except (ValueError, RecursionError) as error:
        got = "too many brackets within brackets" if isinstance(error, RecursionError) else str(error)
        raise BadInput("the events cannot be read", where=where, expected="an event", got=got) from error
    events = document if isinstance(document, list) else [document]
    if not 0 < len(events) <= MOST_EVENTS:
        raise BadInput(
            "there is nothing to append" if not events else "there are too many events",
            where=where,
            expected=f"1 to {MOST_EVENTS:,} events",
            got=f"{len(events):,}",
        )
    many = isinstance(document, list)
    return [
        _event(each, f"{where}, event {number}" if many else where) for number, each in enumerate(events, 1)
    ]


def _event(document: Any, where: str) -> Event:
    if not isinstance(document, dict):
        raise BadInput("this is no event", where=where, expected=f"an object with {_FORM}")
    if unknown := sorted(set(document) - _KEYS):
        # A mistyped key may hold what nobody should see in a terminal's history.
        raise BadInput("an event has an unknown key", where=where, expected=_FORM, got=f"{len(unknown)} more")
    event, agency, fields = document.get("event"), document.get("agency"), document.get("fields", {})
    if not isinstance(event, str) or not isinstance(agency, str) or not isinstance(fields, dict):
        raise BadInput("an event lacks its name, its agency or its fields", where=where, expected=_FORM)
    try:
        draft = draft_entry(event, agency=agency, fields=fields)
    except BadUse as error:
        raise BadInput(error.what, where=where, expected=error.expected, got=error.got) from error
    _check_size(fields, where)
    return Event(draft, _pack(event, document, where))


def _check_size(fields: dict[str, Json], where: str) -> None:
    size = len(json.dumps(fields))
    if size > LARGEST_FIELDS:
        raise BadInput(
            "an event's fields are too long",
            where=where,
            expected=f"at most {LARGEST_FIELDS:,} bytes as JSON",
            got=f"{size:,}",
        )


def _pack(event: str, document: dict[str, Any], where: str) -> bytes | None:
    given = document.get("pack")
    if event.startswith("log:"):
        if given is not None:
            raise BadInput("what a log records about itself names no rulebook", where=where, got="a hash")
        return None
    if given is None:
        return packaged()
    if not isinstance(given, str) or not re.fullmatch("[0-9a-f]{64}", given, re.ASCII):
        raise BadInput("the rulebook's hash cannot be read", where=where, expected="64 hex digits")
    return bytes.fromhex(given)


@cache
def packaged() -> bytes:
    """Return the hash of the rulebook that this program brings."""
    from gatehouse.law.pack import Pack

    return bytes.fromhex(Pack.load().id.sha256)


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key that stands twice in one object")
    return found


def _no_fraction(_text: str) -> NoReturn:
    raise ValueError("a number that is no integer")


def _integer(text: str) -> int:
    # Python reads no integer of more than 4,300 digits, and its error quotes them.
    if len(text) > 17:
        raise ValueError("an integer beyond 2^53 - 1")
    return int(text)
