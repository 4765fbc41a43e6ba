"""Signing in and out. The session is a cookie that no script reads and no other site's page sends."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints
from starlette.responses import RedirectResponse, Response

from gatehouse.model import Role
from gatehouse.node.accounts.logins import LIFE as LOGIN_LIFE
from gatehouse.node.accounts.oidc import OidcProvider
from gatehouse.node.sessions import Method, Session
from gatehouse.web.api.model import Credential, Given, Time, Told
from gatehouse.web.cookies import LOGIN, SESSION, forgotten, kept
from gatehouse.web.endpoint import Call, Endpoint, Reply
from gatehouse.web.errors import RequestRefused

Secret = Annotated[str, StringConstraints(min_length=1, max_length=1_024, strip_whitespace=False)]
Login = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=16)]
# Query of an authorization response (RFC 6749, section 4.1.2; RFC 9207).
_ANSWER = ("state", "code", "iss", "error")


class PasswordGiven(Given):
    """Login, password and one-time code, together: none of them is tried alone."""

    login: Login
    password: Secret
    code: Code


class PasskeyGiven(Given):
    """A passkey's answer to the options."""

    credential: Credential


class PasskeyOptions(Told):
    """Options for `navigator.credentials.get()` or `.create()`, as `parse…OptionsFromJSON()` takes them."""

    options: dict[str, Any]


class SignedIn(Told):
    """Who is signed in, with which roles, and until when at the latest."""

    officer: str
    name: str
    agency: str
    roles: list[Role]
    method: Method
    opened_at: Time
    ends_at: Time
    idle_seconds: int = Field(description="The session ends when it is not used for so long")


class OidcAnswer(Given):
    """What a provider sends the browser back with."""

    model_config = Given.model_config | {"extra": "ignore"}

    state: Annotated[str, StringConstraints(max_length=200)] = ""
    code: Annotated[str, StringConstraints(max_length=4_000)] | None = None
    iss: Annotated[str, StringConstraints(max_length=500)] | None = None
    error: Annotated[str, StringConstraints(max_length=200)] | None = None


def endpoints() -> list[Endpoint]:
    """Return the routes."""
    return [
        Endpoint(
            "POST",
            "/session",
            "Sign in with a password and a one-time code",
            "session",
            with_password,
            {201: SignedIn},
            roles=None,
            body=PasswordGiven,
            refusals=(401, 429),
        ),
        Endpoint(
            "POST",
            "/session/passkey/options",
            "Get a challenge to sign in with a passkey",
            "session",
            passkey_options,
            {201: PasskeyOptions},
            roles=None,
            refusals=(429,),
        ),
        Endpoint(
            "POST",
            "/session/passkey",
            "Sign in with a passkey",
            "session",
            with_passkey,
            {201: SignedIn},
            roles=None,
            body=PasskeyGiven,
            refusals=(401, 429),
        ),
        Endpoint(
            "GET",
            "/session/oidc",
            "Go to the OpenID provider to sign in",
            "session",
            to_provider,
            {302: None},
            roles=None,
            plain=True,
            refusals=(404, 422, 429),
        ),
        Endpoint(
            "GET",
            "/session/oidc/callback",
            "Come back from the OpenID provider",
            "session",
            from_provider,
            {303: None},
            roles=None,
            query=OidcAnswer,
            plain=True,
            refusals=(401, 404),
        ),
        Endpoint("GET", "/session", "Who is signed in", "session", current, {200: SignedIn}),
        Endpoint("DELETE", "/session", "Sign out", "session", sign_out, {204: None}),
        Endpoint("DELETE", "/sessions", "End every session of your own", "session", end_all, {204: None}),
    ]


def with_password(call: Call) -> Reply:
    """Sign in with a password and a one-time code."""
    given = call.read(PasswordGiven)
    officer = call.site.accounts.sign_in.with_code(
        given.login, given.password, given.code, address=call.address
    )
    return _opened(call, officer, Method.TOTP)


def passkey_options(call: Call) -> Reply:
    """Give out a challenge to sign in with."""
    return Reply(PasskeyOptions(options=call.site.accounts.sign_in.passkey_options()), 201)


def with_passkey(call: Call) -> Reply:
    """Sign in with a passkey."""
    given = call.read(PasskeyGiven)
    officer = call.site.accounts.sign_in.with_passkey(given.credential, address=call.address)
    return _opened(call, officer, Method.PASSKEY)


def to_provider(call: Call) -> Response:
    """Send the browser to the provider."""
    request = _provider(call).begin()
    response = RedirectResponse(request.url, 302)
    token = call.site.accounts.logins.keep(request)
    response.headers.append("set-cookie", kept(LOGIN, token, life=LOGIN_LIFE))
    return response


def from_provider(call: Call) -> Response:
    """Sign in whom the provider has verified, if the registry knows them."""
    provider, accounts = _provider(call), call.site.accounts
    request = accounts.logins.take(call.request.cookies.get(LOGIN, ""))
    given = call.asked(OidcAnswer).model_dump()
    answer = {name: given[name] for name in _ANSWER if given[name] is not None}
    subject = provider.finish(request, answer)
    officer = accounts.subjects.officer(subject.issuer, subject.subject)
    token = accounts.sessions.open(officer, method=Method.OIDC, instead_of=call.token)
    response = RedirectResponse("/", 303)
    response.headers.append("set-cookie", kept(SESSION, token, life=accounts.sessions.limits.whole))
    response.headers.append("set-cookie", forgotten(LOGIN))
    return response


def current(call: Call) -> Reply:
    """Say who is signed in."""
    assert call.session is not None
    return Reply(_told(call, call.session))


def sign_out(call: Call) -> Reply:
    """End this session."""
    assert call.token is not None
    call.site.accounts.sessions.end(call.token)
    return Reply(None, 204, cookies=(forgotten(SESSION),))


def end_all(call: Call) -> Reply:
    """End every session of this person, for instance one left open elsewhere."""
    call.site.accounts.sessions.end_all(call.officer.id)
    return Reply(None, 204, cookies=(forgotten(SESSION),))


def _opened(call: Call, officer: str, method: Method) -> Reply:
    """Open a session in place of the one that the browser had, so that nobody's token is carried over."""
    sessions = call.site.accounts.sessions
    token = sessions.open(officer, method=method, instead_of=call.token)
    cookie = kept(SESSION, token, life=sessions.limits.whole)
    return Reply(_told(call, sessions.find(token)), 201, cookies=(cookie,))


def _told(call: Call, session: Session) -> SignedIn:
    officer = session.officer
    return SignedIn(
        officer=officer.id,
        name=officer.name,
        agency=officer.agency,
        roles=sorted(officer.roles),
        method=session.method,
        opened_at=session.opened_at,
        ends_at=session.ends_at,
        idle_seconds=int(call.site.accounts.sessions.limits.idle.total_seconds()),
    )


def _provider(call: Call) -> OidcProvider:
    if call.site.oidc is None:
        raise RequestRefused(404, "no OpenID provider is set up", hint="sign in with a passkey")
    return call.site.oidc
