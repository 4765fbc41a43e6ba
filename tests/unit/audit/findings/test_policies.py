"""Practice against published rules."""

from __future__ import annotations

from datetime import UTC, date, datetime

from gatehouse.audit.findings.policies import OwnPolicyConflict
from gatehouse.audit.options import AuditOptions
from gatehouse.records.organizations import parse
from gatehouse.records.policies import Policy
from tests.unit.audit.builders import OWNER
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
