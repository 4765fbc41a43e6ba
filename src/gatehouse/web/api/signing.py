"""Step-up over the API: a person says what they want, gets a nonce, and sends it back with a second factor.

POST /intents takes the same words that the request itself will have, and answers what a passkey signs. Words
and nonce together make the challenge, so a page that shows one thing and sends another gets no signature that
holds. `gatehouse.node.accounts.step_up` has the scheme.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from gatehouse.hotlist.asking import list_intent, renew_intent, standing_intent
from gatehouse.hotlist.lists import ListMode
from gatehouse.ledger.canonical import Json
from gatehouse.node.accounts.step_up import Evidence
from gatehouse.search.holding import end_intent, hold_intent, opening_intent
from gatehouse.search.signature import review_intent, search_intent
from gatehouse.web.api.asking import Line, ProcessAsked, SearchAsked, Words
from gatehouse.web.api.evidence import EndHoldIntent, HoldIntent, OpenHoldIntent
from gatehouse.web.api.model import Credential, Given, Id, Time, Told
from gatehouse.web.api.standing import Sha256, StandingAsked
from gatehouse.web.api.wanted import (
    CameraWanted,
    ChangeWanted,
    PersonWanted,
    SourceWanted,
    SubjectWanted,
    approval_intent,
    camera_intent,
    change_intent,
    person_intent,
    source_intent,
    subject_intent,
)
from gatehouse.web.endpoint import Call, Endpoint, Reply
from gatehouse.web.errors import RequestRefused

Nonce = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]


class Signed(Given):
    """What shows that the person is there: the nonce with a passkey's answer, or with a one-time code."""

    nonce: Nonce
    credential: Credential | None = None
    code: Annotated[str, StringConstraints(max_length=16)] | None = None


class SearchIntent(Given):
    """A search, as it will be sent."""

    asks: Literal["search"]
    search: SearchAsked


class ReviewIntent(Given):
    """The answer of a reviewer."""

    asks: Literal["review"]
    search: Id
    approves: bool
    reason: Annotated[Words, StringConstraints(min_length=1)] | None = Field(
        None, description="Why it is refused; null where it is approved"
    )

    @model_validator(mode="after")
    def _check_reason(self) -> Self:
        if self.approves is not (self.reason is None):
            raise ValueError("a refusal has a reason, and an approval none")
        return self


class StandingIntent(Given):
    """A standing search, as it will be sent."""

    asks: Literal["standing_search"]
    standing: StandingAsked


class ListIntent(Given):
    """A list, by the SHA-256 of its text, what it does to the one before, and when its source made it."""

    asks: Literal["list"]
    source: Line
    sha256: Sha256
    listed_at: Time
    mode: ListMode = ListMode.REPLACES
    shrinks: bool = Field(default=False, description="Ends nearly everything of its source, and means to")


class RenewIntent(Given):
    """That a stopped entry goes on, and the order if it does under one."""

    asks: Literal["renew"]
    entry: Id
    order: ProcessAsked | None = None


class AccountIntent(Given):
    """A change of an account: what is done, and to whom or what."""

    asks: Literal["account"]
    action: Literal[
        "add_passkey",
        "remove_passkey",
        "change_password",
        "invite",
        "ask_recovery",
        "approve_recovery",
        "offboard",
    ]
    subject: Annotated[str, StringConstraints(max_length=600)] = ""


class ChangeIntent(Given):
    """A change of a rule, as it will be proposed."""

    asks: Literal["change"]
    change: ChangeWanted


class PersonIntent(Given):
    """A person of the agency who comes or changes."""

    asks: Literal["person"]
    person: PersonWanted


class CameraIntent(Given):
    """A camera of the agency that comes or changes."""

    asks: Literal["camera"]
    camera: CameraWanted


class SourceIntent(Given):
    """A source of lists."""

    asks: Literal["source"]
    source: SourceWanted


class SubjectIntent(Given):
    """A subject of an OpenID provider and the person who it is, or is no more."""

    asks: Literal["link_subject", "unlink_subject"]
    subject: SubjectWanted


class ApprovalIntent(Given):
    """What a second custodian approves, by its id."""

    asks: Literal["approval"]
    what: Literal["change", "countersigning"]
    id: Id


Intent: TypeAlias = (
    SearchIntent
    | ReviewIntent
    | HoldIntent
    | OpenHoldIntent
    | EndHoldIntent
    | StandingIntent
    | ListIntent
    | RenewIntent
    | AccountIntent
    | ChangeIntent
    | PersonIntent
    | CameraIntent
    | SourceIntent
    | SubjectIntent
    | ApprovalIntent
)


class IntentGiven(Given):
    """What somebody is about to do."""

    intent: Annotated[Intent, Field(discriminator="asks")]


class Challenge(Told):
    """What to show a second factor for. It is good once and for two minutes."""

    nonce: str
    passkey: dict[str, Any] | None = Field(
        description="Options for `navigator.credentials.get()`; null if the person has no passkey"
    )
    code: bool = Field(description="Whether the person has an authenticator for one-time codes")


def endpoints() -> list[Endpoint]:
    """Return the routes."""
    return [
        Endpoint(
            "POST",
            "/intents",
            "Say what you are about to do, and get what a second factor is shown for",
            "intents",
            begin,
            {201: Challenge},
            body=IntentGiven,
            refusals=(429,),
        )
    ]


def begin(call: Call) -> Reply:
    """Give out a nonce for an intent."""
    document = _document(call, call.read(IntentGiven).intent)
    nonce, options = call.site.accounts.step_up.begin(call.officer.id, document)
    has_code = call.site.accounts.has_code(call.officer.id)
    return Reply(Challenge(nonce=_text(nonce), passkey=options, code=has_code), 201)


def shown(call: Call, intent: Json, signed: Signed) -> Evidence:
    """Return the evidence that the person who is signed in stands behind an intent; else `NotSignedIn`."""
    step_up, at = call.site.accounts.step_up, call.site.clock()
    nonce = urlsafe_b64decode(signed.nonce + "=")
    if (signed.credential is None) is (signed.code is None):
        raise RequestRefused(
            422, "the signature shows no factor, or two", expected="either `credential` or `code`"
        )
    if signed.credential is not None:
        return step_up.with_passkey(call.officer.id, intent, nonce=nonce, credential=signed.credential, at=at)
    assert signed.code is not None
    return step_up.with_code(
        call.officer.id, intent, nonce=nonce, code=signed.code, address=call.address, at=at
    )


def account_intent(action: str, subject: str = "") -> dict[str, Json]:
    """Return the document that is signed for a change of an account."""
    return {"asks": "account", "action": action, "subject": subject}


def _document(call: Call, intent: Intent) -> Json:
    match intent:
        case SearchIntent(search=search):
            return search_intent(search.search(call.officer))
        case ReviewIntent(search=id, reason=reason):
            return review_intent(id, refusing=reason)
        case HoldIntent(search=search_id, hold=wanted):
            return hold_intent(wanted.asked(search_id))
        case OpenHoldIntent(hold=hold, case_number=case_number, reason=reason):
            return opening_intent(hold, case_number=case_number, reason=reason)
        case EndHoldIntent(hold=hold):
            return end_intent(hold)
        case StandingIntent(standing=standing):
            return standing_intent(standing.standing(call.officer))
        case ListIntent(source=source, sha256=sha256, listed_at=at, mode=mode, shrinks=shrinks):
            agency = call.officer.agency
            return list_intent(agency, source, sha256, mode=mode.value, listed_at=at, shrinks=shrinks)
        case RenewIntent(entry=entry, order=order):
            return renew_intent(entry, None if order is None else order.process())
        case AccountIntent(action=action, subject=subject):
            return account_intent(action, subject)
        case ChangeIntent(change=change):
            return change_intent(change, call.officer)
        case PersonIntent(person=person):
            return person_intent(person, call.officer)
        case CameraIntent(camera=camera):
            return camera_intent(camera, call.officer)
        case SourceIntent(source=source):
            return source_intent(source, call.officer)
        case SubjectIntent(asks=asks, subject=link):
            return subject_intent(link, link=asks == "link_subject")
        case ApprovalIntent(what=what, id=about):
            return approval_intent(what, about)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
