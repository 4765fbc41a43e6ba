"""Small invented exports of each layout, and ways to write and read them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from gatehouse.model import FieldState, SearchRecord
from gatehouse.records import ImportOptions, Input, RecordSet, import_files, read_records

AUDIT = (
    "ID",
    "Name",
    "Org Name",
    "Total Networks Searched",
    "Total Devices Searched",
    "Time Frame",
    "License Plate",
    "Reason",
    "Case #",
    "Filters",
    "Search Time",
    "Search Type",
    "Text Prompt",
    "Moderation",
)
PORTAL = ("id", "userId", "searchDate", "networkCount", "reason")
# The columns after the search date that portals have been seen to publish.
PORTAL_VARIANTS = [
    ("cameraCount", "reason"),
    ("networkCount", "reason"),
    ("networkCount", "offenseType"),
    ("networkCount", "caseNumber"),
    ("networkCount", "caseNumber", "offenseType"),
    ("networkCount", "reason", "caseNumber"),
    ("networkCount", "reason", "caseNumber", "offenseType"),
    ("networkCount", "reason", "offenseType"),
    ("networkCount",),
]

Row = Sequence[str]


def uuid(number: int) -> str:
    """Return an invented id."""
    return f"{number:08x}-0000-4000-8000-{number:012x}"


def audit_row(number: int, **changes: str) -> list[str]:
    """Return an invented record of a network audit, by label."""
    minute = f"{number % 60:02d}"
    values = {
        "ID": uuid(number),
        "Name": "P. Example",
        "Org Name": ("Alder IL PD", "Birch TX PD")[number % 2],
        "Total Networks Searched": str(100 + number),
        "Total Devices Searched": str(5000 + number),
        "Time Frame": f"11/13/2025, 09:{minute}:00 AM UTC\n11/14/2025, 09:{minute}:00 AM UTC",
        "License Plate": f"TST{number:04d}",
        "Reason": "stolen vehicle",
        "Case #": f"25-{number:05d}",
        "Filters": "",
        "Search Time": f"11/14/2025, 09:{minute}:36 AM UTC",
        "Search Type": "lookup",
        "Text Prompt": "",
        "Moderation": "",
    }
    assert set(changes) <= set(values)
    return list((values | changes).values())


def audit_rows(count: int) -> list[list[str]]:
    """Return invented records of a network audit."""
    return [audit_row(number) for number in range(1, count + 1)]


def portal_row(number: int, *rest: str, at: str | None = None) -> list[str]:
    """Return an invented record of a portal's export; `rest` are the cells after `networkCount`."""
    time = at or f"2026-03-10T04:{number % 60:02d}:52.901Z"
    return [uuid(number), "***", time, str(300 + number), *rest]


def write(
    path: Path,
    rows: Sequence[Row],
    *,
    delimiter: str = ",",
    ending: str = "\n",
    encoding: str = "utf-8",
    quoting: int = csv.QUOTE_MINIMAL,
) -> str:
    """Write rows as delimited text and return the path."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    path.write_bytes(text.getvalue().encode(encoding))
    return str(path)


def export(folder: Path, rows: Sequence[Row]) -> str:
    """Write rows as the one export of a test's folder and return the path."""
    return write(folder / "export.csv", rows)


def load(path: str, *, owner: str | None = None, options: ImportOptions | None = None) -> RecordSet:
    """Import one file and check the balance of its facts."""
    records = import_files([Input(path, owner)], options)
    assert_balanced(records)
    return records


def assert_balanced(records: RecordSet) -> None:
    """Check that every record of every file is in the frame, rejected, or no search."""
    counted = dict(records.frame.group_by("file").len().collect().iter_rows())
    for at, facts in enumerate(records.files):
        rejects = sum(1 for reject in records.rejects if reject.file == at)
        assert facts.rows == counted.get(at, 0) + rejects + facts.non_search


def searches(path: str, *, owner: str | None = None) -> list[SearchRecord]:
    """Return the searches of one file."""
    return list(read_records(path, owner=owner))


def states(records: RecordSet, field: str) -> list[FieldState]:
    """Return the states of a field, row by row."""
    column = records.frame.select(pl.col(f"{field}_state").cast(pl.String)).collect().to_series()
    return [FieldState(value) for value in column]


def codes(records: RecordSet) -> set[str]:
    """Return the codes of the first file's notes."""
    return {code for code, _ in records.files[0].notes}
