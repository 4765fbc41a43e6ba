"""The portal's document: every search is there, with what may be told of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from gatehouse.ledger.commitment import check
from gatehouse.ledger.entry import read_entry
from gatehouse.web.portal.precision import Precision
from gatehouse.web.portal.seen import PUBLISHED
from tests.unit.web.portal.town import AFTER, TEN, Town


class TestDocument:
    def test_document_after_all_periods_tells_each_search_once(self, town: Town) -> None:
        found = town.document()
        assert Counter(row.precision for row in found.rows) == {Precision.HOUR: 3, Precision.WITHHELD: 3}
        assert (found.recorded, found.waiting, found.withheld) == (6, 0, 3)
        (alder,) = found.agencies
        assert (alder.recorded, alder.waiting, alder.withheld, alder.many_searchers) == (6, 0, 3, True)

    def test_document_row_of_an_hour_opens_its_entry(self, town: Town) -> None:
        found = town.document()
        row = next(row for row in found.rows if row.precision is Precision.HOUR)
        assert (row.period, row.decision, row.state, row.owners) == (
            "2026-11-03 10:00 UTC",
            "permit",
            "released",
            ("alder-pd",),
        )
        assert row.index is not None
        with town.portal().folder.view() as log:
            leaf = read_entry(log.entry(row.index))
        assert tuple(each.field for each in row.disclosures) == PUBLISHED
        for each in row.disclosures:
            check(leaf, each)

    def test_document_withheld_row_tells_agency_and_month_only(self, town: Town) -> None:
        row = next(row for row in town.document().rows if row.withheld)
        bare = type(row)(Precision.WITHHELD, TEN.replace(day=1, hour=0), "alder-pd")
        assert row == bare
        assert row.period == "2026-11"

    def test_document_while_periods_run_counts_what_waits(self, town: Town) -> None:
        early = replace(town, at=TEN + timedelta(days=1, hours=1)).document()
        assert Counter(row.precision for row in early.rows) == {Precision.HOUR: 3}
        assert (early.recorded, early.waiting) == (6, 3)

    def test_document_before_the_owners_delay_tells_nothing(self, town: Town) -> None:
        early = replace(town, at=TEN + timedelta(hours=24, minutes=59)).document()
        assert early.rows == ()
        assert early.waiting == 6

    def test_document_vault_counts_stand_beside_the_record(self, town: Town) -> None:
        found = town.document()
        days = {each.day: each for each in found.counted}
        assert all(each.agrees for each in days.values())
        assert ("alder-pd", "search:plate:released", 4, 4) in days["2026-11-03"].lines

    def test_document_read_again_goes_on_and_says_the_same(self, town: Town) -> None:
        portal = town.portal()
        assert portal.document().rows == portal.document().rows

    def test_document_is_of_the_checkpoint(self, town: Town) -> None:
        found = town.document()
        assert found.made_at == AFTER
        assert found.checkpoint.splitlines()[:2] == [found.origin, str(found.size)]
