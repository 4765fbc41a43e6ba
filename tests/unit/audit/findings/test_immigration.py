"""Immigration purposes under the law of the owner's day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gatehouse.audit.document import Confidence
from gatehouse.audit.findings.immigration import (
    BarredAgency,
    BarredCivil,
    BarredCriminal,
    ImmigrationPurpose,
)
from gatehouse.model import FieldState, Layout
from tests.unit.audit.builders import OWNER, Row, file_facts
from tests.unit.audit.findings.measuring import measured, not_measured

# The TRUST Act of Illinois binds from 2017-08-28, local time; midnight there is 05:00 UTC.
LAST_MINUTE_BEFORE = datetime(2017, 8, 28, 4, 59, tzinfo=UTC)
FIRST_MINUTE = datetime(2017, 8, 28, 5, 0, tzinfo=UTC)


def test_immigration_purpose_counts_the_family_with_bounds() -> None:
    rows: list[Row] = [
        {"reason": "immigration"},
        {"reason": "ICE+ERO"},
        {"reason": "Immigration (criminal) -"},
        {"reason": "HSI narcotics"},
        {"reason": "stolen vehicle"},
        {"reason": FieldState.REDACTED_VENDOR},
    ]
    outcome, found = measured(ImmigrationPurpose(), rows)
    assert (outcome.count, found) == (3, [2, 3, 4])
    assert "3 of 5 searches whose reason can be read state immigration" in outcome.claim
    assert "among all 6 searches the number lies between 3 and 4" in outcome.claim
    assert "If the classification were wrong on 0.1 %" in outcome.claim
    assert "%)" not in outcome.claim.partition(" state ")[0]


def test_immigration_purpose_none_seen_still_says_what_error_would_mean() -> None:
    outcome, found = measured(ImmigrationPurpose(), [{}])
    assert (outcome.count, found) == (0, [])
    assert "wrong on 0.1 %" in outcome.claim


def test_immigration_purpose_no_reason_readable_is_not_measurable() -> None:
    assert "not one reason" in not_measured(ImmigrationPurpose(), [{"reason": FieldState.WITHHELD}])


@pytest.mark.parametrize(("at", "count"), [(LAST_MINUTE_BEFORE, 0), (FIRST_MINUTE, 1)])
def test_barred_civil_starts_with_the_owners_local_day(at: datetime, count: int) -> None:
    rows: list[Row] = [{"reason": "immigration", "searched_at": at}, {"searched_at": FIRST_MINUTE}]
    outcome, found = measured(BarredCivil(), rows)
    assert (outcome.count, found) == (count, [2][:count])


def test_barred_civil_before_any_rule_says_that_none_was_in_force() -> None:
    outcome, _ = measured(BarredCivil(), [{"reason": "immigration", "searched_at": LAST_MINUTE_BEFORE}])
    assert outcome.claim.startswith("No rule that restricts this was found")


def test_barred_civil_in_an_own_record_says_that_the_data_reached_is_not_shown() -> None:
    files = [file_facts(layout=Layout.ORGANIZATION_AUDIT)]
    outcome, found = measured(BarredCivil(), [{"reason": "immigration", "org": OWNER}], files=files)
    assert (outcome.count, found) == (1, [2])
    assert "1 search stands in an agency's own record, which does not say whose data" in outcome.claim


def test_barred_civil_gives_bounds_where_reasons_are_masked() -> None:
    outcome, _ = measured(BarredCivil(), [{"reason": "immigration"}, {"reason": FieldState.WITHHELD}])
    assert (outcome.count, outcome.of) == (1, 1)
    assert "among all 2 searches the number lies between 1 and 2" in outcome.claim


def test_barred_civil_cites_the_rule() -> None:
    outcome, _ = measured(BarredCivil(), [{"reason": "immigration"}])
    assert outcome.law[0].startswith("625 ILCS 5/2-130(b): ")
    assert outcome.table is not None
    assert outcome.table.rows == (
        ("IL", "forbidden", "us-il/2-130(b)/immigration", "625 ILCS 5/2-130(b)", 1),
    )


def test_barred_kinds_are_kept_apart() -> None:
    rows = [
        {"reason": "immigration"},
        {"reason": "Immigration (criminal) -"},
        {"reason": "CBP"},
        {"reason": "HSI"},
    ]
    assert measured(BarredCivil(), rows)[1] == [2]
    assert measured(BarredCriminal(), rows)[1] == [3]
    assert measured(BarredAgency(), rows)[1] == [4]


def test_barred_agency_says_what_the_law_leaves_open() -> None:
    outcome, _ = measured(BarredAgency(), [{"reason": "CBP"}])
    assert "it settles the matter for 0 of them" in outcome.claim
    assert outcome.confidence is Confidence.LOW


def test_barred_without_a_state_law_says_so() -> None:
    files = [file_facts(owner="Prairie Bend TX PD")]
    outcome, _ = measured(BarredCivil(), [{"reason": "immigration"}], files=files)
    assert outcome.count == 0
    assert outcome.claim.startswith("No rule that restricts this was found for the owners' states")


def test_barred_without_an_owner_is_not_measurable() -> None:
    files = [file_facts(owner=None)]
    assert "--owner" in not_measured(BarredCivil(), [{"reason": "immigration"}], files=files)


def test_barred_of_several_owners_counts_only_those_of_the_state() -> None:
    files = [
        file_facts(),
        file_facts(path="b.csv", owner="Marrowmere TX PD"),
        file_facts(path="c.csv", owner=None),
    ]
    rows = [{"file": file, "reason": "immigration"} for file in range(3)]
    outcome, _ = measured(BarredCivil(), rows, files=files)
    assert outcome.count == 1
    assert "for 1 more the owner's state is not known" in outcome.claim
