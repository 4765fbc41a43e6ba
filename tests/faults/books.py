"""What the faults are tried on: a log with rows of its caller's, and a ledger in a folder.

Both lie in a folder with the same names in it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Literal, Protocol

from gatehouse.ledger.commitment import Disclosure, check
from gatehouse.ledger.day_keys import DayKeys, read_kek
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.folder import Folder, Ledger
from gatehouse.ledger.log import Appended, Log
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.sealing import unseal
from gatehouse.ledger.settings import DAY_KEYS, KEK, LOG, PUBLIC
from tests.unit.ledger.logs import AT, KEY, POLICY, Clock, database, made_log
from tests.unit.ledger.made import ORIGIN

Kind = Literal["log", "ledger"]


class Book(Protocol):
    """A book that was opened for appending."""

    def append(self, name: str) -> Appended:
        """Append an entry that can be found again by a name."""
        ...

    def export(self) -> str:
        """Bring the public files up to date."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class LogBook:
    """A log; the name of an entry stands in it, and in a table of the caller's."""

    def __init__(self, folder: Path) -> None:
        self._public = folder / PUBLIC
        self._log = Log.open(folder / LOG, signer=KEY, clock=Clock())

    def append(self, name: str) -> Appended:
        """Append an entry and a row."""

        def apply(store: sqlite3.Connection) -> None:
            store.execute("INSERT INTO searches VALUES (?)", (name,))

        return self._log.append(name.encode().ljust(300, b"."), apply=apply)

    def export(self) -> str:
        """Bring the public files up to date."""
        return self._log.export(self._public)

    def close(self) -> None:
        """Close the log."""
        self._log.close()


class LedgerBook:
    """A ledger; the name of an entry, `<agency>.<rest>`, is a field that its opening alone shows."""

    def __init__(self, folder: Path) -> None:
        self._ledger = Ledger.open(folder, clock=Clock())

    def append(self, name: str) -> Appended:
        """Append an entry of the agency that the name begins with."""
        return self._ledger.append(
            "search:plate:requested",
            agency=name.partition(".")[0],
            fields={"case_number": name},
            pack=bytes(32),
        )

    def export(self) -> str:
        """Bring the public files up to date."""
        return self._ledger.export()

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()


def make(kind: Kind, folder: Path) -> None:
    """Make an empty book."""
    if kind == "ledger":
        Ledger.create(folder, origin=ORIGIN, at=AT)
        return
    folder.mkdir()
    with database(made_log(folder)) as connection:
        connection.execute("CREATE TABLE searches (entry TEXT PRIMARY KEY)")


def open_book(kind: Kind, folder: Path) -> Book:
    """Open a book for appending."""
    return LedgerBook(folder) if kind == "ledger" else LogBook(folder)


def policy(kind: Kind, folder: Path) -> Policy:
    """Return whom to believe about a book."""
    return Folder(folder).policy() if kind == "ledger" else POLICY


def names(kind: Kind, folder: Path, entries: list[bytes]) -> list[str]:
    """Return the names of a book's entries, in order, after holding all that goes with them against them."""
    return _opened(folder, entries) if kind == "ledger" else _with_rows(folder, entries)


def _with_rows(folder: Path, entries: list[bytes]) -> list[str]:
    found = [entry.rstrip(b".").decode() for entry in entries]
    with database(folder / LOG) as connection:
        rows = {name for (name,) in connection.execute("SELECT entry FROM searches")}
    assert rows == set(found), "the caller's rows are not those of the entries"
    return found


def _opened(folder: Path, entries: list[bytes]) -> list[str]:
    """Open every entry under its day key, and follow the chain of each agency."""
    with database(folder / LOG) as connection:
        sealed = dict(connection.execute("SELECT entry, sealed FROM ledger_opening"))
    assert sealed.keys() == set(range(len(entries))), "openings are missing, or are of no entry"
    keys = DayKeys(folder / DAY_KEYS, kek=read_kek(folder / KEK))
    found: list[str] = []
    last: dict[str, tuple[int, bytes]] = {}
    for index, entry in enumerate(entries):
        leaf = read_entry(entry)
        before = last.get(leaf.agency)
        assert (leaf.sequence, leaf.previous) == ((before[0] + 1, before[1]) if before else (0, None))
        last[leaf.agency] = leaf.sequence, leaf_hash(entry)
        openings = unseal(sealed[index], entry=entry, key=keys.read(leaf.agency, leaf.hour.date()))
        disclosure = Disclosure.parse(openings.disclose("case_number", index=index).text)
        check(leaf, disclosure)
        assert isinstance(disclosure.value, str)
        assert disclosure.value.partition(".")[0] == leaf.agency
        found.append(disclosure.value)
    return found
