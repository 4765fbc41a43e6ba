"""Rules without what their sources leave open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatehouse.audit.backtest.settled import settled_part
from gatehouse.law.domain import plain
from gatehouse.law.formula import holds
from gatehouse.law.pack import Pack
from gatehouse.model import Confidence, Signal

RULES = Pack.load().rules
CIVIL, CRIMINAL, AGENCY = (
    Signal.CIVIL_IMMIGRATION.value,
    Signal.IMMIGRATION_CRIMINAL.value,
    Signal.IMMIGRATION_AGENCY.value,
)


class TestSettledPart:
    @pytest.mark.parametrize(
        ("signals", "applies"),
        [({CIVIL}, True), ({CRIMINAL}, False), ({AGENCY}, False), ({CIVIL, AGENCY}, True), (set(), False)],
    )
    def test_settled_part_illinois_reaches_civil_enforcement_only(
        self, signals: set[str], applies: bool
    ) -> None:
        part = settled_part(RULES["us-il/2-130(b)/immigration"])
        assert part is not None
        assert holds(part, plain("IL")._replace(signals=frozenset(signals))) is applies

    @pytest.mark.parametrize(("flow", "other"), [("federal", "out_of_state"), ("out_of_state", "federal")])
    def test_settled_part_without_a_flow_never_reaches_it(self, flow: str, other: str) -> None:
        rule = RULES[f"us-va/2.2-5517/{flow.replace('_', '-')}"]
        searched = plain("VA")._replace(federal=True, out_of_state=True)
        part = settled_part(replace(rule, unsettled=frozenset({flow})))
        assert part is not None
        assert not holds(part, searched)
        part = settled_part(replace(rule, unsettled=frozenset({other})))
        assert part is not None
        assert holds(part, searched)

    def test_settled_part_of_a_rule_that_nothing_confirms_never_applies(self) -> None:
        rule = replace(RULES["us-va/2.2-5517/federal"], confidence=Confidence.UNVERIFIED)
        part = settled_part(rule)
        assert part is not None
        assert not holds(part, plain("VA")._replace(federal=True))

    def test_settled_part_of_a_rule_that_is_settled_is_none(self) -> None:
        assert settled_part(RULES["us-il/2-130(b)/health-care"]) is None
