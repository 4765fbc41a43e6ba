"""How often somebody may try: by account at one address, by address, and by account wherever from.

After the first few failures each further one doubles the wait. Counts are durable, so a restart is no way
round them, and fade after a day without failure. Accounts and addresses stand there as hashes. The
limit of an account from elsewhere is high, so that a stranger cannot lock an officer out with a few tries.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from gatehouse.node.accounts.errors import NotSignedIn, TooManyAttempts
from gatehouse.node.accounts.file import AccountsFile, micros, moment

FREE_TOGETHER: Final = 5
FREE_ADDRESS: Final = 20
FREE_ACCOUNT: Final = 60
LONGEST_WAIT: Final = timedelta(minutes=15)
FADES: Final = timedelta(days=1)


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
        keys = _keys(account, address)
        self._take(keys)
        try:
            yield
        except NotSignedIn:
            raise
        except BaseException:
            self._give_back(keys, forget=False)
            raise
        else:
            self._give_back(keys, forget=True)

    def _take(self, keys: list[tuple[bytes, int]]) -> None:
        now = self._file.clock()
        wait = timedelta()
        with self._file.writing() as connection:
            connection.execute("DELETE FROM attempt WHERE last_at < ?", (micros(now - FADES),))
            for key, free in keys:
                row = connection.execute(
                    "SELECT failures, last_at FROM attempt WHERE key = ?", (key,)
                ).fetchone()
                if row is not None:
                    wait = max(wait, moment(row[1]) + _wait(row[0], free) - now)
            if wait > timedelta():
                raise TooManyAttempts(
                    "too many attempts failed", retry_after=-int(-wait.total_seconds() // 1)
                )
            for key, _ in keys:
                connection.execute(
                    "INSERT INTO attempt VALUES (?, 1, ?) ON CONFLICT (key) "
                    "DO UPDATE SET failures = failures + 1, last_at = excluded.last_at",
                    (key, micros(now)),
                )

    def _give_back(self, keys: list[tuple[bytes, int]], *, forget: bool) -> None:
        """Count an attempt no more; with `forget` neither what failed before for that account there."""
        (together, _), *_others = keys
        with self._file.writing() as connection:
            for key, _ in keys:
                connection.execute("UPDATE attempt SET failures = failures - 1 WHERE key = ?", (key,))
            if forget:
                connection.execute("DELETE FROM attempt WHERE key = ?", (together,))
            connection.execute("DELETE FROM attempt WHERE failures <= 0")


def _keys(account: str, address: str) -> list[tuple[bytes, int]]:
    near = _network(address)
    return [
        (_hash("together", account, near), FREE_TOGETHER),
        (_hash("address", near), FREE_ADDRESS),
        (_hash("account", account), FREE_ACCOUNT),
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
