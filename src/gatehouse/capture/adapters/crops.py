"""The plate's part of a picture that another reader sends: nothing wider is kept."""

from __future__ import annotations

from gatehouse.capture.nouns import Box

LARGEST_CROP = 256 * 1024
# A picture's sides; a decoder must not be made to fill the memory by a header.
_LONGEST_SIDE = 16_384
_MOST_PIXELS = 64_000_000
_PADDING = 0.1
_QUALITY = 90
_FRAME_HEADERS = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})


def is_jpeg(image: bytes) -> bool:
    """Return whether bytes begin as a JPEG of a bearable size and are no longer than a crop may be."""
    size = jpeg_size(image)
    return size is not None and len(image) <= LARGEST_CROP


def jpeg_size(image: bytes) -> tuple[int, int] | None:
    """Return width and height from a JPEG's frame header (ITU-T T.81, B.2.2), undecoded, or None."""
    if not image.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 4 <= len(image):
        if image[at] != 0xFF:
            return None
        marker = image[at + 1]
        if marker == 0xFF:  # fill before a marker
            at += 1
            continue
        if marker in _STANDALONE:
            at += 2
            continue
        length = int.from_bytes(image[at + 2 : at + 4])
        if length < 2:
            return None
        if marker in _FRAME_HEADERS:
            if at + 9 > len(image):
                return None
            height = int.from_bytes(image[at + 5 : at + 7])
            width = int.from_bytes(image[at + 7 : at + 9])
            fits = 0 < width <= _LONGEST_SIDE and 0 < height <= _LONGEST_SIDE
            return (width, height) if fits and width * height <= _MOST_PIXELS else None
        at += 2 + length
    return None


def cropped(image: bytes, box: Box) -> bytes | None:
    """Return the box of a JPEG, a tenth wider on each side, as a JPEG; None where nothing can be cut out."""
    if jpeg_size(image) is None:
        return None
    import cv2
    import numpy as np

    try:
        frame = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    if frame is None:
        return None
    height, width = frame.shape[:2]
    part = box.padded(_PADDING).clipped(width, height)
    left, top = int(part.x), int(part.y)
    inside = frame[top : int(part.y + part.height), left : int(part.x + part.width)]
    if not inside.size:
        return None
    done, jpeg = cv2.imencode(".jpg", inside, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    crop = jpeg.tobytes()
    return crop if done and len(crop) <= LARGEST_CROP else None
