"""Which files can be held against each other."""

from __future__ import annotations

from gatehouse.audit.reconcile import Kind, NotCompared, reconcile
from gatehouse.model import Layout, LinkTier
from tests.unit.audit.reconcile.searches import ALDER, AUDIT, BIRCH, MONTH, NETWORK, PORTAL, without
from tests.unit.audit.record_sets import File, record_set


class TestPlan:
    def test_reconcile_files_that_cannot_be_compared_say_why(self) -> None:
        records = record_set(
            File("own.csv", AUDIT, MONTH, ALDER),
            File("other.csv", AUDIT, [{**row, "org": BIRCH} for row in MONTH]),
            File("portal.csv", PORTAL, [without(row, "org") for row in MONTH]),
            File("shared.csv", Layout.SHARED_NETWORKS, []),
            File("net.csv", NETWORK, MONTH, BIRCH),
        )
        result = reconcile(records)
        assert [(c.a.path, c.b.path, c.kind) for c in result.comparisons] == [
            ("own.csv", "net.csv", Kind.OWN_AND_NETWORK),
            ("other.csv", "net.csv", Kind.OWN_AND_NETWORK),
        ]
        no_searches = "shared.csv lists no searches: its layout is shared_networks"
        unknown = "an owner is not known: name it as FILE@OWNER"
        assert result.not_compared == (
            NotCompared("own.csv", "other.csv", "they belong to different owners"),
            NotCompared("own.csv", "portal.csv", unknown),
            NotCompared("own.csv", "shared.csv", no_searches),
            NotCompared("other.csv", "portal.csv", unknown),
            NotCompared("other.csv", "shared.csv", no_searches),
            NotCompared("portal.csv", "shared.csv", no_searches),
            NotCompared(
                "portal.csv",
                "net.csv",
                "whose own record portal.csv is, is not known: name it as FILE@OWNER",
            ),
            NotCompared("shared.csv", "net.csv", no_searches),
        )

    def test_reconcile_event_logs_hold_no_searches_to_compare(self) -> None:
        result = reconcile(
            record_set(File("a.csv", Layout.EVENT_LOG, []), File("b.csv", Layout.EVENT_LOG, []))
        )
        assert result.comparisons == ()
        why = "a.csv lists no searches: its layout is event_log"
        assert result.not_compared == (NotCompared("a.csv", "b.csv", why),)

    def test_reconcile_portal_and_organization_audit_of_one_owner_are_own_records(self) -> None:
        portal = [without(row, "org") for row in MONTH]
        records = record_set(File("audit.csv", AUDIT, MONTH), File("portal.csv", PORTAL, portal, ALDER))
        [comparison] = reconcile(records).comparisons
        assert comparison.kind is Kind.OWN_RECORDS
        assert comparison.matched == {LinkTier.ID: 7}
