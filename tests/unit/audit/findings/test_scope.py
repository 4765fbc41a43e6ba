"""Reach and volume."""

from __future__ import annotations

from gatehouse.audit.findings.scope import MinorNationwide, VolumeOutlier
from tests.unit.audit.builders import EXPORTED, Row, file_facts
from tests.unit.audit.findings.measuring import measured, not_measured


def test_minor_nationwide_needs_reach_and_a_minor_matter() -> None:
    rows: list[Row] = [
        {"reason": "expired registration", "networks": 1_000},
        {"reason": "expired registration", "networks": 999},
        {"reason": "investigation", "networks": 6_000},
        {"reason": "homicide", "networks": 6_000},
        {"reason": "investigation", "networks": None},
    ]
    outcome, found = measured(MinorNationwide(), rows)
    assert (outcome.count, found) == (2, [2, 4])
    assert outcome.claim.startswith("2 of 3 searches of 1,000 networks or more")


def test_minor_nationwide_without_network_counts_is_not_measurable() -> None:
    facts = [file_facts(exported=EXPORTED - {"networks"})]
    assert "how many networks" in not_measured(MinorNationwide(), [{}], files=facts)


def test_volume_outlier_names_the_agency_far_above_the_others() -> None:
    rows = [{"org": f"{chr(65 + town)}rrinholt TX PD"} for town in range(26) for _ in range(8 + town % 5)]
    rows += [{"org": f"{chr(65 + town)}rrinbeck GA PD"} for town in range(10) for _ in range(9)]
    rows += [{"org": "Zellanmoor TX PD"}] * 2_000
    outcome, _ = measured(VolumeOutlier(), rows)
    assert outcome.count == 2_000
    assert outcome.table is not None
    assert [row[0] for row in outcome.table.rows] == ["Zellanmoor TX PD"]


def test_volume_outlier_of_few_agencies_is_not_measurable() -> None:
    assert "too few" in not_measured(VolumeOutlier(), [{}])
