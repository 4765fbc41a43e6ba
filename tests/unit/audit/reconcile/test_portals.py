"""Portals beside portals and beside audits: a choice of an hour's searches is no omission."""

from __future__ import annotations

from gatehouse.audit.reconcile import Outcome
from gatehouse.model import LinkTier
from tests.unit.audit.reconcile.searches import PORTAL, compare, outcomes, search, without
from tests.unit.audit.record_sets import Cell


class TestPortalCopies:
    @staticmethod
    def published(number: int, time: str, reason: str = "theft") -> dict[str, Cell]:
        row = search(number, time, reason=reason, networks=100)
        return without(row, "org")

    def test_reconcile_other_representative_of_an_hour_is_no_omission(self) -> None:
        hours = [self.published(n, f"02 {n:02}:10:00") for n in range(10, 15)]
        swapped = [*hours[:2], self.published(99, "02 12:40:00"), *hours[3:]]
        comparison = compare(hours, swapped, PORTAL)
        assert comparison.matched == {LinkTier.EXACT: 4, LinkTier.PORTAL_HOUR: 1}
        assert (comparison.cells, comparison.differing) == ((), 0)

    def test_reconcile_other_justification_of_the_hour_is_no_omission(self) -> None:
        hours = [self.published(n, f"02 {n:02}:10:00") for n in range(10, 15)]
        swapped = [*hours[:2], self.published(99, "02 12:40:00", "arson"), *hours[3:]]
        assert outcomes(compare(hours, swapped, PORTAL)) == ({Outcome.MATCHED: 5}, {Outcome.MATCHED: 5})

    def test_reconcile_hour_with_fewer_rows_misses_one(self) -> None:
        hours = [self.published(n, f"02 {n:02}:10:00") for n in range(10, 15)]
        comparison = compare([*hours, self.published(99, "02 12:40:00")], hours, PORTAL)
        assert comparison.a.outcomes == {Outcome.MATCHED: 5, Outcome.MISSING: 1}

    def test_reconcile_first_and_last_hour_of_a_rolling_window_are_not_covered(self) -> None:
        hours = [self.published(n, f"02 {n:02}:10:00") for n in range(10, 15)]
        more = [self.published(98, "02 10:05:00"), *hours, self.published(99, "02 14:40:00")]
        assert compare(more, hours, PORTAL).a.outcomes == {Outcome.MATCHED: 5, Outcome.NOT_COVERED: 2}
