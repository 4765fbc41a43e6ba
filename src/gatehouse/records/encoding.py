"""Text encodings of exports: byte order marks, UTF-16 without one, Windows-1252 where UTF-8 fails.

UTF-16 is decoded as the file is read; everything else stays bytes until a block is cut, since quotes,
delimiters and line ends are the same bytes in UTF-8 and Windows-1252.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass

_SAMPLE = 4096


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a file's first bytes say of its text: the codec's name and the length of its byte order mark."""

    name: str  # "utf-8", "utf-16-le" or "utf-16-be"
    mark: int

    @property
    def wide(self) -> bool:
        """Return whether the text has to be decoded before it can be cut into records."""
        return self.name.startswith("utf-16")


def detect(sample: bytes) -> Encoding:
    """Return the encoding that the first bytes of a file show; UTF-8 unless they show UTF-16."""
    if sample.startswith(codecs.BOM_UTF8):
        return Encoding("utf-8", 3)
    if sample.startswith(codecs.BOM_UTF16_LE):
        return Encoding("utf-16-le", 2)
    if sample.startswith(codecs.BOM_UTF16_BE):
        return Encoding("utf-16-be", 2)
    head = sample[: len(sample[:_SAMPLE]) // 2 * 2]
    if len(head) >= 4:
        # Exports are mostly ASCII, so every other byte of UTF-16 is zero; UTF-8 text has none.
        half = len(head) // 2
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if odd > 0.6 * half and even < 0.05 * half:
            return Encoding("utf-16-le", 0)
        if even > 0.6 * half and odd < 0.05 * half:
            return Encoding("utf-16-be", 0)
    return Encoding("utf-8", 0)


def utf16_to_utf8(encoding: Encoding) -> Callable[[bytes, bool], bytes]:
    """Return a function that turns successive chunks of UTF-16 into UTF-8, broken pairs into U+FFFD."""
    decoder = codecs.getincrementaldecoder(encoding.name)(errors="replace")

    def convert(chunk: bytes, final: bool) -> bytes:
        return decoder.decode(chunk, final).encode("utf-8", errors="replace")

    return convert


def to_utf8(data: bytes) -> tuple[bytes, int]:
    """Return the bytes as valid UTF-8, and how many of them were not and are now read as Windows-1252."""
    if data.isascii():
        return data, 0
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors=_FALLBACK)
        replaced = len(text) - len(data.decode("utf-8", errors="ignore"))
        return text.encode("utf-8"), replaced
    return data, 0


def to_text(data: bytes) -> str:
    """Return the bytes as text, those that are not UTF-8 read as Windows-1252."""
    return data.decode("utf-8", errors=_FALLBACK)


_FALLBACK = "gatehouse-cp1252"
# Five bytes mean nothing in Windows-1252; they keep their number, as control characters.
_CP1252 = [bytes([byte]).decode("cp1252", errors="replace") for byte in range(256)]
_CP1252 = [chr(byte) if text == "\ufffd" else text for byte, text in enumerate(_CP1252)]


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(_CP1252[byte] for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_FALLBACK, _as_cp1252)
