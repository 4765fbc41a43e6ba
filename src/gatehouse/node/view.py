"""What follows from the registry's entries, one after the other: who takes part, and what is in force.

`View.fold` takes one entry and either refuses it (`ChangeRefused`) or lets its effect happen. It runs before
an entry is made, on a copy, and whenever the record is read: an entry that was made past the node counts for
nothing and stops it. Times are those of the entries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from gatehouse.model import Agency, Camera, Officer, Role
from gatehouse.node import members
from gatehouse.node.bodies import (
    BODIES,
    LEAST_WAITING_DAYS,
    AgreementBody,
    Body,
    DeclarationBody,
    Joining,
    Kind,
    OfficerBody,
    OwnerBody,
    PackBody,
    SharingBody,
)
from gatehouse.node.change import Change, ChangeState, Needs, Version, event_of, stem_of, subject_of
from gatehouse.node.errors import ChangeRefused
from gatehouse.node.loosening import loosens
from gatehouse.node.record import Recorded, text_of, time_of

# What takes a backtest and a waiting time where it loosens; the others take two custodians alone.
_TRIED_FIRST = frozenset({Kind.AGREEMENT, Kind.OWNER, Kind.SHARING, Kind.PACK})


@dataclass(slots=True)
class View:
    """The registry at one moment. `rules` holds every version of a rule, the newest last.

    `names` holds whose each name is, by state; `enrollments` the entries of each camera, the newest last.

    `pack_tightens` compares packs that are new; of those on the record, what was found then counts.
    """

    operator: str | None = None
    agencies: dict[str, Agency] = field(default_factory=dict)
    names: dict[tuple[str, ...], str] = field(default_factory=dict)
    officers: dict[str, Officer] = field(default_factory=dict)
    cameras: dict[str, Camera] = field(default_factory=dict)
    enrollments: dict[str, tuple[int, ...]] = field(default_factory=dict)
    rules: dict[tuple[Kind, str], tuple[Version, ...]] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    pack_tightens: Callable[[PackBody, PackBody], bool] = lambda before, after: True

    def copy(self) -> View:
        """Return a view that can be changed without this one."""
        return replace(
            self,
            agencies=dict(self.agencies),
            names=dict(self.names),
            officers=dict(self.officers),
            cameras=dict(self.cameras),
            enrollments=dict(self.enrollments),
            rules=dict(self.rules),
            changes=dict(self.changes),
        )

    def newest(self, kind: Kind, subject: str) -> Version | None:
        """Return the newest version of a rule, witnessed or not."""
        versions = self.rules.get((kind, subject))
        return versions[-1] if versions else None

    def in_force(self, kind: Kind, subject: str, *, witnessed: int) -> Version | None:
        """Return the version that counts: a loosening only once `witnessed` entries cover it."""
        versions = self.rules.get((kind, subject), ())
        found: Version | None = None
        for version in versions:
            if version.entry < witnessed or not self.compare(
                kind, found.body if found else None, version.body
            ):
                found = version
        return found

    def settled(self, *, witnessed: int) -> bool:
        """Return whether `witnessed` entries cover the newest version of every rule."""
        return all(versions[-1].entry < witnessed for versions in self.rules.values())

    def compare(self, kind: Kind, before: Body | None, after: Body | None) -> bool:
        """Return whether one body of a kind loosens another; whatever is not shown to tighten does."""
        if isinstance(before, PackBody) and isinstance(after, PackBody):
            if before.lexicon != after.lexicon:
                return True
            return before.sha256 != after.sha256 and not self.pack_tightens(before, after)
        if kind is Kind.DECLARATION and (before is None or after is None):
            # A word that is given binds who gives it; it is on nobody's side to wait for.
            return False
        return loosens(before, after)

    def custodians(self, agency: str) -> list[Officer]:
        """Return the active custodians of an agency."""
        return [
            each
            for each in self.officers.values()
            if each.agency == agency and each.active and Role.CUSTODIAN in each.roles
        ]

    def waiting(self, agency: str) -> timedelta:
        """Return how long a loosening of an agency waits, by its newest rule."""
        version = self.newest(Kind.OWNER, agency)
        body = version.body if version else None
        return body.waiting if isinstance(body, OwnerBody) else timedelta(days=LEAST_WAITING_DAYS)

    def fold(self, entry: Recorded) -> None:
        """Let the effect of an entry happen, or refuse it with `ChangeRefused` or `BadInput`."""
        if (self.operator is None) is not (entry.event == members.FOUNDED):
            raise ChangeRefused(
                "a registry begins with the founding of its node, and with it only",
                where=f"entry {entry.index}",
            )
        step = _STEPS.get(entry.event)
        if step is None:
            raise ChangeRefused("the registry knows no such event", got=entry.event)
        step(self, entry)

    def _propose(self, entry: Recorded) -> None:
        change = self._read_change(entry)
        if change.id in self.changes:
            raise ChangeRefused("a change of this id is known", got=change.id)
        newest = self.newest(change.kind, change.subject)
        if change.base != (newest.number if newest else 0):
            raise ChangeRefused("the change starts from another version than the newest", got=change.id)
        self.decides(change.proposed_by, change.decider, entry)
        before = newest.body if newest else None
        if (newest is None and change.after is None) or (newest is not None and before == change.after):
            raise ChangeRefused("the change changes nothing", got=change.subject)
        needs = self.needs(change.kind, change.subject, change.after)
        if (needs.loosens and not change.loosens) or (needs.backtest and change.backtest is None):
            raise ChangeRefused(
                "a change that loosens what is in force needs a published backtest",
                where=change.subject,
                hint="publish what the record of the last year would have been (`gatehouse law backtest`)",
            )
        if needs.waiting is not None and (change.waiting is None or change.waiting < needs.waiting):
            raise ChangeRefused("a loosening waits", expected=f"{needs.waiting.days} days or longer")
        self._check_parties(change)
        self.changes[change.id] = change

    def needs(self, kind: Kind, subject: str, after: Body | None) -> Needs:
        """Return what a change to a rule takes, as things stand."""
        newest = self.newest(kind, subject)
        before = newest.body if newest else None
        if kind in (Kind.AGENCY, Kind.CUSTODIAN):
            return Needs(True, False, None)
        looser = self.compare(kind, before, after)
        # An owner without a rule has no reads: its first loosens nothing that is held.
        first = kind is Kind.OWNER and newest is None
        tried = looser and kind in _TRIED_FIRST and not first
        return Needs(looser, tried, self.waiting(self.decider(kind, subject, after)) if tried else None)

    def decider(self, kind: Kind, subject: str, after: Body | None) -> str:
        """Return the agency whose custodians decide on a rule."""
        match kind:
            case Kind.AGREEMENT:
                return subject.partition("/")[0]
            case Kind.PACK | Kind.AGENCY:
                return self.operator or ""
            case Kind.CUSTODIAN:
                assert isinstance(after, OfficerBody)
                left = len(self.custodians(after.agency)) < members.LEAST_CUSTODIANS
                return (self.operator or "") if left else after.agency
        return subject

    def _check_parties(self, change: Change) -> None:
        match change.after:
            case AgreementBody() as body:
                parties = [body.owner, body.searcher]
                if body.owner == body.searcher:
                    raise ChangeRefused("an owner needs no agreement with itself", got=body.owner)
            case DeclarationBody(searcher=one) | OwnerBody(owner=one) | SharingBody(owner=one):
                parties = [one]
            case OfficerBody() as body:
                parties = [body.agency]
                known = self.officers.get(body.id)
                if Role.CUSTODIAN not in body.roles:
                    raise ChangeRefused("a custodian has the role", got=body.id)
                if known is not None and (known.agency != body.agency or not known.active):
                    raise ChangeRefused("a person stays with the agency, and is not taken back", got=body.id)
            case _:
                parties = []
        for party in parties:
            if party not in self.agencies:
                raise ChangeRefused("there is no such agency", got=party)

    def _approve(self, entry: Recorded) -> None:
        change = self._change(entry, ChangeState.PROPOSED)
        by = text_of(entry, "by")
        self.decides(by, change.decider, entry)
        if by == change.proposed_by:
            raise ChangeRefused("a second person approves, not who proposed it", got=change.id)
        if not change.loosens:
            raise ChangeRefused("a change that tightens needs no approval", got=change.id)
        self._still(change)
        self.changes[change.id] = replace(
            change, state=ChangeState.APPROVED, approved_by=by, approved_at=entry.at, approval=entry.index
        )

    def _put_in_force(self, entry: Recorded) -> None:
        change = self._change(entry, ChangeState.PROPOSED, ChangeState.APPROVED)
        ready = change.ready_at(self.waiting(change.decider))
        if ready is None or entry.at < ready:
            raise ChangeRefused(
                "the change may not be in force yet",
                where=change.id,
                expected="an approval" if ready is None else f"not before {ready:%Y-%m-%dT%H:%M:%SZ}",
                got=f"{entry.at:%Y-%m-%dT%H:%M:%SZ}",
            )
        self._still(change)
        self.changes[change.id] = replace(change, state=ChangeState.IN_FORCE)
        match change.after:
            case Joining() as joining:
                members.join(self, joining, entry)
            case OfficerBody() as officer:
                if officer.id in self.officers:
                    self.officers[officer.id] = officer.officer()
                else:
                    members.add(self, officer)
            case body:
                key = change.kind, change.subject
                versions = self.rules.get(key, ())
                number = versions[-1].number + 1 if versions else 1
                version = Version(number, body, entry.at, entry.index, change.loosens, change.id)
                self.rules[key] = (*versions, version)

    def lapsed(self, change: Change) -> bool:
        """Return whether a change would loosen a version that came after the one it was compared with."""
        if change.kind in (Kind.AGENCY, Kind.CUSTODIAN):
            return False
        newest = self.newest(change.kind, change.subject)
        if change.base == (newest.number if newest else 0):
            return False
        return self.compare(change.kind, newest.body if newest else None, change.after)

    def _still(self, change: Change) -> None:
        if self.lapsed(change):
            raise ChangeRefused(
                "another version has come between, and the change would loosen that",
                where=change.id,
                hint="withdraw it and propose it again",
            )

    def _withdraw(self, entry: Recorded) -> None:
        change = self._change(entry, ChangeState.PROPOSED, ChangeState.APPROVED)
        by = entry.detail.get("by")
        if by is not None:
            self.decides(text_of(entry, "by"), change.decider, entry)
        elif not self.lapsed(change):
            raise ChangeRefused("a change ends by itself only where another has come between", got=change.id)
        self.changes[change.id] = replace(change, state=ChangeState.WITHDRAWN)

    def _read_change(self, entry: Recorded) -> Change:
        detail = entry.detail
        kind = _KINDS[entry.event]
        after = detail.get("after")
        body = None if after is None else BODIES[kind].read(after, where="after")
        subject = text_of(entry, "subject")
        if body is not None and subject_of(body) != subject:
            raise ChangeRefused("the subject is another than the rule's", got=subject)
        base, waiting, backtest = detail.get("base"), detail.get("waiting_days"), detail.get("backtest")
        if type(base) is not int or type(detail.get("loosens")) is not bool:
            raise ChangeRefused("the change names no base", got=entry.event)
        decider = self.decider(kind, subject, body)
        if decider != entry.agency:
            raise ChangeRefused(
                "the change is another agency's to decide", expected=decider, got=entry.agency
            )
        return Change(
            id=text_of(entry, "change"),
            kind=kind,
            subject=subject,
            decider=decider,
            base=base,
            after=body,
            loosens=bool(detail["loosens"]),
            valid_from=time_of(entry, "valid_from"),
            backtest=backtest if isinstance(backtest, str) else None,
            waiting=timedelta(days=waiting) if isinstance(waiting, int) else None,
            proposed_by=text_of(entry, "by"),
            proposed_at=entry.at,
            entry=entry.index,
        )

    def _change(self, entry: Recorded, *states: ChangeState) -> Change:
        change = self.changes.get(text_of(entry, "change"))
        if change is None or stem_of(change.kind) != entry.event.rpartition(":")[0]:
            raise ChangeRefused("there is no such change", got=entry.event)
        if change.decider != entry.agency:
            raise ChangeRefused("another agency decides on this", got=change.id)
        if change.state not in states:
            raise ChangeRefused("the change stands elsewhere", where=change.id, got=change.state.value)
        return change

    def decides(self, by: str, agency: str, entry: Recorded) -> None:
        """Refuse a person who is no active custodian of the agency, or an entry that is another's."""
        officer = self.officers.get(by)
        if (
            entry.agency != agency
            or officer is None
            or officer.agency != agency
            or not officer.active
            or Role.CUSTODIAN not in officer.roles
        ):
            raise ChangeRefused("an active custodian of the agency decides this", expected=agency, got=by)


_KINDS = {event_of(kind, ChangeState.PROPOSED): kind for kind in Kind}
_STEPS: dict[str, Callable[[View, Recorded], None]] = {
    members.FOUNDED: members.found,
    members.OFFICER_ADDED: members.add_officer,
    members.OFFICER_CHANGED: members.change_officer,
    members.OFFICER_OFFBOARDED: members.offboard,
    members.CAMERA_ADDED: members.put_camera,
    members.CAMERA_CHANGED: members.put_camera,
    **{event_of(kind, ChangeState.PROPOSED): View._propose for kind in Kind},
    **{event_of(kind, ChangeState.APPROVED): View._approve for kind in Kind},
    **{event_of(kind, ChangeState.IN_FORCE): View._put_in_force for kind in Kind},
    **{event_of(kind, ChangeState.WITHDRAWN): View._withdraw for kind in Kind},
}
