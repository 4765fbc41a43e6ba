"""The exports that a command line names: `EXPORT[@OWNER]...`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.model import BadUse
from gatehouse.records.given import read_head

if TYPE_CHECKING:
    from gatehouse.records import Input


def inputs_of(files: Sequence[str], owner: str | None) -> list[Input]:
    """Read `EXPORT@OWNER` arguments; a file whose own name holds an `@` is taken as it is."""
    found = []
    for given in files:
        path, at, named = given.rpartition("@")
        if at and not Path(given).exists():
            found.append((path, named.strip() or owner))
        else:
            found.append((given, owner))
    for path, whose in found:
        if any("\ud800" <= char <= "\udfff" for char in whose or ""):
            raise BadUse("the name of the owner is not UTF-8", hint="write it as the export does")
        read_head(path)
    # Loaded with the importer, once it is known that there is something to read.
    from gatehouse.records import Input

    return [Input(path, whose) for path, whose in found]


def size_of(inputs: Sequence[Input]) -> int | None:
    """Return the size of all files; None where one cannot be seen (the importer says why)."""
    try:
        return sum(Path(each.path).stat().st_size for each in inputs)
    except OSError:
        return None
