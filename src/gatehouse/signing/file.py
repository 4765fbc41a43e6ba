"""Ed25519 keys in private files: unencrypted PKCS#8 in PEM (RFC 5958, RFC 8410), mode 0600.

`file:PATH` takes a path as it is, relative or absolute; `file:///path` as well. As in any URI, `%20` stands
for a blank and `%25` for a percent sign.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gatehouse.model import BadInput, BadUse
from gatehouse.signing.private_file import create_private, read_private
from gatehouse.signing.signer import Signer


class FileSigner:
    """A key that was read from a file."""

    def __init__(self, uri: str, key: Ed25519PrivateKey) -> None:
        self.uri = uri
        self._key = key

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of an Ed25519 signature."""
        return self._key.sign(message)

    def public_key(self) -> bytes:
        """Return the 32 bytes of the public key."""
        return self._key.public_key().public_bytes_raw()


class FileBackend:
    """Keys named `file:PATH`."""

    def open_signer(self, uri: str) -> Signer:
        """Read a key; a file that others may read, or that holds another key, is `BadInput`."""
        path = key_path(uri)
        try:
            key = load_pem_private_key(read_private(path), password=None)
        except TypeError:
            raise BadInput(
                "a key file is encrypted",
                where=str(path),
                expected="PKCS#8 in PEM without a password",
                hint="decrypt it, or keep the key in a PKCS#11 token",
            ) from None
        except (ValueError, UnsupportedAlgorithm):
            raise BadInput("a file holds no key", where=str(path), expected="PKCS#8 in PEM") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise BadInput(
                "a file holds a key of another kind", where=str(path), expected="Ed25519", got=_kind(key)
            )
        return FileSigner(uri, key)

    def create_key(self, uri: str) -> Signer:
        """Draw a key and write it to a new file."""
        path = key_path(uri)
        key = Ed25519PrivateKey.generate()
        create_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return FileSigner(uri, key)


BACKEND = FileBackend()


def key_path(uri: str) -> Path:
    """Return the file that a `file:` URI names."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise BadUse("a key file is named by a URI", where=uri, expected="file:PATH") from None
    if parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
        raise BadUse(
            "a key file is named by its path alone",
            where=uri,
            expected="file:PATH or file:///PATH, with %3F for ? and %23 for #",
        )
    # As the system gives names of files that are not UTF-8.
    path = unquote(parts.path, errors="surrogateescape")
    if not path or "\0" in path:
        raise BadUse("a key file needs a path", where=uri, expected="file:PATH")
    return Path(path)


def _kind(key: object) -> str:
    return type(key).__name__.strip("_").removesuffix("PrivateKey")
