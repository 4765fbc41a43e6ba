"""Processes that append to a book, and tell of each outcome at once.

A line for each append: `recorded <entry> <index> <receipt in base64>`, else `refused <entry>` (nothing of it
is on the record) or `unknown <entry>`.
"""

from __future__ import annotations

import base64
import itertools
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from unittest.mock import patch

from gatehouse.ledger.committer import OutcomeUnknown
from gatehouse.model import Error
from tests.faults.books import Book, Kind, open_book

# Part of the names of files that are about to become day keys, which are drawn at random: to make calls on a
# file fail, its name must be known beforehand.
DRAFT = "draft"


def append_one(book: Book, name: str, tell: Callable[[str], None]) -> None:
    """Append an entry, and tell how that ended."""
    try:
        found = book.append(name)
    except OutcomeUnknown:
        tell(f"unknown {name}")
    except Error:
        tell(f"refused {name}")
    else:
        receipt = base64.b64encode(found.receipt.text.encode()).decode()
        tell(f"recorded {name} {found.index} {receipt}")


def under_load(kind: Kind, folder: str, telling: Connection, round_: int) -> None:
    """Append from several threads and export beside it, without end."""
    tell = _teller(telling)
    book = open_book(kind, Path(folder))
    tell("opened")

    def client(agency: str) -> None:
        for number in itertools.count():
            append_one(book, f"{agency}.{round_}.{number}", tell)

    # Three go on where an earlier process ended; the other three are new, and so is the key of their day.
    for agency in ("a", "b", "c", *(f"{each}-{round_}" for each in "def")):
        threading.Thread(target=client, args=(agency,), daemon=True).start()
    while True:
        book.export()


def when_told(kind: Kind, folder: str, telling: Connection, agency: str, count: int) -> None:
    """Open a book, append to it and close it, waiting for a word before each of the three."""
    tell = _teller(telling)
    tell("ready")
    telling.recv()
    try:
        book = open_book(kind, Path(folder))
    except Error:
        tell("closed")
        return
    tell("opened")
    telling.recv()
    with patch("secrets.token_hex", return_value=DRAFT):
        for number in range(count):
            append_one(book, f"{agency}.{number}", tell)
    tell("appended")
    telling.recv()
    # A ledger that cannot be read again cannot be exported.
    with suppress(Error):
        book.close()
    tell("closed")


def _teller(telling: Connection) -> Callable[[str], None]:
    def tell(line: str) -> None:
        # In one piece, for as long as a pipe takes it so.
        os.write(telling.fileno(), f"{line}\n".encode())

    return tell
