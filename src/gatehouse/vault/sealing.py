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
from math import isnan, nan

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from gatehouse.model import Read
from gatehouse.reads.rows import SealedRead
from gatehouse.vault.batch import Captured
from gatehouse.vault.errors import RowAltered
from gatehouse.vault.times import from_microseconds

TOKEN_BYTES = READ_ID_BYTES = 16
NONCE_BYTES = 12
_BLOCK = 32
_VERSION = 1
# Version, captured and received (microseconds since 1970), two confidences, state, whether there is an
# image, and the lengths of camera, plate and text.
_HEAD = struct.Struct(">Bqqdd2s?BBB")
_IMAGE_BYTES = 32
_BUCKET = struct.Struct(">q")
LONGEST_CAMERA = 255


@dataclass(frozen=True, slots=True)
class Unsealed:
    """What a row held: the read, and when it was received (microseconds since 1970)."""

    read: Read
    received: int


def token_state(key: bytes) -> HMAC:
    """Return the state of HMAC under a token key, from which each plate's token begins."""
    return HMAC(key, SHA256())


def make_token(state: HMAC, plate: str) -> bytes:
    """Return the token of a plate in its normal form."""
    own = state.copy()
    own.update(plate.encode())
    return own.finalize()[:TOKEN_BYTES]


class Packer:
    """Packs the reads of one batch; `received` is in microseconds since 1970."""

    def __init__(self, camera: str, *, received: int) -> None:
        self._camera = camera.encode()
        self._received = received
        length = _HEAD.size + len(self._camera) + _BLOCK
        # Nearly every read has no image and a short text: its head, camera and text are packed in one call.
        self._short = struct.Struct(f"{_HEAD.format}{len(self._camera)}s{_BLOCK}s{-length % _BLOCK}x")

    def pack(self, read: Captured) -> bytes:
        """Return the text that is sealed."""
        plate, text = read.plate.encode(), read.text.encode()
        head = (
            _VERSION,
            read.at,
            self._received,
            nan if read.confidence is None else read.confidence,
            nan if read.state_confidence is None else read.state_confidence,
            b"\0\0" if read.state is None else read.state.encode(),
            read.image is not None,
            len(self._camera),
            len(plate),
            len(text),
        )
        if read.image is None and len(plate) + len(text) <= _BLOCK:
            return self._short.pack(*head, self._camera, plate + text)
        image = b"" if read.image is None else bytes.fromhex(read.image)
        packed = _HEAD.pack(*head) + image + self._camera + (plate + text).ljust(_BLOCK, b"\0")
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


class Sealer:
    """Seals rows of one owner's bucket under their sealing key."""

    def __init__(self, key: AESGCM, *, bucket: int, owner: str) -> None:
        self._encrypt = key.encrypt
        self._bucket = bucket
        self._owner = owner
        self._place = _place(bucket, owner)

    def row(self, packed: bytes, token: bytes, read_id: bytes) -> SealedRead:
        """Return the row of a packed read. `read_id` MUST be random: the nonce is part of it."""
        sealed = self._encrypt(read_id[:NONCE_BYTES], packed, token + read_id + self._place)
        return SealedRead(token, self._bucket, self._owner, read_id, sealed)


def unseal_row(row: SealedRead, *, key: AESGCM) -> bytes:
    """Return the packed read of a row; one that was changed or is another key's is `RowAltered`."""
    try:
        return key.decrypt(
            row.read_id[:NONCE_BYTES],
            row.sealed,
            row.token + row.read_id + _place(row.bucket, row.owner_id),
        )
    except (InvalidTag, ValueError, OverflowError, struct.error):
        raise RowAltered(
            "a row of the read store does not open",
            expected="a row as it was sealed",
            got="one that was changed or moved",
            hint="compare the read store with its backups; nothing was released",
        ) from None


def _place(bucket: int, owner: str) -> bytes:
    """Return what the associated data end with: where in the table the row stands."""
    return _BUCKET.pack(bucket) + owner.encode()
