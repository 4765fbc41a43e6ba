"""The owner's law on the owner's days."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gatehouse.audit.lawful import flow_citations, judge
from gatehouse.law.standing import Flow
from gatehouse.model import FieldState, Signal
from tests.unit.audit.builders import file_facts, ground


@pytest.mark.parametrize(
    ("hour", "cited"),
    [
        (5, []),  # 23:30 on New Year's Eve where the owner is
        (6, ["625 ILCS 5/2-130(c)"]),
    ],
)
def test_flow_citations_begin_at_the_owners_midnight(hour: int, cited: list[str]) -> None:
    made = ground([{"searched_at": datetime(2024, 1, 1, hour, 30, tzinfo=UTC)}])
    assert [each.partition(":")[0] for each in flow_citations(made, Flow.OUT_OF_STATE, [0])] == cited


def test_flow_citations_of_a_record_without_times_are_none() -> None:
    made = ground([{"searched_at": FieldState.WITHHELD}])
    assert flow_citations(made, Flow.FEDERAL, [0]) == ()


@pytest.mark.parametrize(
    ("hour", "standing"),
    [
        (5, "no_rule"),  # 23:30 on the eve in Malheur County, an hour earlier in Portland
        (6, "forbidden"),  # the first day of the act has begun in Malheur County only
    ],
)
def test_judge_rule_is_in_force_once_its_day_has_begun_anywhere_in_the_state(
    hour: int, standing: str
) -> None:
    made = ground(
        [{"reason": "immigration", "searched_at": datetime(2026, 3, 31, hour, 30, tzinfo=UTC)}],
        files=[file_facts(owner="Alder Falls OR PD")],
    )
    judged = judge(made, made.measures.flagged, Signal.CIVIL_IMMIGRATION)
    assert judged.rows["standing"].to_list() == [standing]
