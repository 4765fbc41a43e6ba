"""Patterns of single users."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatehouse.audit.findings.patterns import RepeatedPlate, UnusualHours
from gatehouse.model import FieldState
from tests.unit.audit.builders import EXPORTED, NOON, SEARCHER, Row, file_facts
from tests.unit.audit.findings.measuring import measured, not_measured


def repeats(count: int, *, days: int = 3, plate: str = "INVENT1", officer: str = "invented a") -> list[Row]:
    return [
        {"plate": plate, "officer": officer, "searched_at": NOON + timedelta(days=number % days)}
        for number in range(count)
    ]


def test_repeated_plate_needs_ten_searches_on_two_days() -> None:
    rows = [
        *repeats(10),
        *repeats(9, plate="INVENT2"),
        *repeats(12, plate="INVENT3", days=1),
        *repeats(5, plate="INVENT4"),
        *repeats(5, plate="INVENT4", officer="invented b"),
    ]
    outcome, found = measured(RepeatedPlate(), rows)
    assert (outcome.count, found) == (10, list(range(2, 12)))
    assert outcome.table is not None
    assert outcome.table.rows == ((SEARCHER, "officer 1", "plate 1", 10, 3, 10),)


def test_repeated_plate_without_plates_is_not_measurable() -> None:
    facts = [file_facts(exported=EXPORTED - {"plate"})]
    assert not_measured(RepeatedPlate(), [{}], files=facts) == "no file has a column for plates"
    why = not_measured(RepeatedPlate(), [{"plate": FieldState.REDACTED_VENDOR, "officer": "invented a"}])
    assert why == "no search shows both a plate and a user; they are withheld or redacted"


def test_unusual_hours_names_the_user_of_the_night() -> None:
    rows: list[Row] = [
        {"officer": f"invented {user}", "searched_at": NOON + timedelta(hours=number % 6, days=number)}
        for user in range(20)
        for number in range(48)
    ]
    rows += [
        {"officer": "invented night", "searched_at": NOON + timedelta(hours=15, days=number)}
        for number in range(48)
    ]
    outcome, found = measured(UnusualHours(), rows)
    assert outcome.table is not None
    assert [(row[1], row[2], row[3]) for row in outcome.table.rows] == [("officer 21", 48, 48)]
    assert (outcome.count, found) == (48, list(range(20 * 48 + 2, 21 * 48 + 2)))


@pytest.mark.parametrize(("org", "said"), [(SEARCHER, False), ("Tarrinholt TN PD", True)])
def test_unusual_hours_say_whose_time_zone_is_not_certain(org: str, said: bool) -> None:
    days: list[Row] = [
        {"org": org, "officer": f"invented {user}", "searched_at": NOON + timedelta(hours=number % 6)}
        for user in range(20)
        for number in range(48)
    ]
    night: Row = {"org": org, "officer": "invented night", "searched_at": NOON + timedelta(hours=15)}
    outcome, _ = measured(UnusualHours(), [*days, *[night] * 48])
    assert ("The hours of 1 agency whose name does not tell" in outcome.claim) is said


def test_unusual_hours_with_masked_users_is_not_measurable() -> None:
    why = not_measured(UnusualHours(), [{"officer": FieldState.REDACTED_VENDOR}] * 40)
    assert why.startswith("no search shows which user made it")


def test_unusual_hours_without_a_zone_is_not_measurable() -> None:
    why = not_measured(UnusualHours(), [{"org": "Synthetic Office of Nowhere", "officer": "invented a"}])
    assert why == "local time is not known for any agency that searched"
