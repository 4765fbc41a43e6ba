"""A cell's lines become its text: undo what the page's width did to it, and nothing else."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from gatehouse.records.containers.pdf.fit import ColumnFit, Line
from gatehouse.records.containers.pdf.text import SPACE, Run

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_UUID_PIECE = re.compile(r"[0-9a-fA-F-]{1,36}")
_UUID_SHAPE = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"

_TIME = (
    r"(?:\d{1,2}/\d{1,2}/\d{2,4}|\d{4}-\d{2}-\d{2})"
    r"(?:[,T ]\s*\d{1,2}:\d{2}(?::\d{2})?(?:\.\d{1,6})?(?:\s?[AP]M)?(?:\s?(?:UTC|Z|[+-]\d{2}:?\d{2}))?)?"
)
_TIMES = re.compile(rf"({_TIME}) ({_TIME})", re.IGNORECASE)
_TIME_START = re.compile(r"\d{1,2}/\d{1,2}(?:/|$)|\d{4}-\d{1,2}(?:-|$)")
# A time whose own characters were broken over lines, all white removed.
_TORN_TIME = re.compile(r"(\d{1,2}/\d{1,2}/\d{4}),(\d{1,2}:\d{2}:\d{2})([AP]M)(UTC)?", re.IGNORECASE)


def is_uuid(text: str) -> bool:
    """Return whether the text is a whole UUID."""
    return _UUID.fullmatch(text) is not None


def begins_uuid(text: str) -> bool:
    """Return whether the text is the beginning of a UUID (or a whole one)."""
    if not _UUID_PIECE.fullmatch(text):
        return False
    return all((char == "-") == (shape == "-") for char, shape in zip(text, _UUID_SHAPE, strict=False))


def begins_time(text: str) -> bool:
    """Return whether the text begins with a date."""
    return _TIME_START.match(text) is not None


def lines_of(runs: Sequence[Run]) -> list[Line]:
    """Return the lines of some runs of one cell, in order."""
    lines: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: (run.y, run.x0)):
        if lines and abs(run.y - lines[-1][0].y) <= 0.3 * run.size:
            lines[-1].append(run)
        else:
            lines.append([run])
    return [_line(sorted(parts, key=lambda run: run.x0)) for parts in lines]


def _line(parts: Sequence[Run]) -> Line:
    text = parts[0].text
    for last, run in itertools.pairwise(parts):
        text += (" " if run.x0 - last.x1 > SPACE * run.size else "") + run.text
    return Line(text, parts[-1].x1 - parts[0].x0, parts[0].lead)


def join(lines: Sequence[Line], fit: ColumnFit) -> str:
    """Return a cell's text from its lines.

    Pieces of a UUID and of a broken or hyphenated word join without a space, two times with a line break as
    the exports write them, everything else with a space.
    """
    if not lines:
        return ""
    if len(lines) == 1:
        return lines[0].text
    bare = "".join(line.text for line in lines)
    if is_uuid(bare):
        return bare
    text = lines[0].text
    for last, line in itertools.pairwise(lines):
        text += fit.glue(last, line) + line.text
    times = _TIMES.fullmatch(text)
    if times:
        return f"{times[1]}\n{times[2]}"
    if begins_time(text):
        return _mend_times(text) or text
    return text


def _mend_times(text: str) -> str | None:
    """Return the times of a cell whose lines were broken within a date or clock, or None if it is none."""
    bare = "".join(text.split())
    found = list(_TORN_TIME.finditer(bare))
    if not found or "".join(match[0] for match in found) != bare:
        return None
    return "\n".join(" ".join(part for part in (f"{m[1]},", m[2], m[3], m[4]) if part) for m in found)
