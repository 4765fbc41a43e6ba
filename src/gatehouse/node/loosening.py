"""Whether a change loosens what is in force: everything does that is not shown to tighten it.

A version tightens another if whatever it lets happen the other lets happen too. That is compared part by
part, never by trying examples. Of two packs it is shown for one shape only: the same permission, schema and
jurisdictions, every refusal of the old one kept word for word or made stricter, and nothing but refusals
added. Cedar refuses what any rule refuses, so further refusals only refuse more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from gatehouse.law import Pack
from gatehouse.law.codes import BANS, MATTERS
from gatehouse.law.pack import Rule, read_pack
from gatehouse.law.packfiles import read_files
from gatehouse.model import Outcome
from gatehouse.node.bodies import (
    AgreementBody,
    Body,
    DeclarationBody,
    OwnerBody,
    PackBody,
    SharingBody,
)

__all__ = ["loosens", "pack_tightens"]

# `pack.toml` names version and hash; facts are cited, and only their presence decides.
_COMPARED = re.compile(r"pack\.toml|network/[^/]+\.cedar|statutes/[^/]+/(?:rules\.cedar|facts\.toml)")
_STRICTNESS = {Outcome.PERMIT: 0, Outcome.REVIEW: 1, Outcome.DENY: 2}


def loosens(before: Body | None, after: Body | None) -> bool:
    """Return whether a rule lets more happen than the one before it; None lets nothing happen.

    Of packs it says so of every other version; what `pack_tightens` shows is for the caller to weigh.
    """
    if after is None or before == after:
        return False
    match before, after:
        case AgreementBody(), AgreementBody():
            same = (before.owner, before.searcher) == (after.owner, after.searcher)
            return not (same and after.purposes <= before.purposes and _sooner(after.until, before.until))
        case DeclarationBody(), DeclarationBody():
            covered = _codes(after.covers, MATTERS) <= _codes(before.covers, MATTERS)
            return not (before.searcher == after.searcher and covered and _sooner(after.until, before.until))
        case OwnerBody(), OwnerBody():
            return before.owner != after.owner or _owner_loosens(before, after)
        case SharingBody(), SharingBody():
            return after.shares and not before.shares
        case None, SharingBody():
            return after.shares
        case PackBody(), PackBody():
            return True
    return True


def _owner_loosens(before: OwnerBody, after: OwnerBody) -> bool:
    tightens = (
        after.retention_minutes <= before.retention_minutes
        and _codes(before.bans, BANS) <= _codes(after.bans, BANS)
        and after.optins <= before.optins
        and after.waiting_days >= before.waiting_days
        and after.longest_hold_days <= before.longest_hold_days
        # Sooner tells more of who searched, later keeps more from the public: neither is the stricter one.
        and after.portal_delay_hours == before.portal_delay_hours
        and all(
            code in after.scope_caps and cap.covers(after.scope_caps[code])
            for code, cap in before.scope_caps.items()
        )
    )
    return not tightens


def _codes(names: Iterable[str], listed: dict[str, frozenset[str]]) -> frozenset[str]:
    """Return what some names stand for among the facts that rules read."""
    return frozenset().union(*(listed[name] for name in names))


def _sooner(one: datetime | None, other: datetime | None) -> bool:
    """Return whether one end comes no later than another; None is no end."""
    return other is None or (one is not None and one <= other)


def pack_tightens(before: Path, after: Path) -> bool:
    """Return whether the pack in a folder is shown to permit nothing that another does not.

    False shows nothing. Of files that hold no rules and no facts, any difference counts as a loosening.
    """
    if _others(before) != _others(after):
        return False
    old, new = read_pack(before), read_pack(after)
    if old.jurisdictions.keys() != new.jurisdictions.keys() or _permission(old) != _permission(new):
        return False
    refusals = [rule for rule in old.rules.values() if rule.outcome is not Outcome.PERMIT]
    kept = all(rule.id in new.rules and _no_milder(rule, new.rules[rule.id]) for rule in refusals)
    # An added rule is a refusal: a pack has one permission, and both have the same.
    return kept


def _others(folder: Path) -> dict[str, bytes]:
    """Return the files of a pack whose meaning is not compared here, the schema among them."""
    files = read_files(folder)
    return {name: content for name, content in files.items() if not _COMPARED.fullmatch(name)}


def _permission(pack: Pack) -> list[object]:
    return [_condition(rule) for rule in pack.rules.values() if rule.outcome is Outcome.PERMIT]


def _no_milder(old: Rule, new: Rule) -> bool:
    same = _condition(old) == _condition(new) and (old.side, old.jurisdiction) == (new.side, new.jurisdiction)
    return same and _STRICTNESS[new.outcome] >= _STRICTNESS[old.outcome]


def _condition(rule: Rule) -> dict[str, object]:
    """Return what Cedar evaluates of a rule, without what only people read."""
    return {name: value for name, value in rule.policy.items() if name != "annotations"}
