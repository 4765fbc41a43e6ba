"""An agency's own record beside another network's audit."""

from __future__ import annotations

from gatehouse.audit.document import Cite
from gatehouse.audit.reconcile import CellChange, Change, Comparison, Kind, Outcome, reconcile
from gatehouse.model import FieldState, Layout, LinkTier
from tests.unit.audit.reconcile.searches import (
    ALDER,
    AUDIT,
    BIRCH,
    MONTH,
    NETWORK,
    PORTAL,
    outcomes,
    search,
    without,
)
from tests.unit.audit.record_sets import Cell, File, at, record_set


class TestOwnRecordAndNetworkAudit:
    def compare(
        self, own: list[dict[str, Cell]], network: list[dict[str, Cell]], layout: Layout = AUDIT
    ) -> Comparison:
        records = record_set(File("own.csv", layout, own, ALDER), File("net.csv", NETWORK, network, BIRCH))
        [comparison] = reconcile(records).comparisons
        assert comparison.kind is Kind.OWN_AND_NETWORK
        assert comparison.organization == ALDER
        return comparison

    def test_reconcile_search_that_reached_the_network_and_is_not_in_the_own_record_is_missing(self) -> None:
        other = search(50, "02 15:30:00", org=BIRCH)
        comparison = self.compare(MONTH[:3] + MONTH[4:], [*MONTH, other])
        assert outcomes(comparison) == ({Outcome.MATCHED: 6}, {Outcome.MATCHED: 6, Outcome.MISSING: 1})
        assert comparison.b.missing == (Cite("net.csv", 5),)
        assert comparison.b.rows == 7

    def test_reconcile_own_search_absent_from_the_network_need_not_have_reached_it(self) -> None:
        comparison = self.compare(MONTH, MONTH[:3] + MONTH[4:])
        assert comparison.a.outcomes == {Outcome.MATCHED: 6, Outcome.NOT_REACHED: 1}

    def test_reconcile_days_of_other_agencies_rows_count_as_covered_by_the_network(self) -> None:
        network = [*MONTH[:2], search(50, "02 15:30:00", org=BIRCH), *MONTH[5:]]
        comparison = self.compare(MONTH, network)
        assert comparison.a.outcomes == {Outcome.MATCHED: 4, Outcome.NOT_REACHED: 3}

    def test_reconcile_vendor_masked_cells_of_other_agencies_are_counted_by_field(self) -> None:
        own = [{**row, "officer": "A. Example"} for row in MONTH]
        network = [{**row, "officer": FieldState.REDACTED_VENDOR} for row in MONTH]
        assert self.compare(own, network).cells == (
            CellChange("officer", FieldState.VALUE, FieldState.REDACTED_VENDOR, Change.MASKED, 7),
        )

    def test_reconcile_search_of_a_portals_hour_is_collapsed_and_one_of_no_hour_is_missing(self) -> None:
        portal = [without(search(n, f"02 {n:02}:10:00"), "org", "record_id") for n in (10, 11, 12, 14, 15)]
        network = [without(search(n, f"02 {n:02}:10:00"), "record_id") for n in range(10, 16)]
        network.append(without(search(60, "02 12:50:00"), "record_id"))
        comparison = self.compare(portal, network, PORTAL)
        assert comparison.matched == {LinkTier.EVENT: 5}
        assert comparison.b.outcomes == {
            Outcome.MATCHED: 5,
            Outcome.MISSING: 1,
            Outcome.COLLAPSED: 1,
        }
        assert comparison.b.missing == (Cite("net.csv", 5),)

    def test_reconcile_portal_hour_links_what_only_shares_hour_and_justification(self) -> None:
        portal = [without(search(n, f"02 {n:02}:10:00"), "org", "record_id") for n in (10, 11, 12)]
        network = [without(row) for row in portal]
        network[1] = {**network[1], "searched_at": at("2025-03-02 11:40:00"), "networks": 7}
        comparison = self.compare(portal, [{**row, "org": ALDER} for row in network], PORTAL)
        assert comparison.matched == {LinkTier.EVENT: 2, LinkTier.PORTAL_HOUR: 1}
        assert comparison.differing == 0
