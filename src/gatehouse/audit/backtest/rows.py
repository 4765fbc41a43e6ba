"""The rows of a record as the facts that rules read, each distinct combination once.

Dates become epochs: between two days on which some rule begins, every time of search is alike. So a record
of millions of rows has some thousands of combinations, and only these are judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from gatehouse.audit.annotate import annotated
from gatehouse.audit.roster import UNKNOWN
from gatehouse.audit.texts import BIT
from gatehouse.law.clock import EAST_END
from gatehouse.law.formula import Compare, Covers, Meets, atoms, facts_of
from gatehouse.law.purposes import Stated, known_phrases, stated
from gatehouse.model import AgencyKind, Signal

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
# Fields whose texts may say what a search was for, the likelier first.
_SPOKEN = ("offense", "reason")


@dataclass(frozen=True, slots=True)
class Constants:
    """What the rules compare with: instants at which a rule begins, and how far back a search may reach.

    `reaches` are minutes, ascending; `signals` the mask of the signals that any rule reads.
    """

    instants: tuple[datetime, ...]
    reaches: tuple[int, ...]
    signals: int

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> Constants:
        """Gather the constants of some rules."""
        instants: set[datetime] = set()
        reaches: set[int] = set()
        words: set[str] = set()
        for rule in rules:
            for atom in atoms(rule.formula) if rule.formula else ():
                if isinstance(atom, Compare) and isinstance(atom.other, int):
                    if atom.fact in _DAYS:
                        code = rule.jurisdiction
                        zones = [EAST_END[code[3:].upper()]] if code else EAST_END.values()
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
    return (
        frame.select(
            "file",
            "agency",
            "readable",
            "case",
            month=_local(roster, at).dt.strftime("%Y-%m"),
            epoch=_epoch(at, constants.instants),
            bits=pl.col("bits") & pl.lit(constants.signals, dtype=pl.UInt32),
            said=pl.coalesce(*(f"_{name}_said" for name in said)) if said else pl.lit(None, dtype=pl.UInt32),
            step=pl.when(seconds.is_not_null()).then(step),
        )
        .group_by(pl.all())
        .agg(n=pl.len())
        .join(_searchers(roster).lazy(), on="agency")
        .join(_owners(roster).lazy(), on="file")
        .with_columns(own=(pl.col("agency") == pl.col("owner")) & (pl.col("agency") != UNKNOWN))
        .select("month", "agency", *ALIKE, "n")
        .sort(pl.all())
        .collect(engine="streaming")
    )


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
        found = {name: _stated_by_key(linked.records.texts[name]) for name in _SPOKEN}
        every = {each for by_key in found.values() for each in by_key.values()}
        phrases = tuple(sorted(every, key=lambda each: (each.purpose.value, each.offense or "")))
        order = {each: index for index, each in enumerate(phrases)}
        tables = {
            name: pl.DataFrame(
                [(key, order[each]) for key, each in by_key.items()],
                schema={"key": pl.UInt64, "said": pl.UInt32},
                orient="row",
            )
            for name, by_key in found.items()
            if by_key
        }
        return cls(phrases, tables)


def _stated_by_key(texts: pl.DataFrame) -> Mapping[int, Stated]:
    # Only texts that are a phrase, or have the form of a drop-down list, are read one by one.
    folded = pl.col("text").str.to_lowercase().str.replace_all("[^0-9a-z]+", " ").str.strip_chars(" ")
    menu = pl.col("text").str.contains(" -", literal=True)
    likely = texts.filter(menu | folded.is_in(list(known_phrases())))
    return {key: found for key, text in likely.iter_rows() if (found := stated(text)) is not None}


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


def _midnight(day: int, zone: str, later: int) -> datetime:
    """Return when a calendar day of a zone begins, or the day after it."""
    date = datetime(day // 10_000, day // 100 % 100, day % 100) + timedelta(days=later)
    return date.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
