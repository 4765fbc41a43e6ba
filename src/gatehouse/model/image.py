"""A picture of a read as a camera hands it in: one JPEG, signed by the camera's Ed25519 key over

    gatehouse-image/1 LF camera LF captured_at LF hex SHA-256 of the body LF

`captured_at` is that of the read, an RFC 3339 time; the read names the picture by the hash (`image`).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

# The headers, beside those of a batch, and the media type with which a picture is handed in (`POST /images`).
CAPTURED_HEADER = "Gatehouse-Captured-At"
MEDIA_TYPE = "image/jpeg"
LARGEST_IMAGE = 256 * 1024
_LABEL = "gatehouse-image/1"


@dataclass(frozen=True, slots=True)
class SignedImage:
    """A picture as it came."""

    camera: str
    captured_at: str
    body: bytes
    signature: bytes

    def __repr__(self) -> str:
        """Name the camera only: a traceback must hold neither time nor picture."""
        return f"SignedImage(camera={self.camera!r})"

    @property
    def message(self) -> bytes:
        """Return the bytes that the camera signs."""
        return image_message(self.camera, self.captured_at, self.body)

    @property
    def sha256(self) -> str:
        """Return the name by which a read refers to the picture."""
        return sha256(self.body).hexdigest()


def image_message(camera: str, captured_at: str, body: bytes) -> bytes:
    """Return what a camera signs for a picture."""
    return f"{_LABEL}\n{camera}\n{captured_at}\n{sha256(body).hexdigest()}\n".encode()
