"""How often somebody may try: by account at one address, by address, and by account wherever from.

After the first few failures each further one doubles the wait, and time forgives them one by one. Counts are
durable, so a restart is no way round them. Accounts and addresses stand there as hashes. The limit of an
account from elsewhere is high, so that a stranger cannot lock an officer out with a few tries; a whole
station behind one address is forgiven soon.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gatehouse.node.accounts.errors import NotSignedIn, TooManyAttempts
from gatehouse.node.accounts.file import AccountsFile, micros, moment

# How many failures are free, and how long it takes until one is forgiven.
FREE_TOGETHER, FORGIVEN_TOGETHER = 5, timedelta(minutes=30)
FREE_ADDRESS, FORGIVEN_ADDRESS = 20, timedelta(minutes=1)
FREE_ACCOUNT, FORGIVEN_ACCOUNT = 60, timedelta(minutes=10)
LONGEST_WAIT: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Count:
    """A count of failures: its key, how many are free, and when one is forgiven."""

    key: bytes
    free: int
    forgiven: timedelta

    def failures(self, empty_at: datetime, now: datetime) -> int:
        """Return how many failures count at a time, of a count that is forgiven whole at `empty_at`."""
        return max(0, -((now - empty_at) // self.forgiven))


class Throttle:
    """Counts failures and tells when to come again."""

    def __init__(self, file: AccountsFile) -> None:
        self._file = file

    @contextmanager
    def attempt(self, account: str, *, address: str) -> Iterator[None]:
        """Hold an attempt; `TooManyAttempts` while a wait of any of the three counts is not over.

        It counts as a failure from the start, so that many at once gain nothing, and no longer once the block
        is left without `NotSignedIn`.
        """
        counts = _counts(account, address)
        now = self._file.clock()
        before = self._take(counts, now)
        try:
            yield
        except NotSignedIn:
            raise
        except BaseException:
            self._give_back(counts, now, before, forget=False)
            raise
        else:
            self._give_back(counts, now, before, forget=True)

    def _take(self, counts: list[_Count], now: datetime) -> list[datetime]:
        """Count a failure everywhere, and return when each count had its last one before."""
        wait = timedelta()
        known = []
        with self._file.writing() as connection:
            connection.execute("DELETE FROM attempt WHERE empty_at <= ?", (micros(now),))
            for each in counts:
                row = connection.execute(
                    "SELECT empty_at, last_at FROM attempt WHERE key = ?", (each.key,)
                ).fetchone()
                empty_at, last_at = (now, now) if row is None else (moment(row[0]), moment(row[1]))
                known.append((empty_at, last_at))
                wait = max(wait, last_at + _wait(each.failures(empty_at, now), each.free) - now)
            if wait > timedelta():
                raise TooManyAttempts(
                    "too many attempts failed", retry_after=-int(-wait.total_seconds() // 1)
                )
            connection.executemany(
                "INSERT INTO attempt VALUES (?, ?, ?) ON CONFLICT (key) "
                "DO UPDATE SET empty_at = excluded.empty_at, last_at = excluded.last_at",
                [
                    (each.key, micros(empty_at + each.forgiven), micros(now))
                    for each, (empty_at, _) in zip(counts, known, strict=True)
                ],
            )
        return [last_at for _, last_at in known]

    def _give_back(
        self, counts: list[_Count], now: datetime, before: list[datetime], *, forget: bool
    ) -> None:
        """Count an attempt no more; with `forget` neither what failed before for that account there."""
        together, *_others = counts
        with self._file.writing() as connection:
            for each, last_at in zip(counts, before, strict=True):
                # Unless another came in between, the failure before is the last one again.
                connection.execute(
                    "UPDATE attempt SET empty_at = empty_at - ?2, "
                    "last_at = CASE WHEN last_at = ?3 THEN ?4 ELSE last_at END WHERE key = ?1",
                    (each.key, each.forgiven // timedelta(microseconds=1), micros(now), micros(last_at)),
                )
            if forget:
                connection.execute("DELETE FROM attempt WHERE key = ?", (together.key,))


def _counts(account: str, address: str) -> list[_Count]:
    near = _network(address)
    return [
        _Count(_hash("together", account, near), FREE_TOGETHER, FORGIVEN_TOGETHER),
        _Count(_hash("address", near), FREE_ADDRESS, FORGIVEN_ADDRESS),
        _Count(_hash("account", account), FREE_ACCOUNT, FORGIVEN_ACCOUNT),
    ]


def _hash(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()[:16]


def _network(address: str) -> str:
    """Return an address, of IPv6 its /64, which one subscriber has whole."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _wait(failures: int, free: int) -> timedelta:
    if failures < free:
        return timedelta()
    return min(LONGEST_WAIT, timedelta(seconds=2 ** min(failures - free, 10)))
