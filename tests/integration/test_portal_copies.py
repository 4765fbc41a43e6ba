"""Real weekly portal copies: pairing by hour agrees with taking the latest copy of each day."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from gatehouse.model import Bounds, LinkTier
from gatehouse.records import Input, RecordSet, import_files
from gatehouse.records.link import link


@pytest.fixture(scope="module")
def portals(reference: Path) -> RecordSet:
    copies = sorted((reference / "records" / "portals").glob("*.csv"))
    return import_files([Input(str(path)) for path in copies])


def latest_copy_per_day(records: RecordSet) -> int:
    """Count rows by taking each day from the latest copy whose window covers it."""
    per_day = records.frame.group_by("file", day=pl.col("searched_at").dt.date()).agg(pl.len()).collect()
    agencies: dict[str, Counter[object]] = {}
    for file, facts in enumerate(records.files):
        agency = Path(facts.path).name.partition("__")[0]
        days = dict(per_day.filter(pl.col("file") == file).select("day", "len").iter_rows())
        if not days:
            continue
        counted = agencies.setdefault(agency, Counter())
        for day in [day for day in counted if min(days) <= day <= max(days)]:
            del counted[day]
        counted.update(days)
    return sum(counted.total() for counted in agencies.values())


@pytest.mark.shared
def test_link_real_portal_copies_count_what_each_day_last_showed(portals: RecordSet) -> None:
    linked = link(portals)
    assert linked.bounds == Bounds(low=35_995, point=35_995, high=36_703)
    assert linked.tiers == {LinkTier.ID: 47_497, LinkTier.PORTAL_HOUR: 708}
    assert latest_copy_per_day(portals) == linked.bounds.point
    ids = portals.frame.select(pl.col("record_id").n_unique()).collect().item()
    assert ids == linked.bounds.high
