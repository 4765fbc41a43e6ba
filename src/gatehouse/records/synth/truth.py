"""What is known about a generated export, counted while it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatehouse.model import FAMILIES, AgencyKind, Signal
from gatehouse.records.synth import plants as planting
from gatehouse.records.synth.agencies import LIST_LAST_DAY, Agencies, day_at, day_index
from gatehouse.records.synth.searches import Searches
from gatehouse.records.synth.vocabulary import Reason, Vocabulary


@dataclass(frozen=True, slots=True)
class FileTruth:
    """One file's balance: rows = searches + duplicates + rejects + non_search."""

    path: str
    owner: str
    layout: str
    rows: int
    searches: int
    duplicates: int = 0
    rejects: int = 0
    non_search: int = 0
    repaired: int = 0
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Truth:
    """The known truth of a generated export; `as_document` is what `truth.json` holds."""

    seed: int
    quirks: bool
    marker: str
    owner: str
    files: tuple[FileTruth, ...]
    counts: dict[str, Any] = field(default_factory=dict)

    def total(self, name: str) -> int:
        """Return one figure of the balance, summed over the files."""
        return sum(int(getattr(file, name)) for file in self.files)

    def as_document(self) -> dict[str, Any]:
        """Return the truth as JSON-ready data, keys in reading order."""
        figures = ("rows", "searches", "duplicates", "rejects", "non_search", "repaired")
        return {
            "synthetic": True,
            "marker": self.marker,
            "owner": self.owner,
            "seed": self.seed,
            "quirks": self.quirks,
            "files": [
                {name: getattr(file, name) for name in FileTruth.__dataclass_fields__} for file in self.files
            ],
            **{name: self.total(name) for name in figures},
            **self.counts,
        }


def _for_others(reason: Reason) -> bool:
    """Whether a reason speaks of somebody else's business: immigration, or a federal agency acted for."""
    federal = {Signal.HSI, Signal.HSI_CRIME, Signal.FEDERAL_OTHER}
    return reason.immigration or (
        Signal.ON_BEHALF_OF in reason.signals and not reason.signals.isdisjoint(federal)
    )


class Tallies:
    """Adds up the truth chunk by chunk."""

    def __init__(self, vocabulary: Vocabulary, agencies: Agencies):
        self._vocabulary, self._agencies = vocabulary, agencies
        count, kinds = len(agencies.items), len(vocabulary.reasons)
        self._reasons = np.zeros(kinds, np.int64)  # readable ones
        self._masked_reasons = 0
        self._searches = np.zeros(count, np.int64)
        self._immigration = np.zeros(count, np.int64)
        self._side = np.zeros(count, np.int64)
        self._hidden = np.zeros(count, np.int64)
        self._months: dict[str, int] = {}
        self._relation = np.zeros((count, 3), np.int64)  # listed, not listed, unknown
        self._relation_immigration = np.zeros((count, 3), np.int64)
        self._planted = {name: [0, 0] for name in planting.NAMES.values()}
        self._is_immigration = np.array([reason.immigration for reason in vocabulary.reasons])
        self._for_others = np.array([_for_others(reason) for reason in vocabulary.reasons])

    def add(self, searches: Searches, *, masked: NDArray[np.bool_], reason_masked: NDArray[np.bool_]) -> None:
        """Count searches (no copies): `masked` rows hide name and plate, `reason_masked` ones the reason."""
        count = len(self._agencies.items)
        self._reasons += np.bincount(searches.reason[~reason_masked], minlength=len(self._reasons))
        self._masked_reasons += int(reason_masked.sum())
        flagged = self._is_immigration[searches.reason] & ~reason_masked
        self._searches += np.bincount(searches.agency, minlength=count)
        self._immigration += np.bincount(searches.agency[flagged], minlength=count)
        side = self._for_others[searches.reason] & ~reason_masked
        self._side += np.bincount(searches.agency[side], minlength=count)
        self._hidden += np.bincount(searches.agency[reason_masked], minlength=count)
        for day, n in enumerate(np.bincount(searches.day)):
            if n:
                month = f"{day_at(day):%Y-%m}"
                self._months[month] = self._months.get(month, 0) + int(n)
        relation = self._relations(searches)
        for table, rows in ((self._relation, slice(None)), (self._relation_immigration, flagged)):
            cells = searches.agency[rows].astype(np.int64) * 3 + relation[rows]
            table += np.bincount(cells, minlength=count * 3).reshape(count, 3)
        for kind, name in planting.NAMES.items():
            rows = searches.plant == kind
            self._planted[name][0] += int(rows.sum())
            self._planted[name][1] += int((rows & ~masked).sum())

    def _relations(self, searches: Searches) -> NDArray[np.int64]:
        day, agency = searches.owner_day, searches.agency
        listed = (self._agencies.shared_from[agency] <= day) & (day <= self._agencies.shared_until[agency])
        uncovered = (day < 0) | (day > day_index(LIST_LAST_DAY))
        outside = uncovered & (agency != 0)
        return np.where(outside, 2, np.where(listed, 0, 1))

    def counts(self) -> dict[str, Any]:
        """Return the figures of `truth.json` beside the balance."""
        total = int(self._searches.sum())
        readable = total - self._masked_reasons

        def tally(wanted: frozenset[Signal]) -> dict[str, int]:
            hits = [not reason.signals.isdisjoint(wanted) for reason in self._vocabulary.reasons]
            n = int(self._reasons[np.array(hits)].sum())
            return {"n": n, "readable": readable, "masked": self._masked_reasons, "total": total}

        return {
            "signals": {signal.value: tally(frozenset({signal})) for signal in Signal},
            "families": {name: tally(signals) for name, signals in FAMILIES.items()},
            "pathways": self._pathways(),
            "planted": {name: {"n": n, "readable": shown} for name, (n, shown) in self._planted.items()},
            "months": self._months,
            "organizations": self._organizations(),
            "states": self._states(),
        }

    def _pathways(self) -> dict[str, Any]:
        """Count the searches on each way, and those of which the list or a redaction leaves it unknown.

        Front: federal bodies on the owner's list of that day. Back: other agencies not on it. Side: local
        agencies whose reason speaks of immigration, or of a federal agency that they act for.
        """
        federal = np.array([item.kind is AgencyKind.FEDERAL for item in self._agencies.items])
        others = np.arange(len(federal)) != 0

        def split(table: NDArray[np.int64], rows: NDArray[np.bool_]) -> dict[str, int]:
            listed, not_listed, unknown = (int(number) for number in table[rows].sum(axis=0))
            return {"listed": listed, "not_listed": not_listed, "unknown": unknown}

        front, back = split(self._relation, federal), split(self._relation, others)
        return {
            "front": {"n": front["listed"], "unknown": front["unknown"]},
            "back": {"n": back["not_listed"], "unknown": back["unknown"]},
            "side": {"n": int(self._side[~federal].sum()), "unknown": int(self._hidden[~federal].sum())},
            "local_immigration": split(self._relation_immigration, others & ~federal),
        }

    def _organizations(self) -> list[dict[str, Any]]:
        rows = [
            {
                "name": item.name,
                "state": item.state,
                "kind": item.kind.value,
                "searches": int(searches),
                "immigration": int(immigration),
            }
            for item, searches, immigration in zip(
                self._agencies.items, self._searches, self._immigration, strict=True
            )
            if searches
        ]
        return sorted(rows, key=lambda row: (-row["searches"], row["name"]))

    def _states(self) -> dict[str, dict[str, int]]:
        states: dict[str, dict[str, int]] = {}
        for row in self._organizations():
            entry = states.setdefault(
                row["state"] or "unknown", {"organizations": 0, "searches": 0, "immigration": 0}
            )
            entry["organizations"] += 1
            entry["searches"] += row["searches"]
            entry["immigration"] += row["immigration"]
        return dict(sorted(states.items()))
