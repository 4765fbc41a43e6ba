"""What signs, and which URI scheme leads to which backend.

Cloud key services (`awskms`, `gcpkms`, `azurekms`, `hashivault`, named as sigstore names them) are no part of
Gatehouse. A package brings one by an entry point in the group `gatehouse.signers`, named after the scheme,
that leads to a `Backend`; a program may call `register` instead.
"""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from typing import Protocol

from gatehouse.model import BadUse, PartUnavailable

GROUP = "gatehouse.signers"
CLOUD = ("awskms", "azurekms", "gcpkms", "hashivault")
_OWN = ("file", "pkcs11")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):.+", re.DOTALL)


class Signer(Protocol):
    """An Ed25519 key that signs. Safe to use from several threads."""

    @property
    def uri(self) -> str:
        """Where the key is; never with a secret or a PIN, so that it can be logged."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of an Ed25519 signature (RFC 8032)."""
        ...

    def public_key(self) -> bytes:
        """Return the 32 bytes of the public key."""
        ...


class Backend(Protocol):
    """What a scheme leads to. Errors are those of `gatehouse.model`, and name no secret."""

    def open_signer(self, uri: str) -> Signer:
        """Return the signer of an existing key."""
        ...

    def create_key(self, uri: str) -> Signer:
        """Make a key and return its signer; MUST NOT replace an existing key."""
        ...


_registered: dict[str, Backend] = {}


def register(scheme: str, backend: Backend) -> None:
    """Let a scheme lead to a backend. One that is taken is `BadUse`."""
    if scheme in _OWN or scheme in _registered:
        raise BadUse("the scheme already leads to a signer", where=scheme)
    _registered[scheme] = backend


def open_signer(uri: str) -> Signer:
    """Return the signer of the key that a URI names."""
    return _backend(uri).open_signer(uri)


def create_key(uri: str) -> Signer:
    """Make the key that a URI names, never over an existing one, and return its signer."""
    return _backend(uri).create_key(uri)


def _backend(uri: str) -> Backend:
    found = _SCHEME.fullmatch(uri)
    if not found:
        # What was given may hold a PIN, so it is not quoted.
        raise BadUse("a signer is named by a URI", expected=f"one of {', '.join(_OWN + CLOUD)}, then a colon")
    scheme = found[1]
    if scheme == "file":
        from gatehouse.signing import file

        return file.BACKEND
    if scheme == "pkcs11":
        from gatehouse.signing import pkcs11

        return pkcs11.BACKEND
    if scheme in _registered:
        return _registered[scheme]
    plugins = tuple(entry_points(group=GROUP, name=scheme))
    if len(plugins) > 1:
        raise PartUnavailable(
            "two plug-ins offer one kind of signer",
            where=f"{GROUP}: {scheme}",
            got=", ".join(sorted(each.value for each in plugins)),
        )
    if plugins:
        backend: Backend = plugins[0].load()
        return backend
    if scheme in CLOUD:
        raise PartUnavailable(
            f"no plug-in for `{scheme}` keys is installed",
            expected=f"an entry point `{scheme}` in the group `{GROUP}`",
            hint="install a package that brings one, or use file: or pkcs11:",
        )
    raise BadUse("no signer has such a scheme", expected=", ".join(_OWN + CLOUD), got=scheme)
