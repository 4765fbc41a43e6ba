"""What a person signs: every word of the search, `on_behalf_of` among them.

What is signed is a JSON document, the *intent*; a passkey signs

    SHA-256("gatehouse-intent/1\\n" || nonce || canonical JSON of the intent)

and the node checks it (`gatehouse.node.accounts.step_up`). The door checks that what was signed is this
search and nothing else. A dispatcher signs what they enter for an officer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from gatehouse.ledger.canonical import Json, to_canonical
from gatehouse.model import PlateSearch
from gatehouse.search.fields import asked_fields

_SCHEME = b"gatehouse-intent/1\n"
# How far the clock of who checked the factor may be ahead.
_SLACK = timedelta(seconds=5)


class Signature(Protocol):
    """That a person stood behind an intent, as the node has checked it."""

    @property
    def factor(self) -> str:
        """Return by what: `passkey`, or `totp`, which proves presence and signs nothing."""
        ...

    @property
    def signer(self) -> str:
        """Return the id of the person."""
        ...

    @property
    def at(self) -> datetime:
        """Return when it was checked."""
        ...

    @property
    def nonce(self) -> bytes:
        """Return the random bytes that make it good for once."""
        ...

    @property
    def intent(self) -> bytes:
        """Return the hash that was signed."""
        ...

    def as_document(self) -> dict[str, Json]:
        """Return what goes on the record."""
        ...


def search_intent(search: PlateSearch) -> dict[str, Json]:
    """Return the document that is signed for a search."""
    return {"asks": "search", "agency": search.agency, **asked_fields(search)}


def review_intent(search: str, *, refusing: str | None = None) -> dict[str, Json]:
    """Return the document that a reviewer signs for a search, by its number.

    `refusing` is why they refuse, in the words that the officer is told; None approves.
    """
    return {"asks": "review", "search": search, "approves": refusing is None, "reason": refusing}


def intent_hash(intent: Json, nonce: bytes) -> bytes:
    """Return the hash that is signed for an intent."""
    return sha256(_SCHEME + nonce + to_canonical(intent)).digest()


def holds(signed: Signature, intent: Json, *, by: str, now: datetime, age: timedelta) -> bool:
    """Return whether this person signed this very intent, no longer ago than `age`."""
    return (
        signed.signer == by
        and signed.intent == intent_hash(intent, signed.nonce)
        and now - age <= signed.at <= now + _SLACK
    )
