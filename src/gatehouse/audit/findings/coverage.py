"""What the record itself may lack: rows cut off, days missing, and days on which its columns change."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.breaks import VENDOR_MASKING, schema_breaks
from gatehouse.audit.document import Cell, Confidence, Severity, Table, Unit
from gatehouse.audit.findings.lead import Lead, Measured, NotMeasured
from gatehouse.audit.wording import number, plural, searches

if TYPE_CHECKING:
    from gatehouse.audit.ground import Ground

# A day without rows says something only where days usually have this many.
BUSY_DAY = 20


class Truncation(Lead):
    """Files that end where a program gives up."""

    id = "truncation"
    title = "Files that may be cut off"
    severity = Severity.MEDIUM
    may_say = "The file has exactly as many rows as a common limit, so it may lack rows and count too few."
    may_not_say = "That anything was left out on purpose, or what the missing rows hold."
    innocent_explanations = ("The number of rows is a coincidence.",)
    columns = ("file", "rows", "limit")

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count the searches that stand in files which stop exactly at a known limit of programs."""
        noted = {
            position: detail
            for position, file in enumerate(ground.files)
            for code, detail in file.notes
            if code == "truncated"
        }
        if not noted:
            claim = f"None of {plural(len(ground.files), 'file')} ends at a known row limit"
            return Measured(0, claim, of=ground.total, table=Table(self.columns, ()))
        # Not only those counted in the file: one of nothing but copies may be cut off all the same.
        shown = (
            ground.linked.frame.filter(pl.col("file").is_in(list(noted)))
            .select(pl.col("search").unique())
            .collect(engine="streaming")
        )
        count = shown.height
        claim = (
            f"{plural(len(noted), 'file ends', 'files end')} at a known row limit, {searches(count)} in all"
        )
        if elsewhere := count - sum(ground.linked.searches[position] for position in noted):
            claim += f", {number(elsewhere)} of them counted in another file"
        rows = ((ground.files[at].path, ground.files[at].rows, detail) for at, detail in noted.items())
        return Measured(count, claim, of=ground.total, match=shown, table=Table(self.columns, tuple(rows)))


class CoverageGap(Lead):
    """Days without a row in a busy file."""

    id = "coverage_gap"
    title = "Days without a single search"
    unit = Unit.DAY
    severity = Severity.LOW
    may_say = "A file that has many searches on most of its days shows none on these."
    may_not_say = "That searches were removed: nothing in the file says why the days are empty."
    innocent_explanations = (
        "The system was down.",
        "The file joins exports of periods that do not touch.",
        "Days were cut by local time and the rows carry UTC.",
        "The rows of those days show no readable time, or were rejected.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Find empty UTC days in files whose median day has at least 20 searches."""
        days = _searches_shown(ground)
        if days.is_empty():
            return NotMeasured("no search has a readable time")
        rows: list[tuple[Cell, ...]] = []
        missing = busy = 0
        edges: list[tuple[int, date, bool]] = []
        for (position,), of_file in days.group_by("file", maintain_order=True):
            if (of_file["n"].median() or 0) < BUSY_DAY:  # type: ignore[operator]  # a median of counts
                continue
            busy += 1
            for first, last in gaps(of_file["day"].to_list()):
                length = (last - first).days + 1
                missing += length
                at = int(str(position))
                rows.append((ground.files[at].path, first.isoformat(), last.isoformat(), length))
                edges += [(at, first - timedelta(days=1), True), (at, last + timedelta(days=1), False)]
        if busy == 0:
            return NotMeasured(
                f"no file has {BUSY_DAY} searches on its median day; empty days mean nothing there"
            )
        claim = f"No day without a search in {plural(busy, 'file')} busy enough to tell"
        if missing:
            claim = f"{plural(missing, 'day')} without a search in {plural(busy, 'file')} busy enough to tell"
        return Measured(
            missing,
            claim,
            rows=_edge_rows(ground, edges),
            table=Table(("file", "first", "last", "days"), tuple(rows)),
        )


class SchemaBreak(Lead):
    """Days on which the record starts to show less, more or something else."""

    id = "schema_break"
    title = "Days on which the columns change"
    severity = Severity.INFO
    unit = Unit.DAY
    confidence = Confidence.HIGH
    may_say = "Figures before and after these days do not measure the same thing; no trend runs across them."
    may_not_say = "That behavior changed on that day."
    innocent_explanations = (
        "The vendor changed its export.",
        "The agency changed its search form or its redaction.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """List the changes; the count is the number of days with any."""
        if ground.measures.days["day"].is_null().all():
            return NotMeasured("no search has a readable time")
        found = schema_breaks(ground)
        noted = [
            (file.path, detail)
            for file in ground.files
            for code, detail in file.notes
            if code == "schema_break"
        ]
        days = len({item.day for item in found})
        claim = "No day on which the record changes what it shows"
        if found:
            claim = f"{plural(days, 'day')} on which the record changes what it shows"
        if any(item.day == VENDOR_MASKING for item in found):
            claim += (
                f", counting {VENDOR_MASKING.isoformat()}, from which the vendor masks more in all exports"
            )
        if noted:
            claim += f"; {plural(len(noted), 'column')} that stop or change within a file"
        changes: list[tuple[Cell, ...]] = [(None, item.day.isoformat(), item.change) for item in found]
        changes += [(path, None, detail) for path, detail in noted]
        edges = [(file, item.day, False) for item in found for file in range(len(ground.files))]
        return Measured(
            days,
            claim,
            rows=_edge_rows(ground, edges),
            table=Table(("file", "period", "change"), tuple(changes)),
        )


def _searches_shown(ground: Ground) -> pl.DataFrame:
    """Return `file`, `day` (UTC) and `n`, the searches that a file shows that day, counted there or not."""
    if len(ground.files) == 1 or not any(ground.linked.duplicates):
        shown = ground.measures.days.group_by("file", "day").agg(pl.col("n").sum())
    else:
        # A day of nothing but copies of another file's rows is no gap.
        shown = (
            ground.linked.frame.group_by("file", day=pl.col("searched_at").dt.date())
            .agg(n=pl.col("search").n_unique())
            .collect(engine="streaming")
        )
    return shown.filter(pl.col("day").is_not_null()).sort("file", "day")


def gaps(days: list[date]) -> list[tuple[date, date]]:
    """Return first and last of every run of days missing between sorted days."""
    one = timedelta(days=1)
    return [(before + one, after - one) for before, after in pairwise(days) if after - before > one]


def _edge_rows(ground: Ground, edges: list[tuple[int, date, bool]]) -> pl.DataFrame:
    """Return the row of the last (True) or the first (False) search of each file and day that has any."""
    wanted = pl.DataFrame(edges, schema={"file": pl.UInt16, "day": pl.Date, "last": pl.Boolean}, orient="row")
    if wanted.is_empty():
        return wanted.select("file", row=pl.lit(0, pl.UInt32))
    return (
        ground.slim.select("file", "row", "at", day=pl.col("at").dt.date())
        .join(wanted.lazy(), on=["file", "day"])
        .group_by("file", "day", "last")
        .agg(
            first_row=pl.col("row").sort_by("at", "row").first(),
            last_row=pl.col("row").sort_by("at", "row").last(),
        )
        .select("file", row=pl.when("last").then("last_row").otherwise("first_row"))
        .unique()
        .sort("file", "row")
        .collect(engine="streaming")
    )
