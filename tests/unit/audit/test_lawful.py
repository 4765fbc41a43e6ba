"""The owner's law on the owner's days."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gatehouse.audit.lawful import judge
from gatehouse.model import Signal
from tests.unit.audit.builders import file_facts, ground


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
