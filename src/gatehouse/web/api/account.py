"""Accounts: one's own factors, and what custodians do for others. Each change needs a factor shown anew."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import timedelta

from pydantic import Field

from gatehouse.model import Officer, Role
from gatehouse.node.accounts.errors import NotPermitted
from gatehouse.node.sessions import Method
from gatehouse.web.api.enrollment import Invited, Label
from gatehouse.web.api.model import Credential, Given, Id, Time, Told
from gatehouse.web.api.session import PasskeyOptions, Secret
from gatehouse.web.api.signing import Signed, account_intent, shown
from gatehouse.web.cookies import SESSION, forgotten
from gatehouse.web.endpoint import Call, Endpoint, Reply
from gatehouse.web.errors import RequestRefused

_CUSTODIANS = frozenset({Role.CUSTODIAN})
_FRESH = timedelta(minutes=5)


class PasskeyTold(Told):
    """A passkey of one's own; `id` is its credential id in base64url."""

    id: str
    label: str


class PasskeysTold(Told):
    """One's own passkeys, the oldest first."""

    passkeys: list[PasskeyTold]


class PasskeyAdded(Given):
    """A new passkey, and a factor that the person already had.

    The first factor of a person who signs in at an OpenID provider needs none, right after signing in.
    """

    credential: Credential
    label: Label
    signed: Signed | None = Field(default=None, description="Signs the intent `add_passkey`")


class SignedOnly(Given):
    """A factor for the intent of this route, whose subject is what the path names."""

    signed: Signed


class PasswordChanged(Given):
    """A new password."""

    password: Secret
    signed: Signed = Field(description="Signs the intent `change_password`")


class PersonGiven(Given):
    """A person of the agency."""

    officer: Id
    signed: Signed = Field(description="Signs the intent of the route, whose subject is the person's id")


class RecoveryAsked(Told):
    """A recovery that a second custodian must approve."""

    id: str
    officer: str
    expires_at: Time


def endpoints() -> list[Endpoint]:
    """Return the routes."""
    return [
        Endpoint("GET", "/account/passkeys", "List own passkeys", "account", passkeys, {200: PasskeysTold}),
        Endpoint(
            "POST",
            "/account/passkeys/options",
            "Get what a further passkey is made with",
            "account",
            options,
            {201: PasskeyOptions},
            refusals=(429,),
        ),
        Endpoint(
            "POST",
            "/account/passkeys",
            "Add a passkey",
            "account",
            add,
            {201: PasskeyTold},
            body=PasskeyAdded,
            refusals=(409, 429),
        ),
        Endpoint(
            "POST",
            "/account/passkeys/{id}/remove",
            "Remove a passkey; every session of the person ends",
            "account",
            remove,
            {204: None},
            body=SignedOnly,
            refusals=(409, 429),
        ),
        Endpoint(
            "POST",
            "/account/password",
            "Change the password; every session of the person ends",
            "account",
            change_password,
            {204: None},
            body=PasswordChanged,
            refusals=(409, 429),
        ),
        Endpoint(
            "POST",
            "/invitations",
            "Invite a person of the agency who has no account yet",
            "account",
            invite,
            {201: Invited},
            roles=_CUSTODIANS,
            body=PersonGiven,
            refusals=(409, 429),
        ),
        Endpoint(
            "POST",
            "/recoveries",
            "Ask that a person who lost a factor may enroll anew",
            "account",
            ask_recovery,
            {201: RecoveryAsked},
            roles=_CUSTODIANS,
            body=PersonGiven,
            refusals=(409, 429),
        ),
        Endpoint(
            "POST",
            "/recoveries/{id}/approve",
            "Approve a recovery that another custodian asked for",
            "account",
            approve_recovery,
            {201: Invited},
            roles=_CUSTODIANS,
            body=SignedOnly,
            refusals=(409, 429),
        ),
        Endpoint(
            "POST",
            "/people/{id}/offboard",
            "End what a person may do, for good and at once",
            "account",
            offboard,
            {204: None},
            roles=_CUSTODIANS,
            body=SignedOnly,
            refusals=(409, 429),
        ),
    ]


def passkeys(call: Call) -> Reply:
    """List one's own passkeys."""
    found = call.site.accounts.passkeys.of(call.officer.id)
    return Reply(
        PasskeysTold(passkeys=[PasskeyTold(id=_text(each.credential), label=each.label) for each in found])
    )


def options(call: Call) -> Reply:
    """Give out what a further passkey is made with."""
    return Reply(PasskeyOptions(options=call.site.accounts.passkey_options(call.officer.id)), 201)


def add(call: Call) -> Reply:
    """Add a passkey."""
    given = call.read(PasskeyAdded)
    if given.signed is not None:
        shown(call, account_intent("add_passkey"), given.signed)
    elif not _has_just_come(call):
        raise NotPermitted("a further factor needs one that is there", hint="sign the intent `add_passkey`")
    made = call.site.accounts.add_passkey(call.officer.id, given.credential, label=given.label)
    return Reply(PasskeyTold(id=_text(made.credential), label=made.label), 201)


def remove(call: Call) -> Reply:
    """Remove a passkey."""
    shown(call, account_intent("remove_passkey", call.path["id"]), call.read(SignedOnly).signed)
    call.site.accounts.remove_passkey(call.officer.id, _bytes(call.path["id"]))
    return Reply(None, 204, cookies=(forgotten(SESSION),))


def change_password(call: Call) -> Reply:
    """Change one's own password."""
    given = call.read(PasswordChanged)
    shown(call, account_intent("change_password"), given.signed)
    call.site.accounts.change_password(call.officer.id, given.password)
    return Reply(None, 204, cookies=(forgotten(SESSION),))


def invite(call: Call) -> Reply:
    """Invite a person of one's own agency who never had anything to sign in with, and is no custodian.

    For all others two custodians are needed: whoever invites holds the invitation.
    """
    given = call.read(PersonGiven)
    person = _colleague(call, given.officer)
    shown(call, account_intent("invite", given.officer), given.signed)
    accounts = call.site.accounts
    if Role.CUSTODIAN in person.roles:
        raise NotPermitted(
            "no custodian lets in another alone", hint="one asks for a recovery, a second approves it"
        )
    if accounts.enrolled(given.officer):
        raise NotPermitted(
            "the person has an account", hint="two custodians recover it, or the person with a code"
        )
    return Reply(Invited.of(accounts.enrollment.invite(given.officer, by=(call.officer.id,))), 201)


def ask_recovery(call: Call) -> Reply:
    """Ask for a recovery."""
    given = call.read(PersonGiven)
    shown(call, account_intent("ask_recovery", given.officer), given.signed)
    found = call.site.accounts.recoveries.ask(given.officer, by=call.officer.id)
    return Reply(RecoveryAsked(id=found.id, officer=found.officer, expires_at=found.expires_at), 201)


def approve_recovery(call: Call) -> Reply:
    """Approve a recovery."""
    shown(call, account_intent("approve_recovery", call.path["id"]), call.read(SignedOnly).signed)
    found = call.site.accounts.recoveries.approve(call.path["id"], by=call.officer.id)
    return Reply(Invited.of(found), 201)


def offboard(call: Call) -> Reply:
    """End what a person of one's own agency may do."""
    _colleague(call, call.path["id"])
    shown(call, account_intent("offboard", call.path["id"]), call.read(SignedOnly).signed)
    call.site.offboard(call.path["id"], by=call.officer)
    return Reply(None, 204)


def _has_just_come(call: Call) -> bool:
    """Return whether a person without any factor here was verified by the provider minutes ago."""
    session, accounts = call.session, call.site.accounts
    assert session is not None
    return (
        session.method is Method.OIDC
        and call.site.clock() - session.opened_at <= _FRESH
        and not accounts.passkeys.of(session.officer.id)
        and not accounts.has_code(session.officer.id)
    )


def _colleague(call: Call, officer: str) -> Officer:
    """Return a person of the caller's own agency; of another it is not said whether there is one."""
    found = call.site.registry.officer(officer)
    if found.agency != call.officer.agency:
        raise NotPermitted("the person is not of this agency", where=f"officer {officer}")
    return found


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        raise RequestRefused(422, "the id is no base64url") from None
