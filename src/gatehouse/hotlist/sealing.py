"""What a hotlist keeps at rest, sealed: entries under one key, and what was read for a hit by owner and day.

    entry  AES-256-GCM under a key of the hotlist's file; associated data: a label and the entry's id
    lead   AES-256-GCM under the key of the owner and the day of the read; associated data: a label and its id

The file stands outside the database and its backups. A lead's key is destroyed at the start of its day plus
the owner's retention, so a hit keeps no read longer than the vault does; what the record keeps of it is that
there was one. An owner that keeps reads for less than a day has no leads at rest at all.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gatehouse.hotlist.errors import SealBroken
from gatehouse.ledger.day_keys import DayKeyDestroyed, DayKeyMissing, DayKeys, create_kek, read_kek, renew_kek
from gatehouse.model import BadInput
from gatehouse.signing.private_file import create_private, read_private

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_BLOCK: Final = 512
_ENTRY = b"gatehouse-hotlist-entry/1\n"
_LEAD = b"gatehouse-hotlist-lead/1\n"
_SUBKEY = b"gatehouse-hotlist-key/1\n"
DAY = timedelta(days=1)


class EntryKey:
    """The key that entries are sealed under, and that keyed hashes of plates and cases are made with."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise BadInput("a hotlist's key has the wrong length", expected=f"{KEY_BYTES} bytes")
        self._sealing = AESGCM(hmac.digest(key, _SUBKEY + b"sealing", sha256))
        self._hashing = hmac.digest(key, _SUBKEY + b"hashing", sha256)

    @classmethod
    def create(cls, path: Path) -> EntryKey:
        """Draw a key and write it to a new file with mode 0600."""
        key = secrets.token_bytes(KEY_BYTES)
        create_private(path, key.hex().encode() + b"\n")
        return cls(key)

    @classmethod
    def open(cls, path: Path) -> EntryKey:
        """Read the key from its file; a file that is not private or holds no key is `BadInput`."""
        try:
            return cls(bytes.fromhex(read_private(path).decode("ascii").strip()))
        except ValueError:
            raise BadInput("the file holds no hotlist key", where=str(path)) from None

    def hash(self, label: str, *texts: str) -> bytes:
        """Return a keyed hash that tells equal texts, of equal labels, from others."""
        parts = b"".join(len(each).to_bytes(4) + each for each in (text.encode() for text in texts))
        return hmac.digest(self._hashing, label.encode() + b"\n" + parts, sha256)[:16]

    def seal(self, entry: str, data: bytes) -> bytes:
        """Seal an entry's data, padded so that its length tells little of a reason's."""
        return _sealed(self._sealing, data, _ENTRY + entry.encode())

    def unseal(self, entry: str, sealed: bytes) -> bytes:
        """Return an entry's data; a changed or moved one is `SealBroken`."""
        return _unsealed(self._sealing, sealed, _ENTRY + entry.encode())


class LeadKeys:
    """The keys of leads in a folder: `kek`, and a key for each owner and day below `days/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._keys = DayKeys(folder / "days", kek=read_kek(folder / "kek"))
        # No key may be made while all are put under another key-encryption key.
        self._lock = threading.Lock()

    @classmethod
    def create(cls, folder: Path) -> LeadKeys:
        """Make the folder, with a fresh key-encryption key."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        create_kek(folder / "kek")
        return cls(folder)

    def seal(self, lead: str, data: bytes, *, owner: str, day: date) -> bytes | None:
        """Seal a lead under the key of its day, None where that key was destroyed already."""
        try:
            with self._lock:
                key = self._keys.create(owner, day)
        except DayKeyDestroyed:
            return None
        return _sealed(AESGCM(key), data, _LEAD + lead.encode())

    def unseal(self, lead: str, sealed: bytes, *, owner: str, day: date) -> bytes | None:
        """Return a lead, None once its key was destroyed; a changed or moved one is `SealBroken`."""
        try:
            with self._lock:
                key = self._keys.read(owner, day)
        except (DayKeyDestroyed, DayKeyMissing):
            return None
        return _unsealed(AESGCM(key), sealed, _LEAD + lead.encode())

    def owners(self) -> frozenset[str]:
        """Return the owners of whose reads there may be leads."""
        return frozenset(owner for owner, _ in self._keys.days())

    def sweep(self, now: datetime, retention: dict[str, timedelta | None]) -> int:
        """Destroy every key that is due, and those of owners without a retention; return how many.

        Those that stay come under a fresh key-encryption key, so that older copies of the folder are dead.
        """
        with self._lock:
            due = [
                (owner, day)
                for owner, day in self._keys.days()
                if (kept := retention.get(owner)) is None or _began(day) + kept <= now
            ]
            for owner, day in due:
                self._keys.destroy(owner, day)
            if due:
                renew_kek(self.folder / "kek", self._keys)
            return len(due)


def _began(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _sealed(key: AESGCM, data: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    text = len(data).to_bytes(4) + data
    return nonce + key.encrypt(nonce, text + bytes(-len(text) % _BLOCK), bound)


def _unsealed(key: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    try:
        text = key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        raise SealBroken(
            "what is kept of a hotlist does not open",
            expected="bytes as they were sealed",
            got="others, or another key",
            hint="hold the database against its backup; nothing was handed out",
        ) from None
    return text[4 : 4 + int.from_bytes(text[:4])]
