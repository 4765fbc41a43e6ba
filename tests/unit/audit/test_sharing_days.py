"""The relation of an owner to an agency, day by day, against a plain reading of the lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.audit.sharing import relate
from gatehouse.records.organizations import parse
from gatehouse.records.sharing import SharingEntry, SharingList

HARBOR, STONE = parse("Harbor Point IL PD"), parse("Stone Ridge WI PD")
INDEX = {HARBOR.key: 1, STONE.key: 2}

days = st.dates(date(2025, 1, 1), date(2025, 2, 15))
entries = st.builds(SharingEntry, st.sampled_from([HARBOR, STONE]), st.none() | days, st.none() | days)
lists = st.builds(
    SharingList,
    owner=st.just("Mill Creek IL PD"),
    first=days,
    last=days,
    entries=st.lists(entries, max_size=3).map(tuple),
    inbound=st.just(frozenset()),
    path=st.just("list.csv"),
    sha256=st.just(""),
)


def reading(given_lists: Sequence[SharingList], key: str, day: date) -> str:
    covering = [each for each in given_lists if each.first <= day <= each.last]
    if not covering:
        return "unknown"
    named = any(
        entry.organization.key == key and (entry.first or each.first) <= day <= (entry.last or each.last)
        for each in covering
        for entry in each.entries
    )
    return "listed" if named else "not_listed"


@given(st.lists(lists, max_size=4), st.lists(days, min_size=1, max_size=6, unique=True))
def test_relate_any_lists_is_what_a_plain_reading_says(
    given_lists: list[SharingList], when: list[date]
) -> None:
    asked = [(agency, day) for agency in (1, 2) for day in when]
    table = pl.DataFrame(asked, schema={"agency": pl.UInt32, "day": pl.Date}, orient="row")
    keys = {agency: key for key, agency in INDEX.items()}
    expected = [reading(given_lists, keys[agency], day) for agency, day in asked]
    assert relate(table, given_lists, INDEX)["relation"].to_list() == expected
