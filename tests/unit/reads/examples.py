"""Rows whose contents are plain to see."""

from __future__ import annotations

from gatehouse.reads import Lookup, ReadBatch, SealedRead
from gatehouse.reads.rows import DAY_MINUTES

# 2026-11-23
TODAY = 20_780
BUCKET = TODAY * DAY_MINUTES


def token(of: str) -> bytes:
    return of.encode().ljust(16, b".")


def sealed(of: str, *, owner: str = "alder-pd", bucket: int = BUCKET, read: str = "r1") -> SealedRead:
    return SealedRead(token(of), bucket, owner, token(read), f"sealed {of} {read}".encode())


def batch(number: int, *rows: SealedRead, camera: str = "alder-1") -> ReadBatch:
    return ReadBatch(camera, number, rows)


def asked(*rows: SealedRead) -> list[Lookup]:
    return [Lookup(row.bucket, row.token) for row in rows]
