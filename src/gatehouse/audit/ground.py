"""What findings stand on: the record's slim rows, the tables measured from them, and the side documents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.document import Tally
from gatehouse.audit.sharing import Contacts, contacts
from gatehouse.audit.texts import BIT, FAMILY_BITS
from gatehouse.model import LinkTier, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from gatehouse.audit.local_time import LocalHours
    from gatehouse.audit.measures import Measures
    from gatehouse.audit.options import AuditOptions
    from gatehouse.audit.roster import Roster
    from gatehouse.audit.texts import ClassifiedTexts
    from gatehouse.law.prohibitions import Prohibitions
    from gatehouse.law.reasons import Lexicon
    from gatehouse.records.frame import FileFacts, Linked


@dataclass(frozen=True)
class Ground:
    """Everything a finding may look at. `slim` has the columns of `annotate.SLIM`, one row a search."""

    linked: Linked
    roster: Roster
    texts: ClassifiedTexts
    slim: pl.LazyFrame
    measures: Measures
    hours: LocalHours
    options: AuditOptions
    lexicon: Lexicon
    prohibitions: Prohibitions
    first: datetime | None
    last: datetime | None

    @property
    def files(self) -> Sequence[FileFacts]:
        """Return the facts of every file, in order."""
        return self.linked.records.files

    @cached_property
    def total(self) -> int:
        """Return the number of searches."""
        return sum(self.linked.searches)

    @cached_property
    def readable(self) -> int:
        """Return the number of searches whose stated reason is visible."""
        return count_of(self.measures.signals.filter("readable"))

    def tally(self, mask: int) -> Tally | None:
        """Count the searches with any of these signals; None where no reason at all is readable.

        A signal seen in another field of a search whose reason is masked makes that search readable for it.
        """
        if self.readable == 0:
            return None
        seen = self.measures.signals.filter(bits_of(mask))
        n = count_of(seen)
        readable = self.readable + count_of(seen.filter(~pl.col("readable")))
        return Tally(n=n, readable=readable, masked=self.total - readable, total=self.total)

    @cached_property
    def signal_tallies(self) -> Mapping[str, Tally | None]:
        """Return the tally of every signal."""
        return {signal.value: self.tally(BIT[signal]) for signal in Signal}

    @cached_property
    def family_tallies(self) -> Mapping[str, Tally | None]:
        """Return the tally of every family of signals."""
        return {name: self.tally(mask) for name, mask in FAMILY_BITS.items()}

    def exports(self, field_name: str) -> bool:
        """Return whether any file has a column for a field of the normal form."""
        return any(field_name in file.exported for file in self.files)

    @cached_property
    def contacts(self) -> Contacts:
        """Return searches by outside agencies with their relation to the owner's sharing lists."""
        return contacts(self)

    @cached_property
    def phrase_counts(self) -> Mapping[tuple[str, int], int]:
        """Return how many searches carry each text with a content signal, by (field, text key)."""
        keys: dict[str, set[int]] = {}
        for phrase in self.texts.phrases:
            keys.setdefault(phrase.field, set()).add(phrase.key)
        first = self.linked.frame.filter(pl.col("tier") == LinkTier.FIRST.value)
        queries = [
            first.select(key=name)
            .join(pl.LazyFrame({"key": sorted(found)}, schema={"key": pl.UInt64}), on="key", how="semi")
            .group_by("key")
            .agg(n=pl.len())
            for name, found in keys.items()
        ]
        tables = pl.collect_all(queries, engine="streaming")
        return {
            (name, key): n for name, table in zip(keys, tables, strict=True) for key, n in table.iter_rows()
        }

    @cached_property
    def officer_ordinals(self) -> Mapping[tuple[int, int], int]:
        """Return the ordinal of every officer shown, by (agency, officer key), in order of first search."""
        rows = self.measures.officers.sort("first").select("agency", "officer").iter_rows()
        return {(agency, officer): ordinal for ordinal, (agency, officer) in enumerate(rows, start=1)}

    @cached_property
    def plate_ordinals(self) -> pl.DataFrame:
        """Return `plate` (UInt64 key) and `ordinal` (UInt32) of the plates shown, by first search."""
        return (
            self.slim.filter(pl.col("plate").is_not_null())
            .group_by("plate")
            .agg(pl.col("search").min())
            .sort("search")
            .select("plate", ordinal=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32))
            .collect(engine="streaming")
        )


def count_of(table: pl.DataFrame) -> int:
    """Return the sum of a measure's `n`."""
    return int(table["n"].sum())


def bits_of(mask: int) -> pl.Expr:
    """Return whether a row or group has any of these signals."""
    return (pl.col("bits") & pl.lit(mask, dtype=pl.UInt32)) != 0
