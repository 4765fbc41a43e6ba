"""Exports made to break what reads them: invented rows, written to a file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

AUDIT = (
    "ID",
    "Name",
    "Org Name",
    "Total Networks Searched",
    "License Plate",
    "Reason",
    "Case #",
    "Filters",
    "Search Time",
    "Search Type",
    "Text Prompt",
    "Moderation",
)


def record(number: int, cells: Mapping[str, str] | None = None) -> list[str]:
    """Return a sound record of a network audit, a second after the one before it."""
    sound = {
        "ID": f"id-{number}",
        "Name": "Invented Person",
        "Org Name": "Tarrinholt TX PD",
        "Total Networks Searched": "6000",
        "License Plate": f"INV{number:04}",
        "Reason": "stolen vehicle",
        "Case #": "25-001234",
        "Search Time": f"06/02/2025, 09:{number // 60 % 60:02}:{number % 60:02} AM UTC",
        "Search Type": "lookup",
    }
    return [{**sound, **(cells or {})}.get(label, "") for label in AUDIT]


def write(path: Path, rows: Iterable[Iterable[str]], header: Iterable[str] = AUDIT) -> Path:
    """Write a CSV file and return its path."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
    return path
