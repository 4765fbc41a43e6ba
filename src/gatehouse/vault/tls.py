"""Mutual TLS between a node and its vault: each side knows the other by its certificate. TLS 1.3 only."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from gatehouse.model import PartUnavailable


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: this side's certificate chain and key, and the authorities that vouch for the other side."""

    certificate: Path
    key: Path
    authority: Path


def tls_context(tls: Tls, purpose: ssl.Purpose) -> ssl.SSLContext:
    """Return a context that speaks TLS 1.3 alone and asks the other side for its certificate."""
    try:
        context = ssl.create_default_context(purpose, cafile=str(tls.authority))
        context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise PartUnavailable(
            "a certificate, key or authority of the vault's connection cannot be read",
            where=f"{tls.certificate}, {tls.key}, {tls.authority}",
            got=str(error),
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    return context
