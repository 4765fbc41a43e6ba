"""Tables of a caller beside those of a log, made before the log is opened.

What changes with an entry (`Ledger.append(…, apply=…)`) has its tables in the log's own database. They are
made here, since no change that goes with an entry may begin a transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from gatehouse.ledger import schema
from gatehouse.ledger.sqlite_file import BEGIN, connect, failures, snapshot
from gatehouse.model import BadInput, BadUse

_MADE = re.compile(r"\s*CREATE (?:TABLE|(?:UNIQUE )?INDEX) IF NOT EXISTS ([a-z][a-z0-9_]*)[\s(]", re.ASCII)
# An index on a table of the log's own could refuse its next entry.
_OF_THE_LOG = re.compile(rf"\bON\W+{schema.TABLES}", re.ASCII | re.IGNORECASE)


def create(path: Path, statements: Iterable[str]) -> None:
    """Make tables and indexes in the database of a log where they are not there yet, all or none.

    Each statement is a `CREATE … IF NOT EXISTS`; a name of the log's own is `BadUse`.
    """
    wanted = list(statements)
    for statement in wanted:
        found = _MADE.match(statement)
        if found is None or found[1].startswith(schema.TABLES) or _OF_THE_LOG.search(statement):
            raise BadUse(
                "a table beside the log's is not one",
                expected=f"CREATE … IF NOT EXISTS and a name that does not begin with {schema.TABLES}",
                got=found[1] if found else "another statement",
            )
    if not path.is_file():
        raise BadInput("there is no log", where=path.name, hint="make one with `gatehouse ledger init`")
    with failures(path):
        connection = connect(path)
        try:
            if not schema.holds_log(connection):
                raise BadInput("the file holds no log", where=path.name)
            with snapshot(connection, BEGIN):
                for statement in wanted:
                    connection.execute(statement)
        finally:
            connection.close()
