"""One-time codes by time (RFC 6238): six digits, 30 seconds, SHA-1, one step of drift either way.

Authenticator apps agree on no other parameters. A code counts once: whoever sees it used cannot use it again.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

DIGITS: Final = 6
STEP_SECONDS: Final = 30
DRIFT: Final = 1
# RFC 4226, section 4: a shared secret of 160 bits is recommended.
_SECRET_BYTES: Final = 20


def new_secret() -> bytes:
    """Return a secret to share with an authenticator."""
    return secrets.token_bytes(_SECRET_BYTES)


def provisioning(secret: bytes, *, account: str, issuer: str) -> tuple[str, str]:
    """Return the `otpauth:` URI that an authenticator scans, and the secret as it is typed."""
    # Authenticators show a plus sign as it stands.
    uri = _totp(secret).get_provisioning_uri(account, issuer).replace("+", "%20")
    return uri, b32encode(secret).decode()


def matching_step(secret: bytes, code: str, *, at: datetime) -> int | None:
    """Return the time step of a code, None if it fits no step within the drift.

    The caller MUST refuse a step that is not later than the last one used.
    """
    plain = code.replace(" ", "")
    if len(plain) != DIGITS or not (plain.isascii() and plain.isdigit()):
        return None
    now = int(at.timestamp()) // STEP_SECONDS
    found = None
    totp = _totp(secret)
    for step in range(now + DRIFT, now - DRIFT - 1, -1):
        if hmac.compare_digest(totp.generate(step * STEP_SECONDS), plain.encode()):
            found = step
    return found


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303  # HMAC-SHA-1, as every authenticator does
