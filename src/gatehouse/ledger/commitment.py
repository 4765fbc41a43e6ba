"""Commitments: what a leaf hides and can show, one field at a time.

An entry draws a random root of 32 bytes. Each field has its own key under the root, and the leaf holds, for
each field, an HMAC-SHA256 under that key:

    key        = HMAC-SHA256(root, "gatehouse-leaf/1 key" LF field)
    commitment = HMAC-SHA256(key,  "gatehouse-leaf/1 value" LF field LF agency LF event LF canonical JSON)

- *Hiding*: without the root a commitment is 32 bytes of noise. No dictionary of plates or purposes helps, the
  same plate in two entries gives two unrelated values, and every field is committed in every entry, absent
  ones as `null`, so neither presence nor length shows.
- *Binding*: keys have exactly 32 bytes, so another key and value for the same commitment would be a collision
  of SHA-256.
- *One field alone*: a disclosure holds a field's value and key. The key tells nothing of the root or of the
  other keys.
- *In its place*: agency and event are part of what is committed, so nobody can copy another agency's
  commitment and pass it off as its own. A copy within one agency stands in clear: two equal commitments.
"""

from __future__ import annotations

import dataclasses
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from gatehouse.ledger.canonical import LARGEST_INTEGER, Json, from_canonical, to_canonical
from gatehouse.ledger.errors import InvalidOpening
from gatehouse.model import BadUse

if TYPE_CHECKING:
    from gatehouse.ledger.entry import Leaf

# Every leaf commits to every field, whatever its event; an absent one is null. In the order of the leaf.
FIELDS = (
    "approver",  # who approved or refused a search under review
    "at",  # the exact time, RFC 3339 in UTC
    "case_number",
    "counts",  # what was handed out, as numbers: {"reads": 3, …}
    "decision",  # permit, deny or review, over all owners
    "detail",  # what only this event has: a hit's disposition, a rotated key, a day's counters
    "offense",
    "officer",
    "on_behalf_of",
    "owners",  # the ids of the owners reached
    "owners_decided",  # {"root", "size"} of the per-owner decisions, see `decisions`
    "plate",
    "process",  # warrant, court order, …: {"kind", "issuer", "reference"}
    "purpose",
    "reason",  # the officer's own words
    "request",  # the leaf hash of the entry that began this search (hex)
    "rules",  # the ids of the rules that decided
    "window",  # the time asked for: {"from", "to"}
)
_KNOWN = frozenset(FIELDS)

SECRET_BYTES = 32
_KEY = b"gatehouse-leaf/1 key\n"
_VALUE = b"gatehouse-leaf/1 value\n"
_DISCLOSURE = "gatehouse-disclosure/1"
_HEX = re.compile(r"[0-9a-f]{64}")


def field_key(root: bytes, field: str) -> bytes:
    """Return the key of one field under an entry's root."""
    return hmac.digest(_secret(root), _KEY + field.encode(), sha256)


def commit(key: bytes, field: str, value: Json, *, agency: str, event: str) -> bytes:
    """Return the commitment to one field's value; a value that JSON cannot spell is `ValueError`."""
    return _commit(key, field, to_canonical(value), agency=agency, event=event)


def _commit(key: bytes, field: str, value: bytes, *, agency: str, event: str) -> bytes:
    named = f"{field}\n{agency}\n{event}\n".encode()
    return hmac.digest(_secret(key), _VALUE + named + value, sha256)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One field of the entry at a ledger index, opened; it opens nothing else.

    Its `repr` shows neither value nor key, since tracebacks and logs print it.
    """

    index: int
    field: str
    value: Json = dataclasses.field(repr=False)
    key: bytes = dataclasses.field(repr=False)

    @property
    def text(self) -> str:
        """Return the disclosure as canonical JSON."""
        document: Json = {
            "field": self.field,
            "index": self.index,
            "key": self.key.hex(),
            "schema": _DISCLOSURE,
            "value": self.value,
        }
        return to_canonical(document).decode()

    @classmethod
    def parse(cls, text: str | bytes) -> Disclosure:
        """Read a disclosure; one final newline may follow it; else `InvalidOpening`."""
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        try:
            document = from_canonical(data.removesuffix(b"\n"))
            match document:
                case {
                    "field": str() as field,
                    "index": int() as index,
                    "key": str() as key,
                    "schema": str() as schema,
                    "value": value,
                    **rest,
                }:
                    pass
                case _:
                    raise ValueError("keys are missing")
            if rest or schema != _DISCLOSURE or isinstance(index, bool) or index < 0:
                raise ValueError("another schema, an unknown key or a bad index")
            if field not in _KNOWN or not _HEX.fullmatch(key):
                raise ValueError("an unknown field or a bad key")
        except ValueError as error:
            # The cause is a sentence without values; a value may be a plate.
            raise InvalidOpening(
                "a text is no disclosure",
                expected=f"{_DISCLOSURE} as canonical JSON",
                got=f"{len(data)} bytes: {error}",
            ) from None
        return cls(index, field, value, bytes.fromhex(key))


def check(leaf: Leaf, disclosure: Disclosure) -> None:
    """Check that a disclosure opens its field's commitment in a leaf, else `InvalidOpening`.

    It says nothing about where the leaf stands; the receipt of the entry at `disclosure.index` does.
    """
    expected = leaf.commitments.get(disclosure.field)
    if expected is None:
        raise InvalidOpening("the leaf has no such field", expected="a committed field", got="another name")
    if len(disclosure.key) != SECRET_BYTES:
        raise InvalidOpening(
            "the key has the wrong length", expected="32 bytes", got=f"{len(disclosure.key)} bytes"
        )
    try:
        got = commit(disclosure.key, disclosure.field, disclosure.value, agency=leaf.agency, event=leaf.event)
    except ValueError as error:
        raise InvalidOpening("the value has no canonical form", expected="JSON", got=str(error)) from None
    if not hmac.compare_digest(got, expected):
        raise InvalidOpening(
            f"the disclosure does not open `{disclosure.field}`", expected=expected.hex(), got=got.hex()
        )


@dataclass(frozen=True, slots=True)
class Openings:
    """Everything that one entry hides. Whoever holds it can open every field, so it is kept sealed."""

    agency: str
    event: str
    root: bytes
    values: Mapping[str, Json]

    def __repr__(self) -> str:
        """Name the entry's clear part only: a traceback must not hold what is hidden."""
        return f"Openings(agency={self.agency!r}, event={self.event!r})"

    def disclose(self, field: str, *, index: int) -> Disclosure:
        """Open one field of the entry at a ledger index."""
        if field not in _KNOWN:
            raise BadUse("no field has this name", expected=", ".join(FIELDS))
        if not 0 <= index <= LARGEST_INTEGER:
            raise BadUse("no entry has this index", expected="an index from 0", got=str(index))
        return Disclosure(index, field, self.values[field], field_key(self.root, field))

    def commitments(self) -> dict[str, bytes]:
        """Return the commitment of every field."""
        return {
            field: commit(
                field_key(self.root, field), field, self.values[field], agency=self.agency, event=self.event
            )
            for field in FIELDS
        }

    def check(self, leaf: Leaf) -> None:
        """Check that these openings open every field of a leaf, else `InvalidOpening`."""
        if (self.agency, self.event) != (leaf.agency, leaf.event):
            raise InvalidOpening(
                "the openings are another entry's",
                expected=f"{leaf.event} of {leaf.agency}",
                got=f"{self.event} of {self.agency}",
            )
        for field in FIELDS:
            check(leaf, self.disclose(field, index=0))


def draw_root() -> bytes:
    """Return a fresh random root."""
    return secrets.token_bytes(SECRET_BYTES)


def complete_values(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Return a value for every field, null where none is given; an unknown name is `BadUse`."""
    if not fields.keys() <= _KNOWN:
        raise BadUse("an entry has no such field", expected=", ".join(FIELDS), got="another name")
    return {field: fields.get(field) for field in FIELDS}


def _secret(secret: bytes) -> bytes:
    # HMAC pads short keys with zeros and hashes long ones: only one length keeps keys apart.
    if len(secret) != SECRET_BYTES:
        raise BadUse("a key has the wrong length", expected="32 bytes", got=f"{len(secret)} bytes")
    return secret
