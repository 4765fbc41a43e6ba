"""The lease of a log on one machine: a lock on a file beside it, held as long as the process lives."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from gatehouse.ledger.committer import LeaseNotHeld, StorageFailed


class FileLease:
    """An exclusive `flock`; it ends with the process, however that ends.

    A lock is inherited over `fork`, so a child process does not hold the lease although it holds the lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._owner = os.getpid()
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise _failed(path, error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            if not isinstance(error, BlockingIOError):
                raise _failed(path, error) from error
            raise LeaseNotHeld(
                "another process commits to this log",
                where=path.name,
                expected="one writer at a time",
                hint="use the process that has the log open, or end it",
            ) from error

    def check(self) -> None:
        """Refuse a process that was forked from the holder."""
        if os.getpid() != self._owner:
            raise LeaseNotHeld(
                "the log was opened by another process",
                where=self._path.name,
                expected=f"process {self._owner}",
                got=f"process {os.getpid()}",
                hint="open the log after the fork",
            )

    def release(self) -> None:
        """Let the next process have it; the file stays, since removing it would let two hold it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _failed(path: Path, error: OSError) -> StorageFailed:
    return StorageFailed("the lease of the log cannot be had", where=path.name, got=error.strerror)
