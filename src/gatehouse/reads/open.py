"""Read stores by URL: `sqlite:///path` (`sqlite:////path` from the root) or a PostgreSQL address.

The latter goes to libpq as it is, so that it may name several hosts and `target_session_attrs`.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from gatehouse.model import BadUse
from gatehouse.reads.store import ReadStore

_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgres://")


def open_reads(url: str) -> ReadStore:
    """Open the store at a URL; one that was never made is `PartUnavailable`."""
    if path := _sqlite_path(url):
        from gatehouse.reads.sqlite import SqliteReads

        return SqliteReads(path)
    from gatehouse.reads.postgres import PostgresReads

    return PostgresReads(_dsn(url))


def init_reads(url: str) -> None:
    """Make a store at a URL; one that is there already is left as it is."""
    if path := _sqlite_path(url):
        from gatehouse.reads.sqlite import SqliteReads

        SqliteReads.create(path)
    else:
        from gatehouse.reads.postgres import PostgresReads

        PostgresReads.create(_dsn(url))


def _sqlite_path(url: str) -> Path | None:
    path = url.removeprefix(_SQLITE)
    return Path(unquote(path)) if path and path != url else None


def _dsn(url: str) -> str:
    if not url.startswith(_POSTGRESQL):
        # The address itself may hold a password.
        raise BadUse(
            "this is no address of a read store",
            expected="sqlite:///PATH or postgresql://USER@HOST/DATABASE",
            got=f"{url.partition(':')[0]}:…" if ":" in url else "no scheme",
        )
    return url
