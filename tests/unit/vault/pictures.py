"""Pictures for tests: the least that is a JPEG, and cameras' signatures under them."""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gatehouse.model import Camera
from gatehouse.model.image import SignedImage, image_message
from tests.unit.vault.world import AT, CAMERA_KEY, text


def segment(code: int, data: bytes) -> bytes:
    return bytes((0xFF, code)) + (len(data) + 2).to_bytes(2, "big") + data


START, END = b"\xff\xd8", b"\xff\xd9"
FRAME = segment(0xC0, b"\x08" + (40).to_bytes(2, "big") + (80).to_bytes(2, "big") + b"\x01\x01\x11\x00")
TABLE = segment(0xDB, bytes(65))
SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
EXIF = segment(0xE1, b"Exif\0\0GPS 41.1 -104.8")
COMMENT = segment(0xFE, b"taken by unit 7")


def jpeg(
    coded: bytes = b"\x12\x34\xff\x00\x56\xff\xd0\x78", *, beside: bytes = b"", after: bytes = b""
) -> bytes:
    """Return a JPEG in form; no decoder would make sense of what it codes."""
    return START + beside + TABLE + FRAME + SCAN + coded + END + after


def an_image(
    camera: Camera, body: bytes | None = None, *, at: datetime = AT, key: Ed25519PrivateKey = CAMERA_KEY
) -> SignedImage:
    body = jpeg() if body is None else body
    captured = text(at)
    return SignedImage(camera.id, captured, body, key.sign(image_message(camera.id, captured, body)))
