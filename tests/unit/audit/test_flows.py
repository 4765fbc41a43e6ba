"""Who searched, under the owner's law of the day."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from gatehouse.audit.flows import judge_flows
from gatehouse.law.standing import Flow, Standing
from gatehouse.model import FieldState
from tests.unit.audit.builders import FEDERAL, Row, ground

ANY = pl.lit(True)


@pytest.mark.parametrize(
    ("hour", "standing", "cited"),
    [
        (5, Standing.NO_RULE, []),  # 23:30 on New Year's Eve where the owner is
        (6, Standing.CONDITIONAL, ["625 ILCS 5/2-130(c)"]),
    ],
)
def test_judge_flows_begins_at_the_owners_midnight(hour: int, standing: Standing, cited: list[str]) -> None:
    made = ground([{"searched_at": datetime(2024, 1, 1, hour, 30, tzinfo=UTC)}])
    judged = judge_flows(made, Flow.OUT_OF_STATE, ANY, [0])
    assert judged.counts == {standing: 1}
    assert [each.partition(":")[0] for each in judged.law] == cited


def test_judge_flows_tells_days_within_a_record_apart() -> None:
    days = [datetime(2024, 1, 1, hour, 30, tzinfo=UTC) for hour in (4, 5, 6)]
    made = ground([{"searched_at": day} for day in days])
    judged = judge_flows(made, Flow.OUT_OF_STATE, ANY, [0])
    assert judged.counts == {Standing.NO_RULE: 2, Standing.CONDITIONAL: 1}


def test_judge_flows_cites_nothing_that_binds_only_after_the_searches() -> None:
    """The record goes on when the act is in force; the searches of the flow do not."""
    rows: list[Row] = [
        {"org": FEDERAL, "searched_at": datetime(2023, 12, 1, tzinfo=UTC)},
        {"searched_at": datetime(2024, 3, 1, tzinfo=UTC)},
    ]
    made = ground(rows)
    federal = pl.col("agency").is_in(sorted(made.roster.federal))
    judged = judge_flows(made, Flow.FEDERAL, federal, [0])
    assert (judged.counts, judged.law, judged.claim) == ({Standing.NO_RULE: 1}, (), "")


def test_judge_flows_without_a_time_is_unknown() -> None:
    made = ground([{"searched_at": FieldState.WITHHELD}])
    judged = judge_flows(made, Flow.FEDERAL, ANY, [0])
    assert (judged.counts, judged.law) == ({Standing.UNKNOWN: 1}, ())


def test_judge_flows_of_nothing_says_nothing() -> None:
    judged = judge_flows(ground([{}]), Flow.FEDERAL, pl.lit(False), [0])
    assert (judged.counts, judged.law, judged.claim) == ({}, (), "")
