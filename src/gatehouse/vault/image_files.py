"""Sealed pictures as files: `waiting` until a hit needs them, or `kept` as long as their bucket's keys.

    <folder>/waiting|kept/<owner in hex>/<retention class>/<bucket>/<name>

What a path tells, a row of the read store tells too. The modification time of one that waits is when it came,
of one that is kept the start of its bucket. A file is put in place whole, so none is ever read half.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gatehouse.signing.durable import replace_file, sync_directory

WAITING, KEPT = "waiting", "kept"
_DRAFTS = "drafts"
_MINUTE = 60


class Keep(StrEnum):
    """Which pictures are kept: none, those of hits, or all."""

    NONE = "none"
    HITS = "hits"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture lies: its owner's bucket (minutes since 1970), of a retention class, and its name."""

    owner: str
    minutes: int
    bucket: int
    name: str

    @property
    def path(self) -> Path:
        """Return the path below `waiting` or `kept`."""
        return Path(self.owner.encode().hex()) / str(self.minutes) / str(self.bucket) / self.name


class ImageFiles:
    """The files of a vault's pictures. Threads may share it; `held` is how many bytes they take."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self.held = 0
        # What a writer that was killed has left was never acknowledged.
        shutil.rmtree(folder / _DRAFTS, ignore_errors=True)
        for each in (folder, folder / _DRAFTS):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.held = sum(path.stat().st_size for state in (WAITING, KEPT) for path in self._files(state))

    def put(self, place: Place, data: bytes, *, waits_since: int | None) -> None:
        """Store a picture, on the disk when this returns; it waits if `waits_since` (seconds) is given."""
        path = self._path(KEPT if waits_since is None else WAITING, place)
        with self._lock:
            self._make(path.parent)
            replace_file(path, data, mode=0o600, drafts=self._folder / _DRAFTS)
            at = place.bucket * _MINUTE if waits_since is None else waits_since
            os.utime(path, (at, at))
            self.held += len(data)

    def get(self, place: Place) -> bytes | None:
        """Return a picture as it was stored, None where there is none."""
        for state in (KEPT, WAITING):
            try:
                return self._path(state, place).read_bytes()
            except FileNotFoundError:
                continue
        return None

    def has(self, place: Place) -> bool:
        """Return whether there is a picture."""
        return self.state(place) is not None

    def state(self, place: Place) -> str | None:
        """Return whether a picture waits or is kept, None where there is none."""
        return next((each for each in (KEPT, WAITING) if self._path(each, place).is_file()), None)

    def keep(self, place: Place) -> bool:
        """Keep a picture that waits as long as its bucket; return False where none waits."""
        waiting, kept = self._path(WAITING, place), self._path(KEPT, place)
        with self._lock:
            if not waiting.is_file():
                return False
            self._make(kept.parent)
            os.utime(waiting, (place.bucket * _MINUTE, place.bucket * _MINUTE))
            waiting.replace(kept)
            sync_directory(kept.parent)
        return True

    def sweep(self, *, ended: Callable[[str, int, int], bool], before: int) -> int:
        """Delete what lies in buckets that ended, and what waits since before a time (seconds).

        `ended` is asked with owner, class and bucket. Return how many pictures went.
        """
        gone = 0
        with self._lock:
            for state in (WAITING, KEPT):
                for path in list(self._files(state)):
                    owner, minutes, bucket = path.parts[-4:-1]
                    is_late = state == WAITING and path.stat().st_mtime < before
                    if is_late or ended(bytes.fromhex(owner).decode(), int(minutes), int(bucket)):
                        self.held -= path.stat().st_size
                        path.unlink()
                        gone += 1
                for empty in sorted((self._folder / state).glob("*/*/*")):
                    if not any(empty.iterdir()):
                        empty.rmdir()
        return gone

    def _path(self, state: str, place: Place) -> Path:
        return self._folder / state / place.path

    def _files(self, state: str) -> Iterator[Path]:
        return (path for path in (self._folder / state).glob("*/*/*/*") if path.is_file())

    def _make(self, folder: Path) -> None:
        """Make a folder, with the names above it on the disk."""
        if folder == self._folder or folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(mode=0o700)
        sync_directory(folder.parent)
