"""What a change that goes with an entry may not do: end the transaction, or write to the log's own tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from gatehouse.ledger import schema

_NEVER = {
    sqlite3.SQLITE_TRANSACTION: "the transaction",
    sqlite3.SQLITE_ATTACH: "another database",
    sqlite3.SQLITE_DETACH: "another database",
    sqlite3.SQLITE_PRAGMA: "a setting of the database",
    # SQLite does not say which name a table shall get, and it might be one of the log's.
    sqlite3.SQLITE_ALTER_TABLE: "the form of a table",
}
_WRITING = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
# A temporary table or view would stand before the log's own of that name.
_SHAPING = frozenset(
    {
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_TEMP_TABLE,
        sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_CREATE_TEMP_VIEW,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_CREATE_VIEW,
        sqlite3.SQLITE_CREATE_VTABLE,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_TRIGGER,
    }
)


class Guard:
    """Keeps the caller's change from ending the transaction, and from the log's own tables.

    `denied` names what it was kept from the last time; `index` and `at` are those of the entry that a change
    goes with.
    """

    def __init__(self) -> None:
        self._applying = False
        self._own = False
        self.denied: str | None = None
        self.index: int | None = None
        self.at: int | None = None

    @contextmanager
    def holding(self, *, own: bool, index: int, at: int) -> Iterator[None]:
        """Hold what is done within to the rules for a change that is the ledger's `own`, or a caller's."""
        self._applying, self._own, self.denied = True, own, None
        self.index, self.at = index, at
        try:
            yield
        finally:
            self._applying = False
            self.index = self.at = None

    def allow(
        self,
        connection: sqlite3.Connection,
        action: int,
        first: str | None,
        second: str | None,
        *_: str | None,
    ) -> int:
        """Answer what SQLite asks of each part of a statement that it prepares (its authorizer)."""
        if not self._applying:
            return sqlite3.SQLITE_OK
        if not connection.in_transaction:
            # `OR ROLLBACK` has ended it: what came now would be durable without the entry.
            self.denied = "the transaction"
            return sqlite3.SQLITE_DENY
        if action in _NEVER or (action == sqlite3.SQLITE_SAVEPOINT and _is_the_savepoint(second)):
            self.denied = _NEVER.get(action, "the log's savepoint")
            return sqlite3.SQLITE_DENY
        if action in _WRITING and _is_the_logs(first) and not (self._own and first in schema.SEALING):
            self.denied = first
            return sqlite3.SQLITE_DENY
        if action in _SHAPING and (_is_the_logs(first) or _is_the_logs(second)):
            self.denied = f"the form of {second if _is_the_logs(second) else first}"
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK


@contextmanager
def as_it_was(connection: sqlite3.Connection) -> Iterator[None]:
    """Undo what a caller has set for the rows that it reads: the log would read its own so."""
    rows, texts = connection.row_factory, connection.text_factory
    try:
        yield
    finally:
        connection.row_factory, connection.text_factory = rows, texts


def _is_the_savepoint(name: str | None) -> bool:
    return (name or "").lower() == "ledger_apply"


def _is_the_logs(name: str | None) -> bool:
    return (name or "").lower().startswith(schema.TABLES)
