"""Three-valued answers of rules: unknown exactly where a missing fact could turn the answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import cedarpy
import pytest

from gatehouse.law.formula import Formula, read_formula
from gatehouse.law.situation import Situation, asked, situation
from gatehouse.law.unknowns import holds_whatever, reads
from gatehouse.model import AgencyKind, OwnerTerms, Party, Purpose, SearchRequest, Signal

AT = datetime(2026, 3, 2, 15, tzinfo=UTC)


def rule(condition: str, scope: str = "resource") -> Formula:
    text = f"forbid (principal, action, {scope}) {condition};"
    return read_formula(json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]["policy0"])


def facts(purpose: Purpose | None = Purpose.CRIMINAL_WARRANT, *signals: Signal) -> Situation:
    request = SearchRequest(Party("Larkspur PD", "MO", AgencyKind.POLICE), purpose)
    return situation(asked(request, AT, signals), OwnerTerms(Party("Alder PD", "IL", AgencyKind.POLICE)))


class TestHoldsWhatever:
    @pytest.mark.parametrize(
        ("condition", "answer"),
        [
            ('when { context.purpose == "other" }', None),
            ('unless { context.purpose == "other" }', None),
            ('when { context.purpose == "other" && context.own }', False),
            ('when { context.purpose == "other" || context.out_of_state }', True),
            ('when { ["other", "x"].contains(context.purpose) }', None),
            ("when { context.out_of_state && context.owner_day >= 20260302 }", True),
            ("when { context.out_of_state && context.owner_day > 20260302 }", False),
            ("when { context.approvals < 1 && context.approvals <= 0 && context.approvals != 2 }", True),
            ('when { context.signals.containsAny(["hsi"]) }', False),
            ('when { !(context.signals.containsAll(["hsi"])) }', True),
            ('when { resource.kind == "police" && principal.kind == "police" }', True),
            ('when { resource in Jurisdiction::"us-il" }', True),
            ('when { resource in Jurisdiction::"us-mo" }', False),
            ("when { context.signals.isEmpty() }", True),
        ],
    )
    def test_holds_whatever_with_the_purpose_unknown(self, condition: str, answer: bool | None) -> None:
        assert holds_whatever(rule(condition), facts(), {"purpose"}) is answer

    def test_holds_whatever_outside_its_scope_is_no(self) -> None:
        formula = rule('when { context.purpose == "other" }', 'resource in Jurisdiction::"us-va"')
        assert holds_whatever(formula, facts(), {"purpose"}) is False
        assert holds_whatever(formula, facts(), {"owner_state"}) is False
        assert holds_whatever(formula, facts(Purpose.OTHER), {"owner_state"}) is None

    def test_holds_whatever_with_nothing_unknown_is_what_cedar_says(self) -> None:
        signals = (Signal.HSI,)
        formula = rule('when { context.signals.contains("hsi") }')
        assert holds_whatever(formula, facts(None, *signals), ()) is True
        assert holds_whatever(formula, facts(None), ()) is False


class TestReads:
    def test_reads_every_fact_once(self) -> None:
        formula = rule(
            'when { context.purpose == "a" && resource.bans.contains(context.offense) } '
            "unless { context.own }",
            'resource in Jurisdiction::"us-il"',
        )
        assert reads(formula) == {"purpose", "bans", "offense", "own", "owner_state"}
