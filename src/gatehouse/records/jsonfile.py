"""A JSON array of objects as a table: the keys are the header, one object is one record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gatehouse.model import BadInput
from gatehouse.records.csvfile import frame_of, without_blank_records
from gatehouse.records.raw import RawBlock

# Read whole; the lists that agencies publish about themselves stay far below this.
_LARGEST = 512 << 20


class JsonSource:
    """A file that holds one JSON array of objects. The header is row 1, the first object row 2."""

    delimiter: str | None = None
    unterminated = False
    consumed = 0

    def __init__(self, path: str) -> None:
        self.path = path
        self.encoding: str | None = "utf-8"
        self.notes: tuple[tuple[str, str], ...] = ()
        file = Path(path)
        if file.stat().st_size > _LARGEST:
            raise BadInput(
                "the JSON file is too large",
                where=path,
                expected=f"at most {_LARGEST >> 20} MB",
                got=f"{file.stat().st_size >> 20} MB",
                hint="convert it to CSV",
            )
        data = file.read_bytes()
        self.sha256 = hashlib.sha256(data).hexdigest()
        self._objects = _objects(data)
        if self._objects is None:
            raise BadInput(
                "the JSON file is no table",
                where=path,
                expected="an array of objects",
                got="another document",
                hint="convert it to CSV",
            )

    @staticmethod
    def recognizes(path: str) -> bool:
        """Return whether the file is an array of objects."""
        file = Path(path)
        return file.stat().st_size <= _LARGEST and _objects(file.read_bytes()) is not None

    def blocks(self) -> Iterator[RawBlock]:
        """Yield the records in file order; may be called again to read from the start."""
        objects = self._objects or []
        labels = list(dict.fromkeys(key for each in objects for key in each))
        records = [labels, *([_text(each.get(label)) for label in labels] for each in objects)]
        cells = frame_of(records)
        yield without_blank_records(RawBlock.numbered(cells, 1))


def _objects(data: bytes) -> list[dict[str, Any]] | None:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, list) or not document or not all(isinstance(each, dict) for each in document):
        return None
    return document


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
