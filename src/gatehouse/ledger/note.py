"""Signed notes by C2SP signed-note: a text that keys have signed, as people can read it.

The text ends with a newline; after a blank line follows one line for each signature: an em dash, the key's
name, and base64 of the key's 4-byte id and the signature. Keys are given as `vkey` strings. Two kinds of key
are known: Ed25519 (0x01), which signs the text, and the Ed25519 cosignature of C2SP tlog-cosignature (0x04),
which signs the text together with the time at which a witness saw it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature as _DoesNotFit
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gatehouse.ledger.encoding import LARGEST_NOTE, from_base64, to_base64
from gatehouse.ledger.errors import InvalidNote, InvalidSignature, UntrustedNote
from gatehouse.model import BadInput, BadUse

ED25519, COSIGNATURE = 0x01, 0x04
# A note is read before anybody is known to have signed it; C2SP asks for at least 16 signatures.
MOST_SIGNATURES = 100

_KINDS = {ED25519: "Ed25519", COSIGNATURE: "Ed25519 cosignature"}
_KEY_BYTES, _TIME_BYTES, _ID_BYTES = 32, 8, 4
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_DASH = "\N{EM DASH} "
# C2SP tlog-cosignature bounds the time.
_LATEST = 2**63 - 1

# Where a public key is a point of order 1, 2, 4 or 8, anybody can make signatures that fit; `cryptography`
# takes such keys. These are the points' y; x differs only in its sign.
_FIELD = 2**255 - 19
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = frozenset({0, 1, _FIELD - 1, _ORDER_8, _FIELD - _ORDER_8})


class Signs(Protocol):
    """What signs: `gatehouse.signing.Signer` does."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of an Ed25519 signature (RFC 8032)."""
        ...

    def public_key(self) -> bytes:
        """Return the 32 bytes of the public key."""
        ...


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name: `name+keyid+base64(kind, key)`."""

    name: str
    kind: int
    public: bytes

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read a vkey; anything else is `BadInput`."""
        try:
            name, key_id, key = text.split("+", 2)
            data = from_base64(key)
            found = cls(name, data[0], data[1:])
            if not _is_name(name) or found.kind not in _KINDS or len(found.public) != _KEY_BYTES:
                raise ValueError("a name or a kind of key that is not known")
            if found.key_id.hex() != key_id:
                raise ValueError("a key id that is not the key's")
            if not _is_sound(found.public):
                raise ValueError("a key for which anybody can sign, or one in another spelling")
        except (ValueError, IndexError) as error:
            raise BadInput(
                "this is no verifier key",
                expected="name+key id+base64, as `gatehouse ledger init` prints it",
                got=str(error),
            ) from error
        return found

    @property
    def key_id(self) -> bytes:
        """Return the 4 bytes that tell keys of one name apart."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        """Return the vkey."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"

    def check(self, text: str, signature: Signature) -> Signature:
        """Return the signature with its time, if it is this key's over the text, else `InvalidSignature`."""
        value, timestamp = signature.value, None
        if self.kind == COSIGNATURE:
            timestamp, value = int.from_bytes(value[:_TIME_BYTES], "big"), value[_TIME_BYTES:]
            if timestamp > _LATEST:
                raise InvalidSignature(
                    "a cosignature's time is out of bounds", expected=f"at most {_LATEST}", got=str(timestamp)
                )
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, signed_message(text, timestamp))
        except _DoesNotFit as error:
            raise InvalidSignature(
                "a signature does not fit the text",
                expected=f"a signature by {self.name}",
                got=f"one that key {self.key_id.hex()} did not make over this text",
            ) from error
        return Signature(signature.name, signature.key_id, signature.value, timestamp)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: `value` follows the key id; `timestamp` (Unix seconds) is a witness's alone."""

    name: str
    key_id: bytes
    value: bytes
    timestamp: int | None = None

    @property
    def line(self) -> str:
        """Return the line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.value)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, the signatures of keys that were trusted, and the others, which nobody has checked."""

    text: str
    signatures: tuple[Signature, ...]
    others: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A signer under the name that its signatures bear."""

    name: str
    signer: Signs
    kind: int = ED25519

    def __post_init__(self) -> None:
        """Refuse a name that no note can carry."""
        check_name(self.name)
        if self.kind not in _KINDS:
            raise BadUse("no key of this kind signs notes", got=f"kind {self.kind:#04x}")

    @property
    def key(self) -> VerifierKey:
        """Return the key that checks its signatures."""
        return VerifierKey(self.name, self.kind, self.signer.public_key())

    @property
    def vkey(self) -> str:
        """Return the key as text."""
        return str(self.key)

    def line(self, text: str, *, at: int | None = None) -> str:
        """Return the signature line over a text; a cosigner needs the time (Unix seconds)."""
        if (at is None) is (self.kind == COSIGNATURE):
            raise BadUse("a cosignature has a time, and no other signature has one")
        if at is not None and not 0 <= at <= _LATEST:
            raise BadUse("a cosignature cannot have this time", expected=f"0 to {_LATEST}", got=str(at))
        value = self.signer.sign(signed_message(text, at))
        if at is not None:
            value = at.to_bytes(_TIME_BYTES, "big") + value
        return Signature(self.name, self.key.key_id, value).line


def open_note(text: str | bytes, *, keys: list[str]) -> Note:
    """Return a note that at least one of the keys (vkeys) has signed.

    Lines of unknown keys are kept aside unread. A line of a known key that does not fit refuses the note,
    whoever else has signed it; a line that stands twice counts once.
    """
    known = _by_id(keys)
    body, lines = split_note(text)
    verified: dict[Signature, None] = {}
    others: dict[Signature, None] = {}
    for line in lines:
        key = known.get((line.name, line.key_id))
        if key is None:
            others[line] = None
        else:
            verified[key.check(body, line)] = None
    if not verified:
        raise _untrusted(known, lines)
    return Note(body, tuple(verified), tuple(others))


def _untrusted(known: Iterable[tuple[str, bytes]], lines: Iterable[Signature]) -> UntrustedNote:
    trusted, signed = set(known), {(line.name, line.key_id) for line in lines}
    names = {name for name, _ in trusted} & {name for name, _ in signed}

    def told(keys: set[tuple[str, bytes]]) -> list[str]:
        return sorted({f"{name}+{key_id.hex()}" if name in names else name for name, key_id in keys})

    return UntrustedNote(
        "no key that is trusted has signed",
        expected=" or ".join(told(trusted)) or "a key to trust",
        got=", ".join(told(signed)),
        hint="another key of the same name: it may have been changed; ask its owner for the new one"
        if names
        else None,
    )


def split_note(text: str | bytes) -> tuple[str, list[Signature]]:
    """Return the text and the signature lines of a note, none of them checked; else `InvalidNote`."""
    note = _decoded(text)
    body, blank, rest = note.rpartition("\n\n")
    if not blank or not rest.endswith("\n"):
        raise InvalidNote("a note ends with a blank line and signatures", expected="both", got="one or none")
    lines = [_signature(line) for line in rest[:-1].split("\n")]
    if len(lines) > MOST_SIGNATURES:
        raise InvalidNote(
            "a note has too many signatures", expected=f"at most {MOST_SIGNATURES}", got=str(len(lines))
        )
    return body + "\n", lines


def sign_note(text: str, *, signers: Sequence[NoteSigner], at: int | None = None) -> str:
    """Return the note of a text with the signatures of some signers; cosigners take the time `at`."""
    if not text.endswith("\n") or not _is_plain(text):
        raise BadUse("a text to sign is UTF-8, ends with a newline and has no control characters")
    if not signers:
        raise BadUse("a note needs a signer")
    lines = (each.line(text, at=at if each.kind == COSIGNATURE else None) for each in signers)
    return f"{text}\n{''.join(lines)}"


def add_signatures(note: str, lines: Iterable[str]) -> str:
    """Return a note with more signature lines, none of them twice; what makes no note is `InvalidNote`."""
    body, present = split_note(note)
    have = {each.line for each in present}
    longer = note + "".join(line for line in dict.fromkeys(lines) if line not in have)
    if split_note(longer)[0] != body:
        raise InvalidNote("a line is no signature", expected="signature lines", got="a blank line")
    return longer


def signed_message(text: str, at: int | None) -> bytes:
    """Return the bytes that a key signs: the text, or for a cosignature its header, the time and the text."""
    if at is None:
        return text.encode()
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def check_name(name: str) -> None:
    """Refuse a name that no note can carry."""
    if not _is_name(name):
        raise BadUse(
            "a key needs a name without spaces and plus signs",
            expected="such as ledger.example.org/alder",
            got=repr(name[:64]),
        )


def _by_id(keys: list[str]) -> dict[tuple[str, bytes], VerifierKey]:
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in map(VerifierKey.parse, keys):
        # An id has 32 bits: whoever chooses a key can give it another's, and have one signature count twice.
        if known.setdefault((key.name, key.key_id), key) != key:
            raise BadInput(
                "two keys have one name and one id", expected="a name for each key", got=f"{key.name} twice"
            )
    return known


def _is_sound(public: bytes) -> bool:
    y = int.from_bytes(public, "little") & ((1 << 255) - 1)
    return y < _FIELD and y not in _SMALL_ORDER


def _decoded(text: str | bytes) -> str:
    try:
        data = text.encode() if isinstance(text, str) else text
        if len(data) > LARGEST_NOTE:
            raise InvalidNote(
                "the note is too long", expected=f"at most {LARGEST_NOTE} bytes", got=f"{len(data)} bytes"
            )
        note = data.decode()
    except UnicodeError as error:
        raise InvalidNote("the note is not UTF-8", expected="UTF-8", got="other bytes") from error
    if not _is_plain(note):
        raise InvalidNote("the note holds control characters", expected="only newlines", got="others")
    return note


def _is_plain(text: str) -> bool:
    return _FORBIDDEN.search(text) is None


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(char.isspace() for char in name) and _is_plain(name)


def _signature(line: str) -> Signature:
    try:
        dash, name, value = line.split(" ")
        data = from_base64(value)
        if dash != _DASH.strip() or not _is_name(name) or len(data) <= _ID_BYTES:
            raise ValueError("not a signature line")
    except ValueError as error:
        raise InvalidNote(
            "a line is no signature",
            expected="an em dash, a name, and base64 of a key id and a signature",
            got=str(error),
        ) from error
    return Signature(name, data[:_ID_BYTES], data[_ID_BYTES:])
