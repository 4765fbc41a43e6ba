"""Changes of the rules: proposed, approved by a second custodian, withdrawn; and what is in force."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints
from starlette.responses import Response

from gatehouse.model import Officer, Role
from gatehouse.node.backtests import LARGEST_BACKTEST
from gatehouse.node.bodies import Kind
from gatehouse.node.change import Change, ChangeState, Version
from gatehouse.node.changes import Changes
from gatehouse.node.errors import Unknown
from gatehouse.web.api.model import Given, Id, Limit, Time, Told
from gatehouse.web.api.signing import Signed, shown
from gatehouse.web.api.wanted import ChangeWanted, approval_intent, change_intent
from gatehouse.web.endpoint import Call, Endpoint, Reply
from gatehouse.web.errors import RequestRefused

_CUSTODIANS = frozenset({Role.CUSTODIAN})
_READERS = frozenset({Role.CUSTODIAN, Role.SUPERVISOR, Role.AUDITOR})
# These hold names of people, which concern nobody but who decides and the agency that they are of.
_OF_PEOPLE = frozenset({Kind.AGENCY, Kind.CUSTODIAN})
# A backtest in JSON within JSON: its text, escaped at the worst.
_LARGEST = 2 * LARGEST_BACKTEST


class ChangeGiven(Given):
    """A proposal. What loosens something comes with its backtest, whose SHA-256 is signed."""

    model_config = Given.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "change": {
                        "kind": "agreement",
                        "after": None,
                        "subject": "alder-pd/cedar-pd",
                    },
                    "signed": {"nonce": "2Zr7l9nQp4mYVjO1dGk8s3XbTtUhEw0aCfRiKxNvLyM", "code": "123456"},
                }
            ]
        }
    }

    change: ChangeWanted
    backtest: (
        Annotated[str, StringConstraints(strip_whitespace=False, max_length=LARGEST_BACKTEST)] | None
    ) = Field(default=None, description="What `gatehouse law backtest --json` prints; published")
    signed: Signed = Field(description="Signs the intent `change`")


class ChangeApproved(Given):
    """A second custodian's approval."""

    signed: Signed = Field(description="Signs the intent `approval` of the change's id")


class ChangesAsked(Given):
    """Which changes."""

    state: ChangeState | None = Field(default=None, description="All of them unless said")
    kind: Kind | None = None
    after: Annotated[int, Field(ge=-1, lt=2**53)] = Field(default=-1, description="`next` of the page before")
    limit: Limit = 50


class ChangeTold(Told):
    """A change, and how it stands; `index` is that of its proposal in the ledger.

    `after` is the rule as it shall be, null where it is taken away. `stuck` says why it is not in force
    though its time has come.
    """

    id: str
    kind: Kind
    subject: str
    decider: str
    state: ChangeState
    loosens: bool
    after: dict[str, Any] | None
    valid_from: Time
    ready_at: Time | None = Field(description="From when it may be in force; null before it is approved")
    waiting_days: int | None
    backtest: str | None = Field(description="SHA-256 of the published backtest")
    proposed_by: str
    proposed_at: Time
    approved_by: str | None
    approved_at: Time | None
    index: int
    stuck: str | None

    @classmethod
    def of(cls, change: Change, changes: Changes) -> Self:
        """Return a change as it is told."""
        stuck = changes.stuck.get(change.id)
        return cls(
            id=change.id,
            kind=change.kind,
            subject=change.subject,
            decider=change.decider,
            state=change.state,
            loosens=change.loosens,
            after=None if change.after is None else change.after.as_json(),
            valid_from=change.valid_from,
            ready_at=changes.ready_at(change),
            waiting_days=None if change.waiting is None else change.waiting.days,
            backtest=change.backtest,
            proposed_by=change.proposed_by,
            proposed_at=change.proposed_at,
            approved_by=change.approved_by,
            approved_at=change.approved_at,
            index=change.entry,
            stuck=None if stuck is None else stuck.what,
        )


class ChangePage(Told):
    """Changes in the order of their proposals; `next` is null on the last page."""

    changes: list[ChangeTold]
    next: int | None


class RulesAsked(Given):
    """Which rules: of all kinds and agencies unless said."""

    kind: Kind | None = None
    agency: Id | None = Field(default=None, description="Rules that are about it")
    after: Annotated[int, Field(ge=-1, lt=2**53)] = Field(default=-1, description="`next` of the page before")
    limit: Limit = 50


class RuleInForce(Told):
    """The newest version of a rule; `index` is that of the entry with which it came into force."""

    kind: Kind
    subject: str
    version: int
    since: Time
    loosened: bool
    body: dict[str, Any]
    index: int


class RulePage(Told):
    """Rules in the order of their entries; `next` is null on the last page."""

    rules: list[RuleInForce]
    next: int | None


def endpoints() -> list[Endpoint]:
    """Return the routes."""
    return [
        Endpoint(
            "POST",
            "/changes",
            "Propose a change of a rule, or who takes part",
            "changes",
            propose,
            {201: ChangeTold},
            roles=_CUSTODIANS,
            body=ChangeGiven,
            refusals=(409, 429),
            largest=_LARGEST,
        ),
        Endpoint(
            "GET",
            "/changes",
            "List changes by state and kind",
            "changes",
            listed,
            {200: ChangePage},
            roles=_READERS,
            query=ChangesAsked,
        ),
        Endpoint(
            "GET",
            "/changes/{id}",
            "How a change stands",
            "changes",
            one,
            {200: ChangeTold},
            roles=_READERS,
            refusals=(404,),
        ),
        Endpoint(
            "GET",
            "/changes/{id}/backtest",
            "What a loosening would have changed, as published",
            "changes",
            backtest,
            {200: None},
            roles=_READERS,
            plain=True,
            refusals=(404,),
        ),
        Endpoint(
            "POST",
            "/changes/{id}/approve",
            "Approve a change, as a second custodian",
            "changes",
            approve,
            {200: ChangeTold},
            roles=_CUSTODIANS,
            body=ChangeApproved,
            refusals=(404, 409, 429),
        ),
        Endpoint(
            "POST",
            "/changes/{id}/withdraw",
            "Withdraw a change that is not in force yet",
            "changes",
            withdraw,
            {200: ChangeTold},
            roles=_CUSTODIANS,
            refusals=(404, 409),
        ),
        Endpoint(
            "GET",
            "/rules",
            "Rules in force: agreements, declarations, owners' rules, sharing, rulebook",
            "changes",
            rules,
            {200: RulePage},
            query=RulesAsked,
        ),
    ]


def propose(call: Call) -> Reply:
    """Propose a change."""
    given = call.read(ChangeGiven)
    change = given.change
    tried = None if given.backtest is None else given.backtest.encode()
    if change.backtest != (None if tried is None else sha256(tried).hexdigest()):
        raise RequestRefused(422, "the backtest is another than was signed", expected="its SHA-256")
    if (change.after is None) is (change.subject is None):
        raise RequestRefused(
            422, "a rule is given, or the one that is taken away named", expected="`after` or `subject`"
        )
    shown(call, change_intent(change, call.officer), given.signed)
    found = call.site.changes.propose(
        change.kind,
        change.after,
        by=call.officer,
        subject=change.subject,
        valid_from=change.valid_from,
        backtest=tried,
    )
    return Reply(ChangeTold.of(found, call.site.changes), 201)


def listed(call: Call) -> Reply:
    """List changes."""
    asked, changes = call.asked(ChangesAsked), call.site.changes
    states = () if asked.state is None else (asked.state,)
    found = [
        each
        for each in changes.all(*states)
        if each.entry > asked.after and asked.kind in (None, each.kind) and _seen(each, call.officer)
    ]
    page, more = _page(found, asked.limit)
    told = [ChangeTold.of(each, changes) for each in page]
    return Reply(ChangePage(changes=told, next=page[-1].entry if more else None))


def one(call: Call) -> Reply:
    """Return a change."""
    return Reply(ChangeTold.of(_change(call), call.site.changes))


def backtest(call: Call) -> Response:
    """Return the backtest of a change, as it was published."""
    found = call.site.changes.backtest(_change(call))
    if found is None:
        raise Unknown("the change needed no backtest")
    return Response(found, media_type="application/json")


def approve(call: Call) -> Reply:
    """Approve a change."""
    change = _change(call)
    shown(call, approval_intent("change", change.id), call.read(ChangeApproved).signed)
    return Reply(ChangeTold.of(call.site.changes.approve(change.id, by=call.officer), call.site.changes))


def withdraw(call: Call) -> Reply:
    """Withdraw a change; that only makes things stricter, so the session is enough."""
    found = call.site.changes.withdraw(_change(call).id, by=call.officer)
    return Reply(ChangeTold.of(found, call.site.changes))


def rules(call: Call) -> Reply:
    """List the rules in force."""
    asked = call.asked(RulesAsked)
    found = [
        (kind, subject, version)
        for kind, subject, version in call.site.changes.in_force()
        if version.entry > asked.after
        and asked.kind in (None, kind)
        and (asked.agency is None or asked.agency in subject.split("/"))
    ]
    page, more = _page(found, asked.limit)
    told = [_rule(*each) for each in page]
    return Reply(RulePage(rules=told, next=told[-1].index if more else None))


def _rule(kind: Kind, subject: str, version: Version) -> RuleInForce:
    assert version.body is not None
    return RuleInForce(
        kind=kind,
        subject=subject,
        version=version.number,
        since=version.since,
        loosened=version.loosens,
        body=version.body.as_json(),
        index=version.entry,
    )


def _change(call: Call) -> Change:
    found = call.site.changes.get(call.path["id"])
    if not _seen(found, call.officer):
        raise Unknown("there is no such change", got=f"{len(call.path['id'])} characters")
    return found


def _seen(change: Change, by: Officer) -> bool:
    """Return whether a person may see a change."""
    if change.kind not in _OF_PEOPLE or by.agency in (change.decider, change.subject):
        return True
    body = change.after
    return body is not None and getattr(body, "agency", None) == by.agency


def _page(found: Sequence[Any], limit: int) -> tuple[Sequence[Any], bool]:
    return found[:limit], len(found) > limit
