"""The statutes against their own facts: days, periods and codes of every rule of every state."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gatehouse import law
from gatehouse.law.deciding import Rulebook, decide
from gatehouse.law.domain import VALUES
from gatehouse.law.facts import Provision, retention_minutes
from gatehouse.law.formula import Compare, Covers, Is, Meets, Within, atoms
from gatehouse.law.pack import FLOWS, Pack, Rule
from gatehouse.model import AgencyKind, Outcome, OwnerTerms, Party, Purpose, SearchRequest, Window

PACK = Pack.load()
# The reference's codes under which a searcher that does all that a state can ask may search; every other
# code bars it or leaves it open.
OPEN = {
    "none",
    "open_le",
    "listed_purpose",
    "declaration",
    "le_request",
    "case_specific",
    "certification_criminal",
    "process_or_certification",
}
# What sentences say of a refusal that no source settles. Oklahoma's rests on no signal and no flow.
CAUTION = re.compile(
    r"left open|leaves? open|not found is|not confirmed is|are pending|until they are|inferred, and"
)
NAMELESS = {"us-ok/7-606.1/program-data"}
RULES = sorted((rule for rule in PACK.rules.values() if rule.jurisdiction), key=lambda rule: rule.id)

PERIODS = [
    provision
    for state in PACK.jurisdictions.values()
    for provision in state.provisions.values()
    if provision.retention and provision.no_rule is None
]


def provision_of(rule: Rule) -> Provision:
    return PACK.jurisdictions[str(rule.jurisdiction)].provisions[str(rule.provision)]


def compared(rule: Rule, *facts: str) -> set[tuple[str, str, int | str]]:
    """Return what a rule compares some numbers with."""
    return {
        (atom.fact, atom.relation, atom.other)
        for atom in atoms(rule.formula)
        if isinstance(atom, Compare) and atom.fact in facts
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_is_in_force_from_the_day_of_its_provision(rule: Rule) -> None:
    day = provision_of(rule).operative
    wanted = {(f"{rule.side}_day", ">=", day.year * 10_000 + day.month * 100 + day.day)} if day else set()
    days = compared(rule, "owner_day", "searcher_day")
    # A rule may have a last day too, where another text of the statute follows.
    assert {each for each in days if each[1] != "<"} == wanted


@pytest.mark.parametrize("provision", PERIODS, ids=lambda provision: provision.id)
def test_period_limits_searches_to_the_shortest_span_that_it_can_mean(provision: Provision) -> None:
    limits = {limit for rule in RULES if rule.provision == provision.id for limit in compared(rule, "reach")}
    assert limits == {("reach", ">", retention_minutes(str(provision.retention)))}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_names_only_values_that_a_fact_can_have(rule: Rule) -> None:
    for atom in atoms(rule.formula):
        if isinstance(atom, Is | Meets | Covers | Within):
            assert atom.values <= {"", *VALUES[atom.fact]}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_review_ends_with_an_approval_and_a_refusal_does_not(rule: Rule) -> None:
    wanted = {("approvals", "<", 1)} if rule.outcome is Outcome.REVIEW else set()
    assert compared(rule, "approvals") == wanted


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_sentence_is_one_that_a_person_can_be_told(rule: Rule) -> None:
    assert rule.sentence[0].isupper()
    assert rule.sentence.endswith(".")
    assert 20 <= len(rule.sentence) <= 280
    assert "us-" not in rule.sentence


def test_rule_that_says_it_refuses_what_is_left_open_is_marked_unsettled() -> None:
    said = {rule.id for rule in RULES if rule.outcome is Outcome.DENY and CAUTION.search(rule.sentence)}
    marked = {rule.id for rule in RULES if rule.unsettled}
    # No other sentence speaks of ages of reads: Colorado's is unverified, which settles nothing either.
    assert said - marked == {"us-co/24-72-113/after-a-year", *NAMELESS}
    assert {rule.id for rule in RULES if rule.unsettled & FLOWS} <= said


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_flow_that_a_rule_leaves_unsettled_is_a_matter_of_its_provision(rule: Rule) -> None:
    assert rule.unsettled & FLOWS <= provision_of(rule).matter


def test_version_is_the_newest_of_the_changelog_and_higher_than_all_before() -> None:
    log = (Path(law.__file__).parent / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\S+)$", log, re.M)
    assert versions[0] == PACK.id.version
    numbers = [[int(part) for part in version.split(".")] for version in versions]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(versions)) == len(versions)


@pytest.mark.shared
def test_searcher_from_outside_is_permitted_where_the_reference_leaves_a_way(reference: Path) -> None:
    states = json.loads((reference / "law" / "statutes.json").read_text(encoding="utf-8"))["states"]
    rulebook = Rulebook(PACK)
    bureau = Party("Federal Bureau of Cases", None, AgencyKind.FEDERAL)
    for state in states:
        code, rules = state["code"], state["machine"]
        at = datetime.fromisoformat(f"{rules['operative_from'] or '2026-11-01'}T18:00:00+00:00")
        neighbor = Party("Gravel Ford PD", "WY" if code == "TX" else "TX", AgencyKind.POLICE)
        owner = OwnerTerms(Party("Town PD", code, AgencyKind.POLICE), agreement=True, declaration=True)
        for searcher, rule in ((neighbor, "out_of_state_rule"), (bureau, "federal_rule")):
            request = SearchRequest(
                searcher,
                Purpose.STOLEN_VEHICLE_OR_PLATE,
                offense="240",
                case_number="26-0417",
                window=Window(at - timedelta(minutes=2), at),
            )
            (decision,) = decide(request, [owner], at=at, signals=(), pack=rulebook)
            wanted = Outcome.PERMIT if rules[rule] in OPEN else Outcome.DENY
            assert decision.outcome is wanted, (code, rule, decision.rules)
