"""The owner's law on the owner's days."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gatehouse.audit.lawful import flow_citations
from gatehouse.law.standing import Flow
from gatehouse.model import FieldState
from tests.unit.audit.builders import ground


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
