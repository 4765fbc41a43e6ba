"""Units of one event key, compared one by one where several of a file or a contradiction leave it open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gatehouse.model import LinkTier

FRAME = ("frame_from", "frame_to")
# Fields that contradict when both sides show them and they differ.
MUST_AGREE = ("networks", *FRAME, "plate", "officer", "reason", "case_number")
# Fields that speak for one search when both sides show the same; a reason such as "inv" does not.
CORROBORATING = ("plate", "officer", "case_number")
# Searches of one key that a new row is compared with; where there are more, the second tells nothing apart.
_MOST_COMPARED = 256


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as the pairwise matching sees it."""

    root: int
    index: int
    file: int
    files: Sequence[int] | None  # where it has several
    rank: int
    portal: bool
    record_id: int | None
    networks: int | None
    frame_from: object
    frame_to: object
    plate: int | None
    officer: int | None
    reason: int | None
    case_number: int | None


@dataclass(slots=True)
class Cluster:
    """Units found to be one event, with everything that any of them shows."""

    units: list[Unit] = field(default_factory=list)
    files: set[int] = field(default_factory=set)
    ids: set[bool] = field(default_factory=set)  # kinds of id seen: of portals, of audits
    shown: dict[str, object] = field(default_factory=dict)

    def add(self, unit: Unit) -> None:
        """Take a unit in."""
        self.units.append(unit)
        self.files.update(_files(unit))
        if unit.record_id is not None:
            self.ids.add(unit.portal)
        for name in MUST_AGREE:
            if (cell := getattr(unit, name)) is not None:
                self.shown.setdefault(name, cell)

    def agreement(self, unit: Unit) -> int | None:
        """Return in how many fields the unit agrees with the cluster; None where it cannot belong to it."""
        if not self.files.isdisjoint(_files(unit)):
            return None
        if unit.record_id is not None and unit.portal in self.ids:
            return None
        agreeing = set()
        for name in MUST_AGREE:
            mine, other = getattr(unit, name), self.shown.get(name)
            if mine is not None and other is not None:
                if mine != other:
                    return None
                agreeing.add(name)
        if "networks" not in agreeing and agreeing.isdisjoint(CORROBORATING):
            return None
        return len(agreeing)

    def lines(self) -> list[tuple[int, int, str]]:
        """Return each unit's root, the cluster's and the tier."""
        first = min(unit.root for unit in self.units)
        framed = [unit.frame_from is not None and unit.frame_to is not None for unit in self.units]
        return [
            (unit.root, first, (LinkTier.EVENT_FRAME if has and sum(framed) > 1 else LinkTier.EVENT).value)
            for unit, has in zip(self.units, framed, strict=True)
        ]

    def unsure(self) -> int:
        """Count the units that share no plate, officer or case with another; the first of all is sure."""
        counts = {name: sum(getattr(unit, name) is not None for unit in self.units) for name in CORROBORATING}
        bare = sum(
            not any(getattr(unit, name) is not None and counts[name] > 1 for name in CORROBORATING)
            for unit in self.units
        )
        return min(bare, len(self.units) - 1)


def _files(unit: Unit) -> Sequence[int]:
    return unit.files or (unit.file,)


def cluster_units(units: Iterable[Unit]) -> list[Cluster]:
    """Let each unit, in the order given, join the search that it agrees with most, or be a new one."""
    clusters: list[Cluster] = []
    for unit in units:
        scored = [
            (agreement, -place)
            for place, cluster in enumerate(clusters[-_MOST_COMPARED:])
            if (agreement := cluster.agreement(unit)) is not None
        ]
        if scored:
            clusters[-_MOST_COMPARED:][-max(scored)[1]].add(unit)
        else:
            clusters.append(Cluster())
            clusters[-1].add(unit)
    return clusters
