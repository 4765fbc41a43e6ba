"""Signers by URI: where a private key lives is a setting, not a matter for the code that needs a signature.

`file:PATH` is a key in a private file, `pkcs11:…` (RFC 7512) one in a hardware module. Signers in a cloud's
key service come as plug-ins: see `signer`. All sign with Ed25519 (RFC 8032).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.on_demand import names_of

if TYPE_CHECKING:
    from gatehouse.signing.signer import Backend, Signer, create_key, open_signer, register

__all__ = ["Backend", "Signer", "create_key", "open_signer", "register"]

__getattr__ = names_of(__name__, dict.fromkeys(__all__, "signer"))
