"""The first bytes by which containers are known."""

from __future__ import annotations

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PDF = b"%PDF-"
# All of them show within so many bytes.
SEEN = 8


def is_container(head: bytes) -> bool:
    """Return whether a file that begins so is a workbook, an archive or a PDF."""
    return head.startswith((*ZIP, OLE, PDF))
