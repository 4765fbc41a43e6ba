"""Ed25519 keys in PKCS#11 tokens: hardware modules, smart cards, SoftHSM.

The key is drawn in the token (`CKM_EC_EDWARDS_KEY_PAIR_GEN`), marked sensitive and not extractable, and signs
there (`CKM_EDDSA`, PKCS#11 3.0). A token without these is refused: nothing falls back to a key in memory.

PKCS#11 logs a process in, not a session, and closing the session that logged in ends it for all. So one
session for each token stays open as long as the process.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from threading import Lock
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gatehouse.model import BadInput, BadUse, PartUnavailable
from gatehouse.signing.signer import Signer
from gatehouse.signing.token_uri import PIN, TokenUri

try:
    import pkcs11
    from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
except ImportError as error:
    raise PartUnavailable(
        "keys in PKCS#11 tokens need python-pkcs11",
        hint="install it: python -m pip install 'python-pkcs11>=0.9'",
    ) from error

# CKA_EC_PARAMS: the object identifier 1.3.101.112, id-Ed25519 (RFC 8410).
_ED25519 = bytes.fromhex("06032b6570")
_KEY_BYTES = 32
# CKA_EC_POINT as a DER octet string; some modules give the bare 32 bytes instead.
_POINT = bytes([0x04, _KEY_BYTES])


@dataclass(frozen=True, slots=True)
class _Opened:
    """A token that this process is logged in to. Sessions are not safe for threads: hold the lock."""

    token: Any
    session: Any
    lock: Lock


_opened: dict[tuple[str, int], _Opened] = {}
_opening = Lock()


class TokenSigner:
    """A private key in a token."""

    def __init__(self, uri: str, key: Any, public: bytes, lock: Lock) -> None:
        self.uri = uri
        self._key = key
        self._public = public
        self._verifies = Ed25519PublicKey.from_public_bytes(public)
        self._lock = lock

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of an Ed25519 signature, which was verified before it is handed out."""
        try:
            with self._lock:
                signature = bytes(self._key.sign(message, mechanism=Mechanism.EDDSA))
        except pkcs11.PKCS11Error as error:
            raise _failed("the token does not sign", self.uri, error) from error
        try:
            self._verifies.verify(signature, message)
        except InvalidSignature:
            raise PartUnavailable(
                "the token returned a signature that its public key does not verify", where=self.uri
            ) from None
        return signature

    def public_key(self) -> bytes:
        """Return the 32 bytes of the public key."""
        return self._public


class TokenBackend:
    """Keys named `pkcs11:…`."""

    def open_signer(self, uri: str) -> Signer:
        """Log in to the token and find the key; none or two is `BadUse`."""
        named = TokenUri.parse(uri)
        opened = _log_in(named)
        with opened.lock:
            return _found(named, opened)

    def create_key(self, uri: str) -> Signer:
        """Draw a key pair in the token; a label or id that is taken is `BadUse`."""
        named = TokenUri.parse(uri)
        opened = _log_in(named)
        label, key_id = named.label or "", named.id or secrets.token_bytes(8)
        with opened.lock:
            for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
                if _objects(named, opened, kind):
                    raise BadUse("the token already holds such a key", where=str(named))
            try:
                with opened.token.open(rw=True) as session:
                    curve = session.create_domain_parameters(
                        KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: _ED25519}, local=True
                    )
                    curve.generate_keypair(
                        mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
                        label=label,
                        id=key_id,
                        store=True,
                        private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
                    )
            except pkcs11.PKCS11Error as error:
                raise _failed("the token makes no Ed25519 key", str(named), error) from error
            return _found(named, opened)


BACKEND = TokenBackend()


def _log_in(named: TokenUri) -> _Opened:
    """Return the token that a URI names, logged in to once for the whole process."""
    module = named.module()
    try:
        library = pkcs11.lib(module)
        with _opening:
            token = _token(library, named)
            place = (module, int(token.slot.slot_id))
            if place not in _opened:
                pin = named.pin()
                if pin is None:
                    raise BadUse(
                        "the token needs a PIN", where=str(named), expected=f"pin-source=FILE, or {PIN}"
                    )
                _opened[place] = _Opened(token, token.open(user_pin=pin), Lock())
            return _opened[place]
    except (pkcs11.PinIncorrect, pkcs11.PinLenRange, pkcs11.PinInvalid):
        raise BadInput(
            "the token refuses the PIN",
            where=str(named),
            hint="check the PIN before you try again: tokens lock after a few attempts",
        ) from None
    except (pkcs11.PKCS11Error, RuntimeError) as error:
        raise _failed("the token cannot be opened", str(named), error) from error


def _token(library: Any, named: TokenUri) -> Any:
    wanted = dict(named.token)
    found = []
    for slot in library.get_slots(token_present=True):
        try:
            token = slot.get_token()
        except (pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised):
            continue
        has = {
            "token": token.label,
            "manufacturer": token.manufacturer_id,
            "model": token.model,
            "serial": bytes(token.serial).decode("ascii", "replace").rstrip(" \0"),
            "slot-id": str(slot.slot_id),
        }
        if wanted.items() <= has.items():
            found.append(token)
    if len(found) != 1:
        raise BadUse(
            "the URI does not name one token",
            where=str(named),
            expected="one token",
            got=f"{len(found)} tokens",
        )
    return found[0]


def _objects(named: TokenUri, opened: _Opened, kind: Any) -> list[Any]:
    sought: dict[Any, Any] = {Attribute.CLASS: kind, Attribute.KEY_TYPE: KeyType.EC_EDWARDS}
    if named.label is not None:
        sought[Attribute.LABEL] = named.label
    if named.id is not None:
        sought[Attribute.ID] = named.id
    try:
        return list(opened.session.get_objects(sought))
    except pkcs11.PKCS11Error as error:
        raise _failed("the token cannot be searched", str(named), error) from error


def _found(named: TokenUri, opened: _Opened) -> TokenSigner:
    keys = _objects(named, opened, ObjectClass.PRIVATE_KEY)
    halves = _objects(named, opened, ObjectClass.PUBLIC_KEY)
    if len(keys) != 1 or len(halves) != 1:
        raise BadUse(
            "the URI does not name one Ed25519 key pair",
            where=str(named),
            expected="a private and a public key",
            got=f"{len(keys)} private and {len(halves)} public keys",
        )
    try:
        point = bytes(halves[0][Attribute.EC_POINT])
    except pkcs11.PKCS11Error as error:
        raise _failed("the token does not show the public key", str(named), error) from error
    public = point.removeprefix(_POINT) if len(point) == len(_POINT) + _KEY_BYTES else point
    if len(public) != _KEY_BYTES:
        raise PartUnavailable(
            "the token shows no Ed25519 public key",
            where=str(named),
            expected="a point of 32 bytes",
            got=f"{len(point)} bytes",
        )
    return TokenSigner(str(named), keys[0], public, opened.lock)


def _failed(what: str, where: str, error: Exception) -> PartUnavailable:
    """Name the return value only: a module's own text may say anything."""
    return PartUnavailable(what, where=where, got=type(error).__name__)
