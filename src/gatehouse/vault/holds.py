"""Evidence holds: single reads kept beyond their retention, each under a case key of its own.

A hold never keeps a bucket: the read is sealed anew, and the keys it was sealed with end as they would. The
case key ends with the hold's date, or when an entry ends it before.
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gatehouse.vault.checks import HoldAsked, Recorded
from gatehouse.vault.errors import HoldMissing, NotPermitted, RowAltered
from gatehouse.vault.keys import Keys
from gatehouse.vault.root import KEY_BYTES
from gatehouse.vault.sealing import NONCE_BYTES
from gatehouse.vault.times import to_microseconds

_ID_BYTES = 8
_LABEL = "gatehouse-hold/1"


@dataclass(frozen=True, slots=True)
class Held:
    """A held read as it is stored, opened; `packed` is the text of `sealing.pack_read`."""

    owner: str
    read_id: bytes
    packed: bytes = field(repr=False)


class Holds:
    """The holds in the vault's database; every method works within its caller's transaction."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def place(
        self, connection: sqlite3.Connection, packed: bytes, *, asked: HoldAsked, entry: Recorded
    ) -> str:
        """Seal a packed read under a fresh case key, and return the id of the hold."""
        hold = secrets.token_hex(_ID_BYTES)
        key, nonce = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(NONCE_BYTES)
        bound = _bound(hold, entry.leaf.agency, asked.owner, asked.read_id)
        sealed = nonce + AESGCM(key).encrypt(nonce, packed, bound)
        ends = to_microseconds(asked.until)
        wrapped = self._keys.wrap_hold(connection, hold, key, destroy_at=ends)
        connection.execute(
            "INSERT INTO hold VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                hold,
                entry.leaf.agency,
                asked.owner,
                asked.read_id,
                str(asked.ground),
                entry.log,
                entry.index,
                ends,
                wrapped,
                sealed,
            ),
        )
        return hold

    def open(self, connection: sqlite3.Connection, hold: str, *, agency: str, at: int) -> Held:
        """Return a held read to the agency that holds it; one that has ended is `HoldMissing`."""
        row = connection.execute(
            "SELECT agency, owner, read_id, destroy_at, wrapped, sealed FROM hold "
            "WHERE id = ? AND destroy_at > ?",
            (hold, at),
        ).fetchone()
        if row is None:
            raise _missing(hold)
        holder, owner, read_id, ends, wrapped, sealed = row
        _check_holder(holder, agency)
        key = self._keys.unwrap_hold(connection, hold, wrapped, destroy_at=ends)
        try:
            packed = AESGCM(key).decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(hold, holder, owner, read_id)
            )
        except InvalidTag:
            raise RowAltered("a held read was altered", where=f"hold {hold}") from None
        return Held(owner, read_id, packed)

    def end(self, connection: sqlite3.Connection, hold: str, *, agency: str) -> int:
        """Delete a hold and return the shelf that its key has left; the caller sweeps."""
        row = connection.execute("SELECT agency, destroy_at FROM hold WHERE id = ?", (hold,)).fetchone()
        if row is None:
            raise _missing(hold)
        _check_holder(row[0], agency)
        connection.execute("DELETE FROM hold WHERE id = ?", (hold,))
        return int(row[1])


def _check_holder(holder: str, agency: str) -> None:
    if holder != agency:
        raise NotPermitted("a read is held by another agency", expected=holder, got=agency)


def _missing(hold: str) -> HoldMissing:
    return HoldMissing("no read is held under this id, or the hold has ended", where=f"hold {hold[:32]}")


def _bound(hold: str, agency: str, owner: str, read_id: bytes) -> bytes:
    return f"{_LABEL}\n{hold}\n{agency}\n{owner}\n{read_id.hex()}".encode()
