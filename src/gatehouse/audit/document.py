"""What an audit says, as data: the report, the CSV files and the JSON document are views of this.

Nothing here names a plate or a person: officers and plates are ordinals by first appearance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from gatehouse.model import Bounds

if TYPE_CHECKING:
    import polars as pl

Cell = str | int | float | None


class Severity(StrEnum):
    """How much it would matter if the lead holds."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Unit(StrEnum):
    """What a finding counts."""

    SEARCH = "search"
    DAY = "day"


class Confidence(StrEnum):
    """How sure it is that the record shows what the claim says (not that anybody broke a rule)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Tally:
    """A count of searches with its denominator: `n` of `readable`; the truth lies in [n, n + masked].

    `readable + masked == total`; a search whose field is withheld, redacted, partly redacted or not exported
    by its file is masked.
    """

    n: int
    readable: int
    masked: int
    total: int


@dataclass(frozen=True, slots=True)
class Cite:
    """Where a figure stands: the file as given, and the row a spreadsheet shows."""

    file: str
    row: int


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows behind a figure or a finding; `cites` gives, per row, sample evidence."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    cites: tuple[tuple[Cite, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart's data. `title` states what the data show; `id` fixes the columns of `table`:

    searches_over_time   period (YYYY-MM or YYYY-MM-DD), searches, then one column a signal shown
    top_organizations    organization, state, kind, searches, immigration
    states               state, organizations, searches, immigration
    hours                weekday (0 = Monday), hour (0-23), searches; `unit` names the time zone
    networks             at_least, at_most (None = open), searches
    funnel               organization, searches, flagged, rate, shrunken, low, high, outlier (0 or 1)

    `breaks` are (period, what changed) where no line may be drawn across. `not_measurable` says why there are
    no rows, and stands where the chart would.
    """

    id: str
    title: str
    unit: str
    table: Table
    breaks: tuple[tuple[str, str], ...] = ()
    note: str = ""
    not_measurable: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A lead with its evidence, not a verdict.

    `count` counts searches (days where `unit` says so), or is None when the export cannot support the figure
    (then an entry of `Audit.not_measurable` says why). `of` is its denominator: the searches in which it
    could have been seen, which `among` describes in words that follow the noun. `rows` has the columns `file`
    (path, String) and `row` (UInt32) of the one row that counts of every search behind the count, in file
    order (for days, the rows beside them); `evidence` is a stratified sample of at most 100 of them.
    `title` is a heading of a few words; `claim` says it with its numbers; `law` the citations of the rules it
    rests on; `table` an optional breakdown (by organization, officer ordinal, ...). `about` names the
    signals, families and pathways whose figures elsewhere in the report rest on the rows of this finding.
    """

    id: str
    title: str
    count: int | None
    severity: Severity
    confidence: Confidence
    claim: str
    may_say: str
    may_not_say: str
    innocent_explanations: tuple[str, ...]
    evidence: tuple[Cite, ...]
    rows: pl.LazyFrame | None = None
    law: tuple[str, ...] = ()
    table: Table | None = None
    about: tuple[str, ...] = ()
    of: int | None = None
    among: str = ""
    unit: Unit = Unit.SEARCH


@dataclass(frozen=True, slots=True)
class Pathway:
    """One access path: searches seen on it, and those for which the record cannot tell."""

    n: int | None
    unknown: int
    why: str | None = None


@dataclass(frozen=True, slots=True)
class FileSummary:
    """One file's line in the balance: rows = searches + duplicates + rejects + non_search."""

    path: str
    sha256: str
    owner: str | None
    layout: str
    rows: int
    searches: int
    rejects: int
    duplicates: int
    non_search: int
    encoding: str | None = None
    header_row: int | None = None
    first_at: str | None = None
    last_at: str | None = None
    repaired: int = 0
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Precision:
    """What a person's verdicts say of a signal: `upheld` of `judged` distinct matched texts.

    `low`, `point` and `high` are Wilson's 95 % interval over texts; `unjudged` texts have no verdict.
    """

    upheld: int
    judged: int
    unjudged: int
    searches_upheld: int
    searches_judged: int
    low: float
    point: float
    high: float


@dataclass(frozen=True, slots=True)
class NotMeasurable:
    """A figure that the export cannot support, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Audit:
    """The whole result of one audit."""

    files: tuple[FileSummary, ...]
    rows: int
    searches: int
    exposures: int
    search_bounds: Bounds
    links: Mapping[str, int]  # link tier -> rows counted as copies by it
    signals: Mapping[str, Tally | None]
    families: Mapping[str, Tally | None]
    pathways: Mapping[str, Pathway]
    findings: tuple[Finding, ...]
    figures: Mapping[str, Figure]
    not_measurable: tuple[NotMeasurable, ...]
    inputs_sha256: str
    lexicon_sha256: str
    pack: Mapping[str, str]
    facts: Mapping[str, Cell] = field(default_factory=dict)  # headline facts: first_at, last_at, orgs, ...
    examples: Mapping[str, tuple[Cite, ...]] = field(default_factory=dict)  # signal or family -> rows
    precision: Mapping[str, Precision] = field(default_factory=dict)  # signal or family -> adjudicated
    synthetic: bool = False  # the input says that it is invented; every page of the report says so too


SEVERITY_ORDER = (Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFO)
CONFIDENCE_ORDER = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)


def gravest_first(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings as a reader meets them: the gravest first, of one severity the surest first.

    So a count that an error rate of 0.1 % would explain does not lead a page before one of the same severity
    that it would not. Findings equal in both keep their order.
    """
    return sorted(
        findings,
        key=lambda finding: (
            SEVERITY_ORDER.index(finding.severity),
            CONFIDENCE_ORDER.index(finding.confidence),
        ),
    )
