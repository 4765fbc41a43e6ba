"""Step-up: a person shows a second factor for one thing they want to do, and by passkey signs it.

What is wanted is a JSON document, the *intent*. The passkey's challenge is

    SHA-256("gatehouse-intent/1\\n" || nonce (32 bytes) || canonical JSON (RFC 8785) of the intent)

so its signature binds person, nonce and every word of the intent. It goes on the record as evidence that
anyone can check who is shown the intent (`verify_evidence`). A one-time code proves presence and binds by
freshness only: the record says which of both was given.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gatehouse.ledger.canonical import Json
from gatehouse.model import BadInput
from gatehouse.node.accounts.challenges import CHALLENGE_BYTES, Challenges, Use
from gatehouse.node.accounts.codes import Codes
from gatehouse.node.accounts.errors import NotSignedIn
from gatehouse.node.accounts.passkeys import (
    CredentialJson,
    Passkeys,
    RelyingParty,
    parsed_assertion,
    verified_count,
)
from gatehouse.search import signature


class Factor(StrEnum):
    """What was shown."""

    PASSKEY = "passkey"
    TOTP = "totp"


@dataclass(frozen=True, slots=True)
class Evidence:
    """That a person stood behind an intent: what the record holds of it.

    `intent` is the SHA-256 that a passkey signs. `assertion` holds `credential`, `public_key`, `client_data`,
    `authenticator_data` and `signature`; it is None for a one-time code, which signs nothing.
    """

    factor: Factor
    signer: str
    at: datetime
    nonce: bytes
    intent: bytes
    assertion: Mapping[str, bytes] | None = None

    def as_document(self) -> dict[str, Json]:
        """Return it as JSON; bytes in base64url without padding."""
        return {
            "factor": self.factor.value,
            "signer": self.signer,
            "at": f"{self.at.isoformat(timespec='milliseconds').removesuffix('+00:00')}Z",
            "nonce": _text(self.nonce),
            "intent": _text(self.intent),
            "assertion": None
            if self.assertion is None
            else {name: _text(value) for name, value in self.assertion.items()},
        }


def intent_hash(intent: Json, nonce: bytes) -> bytes:
    """Return what a passkey signs for an intent; an intent without a spelling is `BadInput`."""
    try:
        return signature.intent_hash(intent, nonce)
    except ValueError as error:
        raise BadInput("what is asked for cannot be signed", got=str(error)) from None


class StepUp:
    """Asks for a second factor, and takes it."""

    def __init__(self, challenges: Challenges, passkeys: Passkeys, codes: Codes) -> None:
        self._challenges = challenges
        self._passkeys = passkeys
        self._codes = codes

    def begin(self, officer: str, intent: Json) -> tuple[bytes, dict[str, Any] | None]:
        """Return a nonce, and options for the person's passkeys if they have any."""
        nonce = self._challenges.issue(Use.INTENT, officer=officer)
        if not self._passkeys.of(officer):
            return nonce, None
        return nonce, self._passkeys.request(officer, intent_hash(intent, nonce))

    def with_passkey(
        self, officer: str, intent: Json, *, nonce: bytes, credential: CredentialJson, at: datetime
    ) -> Evidence:
        """Return the evidence that this person signed this intent; else `NotSignedIn`."""
        digest = intent_hash(intent, _checked(nonce))
        parsed = parsed_assertion(credential)
        self._challenges.spend(nonce, Use.INTENT, officer=officer)
        passkey = self._passkeys.asserted(parsed, challenge=digest, officer=officer)
        return Evidence(
            Factor.PASSKEY,
            officer,
            at,
            nonce,
            digest,
            {
                "credential": passkey.credential,
                "public_key": passkey.public_key,
                "client_data": parsed.response.client_data_json,
                "authenticator_data": parsed.response.authenticator_data,
                "signature": parsed.response.signature,
            },
        )

    def with_code(
        self, officer: str, intent: Json, *, nonce: bytes, code: str, address: str, at: datetime
    ) -> Evidence:
        """Return the evidence that this person showed an unused one-time code; else `NotSignedIn`."""
        digest = intent_hash(intent, _checked(nonce))
        self._challenges.spend(nonce, Use.INTENT, officer=officer)
        self._codes.show(officer, code, address=address)
        return Evidence(Factor.TOTP, officer, at, nonce, digest)


def verify_evidence(document: Mapping[str, Any], intent: Json, *, relying: RelyingParty) -> str:
    """Return who signed an intent, from the evidence on the record alone; else `NotSignedIn`.

    It proves that the passkey in the evidence signed. That the passkey is that person's stands in the record
    of when it was added (`account:factor:added`). A one-time code proves nothing to others.
    """
    assertion = document.get("assertion")
    if not isinstance(assertion, Mapping):
        raise NotSignedIn("the evidence holds no signature", got=str(document.get("factor")))
    try:
        nonce, stated = _bytes(document["nonce"]), _bytes(document["intent"])
        signer = document["signer"]
        public_key = _bytes(assertion["public_key"])
        parsed = parsed_assertion(_credential(assertion))
    except (KeyError, ValueError, TypeError):
        raise NotSignedIn("the evidence cannot be read") from None
    if not isinstance(signer, str) or intent_hash(intent, nonce) != stated:
        raise NotSignedIn("the evidence is of another intent")
    verified_count(parsed, challenge=stated, relying=relying, public_key=public_key, count=0)
    return signer


def _credential(assertion: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": assertion["credential"],
        "rawId": assertion["credential"],
        "type": "public-key",
        "response": {
            "clientDataJSON": assertion["client_data"],
            "authenticatorData": assertion["authenticator_data"],
            "signature": assertion["signature"],
        },
    }


def _checked(nonce: bytes) -> bytes:
    if len(nonce) != CHALLENGE_BYTES:
        raise NotSignedIn("the challenge is unknown, used or too old")
    return nonce


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
