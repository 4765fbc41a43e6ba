"""Passkeys (W3C Web Authentication Level 3): keys that never leave a person's device.

User verification (the device's PIN or a fingerprint) is always required, so a passkey is two factors in one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gatehouse.model import BadInput
from gatehouse.node.accounts.challenges import LIFE, Challenges, Use
from gatehouse.node.accounts.errors import NotSignedIn
from gatehouse.node.accounts.file import AccountsFile, micros

MOST: Final = 10
LONGEST_LABEL: Final = 60
_TIMEOUT_MS: Final = int(LIFE.total_seconds() * 1000)

# What a browser's `PublicKeyCredential.toJSON()` gives.
CredentialJson = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Where passkeys are good: `id` is the node's domain, `origins` the addresses of its pages."""

    id: str
    name: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passkey:
    """A registered passkey. `public_key` is a COSE key (RFC 9052, section 7)."""

    credential: bytes
    officer: str
    public_key: bytes
    label: str


class Passkeys:
    """Registers passkeys and verifies what they sign."""

    def __init__(self, file: AccountsFile, relying: RelyingParty, challenges: Challenges) -> None:
        self.relying = relying
        self._file = file
        self._challenges = challenges

    def of(self, officer: str) -> list[Passkey]:
        """Return a person's passkeys, the oldest first."""
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT credential, officer, public_key, label FROM passkey WHERE officer = ? "
                "ORDER BY added_at, credential",
                (officer,),
            ).fetchall()
        return [Passkey(*row) for row in rows]

    def registration(self, officer: str, *, name: str, handle: bytes, anew: bool) -> dict[str, Any]:
        """Return options for `navigator.credentials.create()`; `anew` when older keys will be replaced."""
        challenge = self._challenges.issue(Use.REGISTER, officer=officer)
        known = [] if anew else self.of(officer)
        return options_to_json_dict(
            generate_registration_options(
                rp_id=self.relying.id,
                rp_name=self.relying.name,
                user_id=handle,
                user_name=name,
                challenge=challenge,
                timeout=_TIMEOUT_MS,
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    user_verification=UserVerificationRequirement.REQUIRED,
                ),
                exclude_credentials=[PublicKeyCredentialDescriptor(id=each.credential) for each in known],
            )
        )

    def registered(self, officer: str, credential: CredentialJson, *, label: str) -> Passkey:
        """Return a passkey made for that person, which `store` then keeps; else `NotSignedIn`."""
        if not 1 <= len(label) <= LONGEST_LABEL:
            raise BadInput(
                "a passkey's label has another length",
                expected=f"1 to {LONGEST_LABEL} characters",
                got=str(len(label)),
            )
        try:
            parsed = parse_registration_credential_json(dict(credential))
            challenge = parse_client_data_json(parsed.response.client_data_json).challenge
            self._challenges.spend(challenge, Use.REGISTER, officer=officer)
            found = verify_registration_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self.relying.id,
                expected_origin=list(self.relying.origins),
                require_user_verification=True,
            )
        except _MALFORMED as error:
            raise _refused("the passkey cannot be registered", error) from None
        return Passkey(found.credential_id, officer, found.credential_public_key, label)

    def store(self, passkey: Passkey, *, within: sqlite3.Connection) -> None:
        """Keep a passkey; one too many, or one that is known already, is `BadInput`."""
        (count,) = within.execute(
            "SELECT count(*) FROM passkey WHERE officer = ?", (passkey.officer,)
        ).fetchone()
        if count >= MOST:
            raise BadInput("a person has too many passkeys", expected=f"at most {MOST}", got=str(count + 1))
        try:
            within.execute(
                "INSERT INTO passkey VALUES (?, ?, ?, 0, ?, ?)",
                (
                    passkey.credential,
                    passkey.officer,
                    passkey.public_key,
                    passkey.label,
                    micros(self._file.clock()),
                ),
            )
        except sqlite3.IntegrityError:
            raise BadInput("the passkey is registered already") from None

    def sign_in(self) -> dict[str, Any]:
        """Return options for `navigator.credentials.get()` by whoever has a passkey here."""
        return self._request(self._challenges.issue(Use.SIGN_IN, officer=None), ())

    def request(self, officer: str, challenge: bytes) -> dict[str, Any]:
        """Return options by which one person signs a challenge of the caller's."""
        return self._request(challenge, self.of(officer))

    def signed_in(self, credential: CredentialJson) -> str:
        """Return who signed a challenge to sign in; else `NotSignedIn`."""
        parsed = parsed_assertion(credential)
        challenge = _challenge(parsed)
        self._challenges.spend(challenge, Use.SIGN_IN, officer=None)
        return self.asserted(parsed, challenge=challenge, officer=None).officer

    def asserted(
        self, assertion: AuthenticationCredential, *, challenge: bytes, officer: str | None
    ) -> Passkey:
        """Return the passkey that signed the challenge, which MUST be that person's; else `NotSignedIn`."""
        with self._file.writing() as connection:
            row = connection.execute(
                "SELECT credential, officer, public_key, label, sign_count FROM passkey WHERE credential = ?",
                (assertion.raw_id,),
            ).fetchone()
            if row is None or officer not in (None, row[1]):
                raise NotSignedIn("the passkey does not sign this person in")
            passkey = Passkey(*row[:4])
            count = verified_count(
                assertion,
                challenge=challenge,
                relying=self.relying,
                public_key=passkey.public_key,
                count=row[4],
            )
            connection.execute(
                "UPDATE passkey SET sign_count = ? WHERE credential = ?", (count, passkey.credential)
            )
        return passkey

    def _request(self, challenge: bytes, known: tuple[Passkey, ...] | list[Passkey]) -> dict[str, Any]:
        return options_to_json_dict(
            generate_authentication_options(
                rp_id=self.relying.id,
                challenge=challenge,
                timeout=_TIMEOUT_MS,
                allow_credentials=[PublicKeyCredentialDescriptor(id=each.credential) for each in known],
                user_verification=UserVerificationRequirement.REQUIRED,
            )
        )


def parsed_assertion(credential: CredentialJson) -> AuthenticationCredential:
    """Read what a browser gives for `navigator.credentials.get()`; else `NotSignedIn`."""
    try:
        return parse_authentication_credential_json(dict(credential))
    except _MALFORMED as error:
        raise _refused("the passkey's answer cannot be read", error) from None


def verified_count(
    assertion: AuthenticationCredential,
    *,
    challenge: bytes,
    relying: RelyingParty,
    public_key: bytes,
    count: int,
) -> int:
    """Return the new signature count of a passkey that signed the challenge; else `NotSignedIn`.

    A count that does not rise tells of a cloned key, except that many passkeys keep it at 0.
    """
    try:
        found = verify_authentication_response(
            credential=assertion,
            expected_challenge=challenge,
            expected_rp_id=relying.id,
            expected_origin=list(relying.origins),
            credential_public_key=public_key,
            credential_current_sign_count=count,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise _refused("the passkey's signature does not hold", error) from None
    return found.new_sign_count


def _challenge(assertion: AuthenticationCredential) -> bytes:
    try:
        return parse_client_data_json(assertion.response.client_data_json).challenge
    except _MALFORMED as error:
        raise _refused("the passkey's answer cannot be read", error) from None


# The library raises its own errors for most of what is wrong with an answer, and Python's for odd types.
_MALFORMED: Final = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError)


def _refused(what: str, error: Exception) -> NotSignedIn:
    return NotSignedIn(what, got=type(error).__name__)
