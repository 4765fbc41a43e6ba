"""Practice against the agency's own published prohibited uses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.document import Cell, Confidence, Severity, Table
from gatehouse.audit.findings.lead import Lead, Measured, NotMeasured
from gatehouse.audit.ground import bits_of, count_of
from gatehouse.audit.roster import UNKNOWN
from gatehouse.audit.texts import bits
from gatehouse.audit.wording import plural, searches
from gatehouse.model import FAMILIES, Signal
from gatehouse.records.organizations import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatehouse.audit.ground import Ground
    from gatehouse.records.policies import Policy


@dataclass(frozen=True, slots=True)
class Prohibition:
    """A use that published rules forbid: how they name it, and the signals that look like it."""

    name: str
    pattern: re.Pattern[str]
    signals: frozenset[Signal]


def _prohibition(name: str, pattern: str, *signals: Signal) -> Prohibition:
    return Prohibition(name, re.compile(pattern, re.IGNORECASE), frozenset(signals))


PROHIBITIONS = (
    _prohibition("immigration enforcement", r"\bimmigration\b", *FAMILIES["immigration"]),
    _prohibition("traffic enforcement", r"\btraffic (?:enforcement|citation)", Signal.TRAFFIC_INFRACTION),
    _prohibition("personal use", r"\bpersonal (?:use|gain|reason)", Signal.PERSONAL),
    _prohibition(
        "use based on a protected class",
        r"\bprotected (?:class|characteristic)|\b(?:race|religion)\b",
        Signal.PROTECTED_CHARACTERISTIC,
    ),
    _prohibition("watching speech or assembly", r"\bfirst amendment\b|\bprotest", Signal.FIRST_AMENDMENT),
    _prohibition("reproductive health care", r"\breproductive\b|\babortion\b", Signal.REPRODUCTIVE_CARE),
    _prohibition("gender-affirming care", r"\bgender[- ]affirming\b", Signal.GENDER_AFFIRMING_CARE),
    _prohibition("civil matters", r"\bcivil (?:matter|dispute|process)", Signal.CIVIL_PRIVATE_MATTER),
)


class OwnPolicyConflict(Lead):
    """Searches that look like what the owner says it prohibits."""

    id = "own_policy_conflict"
    title = "Searches that the owner's published rules prohibit"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    may_say = "The owner's published rules prohibit a use that the stated reason of these searches names."
    may_not_say = (
        "That the rule was in force on the day of the search, bound the agency that searched, or was broken."
    )
    innocent_explanations = (
        "The rule was published after the search.",
        "The rule binds the owner's officers, and another agency searched.",
        "The words mean something else.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count searches of an owner's data with a signal of a use that the owner's rules prohibit."""
        if not ground.options.policies:
            return NotMeasured("no published rules of the owner were given (--policies)")
        if ground.readable == 0:
            return NotMeasured("not one reason in the record can be read")
        by_file = {
            file: policy
            for file, owner in enumerate(ground.roster.owners)
            if (policy := _policy_of(ground, owner)) is not None
        }
        if not by_file:
            return NotMeasured("the published rules given are not those of a file's owner")
        where = pl.lit(False)
        rows: list[tuple[Cell, ...]] = []
        for policy in dict.fromkeys(by_file.values()):
            files = [file for file, its in by_file.items() if its == policy]
            of_files = pl.col("file").is_in(files)
            for prohibition in PROHIBITIONS:
                if not prohibition.pattern.search(policy.prohibited_uses):
                    continue
                flagged = of_files & bits_of(bits(prohibition.signals))
                where = where | flagged
                count = count_of(ground.measures.signals.filter(flagged))
                day = policy.on.isoformat() if policy.on else None
                rows.append((policy.organization, prohibition.name, day, count))
        count = count_of(ground.measures.signals.filter(where))
        tested = plural(len(rows), "prohibited use")
        return Measured(
            count,
            f"{searches(count)} name a use that the owner's published rules prohibit; {tested} could be tested",
            where=where,
            table=Table(("organization", "prohibited use", "rules as of", "searches"), tuple(rows)),
        )


def _policy_of(ground: Ground, owner: int) -> Policy | None:
    """Return the owner's rules, the latest of several."""
    if owner == UNKNOWN:
        return None
    key = ground.roster.agencies[owner].key
    found: Sequence[Policy] = [
        policy for policy in ground.options.policies if parse(policy.organization).key == key
    ]
    return max(found, key=lambda policy: (policy.on is not None, policy.on), default=None)
