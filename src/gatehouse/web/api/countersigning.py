"""What two custodians do together: authoritative sources of hotlists, and links to an OpenID provider."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field

from gatehouse.model import BadInput, Officer, Role
from gatehouse.node.accounts.countersigning import Asked, Matter
from gatehouse.node.accounts.errors import NotPermitted
from gatehouse.web.api.hotlists import SourceTold
from gatehouse.web.api.model import Given, Time, Told
from gatehouse.web.api.signing import Signed, shown
from gatehouse.web.api.wanted import (
    Issuer,
    SourceWanted,
    Subject,
    SubjectWanted,
    approval_intent,
    source_intent,
    subject_intent,
)
from gatehouse.web.endpoint import Call, Endpoint, Reply

_CUSTODIANS = frozenset({Role.CUSTODIAN})


class SourceGiven(Given):
    """A source of lists."""

    model_config = Given.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "source": {"name": "state hot file", "officer": "alder-pd.o1", "authoritative": True},
                    "signed": {"nonce": "2Zr7l9nQp4mYVjO1dGk8s3XbTtUhEw0aCfRiKxNvLyM", "code": "123456"},
                }
            ]
        }
    }

    source: SourceWanted
    signed: Signed = Field(description="Signs the intent `source`")


class SubjectGiven(Given):
    """A subject of an OpenID provider, as an ID token names it."""

    issuer: Issuer
    subject: Subject
    signed: Signed = Field(description="Signs the intent `link_subject` or `unlink_subject`, as the route is")


class Countersigned(Given):
    """A second custodian's agreement."""

    signed: Signed = Field(description="Signs the intent `approval` (`what`: `countersigning`) of the id")


class AskedTold(Told):
    """What waits for a second custodian: `words` are those that the first signed."""

    id: str
    matter: Matter
    words: dict[str, Any]
    asked_by: str
    expires_at: Time

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """Return what was asked as it is told."""
        return cls(
            id=asked.id,
            matter=asked.matter,
            words=dict(asked.words),
            asked_by=asked.asked_by,
            expires_at=asked.expires_at,
        )


class AllAsked(Told):
    """What waits for a second custodian of the agency, a hundred at most, the first to end first."""

    waiting: list[AskedTold]


class LinkTold(Told):
    """A subject that is this person."""

    issuer: str
    subject: str


class LinksTold(Told):
    """The subjects of a person."""

    subjects: list[LinkTold]


def endpoints() -> list[Endpoint]:
    """Return the routes."""
    return [
        Endpoint(
            "POST",
            "/hotlists/sources",
            "Set a source of lists; an authoritative one waits for a second custodian (202)",
            "hotlists",
            set_source,
            {200: SourceTold, 202: AskedTold},
            roles=_CUSTODIANS,
            body=SourceGiven,
            refusals=(429,),
        ),
        Endpoint(
            "GET",
            "/people/{id}/subjects",
            "Subjects of the OpenID provider that are a person of the agency",
            "account",
            subjects,
            {200: LinksTold},
            roles=_CUSTODIANS,
            refusals=(422,),
        ),
        Endpoint(
            "POST",
            "/people/{id}/subjects",
            "Ask that a subject of the OpenID provider is linked to a person",
            "account",
            link,
            {202: AskedTold},
            roles=_CUSTODIANS,
            body=SubjectGiven,
            refusals=(429,),
        ),
        Endpoint(
            "POST",
            "/people/{id}/subjects/unlink",
            "Unlink a subject; every session of the person ends",
            "account",
            unlink,
            {204: None},
            roles=_CUSTODIANS,
            body=SubjectGiven,
            refusals=(429,),
        ),
        Endpoint(
            "GET",
            "/countersignings",
            "What waits for a second custodian of the agency",
            "account",
            waiting,
            {200: AllAsked},
            roles=_CUSTODIANS,
        ),
        Endpoint(
            "POST",
            "/countersignings/{id}/agree",
            "Agree, as a second custodian; then it is done",
            "account",
            agree,
            {200: AskedTold},
            roles=_CUSTODIANS,
            body=Countersigned,
            refusals=(429,),
        ),
        Endpoint(
            "POST",
            "/countersignings/{id}/withdraw",
            "Withdraw what waits for a second custodian",
            "account",
            withdraw,
            {204: None},
            roles=_CUSTODIANS,
        ),
    ]


def set_source(call: Call) -> Reply:
    """Set a source, or ask a second custodian for an authoritative one."""
    given = call.read(SourceGiven)
    source = given.source
    shown(call, source_intent(source, call.officer), given.signed)
    _colleague(call, source.officer)
    if source.authoritative:
        words = source.model_dump(mode="json")
        return _waits(call, Matter.SOURCE, words)
    return Reply(_set(call, source, by=call.officer))


def subjects(call: Call) -> Reply:
    """List the subjects that are a person of the own agency."""
    officer = _colleague(call, call.path["id"])
    found = call.site.accounts.subjects.of(officer.id)
    return Reply(LinksTold(subjects=[LinkTold(issuer=issuer, subject=subject) for issuer, subject in found]))


def link(call: Call) -> Reply:
    """Ask a second custodian to link a subject."""
    wanted = _subject(call, link=True)
    if not _colleague(call, wanted.officer).active:
        raise NotPermitted("the person has left", where=f"officer {wanted.officer}")
    return _waits(call, Matter.SUBJECT, wanted.model_dump(mode="json"))


def unlink(call: Call) -> Reply:
    """Unlink a subject of a person of the own agency."""
    wanted = _subject(call, link=False)
    officer = _colleague(call, wanted.officer)
    links = call.site.accounts.subjects
    if (wanted.issuer, wanted.subject) not in links.of(officer.id):
        raise BadInput("the subject is not linked to this person")
    links.unlink(wanted.issuer, wanted.subject, by=(call.officer.id,))
    return Reply(None, 204)


def waiting(call: Call) -> Reply:
    """List what waits for a second custodian of the own agency."""
    found = call.site.accounts.countersigning.waiting(call.officer.agency)
    return Reply(AllAsked(waiting=[AskedTold.of(each) for each in found]))


def agree(call: Call) -> Reply:
    """Do what a first custodian has asked for, as the second."""
    id, kept = call.path["id"], call.site.accounts.countersigning
    shown(call, approval_intent("countersigning", id), call.read(Countersigned).signed)
    asked = kept.agreed(id, by=call.officer.id)
    match asked.matter:
        case Matter.SOURCE:
            first = call.site.registry.officer(asked.asked_by)
            _set(call, SourceWanted.model_validate(dict(asked.words)), by=first, second=call.officer)
        case Matter.SUBJECT:
            wanted = SubjectWanted.model_validate(dict(asked.words))
            call.site.accounts.subjects.link(
                wanted.issuer, wanted.subject, wanted.officer, by=(asked.asked_by, call.officer.id)
            )
    kept.done(id)
    return Reply(AskedTold.of(asked))


def withdraw(call: Call) -> Reply:
    """Withdraw what waits; nothing comes of it, so the session is enough."""
    call.site.accounts.countersigning.withdraw(call.path["id"], by=call.officer.id)
    return Reply(None, 204)


def _set(call: Call, source: SourceWanted, *, by: Officer, second: Officer | None = None) -> SourceTold:
    found = call.site.hotlists.lists.set_source(
        source.name,
        by=by,
        officer=call.site.registry.officer(source.officer),
        second=second,
        authoritative=source.authoritative,
        scope=source.scope,
        longest_age=source.longest_age,
    )
    return SourceTold.of(found, call.site.clock())


def _waits(call: Call, matter: Matter, words: dict[str, Any]) -> Reply:
    asked = call.site.accounts.countersigning.ask(matter, words, by=call.officer.id)
    return Reply(AskedTold.of(asked), 202)


def _subject(call: Call, *, link: bool) -> SubjectWanted:
    given = call.read(SubjectGiven)
    wanted = SubjectWanted(officer=call.path["id"], issuer=given.issuer, subject=given.subject)
    shown(call, subject_intent(wanted, link=link), given.signed)
    return wanted


def _colleague(call: Call, officer: str) -> Officer:
    """Return a person of the caller's own agency; of another it is not said whether there is one."""
    found = call.site.registry.officer(officer)
    if found.agency != call.officer.agency:
        raise NotPermitted("the person is not of this agency", where=f"officer {officer}")
    return found
