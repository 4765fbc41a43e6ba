"""Searches as data, one file a state, each with the decision and the rules that a reader of its law expects.

A file `scenarios/us-xx.toml`, or `network.toml` for the network's own rules, holds `[[scenarios]]` tables:

    name           what happens, in plain words; unique in the file
    at             time of the search, as TOML writes one with an offset
    searcher       {name, state, kind}; leave out the state where it is not known
    owner          {name, state, kind}
    retention      how long the owner keeps reads, ISO 8601
    bans, optins   the owner's own rules
    purpose, offense, case_number, approvals
    reason         free text, read by the lexicon
    on_behalf_of   "none", "unknown" or {name, state, kind}; "none" if left out
    process        {kind, issuer, reference}
    window_days    how far back the search reaches; no window if left out
    agreement      true or false; unknown if left out
    declaration    true, false or a list of matters; unknown if left out
    decision       permit, deny or review
    rules          the ids of the rules that decide, all of them
"""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gatehouse.law import Lexicon
from gatehouse.law.deciding import Rulebook, decide
from gatehouse.law.facts import retention_minutes
from gatehouse.law.pack import Pack
from gatehouse.model import (
    MATTERS,
    OFFENSES,
    AgencyKind,
    Behalf,
    Declaration,
    Outcome,
    OwnerTerms,
    Party,
    Process,
    ProcessKind,
    Purpose,
    SearchRequest,
    Signal,
    Window,
)

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))
REQUIRED = {"name", "at", "searcher", "owner", "decision", "rules"}
OPTIONAL = {
    "retention",
    "bans",
    "optins",
    "purpose",
    "offense",
    "case_number",
    "approvals",
    "reason",
    "on_behalf_of",
    "process",
    "window_days",
    "agreement",
    "declaration",
}
BANS = {*Purpose, *Signal, "out_of_state", "federal"}
OPTINS = {"audit_training", "on_behalf_of"}
PACK = Pack.load()
RULEBOOK = Rulebook(PACK)
LEXICON = Lexicon.load()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One search of a file, and what is expected of it."""

    state: str
    name: str
    at: datetime
    request: SearchRequest
    owner: OwnerTerms
    signals: frozenset[Signal]
    decision: Outcome
    rules: tuple[str, ...]


def scenario(state: str, row: dict[str, Any]) -> Scenario:
    """Return a table of a file as a scenario; a misspelled key or code is an error."""
    assert set(row) >= REQUIRED, f"{row.get('name')} lacks {REQUIRED - set(row)}"
    assert set(row) <= REQUIRED | OPTIONAL, f"{row['name']} has {set(row) - REQUIRED - OPTIONAL}"
    at = row["at"]
    assert isinstance(at, datetime), row["name"]
    assert at.tzinfo is not None, row["name"]
    assert row.get("offense") in {None, *OFFENSES}, row["name"]
    bans, optins = frozenset(row.get("bans", ())), frozenset(row.get("optins", ()))
    assert bans <= BANS, row["name"]
    assert optins <= OPTINS, row["name"]
    behalf, process, days = row.get("on_behalf_of", "none"), row.get("process"), row.get("window_days")
    request = SearchRequest(
        party(row["searcher"]),
        Purpose(row["purpose"]) if "purpose" in row else None,
        offense=row.get("offense"),
        case_number=row.get("case_number"),
        window=None if days is None else Window(at - timedelta(days=days), at),
        on_behalf_of=Behalf(behalf) if isinstance(behalf, str) else party(behalf),
        process=Process(**process | {"kind": ProcessKind(process["kind"])}) if process else None,
        approvals=tuple(row.get("approvals", ())),
    )
    keeps = row.get("retention")
    owner = OwnerTerms(
        party(row["owner"]),
        retention=None if keeps is None else timedelta(minutes=retention_minutes(keeps)),
        bans=bans,
        optins=optins,
        agreement=row.get("agreement"),
        declaration=declared(row.get("declaration")),
    )
    signals = frozenset(match.signal for match in LEXICON.classify(row.get("reason")))
    return Scenario(
        state, row["name"], at, request, owner, signals, Outcome(row["decision"]), tuple(row["rules"])
    )


def party(row: dict[str, str]) -> Party:
    assert set(row) <= {"name", "state", "kind"}, row
    return Party(row["name"], row.get("state"), AgencyKind(row["kind"]))


def declared(value: bool | list[str] | None) -> bool | Declaration | None:
    if not isinstance(value, list):
        return value
    assert set(value) <= MATTERS, value
    return Declaration(frozenset(value))


SCENARIOS = [
    scenario(path.stem, row)
    for path in FILES
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["scenarios"]
]


@pytest.mark.parametrize("given", SCENARIOS, ids=lambda given: f"{given.state}: {given.name}")
def test_scenario_is_decided_by_the_expected_rules(given: Scenario) -> None:
    (decision,) = decide(given.request, [given.owner], at=given.at, signals=given.signals, pack=RULEBOOK)
    assert (decision.outcome, sorted(rule.id for rule in decision.rules)) == (
        given.decision,
        sorted(given.rules),
    )


@pytest.mark.parametrize("state", [*sorted(PACK.texts), "network"])
def test_scenarios_of_a_state_show_every_rule_of_its_law(state: str) -> None:
    shown = {rule for each in SCENARIOS if each.state == state for rule in each.rules}
    of_the_law = {rule.id for rule in PACK.rules.values() if (rule.jurisdiction or rule.side) == state}
    assert of_the_law - shown == set()


def test_scenarios_have_one_name_each() -> None:
    counts = Counter((each.state, each.name) for each in SCENARIOS)
    assert [key for key, count in counts.items() if count > 1] == []
