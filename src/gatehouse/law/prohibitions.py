"""What a state's law bars, by date: a small table for judging searches that have happened.

The table is `prohibitions.toml` beside this module; `docs/law-table.md` explains it. It answers two questions
about data that an agency of the state owns: whether a purpose that a reason suggests (a signal) is barred,
and on what terms the data may go to other states' or federal agencies (a flow). What the table does not know
is `unknown` or `no_rule`, never `not_barred`. It is not legal advice.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from gatehouse.model import BadInput, BadUse, Signal


class Flow(StrEnum):
    """Where data go when a body outside the owner's state, or a federal one, searches them."""

    OUT_OF_STATE = "out_of_state"
    FEDERAL = "federal"


class LawConfidence(StrEnum):
    """What was read: the text, a digest or report of it, or nothing that confirms it."""

    TEXT = "text"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"


class Standing(StrEnum):
    """How the law of a day stands to a purpose or a flow, strictest first.

    `barred`: a rule names it and forbids it. `outside_list`: the law lists the purposes it allows and this is
    none of them. `conditional`: allowed on terms that an export does not show (a declaration, a warrant, a
    request, a listed purpose). `unknown`: the sources do not settle it, or the law of that day is not in the
    table. `no_rule`: no rule of the state was found. `not_barred`: the text allows it.
    """

    BARRED = "barred"
    OUTSIDE_LIST = "outside_list"
    CONDITIONAL = "conditional"
    UNKNOWN = "unknown"
    NO_RULE = "no_rule"
    NOT_BARRED = "not_barred"


_STRICTNESS = {standing: place for place, standing in enumerate(Standing)}
# The signals on which states have rules; on any other the table has nothing to say.
_COVERED = frozenset(
    {
        Signal.CIVIL_IMMIGRATION,
        Signal.IMMIGRATION_CRIMINAL,
        Signal.IMMIGRATION_AGENCY,
        Signal.REPRODUCTIVE_CARE,
        Signal.GENDER_AFFIRMING_CARE,
        Signal.FIRST_AMENDMENT,
        Signal.PROTECTED_CHARACTERISTIC,
        Signal.TRAFFIC_INFRACTION,
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one state, in force from `operative_from` (a day there) to the end of `until`, if any.

    `effective_from` is the date of the instrument; `approximate` says that a day or month of the dates is not
    confirmed. `bars` and `unclear` are the signals that the rule settles and those that it may reach.
    """

    id: str
    state: str
    citation: str
    sentence: str
    code: str
    standing: Standing
    confidence: LawConfidence
    effective_from: date
    operative_from: date
    until: date | None = None
    approximate: bool = False
    url: str | None = None
    bars: frozenset[Signal] = frozenset()
    unclear: frozenset[Signal] = frozenset()
    flows: frozenset[Flow] = frozenset()

    def concerns(self, matter: Signal | Flow) -> bool:
        """Return whether the rule speaks of a signal or a flow at all."""
        return matter in self.bars or matter in self.unclear or matter in self.flows

    def standing_of(self, matter: Signal | Flow) -> Standing:
        """Return how the rule stands to a signal or flow that it concerns."""
        return Standing.UNKNOWN if matter in self.unclear else self.standing


@dataclass(frozen=True, slots=True)
class Ruling:
    """How the law stands, the rule that decides it (None without one) and, if it is not settled, why."""

    standing: Standing
    rule: Rule | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Prohibitions:
    """The table: rules by state, with the version and SHA-256 of the file that they came from.

    `no_rule_found` names the states without a rule, each with a remark or "".
    """

    version: str
    sha256: str
    rules: Mapping[str, tuple[Rule, ...]]
    no_rule_found: Mapping[str, str]

    @classmethod
    def load(cls) -> Prohibitions:
        """Return the table that comes with the package."""
        return _packaged()

    @classmethod
    def parse(cls, document: bytes) -> Prohibitions:
        """Read a table from TOML; anything missing, unknown or contradictory is `BadInput`."""
        try:
            data: dict[str, Any] = tomllib.loads(document.decode())
            codes = {code: Standing(standing) for code, standing in data["codes"].items()}
            rules = {
                state: tuple(_rule(state, block, row, codes) for row in block["rules"])
                for state, block in data["states"].items()
            }
            table = cls(
                version=data["version"],
                sha256=hashlib.sha256(document).hexdigest(),
                rules=rules,
                no_rule_found=dict(data["no_rule_found"]),
            )
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            raise BadInput(
                "the table of prohibitions cannot be read",
                expected="the keys and codes that docs/law-table.md describes",
                got=f"{type(error).__name__}: {error}",
            ) from error
        _check(table)
        return table

    def pack(self) -> dict[str, str]:
        """Return the version and hash that a report cites."""
        return {"version": self.version, "sha256": self.sha256}

    def in_force(self, state: str, on: date) -> tuple[Rule, ...]:
        """Return the state's rules in force on a day there; on a boundary day both old and new are."""
        return self.in_force_between(state, on, on)

    def in_force_between(self, state: str, first: date, last: date) -> tuple[Rule, ...]:
        """Return the state's rules in force on any day there from `first` to `last`, both included."""
        return tuple(
            rule
            for rule in self.rules.get(state, ())
            if rule.operative_from <= last and (rule.until is None or first <= rule.until)
        )

    def judge(
        self, state: str | None, on: date, *, signal: Signal | None = None, flow: Flow | None = None
    ) -> Ruling:
        """Return how the law of the data owner's state stood to a purpose or a flow on a day there.

        Give exactly one of `signal` and `flow`. Of several rules in force the strictest decides.
        """
        matter: Signal | Flow | None = flow if signal is None else signal
        if matter is None or (signal is not None and flow is not None):
            raise BadUse(
                "a ruling needs one question", expected="either a signal or a flow", got="both or none"
            )
        if state is None:
            return Ruling(Standing.UNKNOWN, why="the owner's state is not known")
        if state in self.no_rule_found:
            return Ruling(Standing.NO_RULE, why=self.no_rule_found[state] or "no rule of the state was found")
        if state not in self.rules:
            return Ruling(Standing.UNKNOWN, why=f"{state} is not in the table")
        if isinstance(matter, Signal) and matter not in _COVERED:
            return Ruling(Standing.UNKNOWN, why="the table has no rules on this signal")
        ever = [rule for rule in self.rules[state] if rule.concerns(matter)]
        if not ever:
            return Ruling(Standing.NO_RULE, why="no rule of the state on this was found")
        standing_rules = [rule for rule in self.in_force(state, on) if rule.concerns(matter)]
        if not standing_rules:
            return Ruling(Standing.UNKNOWN, why=f"the table holds no rule in force on {on.isoformat()}")
        decisive = min(standing_rules, key=lambda rule: _STRICTNESS[rule.standing_of(matter)])
        standing = decisive.standing_of(matter)
        why = "the sources do not settle it" if standing is Standing.UNKNOWN else ""
        return Ruling(standing, decisive, why)

    def bars(
        self, state: str | None, on: date, *, signal: Signal | None = None, flow: Flow | None = None
    ) -> Rule | None:
        """Return the rule that names and forbids a purpose or flow on that day, or None.

        None says that no such rule was found, not that the search was allowed: `judge` tells the cases apart.
        """
        ruling = self.judge(state, on, signal=signal, flow=flow)
        return ruling.rule if ruling.standing is Standing.BARRED else None


@cache
def _packaged() -> Prohibitions:
    return Prohibitions.parse(resources.files("gatehouse.law").joinpath("prohibitions.toml").read_bytes())


def _rule(state: str, block: dict[str, Any], row: dict[str, Any], codes: Mapping[str, Standing]) -> Rule:
    known = {"id", "code", "confidence", "citation", "url", "flows", "bars", "unclear", "sentence", "until"}
    if unknown := set(row) - known:
        raise ValueError(f"unknown key {min(unknown)!r} in rule {row['id']!r}")
    confidence = LawConfidence(row["confidence"])
    standing = codes[row["code"]]
    return Rule(
        id=row["id"],
        state=state,
        citation=row.get("citation", block["law"]),
        sentence=row["sentence"],
        code=row["code"],
        # What no source confirms settles nothing, in either direction.
        standing=Standing.UNKNOWN if confidence is LawConfidence.UNVERIFIED else standing,
        confidence=confidence,
        effective_from=block["effective_from"],
        operative_from=block["operative_from"],
        until=row.get("until"),
        approximate=block.get("approximate", False),
        url=row.get("url", block.get("url")),
        bars=frozenset(Signal(name) for name in row.get("bars", ())),
        unclear=frozenset(Signal(name) for name in row.get("unclear", ())),
        flows=frozenset(Flow(name) for name in row.get("flows", ())),
    )


def _check(table: Prohibitions) -> None:
    """Refuse what would make an answer wrong without any sign of it."""
    rules = [rule for state in table.rules.values() for rule in state]
    ids = [rule.id for rule in rules]
    complaints = [f"two rules have the id {rule_id}" for rule_id in set(ids) if ids.count(rule_id) > 1]
    for rule in rules:
        if not rule.id.startswith(f"us-{rule.state.lower()}/"):
            complaints.append(f"{rule.id} stands under {rule.state}")
        if not (rule.bars or rule.unclear or rule.flows):
            complaints.append(f"{rule.id} concerns no signal and no flow")
        if not rule.sentence or not rule.citation:
            complaints.append(f"{rule.id} has no sentence or no citation")
        if rule.bars & rule.unclear or not rule.bars | rule.unclear <= _COVERED:
            complaints.append(f"{rule.id} names a signal twice or one that no state has rules on")
        if type(rule.operative_from) is not date or rule.operative_from < rule.effective_from:
            complaints.append(f"{rule.id} binds before it is effective")
    complaints += [f"{state} has rules and none" for state in set(table.rules) & set(table.no_rule_found)]
    if complaints:
        raise BadInput(
            "the table of prohibitions contradicts itself", where="prohibitions.toml", got=min(complaints)
        )
