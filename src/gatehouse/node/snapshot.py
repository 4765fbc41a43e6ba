"""What is in force at one moment, ready to be asked: made when something changes, never changed itself."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from gatehouse.law import OwnerIndex
from gatehouse.law.codes import BANS, MATTERS
from gatehouse.model import Agency, Agreement, BadInput, Declaration, Officer, OwnerTerms, Party, Role
from gatehouse.node.bodies import (
    AgreementBody,
    Body,
    DeclarationBody,
    Kind,
    OwnerBody,
    PackBody,
    SharingBody,
)
from gatehouse.node.change import NODE, Version
from gatehouse.node.view import View
from gatehouse.search.registry import OwnerRules, Owners

B = TypeVar("B", bound=Body)
# Searchers whose owners stay at hand; each takes about a megabyte for 5,000 owners.
_SEARCHERS = 64


class Snapshot:
    """The registry's answers of one moment; a loosening counts once `witnessed` entries cover it."""

    def __init__(self, view: View, *, witnessed: int) -> None:
        self.view = view
        self._witnessed = witnessed
        self._people: dict[tuple[str, Role], list[Officer]] = {}
        for officer in view.officers.values():
            for role in officer.roles if officer.active else ():
                self._people.setdefault((officer.agency, role), []).append(officer)
        self._rules: dict[str, tuple[OwnerBody, OwnerRules]] = {}
        self._agreements: dict[str, dict[str, Agreement]] = {}
        self._declarations: dict[str, Declaration] = {}
        sharing: set[str] = set()
        agreed: list[tuple[AgreementBody, datetime]] = []
        for kind, subject in view.rules:
            version = view.in_force(kind, subject, witnessed=witnessed)
            match version.body if version else None:
                case OwnerBody() as body:
                    self._rules[subject] = body, _owner_rules(body)
                case SharingBody(shares=True):
                    sharing.add(subject)
                case AgreementBody() as body if version:
                    agreed.append((body, version.since))
                case DeclarationBody() as body if version:
                    covers = frozenset().union(*(MATTERS[each] for each in body.covers))
                    self._declarations[subject] = Declaration(covers, version.since, body.until)
        for body, since in agreed:
            if body.owner in sharing:
                terms = Agreement(body.purposes, since, body.until)
                self._agreements.setdefault(body.searcher, {})[body.owner] = terms
        self.ids = tuple(sorted(self._rules))
        self._agencies = [view.agencies[each] for each in self.ids]
        self._regions = tuple(agency.region for agency in self._agencies)
        self._bans = [_banned(self._rules[each][0]) for each in self.ids]
        self._owners: OrderedDict[str, Owners] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, view: View, witnessed: int) -> bool:
        """Return whether it was made of this view with as many entries witnessed."""
        return view is self.view and witnessed == self._witnessed

    def rules(self) -> Sequence[tuple[Kind, str, Version]]:
        """Return kind, subject and version of each rule that holds, in the order of their entries."""
        found = [
            (kind, subject, version)
            for kind, subject in self.view.rules
            if (version := self.view.in_force(kind, subject, witnessed=self._witnessed)) is not None
            and version.body is not None
        ]
        return sorted(found, key=lambda each: each[2].entry)

    @property
    def pack(self) -> PackBody:
        """Return the version of the rulebook in force."""
        return pack_of(self.view, witnessed=self._witnessed)

    def people(self, agency: str, role: Role) -> Sequence[Officer]:
        """Return the active people of an agency who have a role."""
        return tuple(self._people.get((agency, role), ()))

    def own_rule(self, owner: str) -> OwnerRules:
        """Return what an owner decides beside its terms; one without a rule has set no retention."""
        found = self._rules.get(owner)
        return found[1] if found else OwnerRules(retention=None, waiting=self.view.waiting(owner))

    def owners(self, searcher: Agency) -> Owners:
        """Return every owner of the network for a searcher; the same object each time."""
        with self._lock:
            found = self._owners.get(searcher.id)
            if found is not None:
                self._owners.move_to_end(searcher.id)
                return found
        made = self._made(searcher)
        with self._lock:
            kept = self._owners.setdefault(searcher.id, made)
            if len(self._owners) > _SEARCHERS:
                self._owners.popitem(last=False)
        return kept

    def _made(self, searcher: Agency) -> Owners:
        agreements = self._agreements.get(searcher.id, {})
        declaration: Declaration | bool = self._declarations.get(searcher.id, False)
        terms = []
        for agency, bans in zip(self._agencies, self._bans, strict=True):
            body, rules = self._rules[agency.id]
            terms.append(
                OwnerTerms(
                    Party(agency.name, agency.state, agency.kind),
                    rules.retention,
                    bans,
                    body.optins,
                    agreements.get(agency.id, False),
                    declaration,
                )
            )
        return Owners(self.ids, OwnerIndex(terms), self._regions)


def pack_of(view: View, *, witnessed: int) -> PackBody:
    """Return the version of the rulebook in force; a node that nobody has founded has none."""
    version = view.in_force(Kind.PACK, NODE, witnessed=witnessed)
    if version is None or not isinstance(version.body, PackBody):
        raise BadInput(
            "no rulebook is in force: the node was not founded, or its witnesses have not seen that yet"
        )
    return version.body


def _owner_rules(body: OwnerBody) -> OwnerRules:
    return OwnerRules(
        body.retention,
        dict(body.scope_caps),
        frozenset(body.optins),
        body.waiting,
        body.longest_hold,
        body.portal_delay,
    )


def _banned(body: OwnerBody) -> frozenset[str]:
    """Return the codes of bans that stand for themselves, for those that were named."""
    return frozenset().union(*(BANS[each] for each in body.bans))
