"""Day keys: one AES-256 key for each agency and UTC day, and their destruction.

The openings of a day's entries are sealed under the day's key, so destroying one file ends them all. Each key
stands in a file of its own, `<agency>/<day>.key`, wrapped (AES-256-GCM) under a key-encryption key that is
kept elsewhere. A row of a database would be worse: SQLite leaves old bytes in its write-ahead log, in free
pages and in every backup.

    8 bytes   which key-encryption key wraps it: the start of SHA-256 of a label and that key
    12 bytes  nonce
    48 bytes  the wrapped key; associated data: a label, agency and day

A key that was lost for good, and on the record, is followed by another for the same day, in a file named for
the entry that records the loss: `<day>.<entry>.key`. So a copy of the first that turns up later takes
nothing's place.

`destroy` leaves a mark, `<day>.destroyed`, before the key goes: a day that has ended gets no second key, and
a lost key is told from a destroyed one. Then it overwrites the file in place, unlinks it, and syncs both.

What that promises: nobody who has this folder from then on can open the day, and nothing else of it has to
be trusted or rewritten. What it cannot promise: a file system that copies on write, a snapshot, an SSD that
moves blocks, and a backup may hold the wrapped key still. That copy is worth nothing without the
key-encryption key. So keep that key out of backups, and call `rewrap` after a sweep: it moves the surviving
keys under a fresh one; once the old one is destroyed, every older copy of the folder is dead. Nor can it
reach openings that were already read, or keys in the memory of a process that runs.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gatehouse.ledger.entry import AGENCY
from gatehouse.model import BadInput, BadUse, PartUnavailable
from gatehouse.signing.durable import sync_directory
from gatehouse.signing.private_file import create_private, read_private, refusals, replace_private

KEY_BYTES = 32
_NONCE_BYTES, _ID_BYTES, _TAG_BYTES = 12, 8, 16
# Days that stay unwrapped in memory, and days whose files are known to be on the disk.
_KEPT = 256
_FILE_BYTES = _ID_BYTES + _NONCE_BYTES + KEY_BYTES + _TAG_BYTES
_WRAP = b"gatehouse-day-key/1\n"
_FILE = re.compile(r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.(?P<after>0|[1-9][0-9]{0,18}))?\.key", re.ASCII)


class DayKeyDestroyed(PartUnavailable):
    """The key of an agency's day was destroyed: what it sealed is gone for good."""


class DayKeyMissing(PartUnavailable):
    """The key of an agency's day is not there, and nothing says that it was destroyed."""


def read_kek(path: Path) -> bytes:
    """Read a key-encryption key, 64 hex digits in a file that its owner alone may read."""
    text = read_private(path).decode("ascii", "replace").removesuffix("\n")
    if not re.fullmatch(r"[0-9a-f]{64}", text, re.ASCII):
        raise BadInput("a file holds no key-encryption key", where=str(path), expected="64 hex digits")
    return bytes.fromhex(text)


def create_kek(path: Path) -> bytes:
    """Draw a key-encryption key and write it to a new file with mode 0600; an existing one is refused."""
    kek = secrets.token_bytes(KEY_BYTES)
    create_private(path, kek.hex().encode() + b"\n")
    return kek


def renew_kek(path: Path, keys: DayKeys) -> None:
    """Put every surviving day key under a fresh key-encryption key, then destroy the old one in its file.

    Cut off at any point, it can be called again: the fresh key waits in `<path>.next` until no day key needs
    the old one. `keys` was opened with the key in `path`.
    """
    waiting, old = path.with_name(path.name + ".next"), path.with_name(path.name + ".old")
    with refusals("the key-encryption key cannot be renewed", path):
        if old.exists():
            # Cut off before: with a key still waiting, the old file is `path` itself under a second name.
            if not waiting.exists():
                _overwrite(old)
            old.unlink()
            sync_directory(path.parent)
        fresh = read_kek(waiting) if waiting.exists() else create_kek(waiting)
        keys.rewrap(fresh)
        old.hardlink_to(path)
        waiting.replace(path)
        sync_directory(path.parent)
        _overwrite(old)
        old.unlink()
        sync_directory(path.parent)


class DayKeys:
    """The day keys in a folder, under a key-encryption key of 32 bytes."""

    def __init__(self, directory: Path, *, kek: bytes) -> None:
        if len(kek) != KEY_BYTES:
            raise BadUse("a key-encryption key has the wrong length", expected="32 bytes")
        self.directory = directory
        self._kek = kek
        self._known: dict[Path, bytes] = {}
        self._durable: set[Path] = set()
        with _failures(directory):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def create(
        self,
        agency: str,
        day: date,
        *,
        after: int | None = None,
        before_drawing: Callable[[], None] | None = None,
    ) -> bytes:
        """Return an agency's key for a day, made durable before this returns; a destroyed day gets none.

        `after` is the entry that records the loss of the day's key before, if it was lost. `before_drawing`
        is called where there is no key yet, and may raise to keep one from being drawn.
        """
        path = self.path(agency, day, after)
        try:
            key = self.read(agency, day, after=after)
        except DayKeyMissing:
            if before_drawing is not None:
                before_drawing()
            key = self._drawn(path, agency, day, after)
        # A key that is found may be from a call that failed, or was cut off, before its name was on the disk.
        if path not in self._durable:
            with _failures(path):
                for folder in (path.parent, self.directory, self.directory.parent):
                    sync_directory(folder)
            if len(self._durable) == _KEPT:
                self._durable.clear()
            self._durable.add(path)
        return key

    def _drawn(self, path: Path, agency: str, day: date, after: int | None) -> bytes:
        key = secrets.token_bytes(KEY_BYTES)
        with _failures(path):
            path.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            create_private(path, self._wrapped(key, _bound(agency, day, after), self._kek))
        except BadUse:
            # Another process was quicker: its key is the day's key.
            return self.read(agency, day, after=after)
        return key

    def read(self, agency: str, day: date, *, after: int | None = None) -> bytes:
        """Return an agency's key for a day, else `DayKeyDestroyed` or `DayKeyMissing`."""
        path = self.path(agency, day, after)
        with _failures(path):
            destroyed = self.is_destroyed(agency, day)
            missing = path not in self._known and not path.exists()
        if destroyed:
            raise DayKeyDestroyed("the key of this day was destroyed", where=f"{agency}, {day}")
        # The marks above are looked for each time: another process may destroy the key.
        if path in self._known:
            return self._known[path]
        if missing:
            raise DayKeyMissing("there is no key for this day", where=f"{agency}, {day}")
        key = self._unwrapped(path, _bound(agency, day, after))
        if len(self._known) == _KEPT:
            self._known.clear()
        self._known[path] = key
        return key

    def is_destroyed(self, agency: str, day: date) -> bool:
        """Return whether the day's key was destroyed, or its destruction was begun."""
        return self.path(agency, day).with_suffix(".destroyed").exists()

    def doubt(self, agency: str, day: date, *, after: int | None = None) -> str | None:
        """Return why a key that is there cannot be read, None if it can; one that is not there raises."""
        path = self.path(agency, day, after)
        # Whatever the memory holds, it is the file that counts.
        self._known.pop(path, None)
        if path.exists() and not path.is_file():
            raise BadInput("a day key stands in a regular file only", where=str(path))
        try:
            self.read(agency, day, after=after)
        except (DayKeyMissing, DayKeyDestroyed):
            raise
        except (BadInput, PartUnavailable) as error:
            return error.what
        return None

    def destroy(self, agency: str, day: date) -> None:
        """Destroy an agency's keys for a day. Doing it twice is no error, and finishes what was cut off.

        What the file holds does not matter: a damaged key may be mended by whoever has a copy.

        The log is told by its caller: `log:day_key:destroyed` is an entry of its own.
        """
        path = self.path(agency, day)
        if not path.parent.is_dir():
            raise DayKeyMissing("this agency has no keys", where=agency)
        keys = [path, *path.parent.glob(f"{day.isoformat()}.*.key")]
        for each in keys:
            self._known.pop(each, None)
        mark = path.with_suffix(".destroyed")
        if not mark.exists():
            if not any(each.exists() for each in keys):
                raise DayKeyMissing("there is no key for this day", where=f"{agency}, {day}")
            create_private(mark, b"")
        with _failures(path):
            for each in keys:
                if each.exists():
                    _overwrite(each)
                    each.unlink()
            sync_directory(path.parent)

    def days(self) -> Iterator[tuple[str, date]]:
        """Yield agency and day of every key that is left, in order."""
        for _, agency, day, _ in self._files():
            yield agency, day

    def rewrap(self, kek: bytes) -> None:
        """Put every key that is left under another key-encryption key; cut off, it can be called again.

        The caller destroys the old key-encryption key, and only afterwards.
        """
        for path, agency, day, after in self._files():
            if read_private(path)[:_ID_BYTES] == _kek_id(kek):
                continue
            bound = _bound(agency, day, after)
            replace_private(path, self._wrapped(self._unwrapped(path, bound), bound, kek))
        self._kek = kek

    def _files(self) -> Iterator[tuple[Path, str, date, int | None]]:
        """Yield every key that is left: its file, agency, day, and the loss that it was drawn after."""
        for path in sorted(self.directory.glob("*/*.key")):
            found = _FILE.fullmatch(path.name)
            try:
                day = date.fromisoformat(found["day"] if found else "")
            except ValueError:
                raise BadInput("a file is named for no day", where=str(path), expected="<day>.key") from None
            assert found is not None
            if not self.is_destroyed(path.parent.name, day):
                yield path, path.parent.name, day, int(found["after"]) if found["after"] else None

    def path(self, agency: str, day: date, after: int | None = None) -> Path:
        """Return where the key of a day stands, or the one drawn after a loss that an entry records."""
        if not re.fullmatch(AGENCY, agency, re.ASCII):
            raise BadUse("no agency has such an id", got=f"{len(agency)} characters")
        name = day.isoformat() if after is None else f"{day.isoformat()}.{after}"
        return self.directory / agency / f"{name}.key"

    def _wrapped(self, key: bytes, bound: bytes, kek: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _kek_id(kek) + nonce + AESGCM(kek).encrypt(nonce, key, bound)

    def _unwrapped(self, path: Path, bound: bytes) -> bytes:
        data = read_private(path)
        if len(data) != _FILE_BYTES:
            raise BadInput(
                "a file holds no day key",
                where=str(path),
                expected=f"{_FILE_BYTES} bytes",
                got=f"{len(data)} bytes",
            )
        if data[:_ID_BYTES] != _kek_id(self._kek):
            raise PartUnavailable(
                "a day key is wrapped under another key-encryption key",
                where=str(path),
                expected=_kek_id(self._kek).hex(),
                got=data[:_ID_BYTES].hex(),
            )
        nonce = data[_ID_BYTES : _ID_BYTES + _NONCE_BYTES]
        try:
            return AESGCM(self._kek).decrypt(nonce, data[_ID_BYTES + _NONCE_BYTES :], bound)
        except InvalidTag:
            raise BadInput(
                "a day key was altered, or is another day's",
                where=str(path),
                expected=f"the key of {path.parent.name} for {path.stem}",
            ) from None


def _kek_id(kek: bytes) -> bytes:
    return sha256(b"gatehouse-kek-id/1\n" + kek).digest()[:_ID_BYTES]


def _bound(agency: str, day: date, after: int | None) -> bytes:
    later = "" if after is None else f"\n{after}"
    return _WRAP + f"{agency}\n{day.isoformat()}{later}".encode()


def _failures(path: Path) -> AbstractContextManager[None]:
    return refusals("a day key cannot be read, written or destroyed", path)


def _overwrite(path: Path) -> None:
    """Write random bytes over a file in place, and wait until they are on the disk."""
    if not os.access(path, os.W_OK):
        path.chmod(0o600)
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        file.write(secrets.token_bytes(size))
        file.flush()
        os.fsync(file.fileno())
