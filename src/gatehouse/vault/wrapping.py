"""Keys wrapped under keys: AES-256-GCM, a random nonce first, and as associated data what the key is."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gatehouse.model import BadInput

_NONCE_BYTES = 12
_LABEL = b"gatehouse-vault-wrap/1\n"


def name_of(kind: str, *parts: str | int) -> bytes:
    """Return the associated data of a wrapped key: its table and what names it there."""
    return _LABEL + "\n".join((kind, *map(str, parts))).encode()


def wrap(under: AESGCM, key: bytes, name: bytes) -> bytes:
    """Return a key wrapped under another."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + under.encrypt(nonce, key, name)


def unwrap(under: AESGCM, wrapped: bytes, name: bytes) -> bytes:
    """Return a wrapped key; one that was altered, or is under another key, is `BadInput`."""
    try:
        return under.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], name)
    except (InvalidTag, ValueError):
        raise BadInput(
            "a key of the vault was altered, or is wrapped under another root",
            where="the vault's database",
            hint="restore nothing from a backup: its keys are dead by design",
        ) from None
