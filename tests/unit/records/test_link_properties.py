"""What holds for the linkage of any files: totals, balance, one-to-one, and no influence of the order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.model import FieldState, Layout, LinkTier
from gatehouse.records.frame import Linked
from gatehouse.records.link import link
from tests.unit.records.record_sets import File, Row, at, record_set

NOON = at("2025-07-01T12:00:00")


def cells(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([*values, FieldState.EMPTY])


# Few values, so that rows collide in every way.
audit_rows = st.fixed_dictionaries(
    {
        "record_id": cells("a", "b", "c", FieldState.NOT_EXPORTED),
        "org": cells("Kelmholt TX PD", "Fennfell FL PD"),
        "searched_at": cells(NOON, NOON + timedelta(seconds=1), NOON + timedelta(days=30)),
        "networks": cells(1, 2),
        "plate": cells("AA11111", "BB22222"),
        "reason": cells("inv", "bolo"),
        "frame_from": cells(NOON - timedelta(days=1)),
        "frame_to": cells(NOON),
    }
)
minutes = st.integers(0, 119).map(lambda minute: NOON + timedelta(minutes=minute))
portal_rows = st.fixed_dictionaries(
    {
        "record_id": st.sampled_from([f"p{number}" for number in range(12)]),
        "searched_at": minutes,
        "networks": st.sampled_from([1, 2]),
        "reason": cells("inv", "bolo"),
    }
)


def once(rows: Sequence[Row]) -> list[Row]:
    """Drop rows of an id seen before: a portal shows each id once."""
    return list({row["record_id"]: row for row in rows}.values())


audits = st.builds(File, st.lists(audit_rows, max_size=6), name=st.sampled_from(["one", "two"]))
portals = st.builds(
    File,
    st.lists(portal_rows, max_size=6).map(once),
    layout=st.just(Layout.PORTAL),
    owner=st.sampled_from([None, "Kelmholt TX PD"]),
    name=st.sampled_from(["portal", "again"]),
)
exports = st.lists(st.one_of(audits, portals), min_size=1, max_size=4)


def links(files: list[File]) -> Linked:
    return link(record_set(*files))


@given(exports)
@settings(max_examples=60, deadline=None)
def test_link_any_files_keep_the_balance(files: list[File]) -> None:
    linked = links(files)
    frame = linked.frame.collect()
    firsts = frame.filter(pl.col("tier") == LinkTier.FIRST.value)
    assert firsts["search"].to_list() == list(range(linked.bounds.point))
    for index, file in enumerate(files):
        assert linked.searches[index] + linked.duplicates[index] == len(file.rows)
        assert linked.searches[index] == firsts.filter(pl.col("file") == index).height
    assert sum(linked.tiers.values()) == sum(linked.duplicates)
    assert linked.bounds.low <= linked.bounds.point <= linked.bounds.high
    assert frame.select("file", "row").rows() == [
        (index, row) for index, file in enumerate(files) for row in range(2, len(file.rows) + 2)
    ]


@given(exports)
@settings(max_examples=60, deadline=None)
def test_link_any_files_count_a_search_where_it_stands_first(files: list[File]) -> None:
    frame = links(files).frame.collect().with_row_index()
    first = frame.group_by("search").agg(pl.col("index").min())
    assert frame.filter(pl.col("tier") == LinkTier.FIRST.value)["index"].to_list() == sorted(first["index"])


@given(exports, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_link_order_of_files_does_not_change_the_totals(files: list[File], random: Any) -> None:
    shuffled = random.sample(files, len(files))
    assert links(shuffled).bounds == links(files).bounds


@given(exports)
@settings(max_examples=40, deadline=None)
def test_link_files_given_twice_double_the_duplicates_only(files: list[File]) -> None:
    once_, twice = links(files), links([*files, *files])
    assert twice.bounds == once_.bounds
    assert twice.searches == (*once_.searches, *(0 for _ in files))


@given(st.integers(0, 5), st.integers(0, 5))
def test_link_event_is_one_to_one_between_files(first: int, second: int) -> None:
    event = {"org": "Kelmholt TX PD", "searched_at": NOON, "networks": 3}
    with_ids = File([event | {"record_id": str(number)} for number in range(first)], name="ids")
    cases = [event | {"case_number": str(number)} for number in range(second)]
    assert links([with_ids, File(cases, name="cases")]).bounds.point == max(first, second)


@given(st.lists(portal_rows, max_size=8).map(once), st.lists(portal_rows, max_size=8).map(once))
@settings(max_examples=60, deadline=None)
def test_link_portal_copy_shows_no_search_twice(first: list[Row], second: list[Row]) -> None:
    files = [
        File(rows, layout=Layout.PORTAL, owner="Kelmholt TX PD", name=name)
        for name, rows in (("1", first), ("2", second))
    ]
    frame = links(files).frame.collect()
    assert frame.select("file", "search").is_unique().all()
