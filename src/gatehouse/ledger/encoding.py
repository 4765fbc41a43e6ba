"""Strict readings of what notes, checkpoints and proofs are written in: each value has one spelling."""

from __future__ import annotations

import base64
import re

# The bytes of a signed note: it is read before anybody is known to have signed it.
LARGEST_NOTE = 1_000_000

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_LARGEST = 2**63 - 1


def to_base64(data: bytes) -> str:
    """Return standard base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode()


def from_base64(text: str) -> bytes:
    """Read canonical base64; another spelling of the same bytes is `ValueError`."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError("not base64") from error
    if to_base64(data) != text:
        raise ValueError("not canonical base64")
    return data


def from_decimal(text: str) -> int:
    """Read a decimal number below 2^63 without sign or leading zeros, else `ValueError`."""
    if not _DECIMAL.fullmatch(text) or int(text) > _LARGEST:
        raise ValueError("not a decimal number below 2^63")
    return int(text)
