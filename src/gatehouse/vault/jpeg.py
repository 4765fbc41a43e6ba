"""A JPEG without what its maker wrote beside the picture (ITU-T T.81, annex B).

The segments are read, the picture is not decoded. Application data (EXIF with its position, thumbnails, ICC),
comments, and whatever follows the picture are left out; what remains shows the same picture.
"""

from __future__ import annotations

from gatehouse.model import BadInput

MOST_PIXELS = 4_096 * 4_096
_START, _END = b"\xff\xd8", b"\xff\xd9"
_SCAN = 0xDA
# Baseline, extended and progressive frames in Huffman coding: what cameras write and browsers show.
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
# Quantization and Huffman tables, and the restart interval.
_TABLES = frozenset({0xDB, 0xC4, 0xDD})
_APPLICATION, _COMMENT = range(0xE0, 0xF0), 0xFE
_FRAME_HEAD = 6
# Stuffed zeros and restarts stand within the coded data.
_WITHIN = frozenset({0x00, *range(0xD0, 0xD8)})


def bare_jpeg(body: bytes) -> bytes:
    """Return the picture alone; what is no whole JPEG of a usual kind is `BadInput`."""
    if not body.startswith(_START):
        raise _no_jpeg("its first bytes")
    kept = bytearray(_START)
    at, framed, scanned = len(_START), False, False
    while True:
        if body[at : at + 1] != b"\xff":
            raise _no_jpeg("where a segment should begin")
        while body[at + 1 : at + 2] == b"\xff":
            at += 1
        marker = body[at + 1 : at + 2]
        if marker == _END[1:]:
            if not scanned:
                raise _no_jpeg("no picture before its end")
            return bytes(kept + _END)
        length = int.from_bytes(body[at + 2 : at + 4], "big")
        segment = body[at + 4 : at + 2 + length]
        if not marker or length < 2 or len(segment) != length - 2:
            raise _no_jpeg("a segment that is cut off")
        end, code = at + 2 + length, marker[0]
        if code in _FRAMES:
            if framed:
                raise _no_jpeg("two frames")
            _check_frame(segment)
            framed = True
        elif code == _SCAN:
            if not framed:
                raise _no_jpeg("a scan before its frame")
            scanned, end = True, _end_of_scan(body, end)
        elif code not in _TABLES and code not in _APPLICATION and code != _COMMENT:
            raise _no_jpeg(f"a segment of kind {code:02X}")
        if code not in _APPLICATION and code != _COMMENT:
            kept += b"\xff" + body[at + 1 : end]
        at = end


def _check_frame(segment: bytes) -> None:
    if len(segment) < _FRAME_HEAD or len(segment) != _FRAME_HEAD + 3 * segment[5]:
        raise _no_jpeg("a frame of another length")
    height, width = int.from_bytes(segment[1:3], "big"), int.from_bytes(segment[3:5], "big")
    if segment[0] != 8 or segment[5] not in (1, 3) or not 0 < height * width <= MOST_PIXELS:
        raise _no_jpeg("a frame of another size or depth")


def _end_of_scan(body: bytes, at: int) -> int:
    """Return where the coded data of a scan end."""
    while True:
        at = body.find(b"\xff", at)
        if at < 0 or at + 1 >= len(body):
            raise _no_jpeg("a picture that is cut off")
        if body[at + 1] not in _WITHIN:
            return at
        at += 2


def _no_jpeg(got: str) -> BadInput:
    return BadInput("a picture is no JPEG of a usual kind", expected="one whole JPEG", got=got)
