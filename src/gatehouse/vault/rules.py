"""What the record says of an owner's retention: the entries of one change of its rule, up to its force.

    rule:owner:proposed   detail = {"change", "subject", "after": {"retention_minutes", …} | null,
                                    "waiting_days", …}
    rule:owner:approved   detail = {"change", "by"}, of a second custodian
    rule:owner:in_force   detail = {"change"}

A longer retention than the one known counts only with its approval and its waiting time. Everything else
that a change needs is for the node and for whoever checks the record: the vault knows no person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.policy import Policy
from gatehouse.vault.checks import Recorded, check_hour, check_recorded, time_of
from gatehouse.vault.errors import NotPermitted
from gatehouse.vault.protocol import SHOWN_FIELDS, Shown
from gatehouse.vault.retention import LONGEST_MINUTES

PROPOSED = "rule:owner:proposed"
APPROVED = "rule:owner:approved"
IN_FORCE = "rule:owner:in_force"
LEAST_WAITING = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Ruled:
    """An owner's retention in minutes since an entry of a log, None where it has taken its rule away."""

    owner: str
    minutes: int | None
    log: str
    entry: int


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A change of an owner's rule that is on the record and in force, each of its entries checked."""

    ruled: Ruled
    in_force: Recorded
    waiting: timedelta
    waited: timedelta | None

    def check_longer(self, known: Ruled | None) -> None:
        """Refuse a longer retention than the one known without an approval and its waiting time.

        Of an owner that nothing is known of, the rule is taken as it stands.
        """
        if known is None or (self.ruled.minutes or 0) <= (known.minutes or 0):
            return
        if self.waited is None or self.waited < self.waiting:
            raise NotPermitted(
                "a longer retention takes a second custodian and a waiting time",
                where=f"entry {self.in_force.index}",
                expected=f"an approval {self.waiting.days} days before",
                got="none" if self.waited is None else f"one {self.waited.days} days before",
            )


def check_rule(*, proposed: Shown, in_force: Shown, approved: Shown | None, policy: Policy) -> RuleShown:
    """Return what a change of an owner's rule has put in force, once all of it is proven, else raise."""
    began = _recorded(proposed, PROPOSED, policy)
    came = _recorded(in_force, IN_FORCE, policy)
    detail = _detail(began)
    change, owner = _text(began, "change"), began.leaf.agency
    _check_together(began, came, change=change)
    if detail.get("subject") != owner:
        raise NotPermitted(
            "an owner's rule is its own to change", where=f"entry {began.index}", expected=owner
        )
    waited = None
    if approved is not None:
        agreed = _recorded(approved, APPROVED, policy)
        _check_together(began, agreed, change=change)
        _check_together(agreed, came, change=change)
        if _text(agreed, "by") == _text(began, "by"):
            raise NotPermitted("a second person approves, not who proposed it", where=f"entry {agreed.index}")
        waited = time_of(came.values["at"]) - time_of(agreed.values["at"])
    days = detail.get("waiting_days")
    waiting = max(LEAST_WAITING, timedelta(days=days if type(days) is int and days < 1_000 else 0))
    minutes = _minutes(began, detail.get("after"), owner=owner)
    return RuleShown(Ruled(owner, minutes, came.log, came.index), came, waiting, waited)


def _recorded(shown: Shown, event: str, policy: Policy) -> Recorded:
    recorded = check_recorded(
        shown.entry, shown.receipt, shown.openings, events=(event,), fields=SHOWN_FIELDS, policy=policy
    )
    check_hour(recorded, time_of(recorded.values["at"]))
    return recorded


def _check_together(before: Recorded, after: Recorded, *, change: str) -> None:
    if (before.leaf.agency, before.log) != (after.leaf.agency, after.log):
        raise NotPermitted(
            "two entries of a change are of two agencies or logs",
            expected=f"{before.leaf.agency} in {before.log}",
            got=f"{after.leaf.agency} in {after.log}",
        )
    if after.index <= before.index or _text(after, "change") != change:
        raise NotPermitted("an entry belongs to another change", where=f"entry {after.index}")


def _detail(recorded: Recorded) -> Mapping[str, Json]:
    detail = recorded.values["detail"]
    return detail if isinstance(detail, dict) else {}


def _text(recorded: Recorded, key: str) -> str:
    match _detail(recorded).get(key):
        case str() as found:
            return found
    raise NotPermitted("an entry is no step of a change", where=f"entry {recorded.index}", expected=key)


def _minutes(proposed: Recorded, after: Json, *, owner: str) -> int | None:
    match after:
        case None:
            return None
        case {"owner": str() as named, "retention_minutes": int() as minutes} if (
            named == owner and 1 <= minutes <= LONGEST_MINUTES
        ):
            return minutes
    raise NotPermitted(
        "an entry proposes no retention of its owner",
        where=f"entry {proposed.index}, `detail`",
        expected=f"null, or owner and retention_minutes of {owner}",
        got="another form",
    )
