"""Portal copies: the same days published again, some hours with other rows standing for them.

Ids of a portal are not stable. Where copies of one portal overlap, some ids vanish and as many new ones
appear, each in the same UTC hour as one that vanished, nearly always with the same justification.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from gatehouse.model import Layout
from gatehouse.records.frame import FileFacts
from gatehouse.records.link.columns import value
from gatehouse.records.organizations import parse

_HOUR_MS = 3_600_000
_JUSTIFICATION = ("reason", "offense", "case_number")


@dataclass(slots=True)
class _Published:
    """A search as a portal has published it: the row that stood for it last, and in which copy's window."""

    root: int
    at: int  # ms since the epoch
    justification: int
    window: tuple[int, int]


def by_hour(frame: pl.LazyFrame, files: Sequence[FileFacts], same_id: pl.DataFrame) -> dict[int, int]:
    """Return, for each unit's root that stands for a search seen in an earlier copy, that search's root.

    `same_id` are the units by id. One-to-one within each pair of copies: first by hour and justification,
    then by hour alone.
    """
    portals = [index for index, file in enumerate(files) if file.layout is Layout.PORTAL]
    groups = [group for group in _agencies(files, portals, same_id) if len(group) > 1]
    if not groups:
        return {}
    rows = _rows(frame, [index for group in groups for index in group], same_id)
    copies = {key[0]: part for key, part in rows.partition_by("file", as_dict=True).items()}
    merged: dict[int, int] = {}
    for group in groups:
        # By their time, whatever the order in which they were given.
        ordered = sorted(
            (index for index in group if index in copies),
            key=lambda index: (copies[index]["at"][-1], copies[index]["at"][0], files[index].sha256),
        )
        _follow([copies[index] for index in ordered], merged)
    return merged


def _agencies(
    files: Sequence[FileFacts], portals: Sequence[int], same_id: pl.DataFrame
) -> Iterable[list[int]]:
    """Group portal files by agency: by owner, else by the ids that they share."""
    parent = {index: index for index in portals}

    def find(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    owners = {index: parse(owner).key for index in portals if (owner := files[index].owner)}
    shared = (
        same_id.filter(pl.col("file").is_in(portals))
        .group_by("root")
        .agg(pl.col("file").unique().sort())["file"]
        .unique()
        .to_list()
    )
    for together in shared:
        unowned = [index for index in together if index not in owners]
        for index in unowned:
            parent[find(index)] = find(unowned[0])
    # Copies without an owner belong to the owner whose ids they show (to one, whatever they show).
    known: defaultdict[int, set[str]] = defaultdict(set)
    for together in shared:
        keys = {owners[index] for index in together if index in owners}
        for index in together:
            if index not in owners:
                known[find(index)] |= keys
    grouped: defaultdict[str | int, list[int]] = defaultdict(list)
    for index in portals:
        root = find(index)
        agency = owners.get(index) or min(known.get(root, ()), default=root)
        grouped[agency].append(index)
    return grouped.values()


def _rows(frame: pl.LazyFrame, wanted: Sequence[int], same_id: pl.DataFrame) -> pl.DataFrame:
    """Return file, root, time and justification key of the wanted files' rows that have a time."""
    keys = [pl.col(name).fill_null(0) for name in _JUSTIFICATION]
    rows = (
        frame.filter(pl.col("file").is_in(wanted))
        .select(
            "index",
            "file",
            value("searched_at").dt.timestamp("ms").alias("at"),
            pl.struct(keys).hash().alias("why"),
        )
        .filter(pl.col("at").is_not_null())
        .collect(engine="streaming")
    )
    return (
        rows.join(same_id.select("index", "root"), on="index", how="left")
        .with_columns(pl.col("root").fill_null(pl.col("index")))
        .unique(["file", "root"], keep="first", maintain_order=True)
        .sort("file", "at", "index")
    )


def _follow(copies: Sequence[pl.DataFrame], merged: dict[int, int]) -> None:
    """Go through the copies of one portal and write into `merged` which new roots continue which old ones."""
    known: dict[int, _Published] = {}  # by the root of the search
    for copy in copies:
        window = int(copy["at"][0]), int(copy["at"][-1])
        present: set[int] = set()
        fresh: list[_Published] = []
        rows = list(copy.select("root", "at", "why").iter_rows())
        # Roots known as themselves go first: of two rows that would be one search, the other is then a
        # search of its own after all, since one copy shows both.
        rows.sort(key=lambda row: row[0] not in known)
        for root, at, why in rows:
            search = merged.get(root, root)
            if search in present:
                del merged[root]
                fresh.append(_Published(root, at, why, window))
            elif search in known:
                known[search].at, known[search].justification, known[search].window = at, why, window
                present.add(search)
            else:
                fresh.append(_Published(root, at, why, window))
        fresh.sort(key=lambda row: row.at)
        gone = [
            search for root, search in known.items() if root not in present and _inside(search.at, window)
        ]
        for exact in (True, False):
            fresh, gone = _pair(fresh, gone, merged, exact=exact)
        known.update({search.root: search for search in fresh})


def _pair(
    fresh: list[_Published], gone: list[_Published], merged: dict[int, int], *, exact: bool
) -> tuple[list[_Published], list[_Published]]:
    """Let each new row continue one vanished search of its hour; return what is left of both."""

    def key(row: _Published) -> tuple[int, int]:
        return row.at // _HOUR_MS, row.justification if exact else 0

    waiting: Mapping[tuple[int, int], list[_Published]] = defaultdict(list)
    for search in reversed(gone):
        waiting[key(search)].append(search)
    left = []
    for row in fresh:
        partners = waiting[key(row)]
        if partners and _inside(row.at, partners[-1].window):
            search = partners.pop()
            merged[row.root] = search.root
            search.at, search.justification, search.window = row.at, row.justification, row.window
        else:
            left.append(row)
    return left, [search for partners in waiting.values() for search in partners]


def _inside(at: int, window: tuple[int, int]) -> bool:
    return window[0] <= at <= window[1]
