"""How a read is tokenized and sealed.

    token  = HMAC-SHA256(token key of (retention class, bucket), plate)[:16]
    sealed = AES-256-GCM(sealing key of (owner, class, bucket), nonce = read_id[:12], text, associated data)

The associated data are token, read_id, bucket (8 bytes, big-endian) and owner, so that a row moved to another
place in the table does not open. `read_id` is random, and with it the nonce: NIST SP 800-38D, section 8.3
allows 2^32 random nonces under one key, far more than an owner has reads in a bucket.

The text is one fixed head, then image, camera, plate and the text as it was read. The last two take 32 bytes,
however short they are, and all is padded to a multiple of 32: the length of a row tells nothing of its plate.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isnan, nan

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from gatehouse.model import Read
from gatehouse.reads.rows import SealedRead
from gatehouse.vault.errors import RowAltered

TOKEN_BYTES = READ_ID_BYTES = 16
NONCE_BYTES = 12
_BLOCK = 32
_VERSION = 1
# Version, captured and received (microseconds since 1970), two confidences, state, whether there is an
# image, and the lengths of camera, plate and text.
_HEAD = struct.Struct(">Bqqdd2s?BBB")
_IMAGE_BYTES = 32
_BUCKET = struct.Struct(">q")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
LONGEST_CAMERA = 255


@dataclass(frozen=True, slots=True)
class Unsealed:
    """What a row held: the read, and when it was received (microseconds since 1970)."""

    read: Read
    received: int


def to_microseconds(at: datetime) -> int:
    """Return an aware time as whole microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def from_microseconds(at: int) -> datetime:
    """Return the aware UTC time of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=at)


def token_state(key: bytes) -> HMAC:
    """Return the state of HMAC under a token key, from which each plate's token begins."""
    return HMAC(key, SHA256())


def make_token(state: HMAC, plate: str) -> bytes:
    """Return the token of a plate in its normal form."""
    own = state.copy()
    own.update(plate.encode())
    return own.finalize()[:TOKEN_BYTES]


def pack_read(read: Read, *, captured: int, received: int) -> bytes:
    """Return the text that is sealed; times in microseconds since 1970."""
    camera, plate, text = read.camera.encode(), read.plate.encode(), read.text.encode()
    packed = (
        _HEAD.pack(
            _VERSION,
            captured,
            received,
            nan if read.confidence is None else read.confidence,
            nan if read.state_confidence is None else read.state_confidence,
            b"\0\0" if read.state is None else read.state.encode(),
            read.image is not None,
            len(camera),
            len(plate),
            len(text),
        )
        + (b"" if read.image is None else bytes.fromhex(read.image))
        + camera
        + (plate + text).ljust(_BLOCK, b"\0")
    )
    return packed + bytes(-len(packed) % _BLOCK)


def unpack_read(packed: bytes) -> Unsealed:
    """Read what `pack_read` wrote; another form is `RowAltered`."""
    try:
        version, captured, received, sure, state_sure, state, pictured, *lengths = _HEAD.unpack_from(packed)
        at = _HEAD.size
        parts = []
        for length in (_IMAGE_BYTES * pictured, *lengths):
            parts.append(packed[at : at + length])
            at += length
        if version != _VERSION or at > len(packed):
            raise ValueError("another version, or cut off")
        image, camera, plate, text = parts
        read = Read(
            camera=camera.decode(),
            captured_at=from_microseconds(captured),
            text=text.decode(),
            plate=plate.decode(),
            confidence=None if isnan(sure) else sure,
            state=None if state == b"\0\0" else state.decode(),
            state_confidence=None if isnan(state_sure) else state_sure,
            image=image.hex() if pictured else None,
        )
    except (struct.error, ValueError, OverflowError):
        raise RowAltered(
            "a sealed read has another form", expected=f"version {_VERSION}", got=f"{len(packed)} bytes"
        ) from None
    return Unsealed(read, received)


def seal_row(
    packed: bytes, *, key: AESGCM, token: bytes, bucket: int, owner: str, read_id: bytes
) -> SealedRead:
    """Return the row of a packed read. `read_id` MUST be random: the nonce is part of it."""
    sealed = key.encrypt(read_id[:NONCE_BYTES], packed, _bound(token, read_id, bucket, owner))
    return SealedRead(token, bucket, owner, read_id, sealed)


def unseal_row(row: SealedRead, *, key: AESGCM) -> bytes:
    """Return the packed read of a row; one that was changed or is another key's is `RowAltered`."""
    try:
        return key.decrypt(
            row.read_id[:NONCE_BYTES], row.sealed, _bound(row.token, row.read_id, row.bucket, row.owner_id)
        )
    except (InvalidTag, ValueError, OverflowError, struct.error):
        raise RowAltered(
            "a row of the read store does not open",
            expected="a row as it was sealed",
            got="one that was changed or moved",
            hint="compare the read store with its backups; nothing was released",
        ) from None


def _bound(token: bytes, read_id: bytes, bucket: int, owner: str) -> bytes:
    return token + read_id + _BUCKET.pack(bucket) + owner.encode()
