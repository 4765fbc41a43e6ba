"""Delimited text read record by record with the standard library, resynchronizing after a broken quote.

RFC 4180 as the `csv` module reads it, with one addition: a quote that is never closed would swallow the
records after it. So a record that runs over several lines, breaks the rules of quoting and does not have
the usual width ends before the first line within it that starts a sound record of that width.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from gatehouse.records.encoding import to_text
from gatehouse.records.quoting import quotes_of, well_quoted

# Texts of policies and event logs run over dozens of lines; a cell of so many is an unclosed quote.
MAX_LINES = 5000
# How many lines of a broken record are tried as a start of the next one.
_TRIES = 50
_LINES = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


@dataclass(slots=True)
class Scan:
    """Records in file order (a blank line is an empty record), bytes used, and how many were cut loose."""

    records: list[list[str]] = field(default_factory=list)
    used: int = 0
    resynchronized: int = 0


class _Lines:
    """The lines of a buffer as an iterator that knows where it stands and can be set back."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.last = len(lines)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.at >= self.last:
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]


def scan(data: bytes, *, delimiter: str, spaced: bool, width: int, stop: int) -> Scan:
    """Read the records that start before byte `stop`; `width` 0 accepts any width.

    The record at the end of `data` is read as if the file ended there: the caller sets `stop` so that no
    record which may go on beyond `data` is read.
    """
    raw_lines = _LINES.findall(data)
    source = _Lines([to_text(line) for line in raw_lines])
    result = Scan()
    limit = csv.field_size_limit()
    csv.field_size_limit(max(limit, len(data) + 1))
    try:
        used = 0
        while source.at < len(raw_lines) and used < stop:
            start = source.at
            record = _read(source, delimiter, spaced)
            end = source.at
            if end - start > 1 and len(record) != width and not _sound(raw_lines[start:end], delimiter):
                restart = _restart(source, raw_lines, start, (delimiter, spaced, width))
                if restart is not None:
                    source.at, source.last = start, restart
                    record = _read(source, delimiter, spaced)
                    source.at, source.last = restart, len(raw_lines)
                    result.resynchronized += 1
            result.records.append(record)
            used += sum(len(line) for line in raw_lines[start : source.at])
        result.used = used
    finally:
        csv.field_size_limit(limit)
    return result


def _read(source: _Lines, delimiter: str, spaced: bool) -> list[str]:
    line = source.lines[source.at]
    if '"' not in line:
        # Without a quote the record is the line, and splitting it is what the csv module would do.
        source.at += 1
        line = line.rstrip("\r\n")
        if not line:
            return []
        cells = line.split(delimiter)
        return [cell.lstrip(" ") for cell in cells] if spaced else cells
    last = source.last
    source.last = min(last, source.at + MAX_LINES)
    try:
        return next(csv.reader(source, delimiter=delimiter, skipinitialspace=spaced))
    finally:
        source.last = last


def _restart(
    source: _Lines, raw_lines: list[bytes], start: int, dialect: tuple[str, bool, int]
) -> int | None:
    """Return the first line inside a broken record that starts a sound record of the usual width."""
    delimiter, spaced, width = dialect
    end = source.at
    found = None
    for at in range(start + 1, min(end, start + 1 + _TRIES)):
        source.at = at
        following = _read(source, delimiter, spaced)
        if len(following) == width > 1 and _sound(raw_lines[at : source.at], delimiter):
            found = at
            break
    source.at = end
    if found is None and end - start >= MAX_LINES:
        return start + 1
    return found


def _sound(lines: list[bytes], delimiter: str) -> bool:
    text = np.frombuffer(b"".join(lines), np.uint8)
    return well_quoted(text, quotes_of(text), delimiter.encode())
