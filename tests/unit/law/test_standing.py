"""How the law of each state stood to a purpose on a day: dates, kinds, and what stays unsettled."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from gatehouse.law.pack import Pack
from gatehouse.law.standing import Flow, Law, Ruling, Standing
from gatehouse.model import AgencyKind, Confidence, Party, Signal
from tests.unit.law.packs import changed

LAW = Law(Pack.load())
DAY = date(2026, 11, 1)
CIVIL, CRIMINAL, AGENCY = (
    Signal.CIVIL_IMMIGRATION,
    Signal.IMMIGRATION_CRIMINAL,
    Signal.IMMIGRATION_AGENCY,
)

# Entered by hand from the statutes' own dates: the first day that refuses civil immigration enforcement.
FIRST_DAYS = [
    ("CA", "2018-01-01"),
    ("CO", "2025-05-23"),
    ("CT", "2026-10-01"),
    ("ID", "2025-07-01"),
    ("IL", "2017-08-28"),
    ("KY", "2026-07-15"),
    ("MD", "2014-10-01"),
    ("ME", "2010-01-01"),
    ("MT", "2017-10-01"),
    ("NE", "2018-07-19"),
    ("NH", "2016-08-01"),
    ("NJ", "2026-03-25"),
    ("NM", "2026-07-01"),
    ("OR", "2026-03-31"),
    ("UT", "2013-05-14"),
    ("VA", "2025-07-01"),
    ("VT", "2025-07-01"),
    ("WA", "2026-03-30"),
]
# Civil immigration enforcement, an immigration crime, an agency's name alone, as of DAY.
IMMIGRATION = {
    "CA": ("forbidden", "unsettled", "unsettled"),
    "CO": ("unsettled", "no_rule", "unsettled"),
    "CT": ("forbidden", "forbidden", "unsettled"),
    "ID": ("forbidden", "no_rule", "unsettled"),
    "IL": ("forbidden", "unsettled", "unsettled"),
    "KY": ("unsettled", "no_rule", "unsettled"),
    "MD": ("forbidden", "no_rule", "unsettled"),
    "ME": ("unsettled", "no_rule", "unsettled"),
    "MT": ("forbidden", "no_rule", "unsettled"),
    "NE": ("forbidden", "no_rule", "unsettled"),
    "NH": ("forbidden", "no_rule", "unsettled"),
    "NJ": ("forbidden", "no_rule", "unsettled"),
    "NM": ("forbidden", "forbidden", "unsettled"),
    "OR": ("forbidden", "unsettled", "unsettled"),
    "UT": ("forbidden", "no_rule", "unsettled"),
    "VA": ("forbidden", "forbidden", "unsettled"),
    "VT": ("forbidden", "no_rule", "unsettled"),
    "WA": ("forbidden", "unsettled", "unsettled"),
}


class TestDates:
    @pytest.mark.parametrize(("state", "first"), FIRST_DAYS)
    def test_rule_applies_from_its_first_day_and_not_before(self, state: str, first: str) -> None:
        day = date.fromisoformat(first)
        assert LAW.judge(state, day - timedelta(days=1), CIVIL) == Ruling(Standing.NO_RULE)
        assert LAW.judge(state, day, CIVIL).standing.value == IMMIGRATION[state][0]

    def test_every_state_that_refuses_has_a_first_day_here(self) -> None:
        assert {state for state, _ in FIRST_DAYS} == set(IMMIGRATION)

    def test_connecticut_between_signature_and_operation_has_no_rule(self) -> None:
        assert LAW.judge("CT", date(2026, 9, 30), CRIMINAL) == Ruling(Standing.NO_RULE)
        assert LAW.provisions_on("CT", Flow.FEDERAL, by=date(2026, 9, 30)) == ()
        assert LAW.provisions_on("CT", Flow.FEDERAL, by=date(2026, 10, 1)) != ()


class TestJudge:
    @pytest.mark.parametrize("code", sorted(LAW.pack.jurisdictions))
    def test_immigration_purposes_in_every_jurisdiction(self, code: str) -> None:
        state = code.removeprefix("us-").upper()
        found = tuple(LAW.judge(state, DAY, signal).standing.value for signal in (CIVIL, CRIMINAL, AGENCY))
        assert found == IMMIGRATION.get(state, ("no_rule",) * 3)

    def test_illinois_names_the_rule_that_was_read_in_the_text(self) -> None:
        rule = LAW.judge("IL", date(2025, 3, 1), CIVIL).rule
        assert rule is not None
        assert (rule.id, rule.citation, rule.confidence) == (
            "us-il/2-130(b)/immigration",
            "625 ILCS 5/2-130(b)",
            Confidence.TEXT,
        )

    @pytest.mark.parametrize(
        ("state", "signal", "standing"),
        [
            ("IL", Signal.REPRODUCTIVE_CARE, Standing.FORBIDDEN),
            ("IL", Signal.GENDER_AFFIRMING_CARE, Standing.FORBIDDEN),
            ("DC", Signal.REPRODUCTIVE_CARE, Standing.FORBIDDEN),
            ("OR", Signal.REPRODUCTIVE_CARE, Standing.CONDITIONAL),
            ("WA", Signal.REPRODUCTIVE_CARE, Standing.CONDITIONAL),
            ("WA", Signal.FIRST_AMENDMENT, Standing.FORBIDDEN),
            ("VA", Signal.FIRST_AMENDMENT, Standing.CONDITIONAL),
            ("CT", Signal.PROTECTED_CHARACTERISTIC, Standing.FORBIDDEN),
            ("FL", Signal.TRAFFIC_INFRACTION, Standing.FORBIDDEN),
            ("ID", Signal.TRAFFIC_INFRACTION, Standing.FORBIDDEN),
            ("NC", Signal.TRAFFIC_INFRACTION, Standing.FORBIDDEN),
            ("NC", Signal.VAGUE, Standing.CONDITIONAL),
            ("TX", Signal.TRAFFIC_INFRACTION, Standing.NO_RULE),
            ("IL", Signal.VAGUE, Standing.NO_RULE),
        ],
    )
    def test_other_purposes(self, state: str, signal: Signal, standing: Standing) -> None:
        assert LAW.judge(state, DAY, signal).standing is standing

    @pytest.mark.parametrize("state", [None, "PR", "ZZ", ""])
    def test_judge_unknown_state_is_unknown(self, state: str | None) -> None:
        assert LAW.judge(state, DAY, CIVIL) == Ruling(Standing.UNKNOWN)
        assert LAW.provisions_on(state, Flow.FEDERAL, by=DAY) == ()

    def test_no_unverified_provision_and_no_agencys_name_settles_anything(self) -> None:
        for code in LAW.pack.jurisdictions:
            for signal in Signal:
                ruling = LAW.judge(code.removeprefix("us-").upper(), DAY, signal)
                if ruling.standing is Standing.FORBIDDEN:
                    assert ruling.rule is not None
                    assert ruling.rule.confidence is not Confidence.UNVERIFIED
                    assert signal is not AGENCY

    def test_judge_follows_a_change_of_the_rule(self, tmp_path: Path) -> None:
        """What is forbidden is read from the rules, not from a table beside them."""
        pack = changed(
            tmp_path,
            "statutes/us-va/rules.cedar",
            lambda text: text.replace(
                'containsAny(["civil_immigration", "immigration_criminal"])', 'contains("civil_immigration")'
            ),
            states=["us-va"],
        )
        assert Law(pack).judge("VA", DAY, CRIMINAL) == Ruling(Standing.NO_RULE)

    def test_judge_rule_that_a_warrant_lifts_is_conditional(self, tmp_path: Path) -> None:
        pack = changed(
            tmp_path,
            "statutes/us-va/rules.cedar",
            lambda text: text.replace(
                'context.signals.containsAny(["civil_immigration", "immigration_criminal"]) ||',
                'context.signals.contains("civil_immigration") && context.process != "warrant" ||',
            ),
            states=["us-va"],
        )
        assert Law(pack).judge("VA", DAY, CIVIL).standing is Standing.CONDITIONAL


class TestJudgeFlow:
    def judged(self, state: str | None, flow: Flow, *, day: date = DAY, **changes: Any) -> str:
        federal = flow is Flow.FEDERAL
        kind = changes.get("kind", AgencyKind.FEDERAL if federal else AgencyKind.POLICE)
        searcher = Party("(another agency)", None if federal else changes.get("of", "OK"), kind)
        owner = changes.get("owner", AgencyKind.POLICE)
        return LAW.judge_flow(state, day, flow, owner=owner, searcher=searcher).standing.value

    @pytest.mark.parametrize(
        ("state", "out_of_state", "federal"),
        [
            ("CA", "forbidden", "forbidden"),
            ("VA", "forbidden", "forbidden"),
            ("IL", "conditional", "unsettled"),
            ("NM", "conditional", "conditional"),
            ("OR", "conditional", "conditional"),
            ("TX", "no_rule", "no_rule"),
            (None, "unknown", "unknown"),
            ("PR", "unknown", "unknown"),
        ],
    )
    def test_judge_flow_of_states(self, state: str | None, out_of_state: str, federal: str) -> None:
        assert self.judged(state, Flow.OUT_OF_STATE) == out_of_state
        assert self.judged(state, Flow.FEDERAL) == federal

    @pytest.mark.parametrize("flow", Flow)
    def test_judge_flow_before_the_first_day_has_no_rule(self, flow: Flow) -> None:
        first = LAW.turns("VA", flow)[0]
        assert first == date(2025, 7, 1)
        assert self.judged("VA", flow, day=first) == "forbidden"
        assert self.judged("VA", flow, day=first - timedelta(days=1)) == "no_rule"

    def test_judge_flow_of_a_private_owner_is_another_than_of_a_public_one(self) -> None:
        """What California's statute says of public agencies, it does not say of private operators."""
        assert self.judged("CA", Flow.FEDERAL, owner=AgencyKind.PRIVATE) == "unsettled"
        assert self.judged("CA", Flow.FEDERAL, owner=AgencyKind.UNKNOWN) == "conditional"

    def test_turns_of_a_state_without_rules_are_none(self) -> None:
        assert [LAW.turns(state, Flow.FEDERAL) for state in ("TX", "PR", None)] == [()] * 3


class TestFlows:
    @pytest.mark.parametrize(
        ("state", "flow", "provisions"),
        [
            ("IL", Flow.OUT_OF_STATE, ["us-il/2-130(c)"]),
            ("IL", Flow.FEDERAL, ["us-il/2-130(c)"]),
            ("GA", Flow.FEDERAL, ["us-ga/35-1-22-sharing"]),
            ("TX", Flow.FEDERAL, []),
        ],
    )
    def test_provisions_on_a_flow(self, state: str, flow: Flow, provisions: list[str]) -> None:
        assert [each.id for each in LAW.provisions_on(state, flow, by=DAY)] == provisions


@pytest.fixture(scope="module")
def states(reference: Path) -> dict[str, dict[str, Any]]:
    content = json.loads((reference / "law" / "statutes.json").read_text("utf-8"))
    return {state["code"]: state for state in content["states"]}


@pytest.mark.shared
class TestReference:
    """Against the reference inventory, so that drift shows."""

    def test_purposes_that_the_reference_forbids_are_refused(self, states: dict[str, dict[str, Any]]) -> None:
        for code, state in states.items():
            for flag in state["machine"]["forbidden_flags"]:
                found = LAW.judge(code, DAY, Signal(flag.rstrip("?"))).standing
                inferred = {Standing.UNSETTLED, Standing.CONDITIONAL}
                assert found in inferred if flag.endswith("?") else found is Standing.FORBIDDEN, (code, flag)

    def test_flows_that_the_reference_rules_on_are_cited(self, states: dict[str, dict[str, Any]]) -> None:
        for code, state in states.items():
            for flow, key in ((Flow.OUT_OF_STATE, "out_of_state_rule"), (Flow.FEDERAL, "federal_rule")):
                cited = LAW.provisions_on(code, flow, by=DAY)
                assert bool(cited) is (state["machine"][key] != "none"), (code, key)
