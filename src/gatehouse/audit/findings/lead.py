"""What a finding is made of: words that stand fixed, and a measurement that may be impossible."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from gatehouse.audit.document import Confidence, Severity, Unit

if TYPE_CHECKING:
    import polars as pl

    from gatehouse.audit.document import Table
    from gatehouse.audit.ground import Ground


@dataclass(frozen=True, slots=True)
class Measured:
    """What a lead counted, and where the rows are.

    `of` and `among` give the denominator (see `Finding`). The rows behind the count are those of the slim
    frame for which `where` holds, those that agree with a row of `match` in all of its columns, or the given
    `rows` (columns `file`, `row`). Severity, confidence, `may_not_say` and the innocent explanations default
    to the lead's own; a count of 0 is always `info`. `flagged` promises that every row carries a content
    signal, so that only those are looked at.
    """

    count: int
    claim: str
    of: int | None = None
    among: str = ""
    where: pl.Expr | None = None
    match: pl.DataFrame | None = None
    rows: pl.DataFrame | None = None
    flagged: bool = False
    severity: Severity | None = None
    confidence: Confidence | None = None
    law: tuple[str, ...] = ()
    table: Table | None = None
    may_not_say: str | None = None
    innocent_explanations: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """Why the export cannot support the figure."""

    why: str


class Lead(ABC):
    """One thing to look for in a record.

    `title` names it; `may_say` and `may_not_say` bound what a person may claim from it;
    `innocent_explanations` are what to rule out first.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    severity: ClassVar[Severity]
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    may_say: ClassVar[str]
    may_not_say: ClassVar[str]
    innocent_explanations: ClassVar[tuple[str, ...]]
    # Signals, families and pathways whose figures rest on the rows of this finding.
    about: ClassVar[tuple[str, ...]] = ()
    unit: ClassVar[Unit] = Unit.SEARCH

    @abstractmethod
    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count it, or say why it cannot be counted."""
