"""A batch of reads as a camera hands it in: signed by the camera's Ed25519 key over

    gatehouse-batch/1 LF camera LF number LF hex SHA-256 of the body LF

with a body of JSON lines, one read each; null stands for what the camera does not know:

    {"captured_at": "2026-11-23T16:04:05.678901Z", "plate": "TEST 123", "state": "IL", "confidence": 0.97,
     "state_confidence": null, "image": null}

`plate` is the text as it was read, `image` the SHA-256 of a stored crop in hex.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

# The headers and the media type with which a batch is handed in (`POST /reads`); the signature is in base64.
CAMERA_HEADER, NUMBER_HEADER = "Gatehouse-Camera", "Gatehouse-Batch"
SIGNATURE_HEADER = "Gatehouse-Signature"
MEDIA_TYPE = "application/jsonl"
LARGEST_BODY = 16 * 1024 * 1024
MOST_READS = 50_000
LONGEST_LINE = 4_096
# In bytes of UTF-8: no plate is longer, and a sealed read has one length for all.
LONGEST_TEXT = 64
_LABEL = "gatehouse-batch/1"


@dataclass(frozen=True, slots=True)
class SignedBatch:
    """A batch as it came. A camera's numbers begin at 1 and only advance."""

    camera: str
    number: int
    body: bytes
    signature: bytes

    def __repr__(self) -> str:
        """Name camera and number only: a traceback must hold no read."""
        return f"SignedBatch(camera={self.camera!r}, number={self.number})"

    @property
    def message(self) -> bytes:
        """Return the bytes that the camera signs."""
        return signed_message(self.camera, self.number, self.body)


def signed_message(camera: str, number: int, body: bytes) -> bytes:
    """Return what a camera signs for a batch."""
    return f"{_LABEL}\n{camera}\n{number}\n{sha256(body).hexdigest()}\n".encode()
