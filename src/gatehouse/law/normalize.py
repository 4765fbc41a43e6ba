"""Free text made comparable: look-alikes, hidden characters and spelling of spaces, with offsets kept.

Every rule of the lexicon reads the folded text; every span it reports is mapped back, so that a person sees
the very characters that were typed. The look-alikes are the Latin-looking part of Unicode's confusables
(UTS #39) together with compatibility decomposition (UAX #15, NFKD).
"""

# The table of look-alikes is made of ambiguous characters.
# ruff: noqa: RUF001
from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

# Look-alikes that NFKD leaves alone, by the ASCII they pass for. Upper and lower case stand apart where the
# shapes differ (Greek capital eta looks like H, small eta like n).
_LOOKALIKES = {
    "a": "АаΑαᎪᴀɑꓮ",
    "b": "ВьЬΒβᏴʙꓐß",
    "c": "СсϹϲᏟᴄꓚ¢©ҪҫϾͼ",
    "d": "ԀԁᎠᴅꓓĐđÐð",
    "e": "ЕеΕεᎬᴇꓰ€℮Єє",
    "f": "ꜰϜꓝ",
    "g": "ɡɢցᏀԌԍ",
    "h": "НҺһΗհᎻʜꓧ",
    "i": "ІіЇїΙιıɩɪᎥᏆꓲƗɨӀӏǀ│∣￨¦¡",
    "j": "ЈјᎫᴊꓙ",
    "k": "КкΚκᴋꓗ",
    "l": "ʟᏞꓡŁł£",
    "m": "МмΜᎷᴍꓟ",
    "n": "ΝηոɴꓠПп",
    "o": "ОоΟοօՕᎾᴏꓳØø",
    "p": "РрΡρᏢᴘꓑ",
    "q": "ԚԛզႭ",
    "r": "ГгᏒʀꓣ®",
    "s": "ЅѕՏᏚꜱꓢ",
    "t": "ТтΤτᎢᴛꓔŦŧ†",
    "u": "υսᴜμ",
    "v": "νѴѵᴠꓦ",
    "w": "ԜԝᎳᴡꓪ",
    "x": "ХхΧχꓫ×",
    "y": "УуΥүҮϒʏꓬ",
    "z": "Ζζᴢꓜ",
    "3": "Зз",
}
_TABLE: dict[int, str] = {ord(char): plain for plain, chars in _LOOKALIKES.items() for char in chars}
# Letters dressed as symbols: negative circled, negative squared, regional indicators. The ice cube stands
# for the agency often enough to be read as its name; rules exclude ice that is meant as ice.
_TABLE |= {first + step: chr(97 + step) for first in (0x1F150, 0x1F170, 0x1F1E6) for step in range(26)}
_TABLE |= {0x1F9CA: " ice "}
_TABLE |= dict.fromkeys(map(ord, "\u2018\u2019\u201b\u2032\u02bc`\u00b4"), "'")
_TABLE |= dict.fromkeys(map(ord, "\u201c\u201d\u201e\u2033"), '"')
_TABLE |= dict.fromkeys(map(ord, "+_\u00a0"), " ")
_TABLE |= dict.fromkeys(map(ord, "\t\n\r\v\f"), " ")

# Nothing is seen of these: format characters, marks, controls.
_INVISIBLE = frozenset({"Cf", "Mn", "Me", "Cc"})

# Hidden characters that part words as well as they hide inside one: controls, the zero-width space, and those
# that set the direction of text (UAX #9). Joiners, soft hyphens and marks stand inside words only.
_PARTING = re.compile(
    r"(?<=\S)[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]+(?=\S)"
)
# From a right-to-left override to its end, characters are shown in reverse order.
_OVERRIDDEN = re.compile(r"\u202e([^\u202c\n\r\u2029]+)")

_ASCII_SPACES = str.maketrans({"+": " ", "_": " ", "`": "'"})


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text in lower case and in the case as typed, both ASCII and of one length.

    `starts[i]` and `ends[i]` bound the code points of the original text behind folded character `i`; both are
    None when folded and original offsets are equal. They fall where a text is read in the order shown.
    """

    lower: str
    cased: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Map a non-empty folded `[start, end)` to the original text."""
        if self.starts is None or self.ends is None:
            return start, end
        return min(self.starts[start:end]), max(self.ends[start:end])


def plain_case(text: str) -> str | None:
    """Return `text` folded with its case kept when folding moves no character, else None."""
    if not (text.isascii() and text.isprintable()):
        return None
    if "%2" in text:
        return None
    if "+" in text or "_" in text or "`" in text:
        return text.translate(_ASCII_SPACES)
    return text


def fold(text: str) -> Folded:
    """Fold `text` to ASCII: look-alikes to Latin letters, hidden characters away, `+` and `_` to spaces."""
    cased = plain_case(text)
    if cased is not None:
        return Folded(cased.lower(), cased)
    return _fold_unicode(text)


def readings(text: str) -> Iterator[Folded]:
    """Yield `text` folded in each way that it may be read, the plain one first.

    Hidden characters are left out; then, where there are any that part words, read as spaces; then what a
    right-to-left override turns around is read as it is shown.
    """
    yield fold(text)
    if text.isprintable():
        return
    parted = _PARTING.sub(lambda found: " " + found[0][1:], text)
    if parted != text:
        yield fold(parted)
    if "\u202e" in text:
        yield _as_shown(text)


def _as_shown(text: str) -> Folded:
    """Fold `text` with its overridden parts reversed."""
    order = list(range(len(text)))
    for found in _OVERRIDDEN.finditer(text):
        order[found.start(1) : found.end(1)] = reversed(range(found.start(1), found.end(1)))
    folded = _fold_unicode("".join(text[position] for position in order))
    assert folded.starts is not None and folded.ends is not None, "text with hidden characters has offsets"
    behind = [order[start:end] for start, end in zip(folded.starts, folded.ends, strict=True)]
    return replace(
        folded,
        starts=tuple(min(positions) for positions in behind),
        ends=tuple(max(positions) + 1 for positions in behind),
    )


def _fold_unicode(text: str) -> Folded:
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position, length = 0, len(text)
    while position < length:
        char = text[position]
        width = 1
        if char == "%" and text[position : position + 3].upper() in {"%20", "%2B"}:
            plain, width = " ", 3
        else:
            plain = _plain(char)
        for piece in plain:
            chars.append(piece)
            starts.append(position)
            ends.append(position + width)
        position += width
    cased = "".join(chars)
    return Folded(cased.lower(), cased, tuple(starts), tuple(ends))


def _plain(char: str) -> str:
    """Return the ASCII that `char` reads as: nothing when it is invisible, a space when it is a symbol."""
    known = _TABLE.get(ord(char))
    if known is not None:
        return known.upper() if char.isupper() else known
    if char.isascii() and char.isprintable():
        return char
    if unicodedata.category(char) in _INVISIBLE:
        return ""
    pieces = []
    for piece in unicodedata.normalize("NFKD", char):
        known = _TABLE.get(ord(piece))
        if known is not None:
            pieces.append(known.upper() if piece.isupper() else known)
        elif piece.isascii() and piece.isprintable():
            pieces.append(piece)
        elif unicodedata.category(piece) == "Pd":
            pieces.append("-")
        elif unicodedata.category(piece) not in _INVISIBLE:
            pieces.append(" ")
    return "".join(pieces)
