"""PKCS#11 URIs (RFC 7512), as far as they name a key of a token, and where its PIN comes from.

A PIN is a secret, and a command line is none: `pin-value` is refused. `pin-source` names a private file;
without it the environment's `GATEHOUSE_PKCS11_PIN` is read. `module-path` names the module's library, else
`GATEHOUSE_PKCS11_MODULE` does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from gatehouse.model import BadInput, BadUse, PartUnavailable
from gatehouse.signing.private_file import read_private

MODULE, PIN = "GATEHOUSE_PKCS11_MODULE", "GATEHOUSE_PKCS11_PIN"

_PATH = ("token", "manufacturer", "model", "serial", "slot-id", "object", "id", "type")
_QUERY = ("module-path", "pin-source")
# RFC 7512, section 2.3: what stands unescaped in the attributes of the path.
_PLAIN = ":[]@!$'()*+,=&"


@dataclass(frozen=True, slots=True)
class TokenUri:
    """Which token, which key, and where its module and PIN are. `id` is bytes, the rest text."""

    token: Mapping[str, str]
    label: str | None
    id: bytes | None
    module_path: str | None
    pin_source: str | None

    @classmethod
    def parse(cls, uri: str) -> TokenUri:
        """Read a URI that names a key by `object` or `id`; else `BadUse`, which does not quote it."""
        path, _, query = uri.removeprefix("pkcs11:").partition("?")
        named = _attributes(path, ";", _PATH)
        asked = _attributes(query, "&", _QUERY)
        if named.get("type", b"private") != b"private":
            raise BadUse("a signer is a private key", expected="type=private")
        if "object" not in named and "id" not in named:
            raise BadUse("the URI names no key", where="pkcs11:", expected="object=LABEL or id=%01…")
        slot = named.get("slot-id")
        if slot is not None and not slot.isdigit():
            raise BadUse("a slot has a number", where="pkcs11:", expected="slot-id=NUMBER")
        return cls(
            token={
                name: _text(value) for name, value in named.items() if name not in ("object", "id", "type")
            },
            label=_text(named["object"]) if "object" in named else None,
            id=named.get("id"),
            module_path=_text(asked["module-path"]) if "module-path" in asked else None,
            pin_source=_text(asked["pin-source"]) if "pin-source" in asked else None,
        )

    def __str__(self) -> str:
        """Return the URI of the key alone, without module and PIN: it can be logged."""
        parts = [f"{name}={quote(value, safe=_PLAIN)}" for name, value in self.token.items()]
        if self.label is not None:
            parts.append(f"object={quote(self.label, safe=_PLAIN)}")
        if self.id is not None:
            parts.append("id=" + "".join(f"%{each:02X}" for each in self.id))
        return "pkcs11:" + ";".join([*parts, "type=private"])

    def module(self) -> str:
        """Return the path of the module's library, from the URI or the environment."""
        found = self.module_path or os.environ.get(MODULE)
        if not found:
            raise BadUse(
                "no PKCS#11 module is named", where=str(self), expected=f"module-path=PATH, or {MODULE}"
            )
        if not Path(found).is_file():
            raise PartUnavailable("there is no such PKCS#11 module", where=found, expected="a library file")
        return found

    def pin(self) -> str | None:
        """Return the PIN from its file or the environment; None where neither is set."""
        if self.pin_source is None:
            return os.environ.get(PIN)
        if self.pin_source.startswith("|"):
            raise BadUse("a PIN comes from no command", where=str(self), expected="pin-source=FILE")
        name = self.pin_source.removeprefix("file://") if self.pin_source.startswith("file://") else None
        path = Path(name or self.pin_source.removeprefix("file:"))
        try:
            return read_private(path).decode().removesuffix("\n")
        except UnicodeDecodeError:
            raise BadInput("a PIN is no text", where=str(path), expected="UTF-8") from None


def _attributes(text: str, separator: str, known: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in text.split(separator) if text else ():
        name, equals, value = part.partition("=")
        if name == "pin-value":
            raise BadUse(
                "a PIN does not belong in a URI, where others can read it",
                where="pkcs11:",
                expected=f"pin-source=FILE, or {PIN}",
            )
        if not equals or name not in known or name in found:
            raise BadUse(
                "the URI has an attribute that is unknown, empty or there twice",
                where="pkcs11:",
                expected=", ".join(known),
            )
        found[name] = unquote_to_bytes(value)
    return found


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise BadUse("an attribute is no text", where="pkcs11:", expected="UTF-8, escaped with %") from None
