"""What a reconciliation says, as data: the CSV file, the JSON document and the summary are views of this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import polars as pl

from gatehouse.audit.document import Cite
from gatehouse.model import FieldState, LinkTier


class Kind(StrEnum):
    """What two files are to each other.

    `productions`: one owner, one layout, released twice. `own_records`: one owner, two layouts (portal and
    organization audit). `own_and_network`: an agency's own record and another network's audit.
    """

    PRODUCTIONS = "productions"
    OWN_RECORDS = "own_records"
    OWN_AND_NETWORK = "own_and_network"


class Outcome(StrEnum):
    """What became of a row: its partner was found, or why there is none.

    `missing` is the lead: the other file covers that time and should hold the row. None of the others is an
    omission: `not_covered` (outside the overlap, or on a day the other file has nothing of), `collapsed` (the
    other file is a portal, which publishes some of an hour's searches), `not_reached` (the search need not
    have reached that network), `duplicate` (a copy within its own file of a row that has its partner),
    `undated` (no readable time, and no id or content that matches).
    """

    MATCHED = "matched"
    MISSING = "missing"
    NOT_COVERED = "not_covered"
    COLLAPSED = "collapsed"
    NOT_REACHED = "not_reached"
    DUPLICATE = "duplicate"
    UNDATED = "undated"


class Change(StrEnum):
    """How a cell differs from the first file to the second."""

    VALUE = "value"  # both can be read, and say different things
    MASKED = "masked"  # could be read, now withheld, redacted or cut
    UNMASKED = "unmasked"  # withheld, redacted or cut before, can be read now
    FILLED = "filled"  # empty before
    EMPTIED = "emptied"  # empty now
    MARKER = "marker"  # masked in both, in different ways


@dataclass(frozen=True, slots=True)
class CellChange:
    """How many matched pairs differ in one field in one way; states stand for the cells, never their text."""

    field: str
    before: FieldState
    after: FieldState
    change: Change
    n: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The time in which a row of one file can be expected in the other.

    `start` and `end` are the ends of the overlap (RFC 3339, UTC; None without overlap). Within it a row
    counts only on days present in both files: days of UTC and, where the owner's `time_zone` is known, of
    local time. `days` counts those of UTC.
    """

    start: str | None
    end: str | None
    days: int
    days_only_a: int
    days_only_b: int
    time_zone: str | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows that are records of one search."""

    a: Cite
    b: Cite


@dataclass(frozen=True, slots=True)
class Side:
    """One file of a comparison: its rows by outcome; `rows` is their sum."""

    path: str
    rows: int
    outcomes: Mapping[Outcome, int]
    missing: tuple[Cite, ...]  # at most EVIDENCE_LIMIT rows that the other file lacks, in file order


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two files held against each other.

    `matched` counts pairs by link tier, `differing` those with a cell that differs, `masked_later` those with
    a cell that the first file shows and the second hides. `pairs` has a row for every pair and every row
    without a partner: outcome, tier, row_a, row_b, differs.
    """

    kind: Kind
    organization: str | None
    owner_assumed: bool
    coverage: Coverage
    a: Side
    b: Side
    matched: Mapping[LinkTier, int]
    differing: int
    masked_later: int
    cells: tuple[CellChange, ...]
    not_in_both: tuple[str, ...]  # fields that only one of the files has a column for
    evidence: tuple[Pair, ...]  # at most EVIDENCE_LIMIT pairs that differ
    pairs: pl.DataFrame


@dataclass(frozen=True, slots=True)
class NotCompared:
    """Two files that cannot be held against each other, and why."""

    a: str
    b: str
    why: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One of the files, as given."""

    path: str
    sha256: str
    owner: str | None
    layout: str
    rows: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All comparisons of one run, in the order of the files given."""

    files: tuple[SourceFile, ...]
    comparisons: tuple[Comparison, ...]
    not_compared: tuple[NotCompared, ...]

    def as_document(self) -> dict[str, Any]:
        """Return the JSON document of `docs/reconcile.md`."""
        return {
            "files": [
                {
                    "path": file.path,
                    "sha256": file.sha256,
                    "owner": file.owner,
                    "layout": file.layout,
                    "rows": file.rows,
                }
                for file in self.files
            ],
            "comparisons": [_comparison(comparison) for comparison in self.comparisons],
            "not_compared": [{"a": pair.a, "b": pair.b, "why": pair.why} for pair in self.not_compared],
        }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    coverage = comparison.coverage
    return {
        "kind": comparison.kind.value,
        "organization": comparison.organization,
        "owner_assumed": comparison.owner_assumed,
        "coverage": {
            "start": coverage.start,
            "end": coverage.end,
            "days": coverage.days,
            "days_only_a": coverage.days_only_a,
            "days_only_b": coverage.days_only_b,
            "time_zone": coverage.time_zone,
        },
        "a": _side(comparison.a),
        "b": _side(comparison.b),
        "matched": {tier.value: n for tier, n in comparison.matched.items()},
        "differing": comparison.differing,
        "masked_later": comparison.masked_later,
        "cells": [
            {
                "field": cell.field,
                "before": cell.before.value,
                "after": cell.after.value,
                "change": cell.change.value,
                "n": cell.n,
            }
            for cell in comparison.cells
        ],
        "not_in_both": list(comparison.not_in_both),
        "evidence": [{"a": _cite(pair.a), "b": _cite(pair.b)} for pair in comparison.evidence],
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "path": side.path,
        "rows": side.rows,
        "outcomes": {outcome.value: side.outcomes.get(outcome, 0) for outcome in Outcome},
        "missing": [_cite(cite) for cite in side.missing],
    }


def _cite(cite: Cite) -> dict[str, Any]:
    return {"file": cite.file, "row": cite.row}
