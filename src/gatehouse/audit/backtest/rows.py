"""The rows of a record as the facts that rules read, each distinct combination once.

Dates become epochs: between two days on which some rule begins, every time of search is alike. So a record
of millions of rows has some thousands of combinations, and only these are judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from gatehouse.audit.annotate import annotated
from gatehouse.audit.roster import UNKNOWN
from gatehouse.audit.texts import BIT
from gatehouse.law.clock import EAST_END
from gatehouse.law.formula import Compare, Covers, Meets, atoms, facts_of
from gatehouse.law.purposes import Stated, known_phrases, stated
from gatehouse.model import AgencyKind, Signal
from gatehouse.records.frame import TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gatehouse.audit.roster import Roster
    from gatehouse.audit.texts import ClassifiedTexts
    from gatehouse.law.pack import Rule
    from gatehouse.records.frame import Linked

_DAYS = ("owner_day", "searcher_day")
# What decides: rows alike in these have one answer.
ALIKE = ("file", "own", "state", "kind", "epoch", "bits", "readable", "case", "said", "step")
_EVERY_SIGNAL = frozenset(signal.value for signal in Signal)
_FAR_BACK = 2**31 - 1
# No clock is further from UTC, so no month begins on one before UTC comes so near.
_AHEAD = timedelta(days=1)
# Fields whose texts may say what a search was for, the likelier first.
_SPOKEN = ("offense", "reason")
_DIGIT = re.compile("[0-9]")
# What stands between an entry of a drop-down list and what was typed.
_TYPED = " - "


@dataclass(frozen=True, slots=True)
class Constants:
    """What the rules compare with: instants at which a rule begins, and how far back a search may reach.

    `reaches` are minutes, ascending; `signals` the mask of the signals that any rule reads.
    """

    instants: tuple[datetime, ...]
    reaches: tuple[int, ...]
    signals: int

    @classmethod
    def of(cls, rules: Iterable[Rule], clocks: Iterable[str | None] = ()) -> Constants:
        """Gather the constants of some rules; `clocks` are states by whose day any may be read."""
        others = {zone_of(state) for state in clocks}
        instants: set[datetime] = set()
        reaches: set[int] = set()
        words: set[str] = set()
        for rule in rules:
            for atom in atoms(rule.formula):
                if isinstance(atom, Compare) and isinstance(atom.other, int):
                    if atom.fact in _DAYS:
                        code = rule.jurisdiction
                        zones = {*others, *([zone_of(code[3:].upper())] if code else EAST_END.values())}
                        # A rule may hold from a day on or up to its end.
                        instants |= {_midnight(atom.other, zone, later) for zone in zones for later in (0, 1)}
                    elif atom.fact == "reach":
                        # `<` and `>=` turn at the number itself, `>` and `<=` just above it.
                        reaches |= {atom.other - 1, atom.other}
                elif "signals" in facts_of(atom):
                    words |= atom.values if isinstance(atom, Meets | Covers) else _EVERY_SIGNAL
        mask = 0
        for signal in Signal:
            mask |= BIT[signal] if signal.value in words else 0
        return cls(tuple(sorted(instants)), tuple(sorted(reaches)), mask)

    def moment(self, epoch: int) -> datetime:
        """Return a time in an epoch: the one at which it begins, or any before the first."""
        if epoch:
            return self.instants[epoch - 1]
        return (self.instants[0] if self.instants else datetime(2026, 1, 1, tzinfo=UTC)) - timedelta(days=2)

    def reach(self, step: int) -> int:
        """Return minutes that compare with every constant as those of a step do."""
        return self.reaches[step] if step < len(self.reaches) else _FAR_BACK


def facts(
    linked: Linked, roster: Roster, texts: ClassifiedTexts, constants: Constants, spoken: Spoken
) -> pl.DataFrame:
    """Return `n` searches by `month`, `agency` and the columns of `ALIKE`.

    `state` and `kind` are the searcher's, `own` says that the owner of the file searched; `month` is the
    owner's local one ("2025-03"), null without a time of search; `said` is an index into `spoken.phrases`,
    null where no phrase is known; `step` counts the constants of reach that the search exceeds, null where
    the record does not say how far back it reached.
    """
    at = pl.col("searched_at")
    frame = annotated(linked, roster, texts)
    said = spoken.tables
    for name, table in said.items():
        frame = frame.join(table.lazy().rename({"key": name, "said": f"_{name}_said"}), on=name, how="left")
    # Rounded up: a search that reaches a second too far reaches too far.
    seconds = (at - pl.col("frame_from")).dt.total_seconds()
    step = (
        sum((seconds > reach * 60).cast(pl.UInt8) for reach in constants.reaches) if constants.reaches else 0
    )
    turns = _turns(linked, roster, constants.instants)
    return (
        frame.select(
            "file",
            "agency",
            "readable",
            "case",
            span=_span(at, turns),
            bits=pl.col("bits") & pl.lit(constants.signals, dtype=pl.UInt32),
            said=pl.coalesce(*(f"_{name}_said" for name in said)) if said else pl.lit(None, dtype=pl.UInt32),
            step=pl.when(seconds.is_not_null()).then(step),
        )
        .group_by(pl.all())
        .agg(n=pl.len())
        .join(_spans(turns).lazy(), on="span", how="left")
        .with_columns(month=_local(roster, at).dt.strftime("%Y-%m"), epoch=_epoch(at, constants.instants))
        .join(_searchers(roster).lazy(), on="agency")
        .join(_owners(roster).lazy(), on="file")
        .with_columns(own=(pl.col("agency") == pl.col("owner")) & (pl.col("agency") != UNKNOWN))
        .group_by("month", "agency", *ALIKE)
        .agg(pl.col("n").sum())
        .sort(pl.all())
        .collect(engine="streaming")
    )


def _turns(linked: Linked, roster: Roster, instants: Sequence[datetime]) -> pl.Series:
    """Return the first time of search and, in order, the later ones at which a month or an epoch begins.

    Months begin on the clock of each owner, in UTC where its zone is not known.
    """
    at = pl.col("searched_at")
    first, last = linked.frame.select(first=at.min(), last=at.max()).collect(engine="streaming").row(0)
    if first is None:
        return pl.Series("searched_at", [], dtype=TIME)
    months = pl.datetime_range(
        datetime(first.year, first.month, 1),
        last.replace(tzinfo=None) + _AHEAD,
        "1mo",
        time_unit="ms",
        eager=True,
    )
    zones = {roster.zones[owner] or "UTC" for owner in roster.owners}
    begins = [months.dt.replace_time_zone(zone).dt.convert_time_zone("UTC") for zone in sorted(zones)]
    found = pl.concat([pl.Series([first, *instants], dtype=TIME), *begins]).unique().sort()
    return found.filter(found.is_between(first, last)).alias("searched_at")


def _span(at: pl.Expr, turns: pl.Series) -> pl.Expr:
    """Return which of the turns a time is at or after, the last one; null without a time."""
    begins = turns.to_physical().to_numpy()

    def number(times: pl.Series) -> pl.Series:
        found = np.searchsorted(begins, times.to_physical().fill_null(0).to_numpy(), side="right") - 1
        spans = pl.Series(found, dtype=pl.Int32)
        return spans.set(times.is_null(), None) if times.null_count() else spans

    return at.map_batches(number, return_dtype=pl.Int32, is_elementwise=True)


def _spans(turns: pl.Series) -> pl.DataFrame:
    """Return each span and `searched_at`, when it begins: all its times are of one month and epoch."""
    return turns.to_frame().with_row_index("span").with_columns(pl.col("span").cast(pl.Int32))


def _searchers(roster: Roster) -> pl.DataFrame:
    """Return each agency's `state` and `kind`; a body that enforces immigration law is federal."""
    kinds = [
        AgencyKind.FEDERAL if index in roster.federal else agency.kind
        for index, agency in enumerate(roster.agencies)
    ]
    return pl.DataFrame(
        {
            "agency": range(len(kinds)),
            "state": [agency.state for agency in roster.agencies],
            "kind": [kind.value for kind in kinds],
        },
        schema={"agency": pl.UInt32, "state": pl.String, "kind": pl.String},
    )


def _owners(roster: Roster) -> pl.DataFrame:
    return pl.DataFrame(
        {"file": range(len(roster.owners)), "owner": roster.owners},
        schema={"file": pl.UInt16, "owner": pl.UInt32},
    )


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the texts of a record say of purposes.

    `tables` has, by field, the `key` of each text that says one and `said`, the index into `phrases`.
    """

    phrases: tuple[Stated, ...]
    tables: Mapping[str, pl.DataFrame]

    @classmethod
    def of(cls, linked: Linked) -> Spoken:
        """Read every distinct text that may say a purpose."""
        speaking = {name: _speaking(linked.records.texts[name]) for name in _SPOKEN}
        says = {
            text: found
            for text in pl.concat([table["text"] for table in speaking.values()]).unique()
            if (found := stated(text)) is not None
        }
        phrases = tuple(sorted(set(says.values()), key=lambda each: (each.purpose.value, each.offense or "")))
        order = {each: index for index, each in enumerate(phrases)}
        said = pl.DataFrame(
            {"text": list(says), "said": [order[each] for each in says.values()]},
            schema={"text": pl.String, "said": pl.UInt32},
        )
        tables = {name: table.join(said, on="text").select("key", "said") for name, table in speaking.items()}
        return cls(phrases, {name: table for name, table in tables.items() if table.height})


def _speaking(texts: pl.DataFrame) -> pl.DataFrame:
    """Return `key` and `text` of the texts that may say a purpose.

    Of an entry of a drop-down list the numbers typed after it are left out: millions of texts differ in
    nothing else, and none is a phrase as a whole.
    """
    phrases = known_phrases()
    folded = pl.col("text").str.to_lowercase().str.replace_all("[^0-9a-z]+", " ").str.strip_chars(" ")
    menu = pl.col("text").str.contains(" -", literal=True)
    likely = menu | folded.is_in(list(phrases))
    if any(_DIGIT.search(phrase) for phrase in phrases):
        return texts.filter(likely)
    numbered = texts["text"].str.contains(_DIGIT.pattern)
    listed = texts.filter(numbered).filter(pl.col("text").str.contains(_TYPED, literal=True))
    entry = pl.col("text").str.splitn(_TYPED, 2).struct.field("field_0")
    return pl.concat(
        [texts.filter(~numbered).filter(likely), listed.select("key", text=entry + f"{_TYPED}0")]
    )


def _local(roster: Roster, at: pl.Expr) -> pl.Expr:
    """Return the time of search by the owner's clock, UTC where its zone is not known."""
    zones = {position: roster.zones[owner] for position, owner in enumerate(roster.owners)}
    local = at.dt.replace_time_zone(None)
    for zone in sorted({zone for zone in zones.values() if zone is not None}):
        files = [position for position, each in zones.items() if each == zone]
        there = at.dt.convert_time_zone(zone).dt.replace_time_zone(None)
        local = pl.when(pl.col("file").is_in(files)).then(there).otherwise(local)
    return local


def _epoch(at: pl.Expr, instants: Sequence[datetime]) -> pl.Expr:
    """Return how many instants lie at or before a time, null without a time."""
    passed = [(at >= pl.lit(each, dtype=pl.Datetime("ms", "UTC"))).cast(pl.UInt16) for each in instants]
    return pl.when(at.is_not_null()).then(pl.sum_horizontal(passed) if passed else pl.lit(0, dtype=pl.UInt16))


def zone_of(state: str | None) -> str:
    """Return where a state's days begin, for no known state where they begin first (see `law.clock`)."""
    return EAST_END.get(state or "", "Pacific/Guam")


def _midnight(day: int, zone: str, later: int) -> datetime:
    """Return when a calendar day of a zone begins, or the day after it."""
    date = datetime(day // 10_000, day // 100 % 100, day % 100) + timedelta(days=later)
    return date.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
