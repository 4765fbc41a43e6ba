"""Processes that append to a log, and tell of each outcome at once.

A line for each append: `recorded <entry> <index> <size> <root>`, else `refused <entry>` (nothing of it is on
the record) or `unknown <entry>`. Each append puts a row into the caller's own table as well.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.committer import NotRecorded, OutcomeUnknown
from gatehouse.ledger.log import Log
from gatehouse.ledger.note import split_note
from gatehouse.model import Error
from tests.unit.ledger.logs import KEY

TABLE = "CREATE TABLE searches (entry TEXT PRIMARY KEY)"


def append_one(log: Log, name: str, tell: Callable[[str], None]) -> None:
    """Append an entry with a row of the caller's, and tell how that ended."""

    def apply(store: sqlite3.Connection) -> None:
        store.execute("INSERT INTO searches VALUES (?)", (name,))

    try:
        found = log.append(name.encode().ljust(300, b"."), apply=apply)
    except NotRecorded:
        tell(f"refused {name}")
    except OutcomeUnknown:
        tell(f"unknown {name}")
    else:
        body = Checkpoint.parse(split_note(found.receipt.checkpoint)[0])
        tell(f"recorded {name} {found.index} {body.size} {body.root.hex()}")


def under_load(path: str, telling: Connection, round_: int, exported: str) -> None:
    """Append from several threads and export beside it, without end."""

    def tell(line: str) -> None:
        os.write(telling.fileno(), f"{line}\n".encode())

    log = Log.open(Path(path), signer=KEY)
    tell("opened")

    def client(name: int) -> None:
        for number in itertools.count():
            append_one(log, f"{round_}.{name}.{number}", tell)

    for name in range(6):
        threading.Thread(target=client, args=(name,), daemon=True).start()
    while True:
        log.export(Path(exported))


def when_told(path: str, telling: Connection, name: str, count: int) -> None:
    """Open a log and append to it, waiting for a word before each of the two, and close it."""

    def tell(line: str) -> None:
        os.write(telling.fileno(), f"{line}\n".encode())

    tell("ready")
    telling.recv()
    try:
        log = Log.open(Path(path), signer=KEY)
    except Error as error:
        tell(f"closed {type(error).__name__}")
        return
    with log:
        tell("opened")
        telling.recv()
        for number in range(count):
            append_one(log, f"{name}.{number}", tell)
