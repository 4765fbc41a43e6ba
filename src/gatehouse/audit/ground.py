"""What findings stand on: the record's slim rows, the tables measured from them, and the side documents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.adjudication import precision
from gatehouse.audit.annotate import identity, with_agency
from gatehouse.audit.counted import counted_rows
from gatehouse.audit.document import Precision, Tally
from gatehouse.audit.sharing import Contacts, contacts
from gatehouse.audit.texts import BIT, FAMILY_BITS, bits_of
from gatehouse.model import FieldState, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from gatehouse.audit.local_time import LocalHours
    from gatehouse.audit.measures import Measures
    from gatehouse.audit.options import AuditOptions
    from gatehouse.audit.roster import Roster
    from gatehouse.audit.texts import ClassifiedTexts
    from gatehouse.law.reasons import Lexicon
    from gatehouse.law.standing import Law
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
    law: Law
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

    def tally(self, mask: int, *, without: int = 0) -> Tally | None:
        """Count the searches with any of these signals and none of `without`.

        A signal seen in a search whose reason is masked, in what the mask leaves or in another field, makes
        that search readable for it. None where no reason is readable and no such signal is seen.
        """
        seen = self.measures.signals.filter(bits_of(mask) & ~bits_of(without))
        n = count_of(seen)
        if self.readable == 0 and n == 0:
            return None
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
    def precision(self) -> Mapping[str, Precision]:
        """Return what a person's verdicts say of each signal, where an adjudicated file was given."""
        path = self.options.adjudicated
        return {} if path is None else precision(path, self)

    @cached_property
    def contacts(self) -> Contacts:
        """Return searches by outside agencies with their relation to the owner's sharing lists."""
        return contacts(self)

    @cached_property
    def phrase_counts(self) -> Mapping[tuple[str, str], int]:
        """Return how many searches carry each text with a content signal, by (field, text as classified)."""
        counted = counted_rows(self.linked, self.roster.owners)
        carriers = {name: table for name, table in self.texts.carriers.items() if table.height}
        queries = [
            counted.select(key=name).join(table.lazy(), on="key").group_by("text").agg(n=pl.len())
            for name, table in carriers.items()
        ]
        tables = pl.collect_all(queries, engine="streaming")
        return {
            (name, text): n
            for name, table in zip(carriers, tables, strict=True)
            for text, n in table.iter_rows()
        }

    @cached_property
    def officer_ordinals(self) -> pl.DataFrame:
        """Return `agency`, `officer` (key) and `ordinal` of every user shown, by first appearance."""
        return (
            with_agency(self.linked.frame, self.roster)
            .select("agency", "search", officer=identity())
            .filter(pl.col("officer").is_not_null())
            .group_by("agency", "officer")
            .agg(pl.col("search").min())
            .sort("search", "agency", "officer")
            .select("agency", "officer", ordinal=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32))
            .collect(engine="streaming")
        )

    @cached_property
    def officer_number(self) -> Mapping[tuple[int, int], int]:
        """Return the ordinal of every user shown by (agency, officer key)."""
        return {(agency, officer): ordinal for agency, officer, ordinal in self.officer_ordinals.iter_rows()}

    @cached_property
    def plates(self) -> pl.DataFrame:
        """Return every `plate` (key), the `search` in which it appears first and its rows `n`, copies too."""
        return (
            self.linked.frame.filter(pl.col("plate_state") == FieldState.VALUE.value)
            .group_by("plate")
            .agg(pl.col("search").min(), n=pl.len())
            .collect(engine="streaming")
        )

    @cached_property
    def plate_ordinals(self) -> pl.DataFrame:
        """Return `plate` (key) and `ordinal` of every plate shown, by first appearance."""
        return self.plates.sort("search", "plate").select(
            "plate", ordinal=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32)
        )

    def plate_numbers(self, plates: pl.Series) -> Mapping[int, int]:
        """Return the ordinals of some plates by key."""
        wanted = plates.unique().rename("plate").to_frame()
        shown = self.plates.join(wanted, on="plate", how="semi").select("plate", "search")
        # Counting for the few that are shown is cheaper than sorting millions.
        searches, keys = self.plates["search"], self.plates["plate"]
        return {
            plate: 1 + int(((searches < search) | ((searches == search) & (keys < plate))).sum())
            for plate, search in shown.iter_rows()
        }


def count_of(table: pl.DataFrame) -> int:
    """Return the sum of a measure's `n`."""
    return int(table["n"].sum())
