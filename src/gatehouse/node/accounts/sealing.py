"""Sealing of second-factor secrets: AES-256-GCM under a key that lies beside the file, never in it."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gatehouse.model import BadInput, BadUse, VerificationFailed
from gatehouse.signing.private_file import create_private, read_private

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class SecretBox:
    """Seals secrets, each bound to the person it belongs to."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise BadInput(
                "the key over the second factors has another length",
                expected=f"{KEY_BYTES} bytes",
                got=f"{len(key)} bytes",
            )
        self._cipher = AESGCM(key)

    @classmethod
    def at(cls, path: Path) -> SecretBox:
        """Return the box of a key file, which is drawn where there is none."""
        if not path.exists():
            try:
                create_private(path, secrets.token_bytes(KEY_BYTES))
            except BadUse:
                if not path.exists():
                    raise
        return cls(read_private(path))

    def seal(self, secret: bytes, *, officer: str) -> bytes:
        """Return a secret sealed for one person."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, officer.encode())

    def open(self, sealed: bytes, *, officer: str) -> bytes:
        """Return what was sealed for that person; anything else is `VerificationFailed`."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], officer.encode())
        except (InvalidTag, ValueError) as error:
            raise VerificationFailed(
                "a second factor cannot be unsealed",
                where="the file of accounts",
                expected="what was sealed with this node's key for this person",
                hint="restore the key file that belongs to it, or enroll the person anew",
            ) from error
