"""The straight lines of a page: borders, ruling and the edges of shaded rows."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from gatehouse.records.containers.pdf.text import Turn

# A border is drawn as a line, as a thin box with two edges or once by each of two cells; edges this near
# are one.
_SAME = 2.0
# A line that leans more than this over its whole length is no ruling.
_LEAN = 0.7
# Forms within forms deeper than this are decoration at best.
_DEPTH = 4

_Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: _Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(frozen=True, slots=True)
class Rules:
    """Axis-parallel line pieces: `vertical` as (x, top, bottom), `horizontal` as (y, left, right)."""

    vertical: tuple[tuple[float, float, float], ...] = ()
    horizontal: tuple[tuple[float, float, float], ...] = ()

    def columns(self, top: float, bottom: float) -> list[float]:
        """Return the x of the vertical lines that pass the whole band from `top` to `bottom`."""
        return _spanning(self.vertical, top, bottom, share=0.95)

    def rows(self, left: float, right: float) -> list[float]:
        """Return the y of the horizontal lines that cover most of the width from `left` to `right`."""
        return _spanning(self.horizontal, left, right, share=0.8)

    def between(self, x: float, top: float, bottom: float) -> bool:
        """Return whether a horizontal line passes `x` between two heights."""
        return any(top < y < bottom and left <= x <= right for y, left, right in self.horizontal)


def _spanning(
    lines: Sequence[tuple[float, float, float]], low: float, high: float, *, share: float
) -> list[float]:
    found = []
    group: list[tuple[float, float, float]] = []
    for line in [*sorted(lines), (float("inf"), 0.0, 0.0)]:
        if group and line[0] - group[-1][0] > _SAME:
            if _covered(group, low, high) >= share * (high - low):
                found.append((group[0][0] + group[-1][0]) / 2)
            group = []
        group.append(line)
    return found


def _covered(group: Sequence[tuple[float, float, float]], low: float, high: float) -> float:
    total, reached = 0.0, low
    for _, start, end in sorted(group, key=lambda line: line[1]):
        start, end = max(start, reached), min(end, high)
        if end > start:
            total += end - start
            reached = end
    return total


def page_rules(page: pdfium.PdfPage, turn: Turn) -> Rules:
    """Return the lines of a page in the reading coordinates of its text."""
    vertical, horizontal = [], []
    for start, end in _segments(page.raw):
        (x0, y0), (x1, y1) = turn.place(*start), turn.place(*end)
        if abs(x0 - x1) <= _LEAN < abs(y0 - y1):
            vertical.append(((x0 + x1) / 2, min(y0, y1), max(y0, y1)))
        elif abs(y0 - y1) <= _LEAN < abs(x0 - x1):
            horizontal.append(((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
    return Rules(tuple(vertical), tuple(horizontal))


_Point = tuple[float, float]


def _segments(page: raw.FPDF_PAGE) -> Iterator[tuple[_Point, _Point]]:
    for index in range(raw.FPDFPage_CountObjects(page)):
        yield from _object_segments(raw.FPDFPage_GetObject(page, index), _IDENTITY, _DEPTH)


def _object_segments(
    item: raw.FPDF_PAGEOBJECT, outer: _Matrix, depth: int
) -> Iterator[tuple[_Point, _Point]]:
    kind = raw.FPDFPageObj_GetType(item)
    if kind == raw.FPDF_PAGEOBJ_PATH:
        yield from _path_segments(item, _within(item, outer))
    elif kind == raw.FPDF_PAGEOBJ_FORM and depth:
        matrix = _within(item, outer)
        for index in range(raw.FPDFFormObj_CountObjects(item)):
            yield from _object_segments(raw.FPDFFormObj_GetObject(item, index), matrix, depth - 1)


def _within(item: raw.FPDF_PAGEOBJECT, outer: _Matrix) -> _Matrix:
    own = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(item, own):
        return outer
    a, b, c, d, e, f = outer
    return (
        own.a * a + own.b * c,
        own.a * b + own.b * d,
        own.c * a + own.d * c,
        own.c * b + own.d * d,
        own.e * a + own.f * c + e,
        own.e * b + own.f * d + f,
    )


def _path_segments(path: raw.FPDF_PAGEOBJECT, matrix: _Matrix) -> Iterator[tuple[_Point, _Point]]:
    a, b, c, d, e, f = matrix
    x, y = ctypes.c_float(), ctypes.c_float()
    start = here = (0.0, 0.0)
    for index in range(raw.FPDFPath_CountSegments(path)):
        segment = raw.FPDFPath_GetPathSegment(path, index)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = (x.value * a + y.value * c + e, x.value * b + y.value * d + f)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            start = point
        elif kind == raw.FPDF_SEGMENT_LINETO:
            yield here, point
        here = point
        if raw.FPDFPathSegment_GetClose(segment):
            yield here, start
            here = start
