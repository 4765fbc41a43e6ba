"""Reason and offense type."""

from __future__ import annotations

import pytest

from gatehouse.audit.findings.offenses import ReasonOffenseConflict, at_odds, placed
from tests.unit.audit.builders import EXPORTED, file_facts
from tests.unit.audit.findings.measuring import measured, not_measured

BOTH = [file_facts(exported=EXPORTED | {"offense"})]


@pytest.mark.parametrize(
    ("reason", "offense", "expected"),
    [
        ("homicide", "Traffic Infraction", True),
        ("narcotics inv", "Burglary/Breaking & Entering", True),
        ("stolen vehicle", "Motor Vehicle Theft/Stolen", False),
        ("stolen vehicle", "Larceny/Theft Offenses", False),  # related
        ("shooting", "Homicide/Death Investigation", False),
        ("investigation", "Burglary/Breaking & Entering", False),  # the reason names no offense
        ("homicide", "Other - Not Applicable", False),
        ("traffic homicide", "Traffic Infraction", False),  # one of the two fits
    ],
)
def test_at_odds_needs_two_placed_texts_without_a_link(reason: str, offense: str, expected: bool) -> None:
    assert at_odds(placed(reason), placed(offense)) is expected
    assert at_odds(placed(offense), placed(reason)) is expected


def test_conflict_counts_searches_that_show_both() -> None:
    rows = [
        {"reason": "homicide", "offense": "Traffic Infraction"},
        {"reason": "homicide", "offense": "Homicide/Death Investigation"},
        {"reason": "homicide"},
    ]
    outcome, found = measured(ReasonOffenseConflict(), rows, files=BOTH)
    assert (outcome.count, found) == (1, [2])
    assert outcome.claim.startswith("1 of 2 searches whose reason and offense type both name an offense puts")
    assert outcome.table is not None
    assert outcome.table.rows == (("homicide", "Traffic Infraction", 1),)


def test_conflict_without_an_offense_column_is_not_measurable() -> None:
    assert not_measured(ReasonOffenseConflict(), [{}]) == "no file has both a reason and an offense type"
