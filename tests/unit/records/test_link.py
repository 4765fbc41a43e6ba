"""Copies of one search find each other in tiers, and coincidences stay within bounds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from gatehouse.model import Bounds, FieldState, Layout, LinkTier
from gatehouse.records.frame import TIER, Linked
from gatehouse.records.link import link
from tests.unit.records.record_sets import File, Row, at, record_set

SEARCH: dict[str, Any] = {
    "org": "Kelmholt TX PD",
    "searched_at": at("2025-07-01T10:00:00"),
    "networks": 50,
    "plate": "AB12345",
    "officer": "Wren Skellshaw",
    "reason": "stolen vehicle",
}
MASKED = {"plate": FieldState.REDACTED_AGENCY, "officer": FieldState.REDACTED_AGENCY}
FRAME = {"frame_from": at("2025-06-30T10:00:00"), "frame_to": at("2025-07-01T10:00:00")}


def row(**changes: Any) -> Row:
    return SEARCH | changes


def lines(linked: Linked) -> list[tuple[int, int, str]]:
    """Return (file, search, tier) of every row."""
    return list(linked.frame.select("file", "search", "tier").collect().iter_rows())


def points(*files: File) -> int:
    return link(record_set(*files)).bounds.point


class TestId:
    def test_link_same_id_in_one_file_counts_the_first(self) -> None:
        linked = link(record_set(File([row(record_id="a"), row(record_id="b"), row(record_id="a")])))
        assert lines(linked) == [(0, 0, "first"), (0, 1, "first"), (0, 0, "id")]
        assert linked.bounds == Bounds(2, 2, 2)
        assert linked.tiers == {LinkTier.ID: 1}
        assert (linked.searches, linked.duplicates) == ((2,), (1,))

    def test_link_same_id_in_two_files_counts_in_the_first_file(self) -> None:
        linked = link(record_set(File([row(record_id="a")]), File([row(record_id="b"), row(record_id="a")])))
        assert lines(linked) == [(0, 0, "first"), (1, 1, "first"), (1, 0, "id")]
        assert (linked.searches, linked.duplicates) == ((1, 1), (0, 1))

    def test_link_different_ids_with_equal_events_stay_apart(self) -> None:
        assert points(File([row(record_id="a")]), File([row(record_id="b")], name="other")) == 2

    def test_link_same_id_at_another_time_stays_apart(self) -> None:
        later = row(record_id="1", searched_at=at("2025-08-01T10:00:00"))
        without_time = row(record_id="1", searched_at=FieldState.EMPTY)
        linked = link(record_set(File([row(record_id="1")]), File([later, without_time])))
        assert lines(linked) == [(0, 0, "first"), (1, 1, "first"), (1, 0, "id")]

    def test_link_same_id_within_a_minute_is_one_search(self) -> None:
        rounded = row(record_id="1", searched_at=SEARCH["searched_at"] + timedelta(milliseconds=432))
        assert points(File([row(record_id="1")]), File([rounded])) == 1

    def test_link_ids_that_are_not_values_do_not_link(self) -> None:
        hidden = [row(record_id=FieldState.REDACTED_AGENCY, plate=plate) for plate in ("A1", "B2")]
        assert points(File(hidden)) == 2

    def test_link_nothing_repeated_numbers_rows_in_order(self) -> None:
        linked = link(record_set(File([row(record_id=name) for name in "abc"])))
        frame = linked.frame.collect()
        assert frame["search"].to_list() == [0, 1, 2]
        assert frame["tier"].dtype == TIER
        assert linked.tiers == {}


class TestExact:
    def test_link_identified_rows_without_id_are_certain_copies(self) -> None:
        linked = link(record_set(File([row(), row()])))
        assert lines(linked) == [(0, 0, "first"), (0, 0, "exact")]
        assert linked.bounds == Bounds(1, 1, 1)

    def test_link_masked_rows_may_be_coincidences(self) -> None:
        masked = row(**MASKED)
        linked = link(record_set(File([masked, masked, masked])))
        assert linked.bounds == Bounds(1, 1, 3)
        assert linked.tiers == {LinkTier.EXACT: 2}

    def test_link_rows_without_time_are_kept_but_may_be_copies(self) -> None:
        timeless = row(searched_at=FieldState.NOT_EXPORTED)
        assert link(record_set(File([timeless, timeless]))).bounds == Bounds(1, 2, 2)

    def test_link_rows_with_dates_only_are_kept_but_may_be_copies(self) -> None:
        dated = row(searched_at=at("2025-07-01T00:00:00"))
        assert link(record_set(File([dated, dated]))).bounds == Bounds(1, 2, 2)

    def test_link_file_without_times_given_twice_changes_no_search(self) -> None:
        file = File([row(searched_at=FieldState.EMPTY)] * 2)
        linked = link(record_set(file, file))
        assert linked.bounds == Bounds(1, 2, 2)
        assert (linked.searches, linked.duplicates) == ((2, 0), (0, 2))


class TestEvent:
    def test_link_other_masking_and_no_id_is_the_same_search(self) -> None:
        release = File([row(**MASKED, case_number=FieldState.WITHHELD)], name="release")
        linked = link(record_set(File([row(record_id="a")]), release))
        assert lines(linked) == [(0, 0, "first"), (1, 0, "event")]
        assert linked.bounds == Bounds(1, 1, 2)

    def test_link_equal_frames_are_the_stronger_tier(self) -> None:
        linked = link(record_set(File([row(record_id="a", **FRAME)]), File([row(**FRAME)], name="release")))
        assert linked.tiers == {LinkTier.EVENT_FRAME: 1}
        assert linked.bounds == Bounds(1, 1, 1)

    def test_link_is_one_to_one_between_files(self) -> None:
        two = File([row(record_id="a"), row(record_id="b")], name="two")
        one = File([row(reason="stolen vehicle", case_number="25-1")], name="one")
        assert (points(two, one), points(one, two)) == (2, 2)

    def test_link_two_spellings_of_one_agency_are_one(self) -> None:
        other = File([row(org="TX - Kelmholt  PD ", case_number="25-1")], name="other")
        assert points(File([row(record_id="a")]), other) == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"plate": "CD67890"},
            {"officer": "Kit Narrinkeld"},
            {"reason": "robbery"},
            {"networks": 51},
            {"searched_at": at("2025-07-01T10:00:01")},
            {"org": "Kelmholt FL PD"},
            {"org": FieldState.REDACTED_AGENCY},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_link_contradiction_stays_apart(self, change: dict[str, Any]) -> None:
        assert points(File([row(record_id="a")]), File([row(**change)], name="other")) == 2

    def test_link_frames_that_differ_stay_apart(self) -> None:
        other = FRAME | {"frame_from": at("2025-06-01T10:00:00")}
        assert points(File([row(record_id="a", **FRAME)]), File([row(**other)], name="other")) == 2

    def test_link_several_candidates_prefers_the_one_that_agrees(self) -> None:
        ids = File([row(record_id="a", plate=FieldState.EMPTY), row(record_id="b")], name="ids")
        linked = link(record_set(ids, File([row(reason=FieldState.EMPTY)], name="release")))
        assert lines(linked)[2] == (1, 1, "event")

    def test_link_masked_row_joins_only_one_of_two_that_contradict(self) -> None:
        files = (
            File([row(plate="AA11111")], name="a"),
            File([row(plate="BB22222")], name="b"),
            File([row(**MASKED)], name="c"),
        )
        assert points(*files) == 2

    def test_link_without_networks_needs_another_field_to_agree(self) -> None:
        lacks = frozenset({"networks"})
        named = File([row(networks=FieldState.NOT_EXPORTED)], name="named", lacks=lacks)
        bare = File([row(networks=FieldState.NOT_EXPORTED, **MASKED)], name="bare", lacks=lacks)
        full = File([row(record_id="a")], name="full")
        assert points(full, named) == 1
        assert points(full, bare) == 2

    def test_link_own_audit_without_org_meets_another_owners_network_audit(self) -> None:
        own = File(
            [row(org=FieldState.NOT_EXPORTED)],
            layout=Layout.ORGANIZATION_AUDIT,
            owner="Kelmholt TX PD",
            name="own",
        )
        other = File([row(record_id="a")], owner="Prairie Bend IL PD", name="network")
        assert points(own, other) == 1

    def test_link_network_audit_rows_without_org_are_not_the_owners(self) -> None:
        hidden = File([row(org=FieldState.REDACTED_AGENCY)], owner="Kelmholt TX PD", name="hidden")
        assert points(File([row(record_id="a")]), hidden) == 2

    def test_link_copies_by_id_join_another_file_as_one_search(self) -> None:
        first, again = (File([row(record_id="a")], name=name) for name in ("first", "again"))
        release = File([row(**MASKED)], name="release")
        for files in ((first, again, release), (release, again, first)):
            linked = link(record_set(*files))
            assert (linked.bounds.point, sum(linked.duplicates)) == (1, 2)


class TestPortal:
    HOUR = at("2026-03-10T04:00:00")

    def search(self, name: str, minute: int, *, hour: int = 0, reason: str = "inv", networks: int = 1) -> Row:
        when = self.HOUR + timedelta(hours=hour, minutes=minute)
        return {"record_id": name, "searched_at": when, "networks": networks, "reason": reason}

    def copy(self, *rows: Row, name: str = "copy", owner: str | None = None) -> File:
        """Return a portal copy whose window runs from the hour before to two hours after `HOUR`."""
        edges = (self.search("early", -30), self.search("late", 0, hour=2))
        return File([edges[0], *rows, edges[1]], layout=Layout.PORTAL, name=name, owner=owner)

    def test_link_portal_swapped_representative_is_one_search(self) -> None:
        linked = link(
            record_set(
                self.copy(self.search("a", 5), name="1"),
                self.copy(self.search("b", 25, networks=9), name="2"),
            )
        )
        assert linked.bounds == Bounds(3, 3, 4)
        assert linked.tiers == {LinkTier.ID: 2, LinkTier.PORTAL_HOUR: 1}

    def test_link_portal_swap_and_back_is_one_search(self) -> None:
        copies = [self.copy(self.search(name, 5), name=str(place)) for place, name in enumerate("aba")]
        assert points(*copies) == 3

    def test_link_portal_pairs_by_justification_first(self) -> None:
        before = self.copy(self.search("a", 1, reason="theft"), self.search("b", 2, reason="bolo"), name="1")
        after = self.copy(self.search("c", 3, reason="bolo"), self.search("d", 4, reason="theft"), name="2")
        linked = link(record_set(before, after)).frame.collect()
        by_search = linked.group_by("search", maintain_order=True).agg(pl.col("reason").n_unique())
        assert by_search.rows() == [(0, 1), (1, 1), (2, 1), (3, 1)]

    def test_link_portal_other_hour_is_another_search(self) -> None:
        copies = (
            self.copy(self.search("a", 5), name="1"),
            self.copy(self.search("b", 5, hour=1), name="2"),
        )
        assert points(*copies) == 4

    def test_link_portal_both_shown_at_once_are_two_searches(self) -> None:
        a, b = self.search("a", 5), self.search("b", 25)
        copies = [self.copy(a, name="1"), self.copy(b, name="2"), self.copy(a, b, name="3")]
        assert points(*copies) == 4

    def test_link_portal_rows_outside_the_other_window_are_new(self) -> None:
        early = File([self.search("a", 5), self.search("b", 20)], layout=Layout.PORTAL, name="1")
        late = File([self.search("b", 20), self.search("c", 40)], layout=Layout.PORTAL, name="2")
        assert points(early, late) == 3

    def test_link_portals_of_other_owners_stay_apart(self) -> None:
        one = File([self.search("a", 5)], layout=Layout.PORTAL, owner="Kelmholt TX PD", name="1")
        other = File([self.search("b", 25)], layout=Layout.PORTAL, owner="Fennfell TX PD", name="2")
        assert points(one, other) == 2

    def test_link_portals_of_one_owner_are_copies_without_shared_ids(self) -> None:
        rows = [self.search("a", 5), self.search("b", 10)], [self.search("c", 5), self.search("d", 10)]
        copies = [File(part, layout=Layout.PORTAL, owner="Kelmholt TX PD", name=str(part)) for part in rows]
        assert points(*copies) == 2

    def test_link_portal_meets_the_network_audit_by_event(self) -> None:
        portal = self.copy(self.search("a", 5, networks=50), owner="Kelmholt TX PD")
        audit = File(
            [
                {
                    "org": "Kelmholt TX PD",
                    "record_id": "z",
                    "networks": 50,
                    "searched_at": self.HOUR + timedelta(minutes=5),
                }
            ],
            name="audit",
        )
        linked = link(record_set(audit, portal))
        assert linked.bounds == Bounds(3, 3, 4)
        assert linked.tiers == {LinkTier.EVENT: 1}


def test_link_no_rows_gives_no_searches() -> None:
    linked = link(record_set(File([])))
    assert linked.bounds == Bounds(0, 0, 0)
    assert (linked.searches, linked.duplicates) == ((0,), (0,))
    assert linked.frame.collect().is_empty()
