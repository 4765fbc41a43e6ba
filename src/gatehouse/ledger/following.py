"""Taking a log's entries one after the other, and what each shows to be wrong with the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from gatehouse.ledger.clock import CLOCK_TOLERANCE_SECONDS
from gatehouse.ledger.errors import InvalidEntry, VerificationError
from gatehouse.ledger.layout import TILE, Resource, decode_bundle
from gatehouse.ledger.lives import known_by
from gatehouse.ledger.source import Source
from gatehouse.ledger.watch import Finding, Watch


def take(watch: Watch, index: int, entry: bytes, hashed: bytes, *, now: int, latest: str) -> None:
    """Take an entry into what is remembered, and find what is wrong with it.

    It is read at `now`; an hour that begins after `latest` (see `written`) is ahead of our clock.
    """
    try:
        clear, broken = watch.chains.follow(index, entry, hashed, latest=latest)
    except InvalidEntry as error:
        watch.find(Finding.of("invalid_entry", error))
        return
    if broken is not None:
        watch.find(Finding.of(broken.kind, broken.error))
    if clear is None:
        return
    # A clock that is ahead is one fault, told of where it begins.
    if clear.hour > latest and not watch.ahead:
        watch.find(
            Finding(
                "clock",
                "an entry's hour had not begun when it was read",
                where=f"entry {index}, agency {clear.agency}",
                expected=f"at most {CLOCK_TOLERANCE_SECONDS} s after {written(now)}",
                got=clear.hour,
            )
        )
    watch.ahead = clear.hour > latest
    if watch.compares(clear.hour[:10], now):
        watch.count(clear.hour[:10], clear.agency, clear.event)
    stage = watch.lives.take(clear.agency, clear.event, known_by(clear.hour, now))
    if stage is not None:
        watch.find(
            Finding(
                "no_intent",
                "an outcome stands without its intent",
                where=f"entry {index}, agency {clear.agency}",
                expected=f"{stage} before it",
                got=clear.event,
            )
        )


def written(at: int) -> str:
    """Return a time as entries spell it, so that texts compare as times do."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def entries(source: Source, first: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield index and bytes of the entries [first, end)."""
    # Lazily: the size is whatever somebody has signed, and need not be one that is served.
    paths = (each.path for each in _bundles(first, end))
    for bundle, data in zip(_bundles(first, end), source.fetch_each(paths), strict=True):
        try:
            held = decode_bundle(data, count=bundle.width)
        except VerificationError as error:
            error.where = bundle.path
            raise
        skipped = max(0, first - bundle.first)
        yield from enumerate(held[skipped:], bundle.first + skipped)


def _bundles(first: int, end: int) -> Iterator[Resource]:
    for index in range(first // TILE, -(-end // TILE)):
        yield Resource("entries", 0, index, min(TILE, end - index * TILE))
