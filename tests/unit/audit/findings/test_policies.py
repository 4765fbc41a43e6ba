"""Practice against published rules."""

from __future__ import annotations

from datetime import UTC, date, datetime

from gatehouse.audit.findings.policies import OwnPolicyConflict
from gatehouse.audit.options import AuditOptions
from gatehouse.model import FieldState
from gatehouse.records.organizations import parse
from gatehouse.records.policies import Policy
from tests.unit.audit.builders import OWNER, SEARCHER, Row, file_facts
from tests.unit.audit.findings.measuring import measured, not_measured


def published(text: str, *, owner: str = OWNER, on: date | None = date(2025, 6, 1)) -> AuditOptions:
    policy = Policy(
        organization=owner,
        key=parse(owner).key,
        on=on,
        prohibited_uses=text,
        path="policies.json",
        sha256="0" * 64,
        row=1,
    )
    return AuditOptions(policies=(policy,))


ROWS = (
    {"reason": "immigration", "searched_at": datetime(2025, 6, 2, 12, tzinfo=UTC)},
    {"reason": "expired registration", "searched_at": datetime(2025, 6, 2, 12, tzinfo=UTC)},
    {"reason": "immigration", "searched_at": datetime(2025, 5, 2, 12, tzinfo=UTC)},
    {"reason": "stolen vehicle"},
)


def test_own_policy_counts_uses_prohibited_by_then() -> None:
    outcome, found = measured(
        OwnPolicyConflict(), ROWS, options=published("Immigration enforcement, harassment.")
    )
    assert (outcome.count, found) == (1, [2])
    assert "1 more flagged search" in outcome.claim
    assert outcome.table is not None
    assert outcome.table.rows == ((OWNER, "immigration enforcement", "2025-06-01", 1),)


def test_own_policy_of_no_known_day_holds_for_all() -> None:
    options = published("Immigration enforcement, traffic enforcement.", on=None)
    outcome, found = measured(OwnPolicyConflict(), ROWS, options=options)
    assert (outcome.count, found) == (3, [2, 3, 4])


def test_own_policy_that_prohibits_nothing_seen_is_zero() -> None:
    outcome, _ = measured(OwnPolicyConflict(), ROWS, options=published("Personal use."))
    assert outcome.count == 0


def test_own_policy_of_somebody_else_is_not_measurable() -> None:
    options = published("Immigration enforcement.", owner="Marrowmere TX PD")
    assert "not those of a file's owner" in not_measured(OwnPolicyConflict(), ROWS, options=options)
    assert "--policies" in not_measured(OwnPolicyConflict(), ROWS)


def test_own_policy_looks_only_at_data_of_the_owner_of_the_rules() -> None:
    files = [file_facts(), file_facts(path="other.csv", owner=SEARCHER)]
    rows: list[Row] = [{"reason": "immigration"}, {"file": 1, "reason": "immigration"}, {"file": 1}]
    options = published("Immigration enforcement.", on=None)
    outcome, found = measured(OwnPolicyConflict(), rows, files=files, options=options)
    assert (outcome.count, outcome.of, found) == (1, 1, [2])
    assert outcome.among == "of the owners of these rules whose reason can be read"


def test_own_policy_says_which_flagged_searches_show_no_time() -> None:
    rows: list[Row] = [{"reason": "immigration", "searched_at": FieldState.WITHHELD}]
    outcome, _ = measured(OwnPolicyConflict(), rows, options=published("Immigration enforcement."))
    assert outcome.claim == (
        "0 searches name a use that the owner's rules, as published by then, prohibit; 1 more flagged search "
        "shows no readable time"
    )
