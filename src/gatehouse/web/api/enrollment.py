"""Enrollment and recovery: what an invited person chooses, and how one comes back who has lost a factor."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from gatehouse.node.accounts.enrolling import Invitation
from gatehouse.web.api.model import Credential, Given, Time, Told
from gatehouse.web.api.session import Code, Login, PasskeyOptions, Secret
from gatehouse.web.endpoint import Call, Endpoint, Reply

Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class TokenGiven(Given):
    """An invitation."""

    token: Token


class Authenticator(Told):
    """What an authenticator needs, as a URI to scan and as text to type."""

    officer: str
    uri: str
    secret: str


class CodeEnrollment(Given):
    """Login and password of one's own choice, and the authenticator's first code."""

    token: Token
    login: Login
    password: Secret
    code: Code


class LoginGiven(Given):
    """A login of one's own choice, for a passkey."""

    token: Token
    login: Login


class PasskeyEnrollment(Given):
    """A new passkey."""

    token: Token
    login: Login
    credential: Credential
    label: Label


class Enrolled(Told):
    """Codes to write down: each lets in once who has lost their factor. They are shown this one time."""

    recovery_codes: list[str]


class RecoveryGiven(Given):
    """A recovery code, with the password of whoever has one."""

    login: Login
    code: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    password: Secret | None = None


class Invited(Told):
    """What lets one person enroll. The token is shown this one time."""

    token: str
    officer: str
    expires_at: Time = Field(description="Enroll before")

    @classmethod
    def of(cls, invitation: Invitation) -> Invited:
        """Return an invitation as it is told."""
        return cls(token=invitation.token, officer=invitation.officer, expires_at=invitation.expires_at)


def endpoints() -> list[Endpoint]:
    """Return the routes."""
    return [
        Endpoint(
            "POST",
            "/enrollment",
            "Open an invitation",
            "enrollment",
            opened,
            {200: Authenticator},
            roles=None,
            body=TokenGiven,
            refusals=(401,),
        ),
        Endpoint(
            "POST",
            "/enrollment/code",
            "Enroll with a password and an authenticator",
            "enrollment",
            with_code,
            {201: Enrolled},
            roles=None,
            body=CodeEnrollment,
            refusals=(401, 409, 429),
        ),
        Endpoint(
            "POST",
            "/enrollment/passkey/options",
            "Get what a new passkey is made with",
            "enrollment",
            passkey_options,
            {201: PasskeyOptions},
            roles=None,
            body=LoginGiven,
            refusals=(401, 429),
        ),
        Endpoint(
            "POST",
            "/enrollment/passkey",
            "Enroll with a passkey",
            "enrollment",
            with_passkey,
            {201: Enrolled},
            roles=None,
            body=PasskeyEnrollment,
            refusals=(401,),
        ),
        Endpoint(
            "POST",
            "/recovery",
            "Come back with a recovery code",
            "enrollment",
            recover,
            {201: Invited},
            roles=None,
            body=RecoveryGiven,
            refusals=(401, 429),
        ),
    ]


def opened(call: Call) -> Reply:
    """Open an invitation."""
    found = call.site.accounts.enrollment.open(call.read(TokenGiven).token)
    return Reply(Authenticator(officer=found.officer, uri=found.uri, secret=found.secret))


def with_code(call: Call) -> Reply:
    """Enroll with a password and an authenticator."""
    given = call.read(CodeEnrollment)
    codes = call.site.accounts.enrollment.with_code(
        given.token, login=given.login, password=given.password, code=given.code
    )
    return Reply(Enrolled(recovery_codes=codes), 201)


def passkey_options(call: Call) -> Reply:
    """Give out what a new passkey is made with."""
    given = call.read(LoginGiven)
    options = call.site.accounts.enrollment.passkey_options(given.token, login=given.login)
    return Reply(PasskeyOptions(options=options), 201)


def with_passkey(call: Call) -> Reply:
    """Enroll with a passkey."""
    given = call.read(PasskeyEnrollment)
    codes = call.site.accounts.enrollment.with_passkey(
        given.token, login=given.login, credential=given.credential, label=given.label
    )
    return Reply(Enrolled(recovery_codes=codes), 201)


def recover(call: Call) -> Reply:
    """Give an invitation for a recovery code."""
    given = call.read(RecoveryGiven)
    found = call.site.accounts.recoveries.with_code(
        given.login, given.code, password=given.password, address=call.address
    )
    return Reply(Invited.of(found), 201)
