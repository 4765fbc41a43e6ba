"""The text layer of a page as runs: pieces of text that were drawn in one go on one baseline.

Coordinates are in points in the direction of reading: x grows along the text, y grows down the page,
whatever way the page or its text is turned.
"""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

# Two glyphs further apart than this part of the line height do not belong to one run; a space is narrower.
_GAP = 0.3
# A gap within a run or cell that stands for a space, in line heights.
SPACE = 0.13
# So many spaces in a row are the columns of a plain text report, not a typist's double space.
_SPACES = 3
# How far baselines of one line may differ, in line heights (superscripts, rounding).
_BASELINE = 0.2
# The library shows a hyphen at the end of a line as one of these.
_HYPHENS = frozenset({0x02, 0xAD, 0xFFFE})


class Turn(NamedTuple):
    """The direction that text runs in: (1, 0) is upright, (0, 1) bottom to top."""

    along: int
    up: int

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return the reading coordinates of a point of the page."""
        return self.along * x + self.up * y, self.up * x - self.along * y


_UPRIGHT = Turn(1, 0)


class Run(NamedTuple):
    """Text on one baseline `y` from `x0` to `x1`; `size` is the line height of its font.

    `lead` is the width of the first character.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    lead: float


class _Glyph(NamedTuple):
    text: str
    x0: float
    x1: float
    y: float
    size: float
    piece: int  # which text object drew it


def _turn(matrix: raw.FS_MATRIX) -> Turn | None:
    """Return the direction of a text matrix, or None when it is not along an axis (a watermark)."""
    a, b = matrix.a, matrix.b
    length = math.hypot(a, b)
    if not length:
        return None
    along, up = round(a / length, 2), round(b / length, 2)
    return Turn(int(along), int(up)) if {abs(along), abs(up)} == {0, 1} else None


class PageText(NamedTuple):
    """A page's runs in drawing order and the direction of its text, with what is left out of the runs.

    `turned` counts glyphs that run in another direction than most of the page (stamps, watermarks),
    `unmapped` those for which the document does not say which character they are.
    """

    runs: list[Run]
    turn: Turn
    turned: int
    unmapped: int


def page_text(page: pdfium.PdfPage) -> PageText:
    """Read the text layer of a page."""
    glyphs, unmapped = _glyphs(page)
    turns = Counter(turn for turn, _ in glyphs)
    main = max((turn for turn in turns if turn is not None), key=lambda turn: turns[turn], default=None)
    if main is None:
        return PageText([], _UPRIGHT, len(glyphs), unmapped)
    kept = [glyph for turn, glyph in glyphs if turn == main]
    return PageText(_runs(kept), main, len(glyphs) - len(kept), unmapped)


def _glyphs(page: pdfium.PdfPage) -> tuple[list[tuple[Turn | None, _Glyph]], int]:
    """Return the glyphs that the page draws, each with its direction, and how many mean no character."""
    glyphs: list[tuple[Turn | None, _Glyph]] = []
    unmapped = 0
    text = page.get_textpage()
    handle = text.raw
    box, matrix = raw.FS_RECTF(), raw.FS_MATRIX()
    x, y = ctypes.c_double(), ctypes.c_double()
    turn: Turn | None = None
    place = _UPRIGHT
    baseline = 0.0
    drawn_by, piece = 0, 0
    # This runs for every character of a document, so what one text object shares is asked for once.
    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(handle, index)
        if code in _HYPHENS:
            code = 0x2D
        elif code <= 0x20:
            # The library adds line ends and spaces of its own.
            if raw.FPDFText_IsGenerated(handle, index) == 1:
                continue
            if code != 0x20:
                unmapped += not code
                continue
        elif 0xD800 <= code < 0xE000:
            unmapped += 1
            continue
        source = raw.FPDFText_GetTextObject(handle, index)
        address = ctypes.addressof(source.contents) if source else 0
        if address != drawn_by or not piece:
            drawn_by, piece = address, piece + 1
            raw.FPDFText_GetMatrix(handle, index, matrix)
            raw.FPDFText_GetCharOrigin(handle, index, x, y)
            turn = _turn(matrix)
            place = turn or _UPRIGHT
            baseline = place.place(x.value, y.value)[1]
        raw.FPDFText_GetLooseCharBox(handle, index, box)
        left, top = place.place(box.left, box.top)
        right, bottom = place.place(box.right, box.bottom)
        if left > right:
            left, right = right, left
        char = " " if code == 0xA0 else chr(code)
        glyphs.append((turn, _Glyph(char, left, right, baseline, abs(bottom - top), piece)))
    text.close()
    return glyphs, unmapped


def _runs(glyphs: list[_Glyph]) -> list[Run]:
    runs: list[Run] = []
    current: list[_Glyph] = []
    spaces = 0
    for glyph in glyphs:
        if spaces >= _SPACES and not glyph.text.isspace():
            runs += _run(current)
            current = []
        spaces = spaces + 1 if glyph.text.isspace() else 0
        if current:
            last = current[-1]
            size = max(last.size, glyph.size)
            gap = glyph.x0 - last.x1
            apart = SPACE if glyph.piece != last.piece else _GAP
            if abs(glyph.y - last.y) > _BASELINE * size or gap > apart * size or gap < -0.5 * size:
                runs += _run(current)
                current = []
        current.append(glyph)
    return runs + _run(current)


def _run(glyphs: list[_Glyph]) -> list[Run]:
    """Return the run of some glyphs without the spaces around it; nothing when it is blank."""
    first, last = 0, len(glyphs)
    while first < last and glyphs[first].text.isspace():
        first += 1
    while last > first and glyphs[last - 1].text.isspace():
        last -= 1
    if first == last:
        return []
    text: list[str] = []
    end = glyphs[first].x0
    for glyph in glyphs[first:last]:
        if (
            glyph.x0 - end > SPACE * glyph.size
            and text
            and not text[-1].isspace()
            and not glyph.text.isspace()
        ):
            text.append(" ")
        text.append(glyph.text)
        end = glyph.x1
    body = glyphs[first:last]
    return [
        Run(
            "".join(text),
            body[0].x0,
            body[-1].x1,
            body[0].y,
            max(glyph.size for glyph in body),
            body[0].x1 - body[0].x0,
        )
    ]
