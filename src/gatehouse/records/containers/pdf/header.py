"""The header of a table on a page: found by its labels, whatever lines they are broken over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatehouse.records.columns import SHARED_LABELS, normal_label, role_of
from gatehouse.records.containers.pdf.rules import Rules
from gatehouse.records.containers.pdf.text import Run

# Fewer known labels than this also occur in a sentence.
_ENOUGH = 3
# A header label may be broken over this many lines; with labels set at different heights that many baselines
# are the most a header shows.
_MOST_BASELINES = 9
# Words of one label stand nearer than this, in line heights; columns stand further apart.
_WORD_GAP = 0.4
# Lines of one label stand nearer than this, in line heights.
_LINE_GAP = 1.5
# How exactly a repeated header repeats the place of its labels, in points.
_REPEAT = 1.5


@dataclass(frozen=True, slots=True)
class Label:
    """One column's label and the room it takes."""

    text: str
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class Header:
    """The labels from left to right, the runs they were read from, and the page and band they stand in."""

    labels: tuple[Label, ...]
    runs: tuple[Run, ...]
    page: int
    top: float
    bottom: float

    @property
    def names(self) -> tuple[str, ...]:
        """Return the labels' texts from left to right."""
        return tuple(label.text for label in self.labels)

    def repeats(self, runs: Sequence[Run]) -> list[float]:
        """Return how far down or up this header stands again among some runs, once for each time."""
        first = self.runs[0]
        found = []
        for run in runs:
            if run.text == first.text and abs(run.x0 - first.x0) <= _REPEAT:
                shift = run.y - first.y
                if all(_stands(expected, shift, runs) for expected in self.runs):
                    found.append(shift)
        return found


def _stands(expected: Run, shift: float, runs: Sequence[Run]) -> bool:
    return any(
        run.text == expected.text
        and abs(run.x0 - expected.x0) <= _REPEAT
        and abs(run.y - shift - expected.y) <= _REPEAT
        for run in runs
    )


def may_hold_header(runs: Sequence[Run]) -> bool:
    """Return whether enough runs are whole known labels to make it worth looking for a header."""
    return len({run.text for run in runs if _known(run.text)}) >= _ENOUGH


def _known(label: str) -> bool:
    return role_of(label) is not None or normal_label(label) in SHARED_LABELS


def find_header(runs: Sequence[Run], rules: Rules, *, page: int) -> Header | None:
    """Return the header with the most known labels, or None when no band shows at least three."""
    best: tuple[tuple[int, int, int, int], Header] | None = None
    baselines = _baselines(runs)
    for start, top in enumerate(baselines):
        if best and top > best[1].bottom:
            break
        for lines, bottom in enumerate(baselines[start : start + _MOST_BASELINES]):
            band = [run for run in runs if top - 0.5 <= run.y <= bottom + 0.5]
            groups = _labels(band, rules)
            known = {label.text for label in groups if _known(label.text)}
            # A title above or a record below would join in as an unknown label or one line more.
            # Of a label broken over lines the last ones alone may be another label.
            score = (len(known), len(known) - len(groups), sum(map(len, known)), -lines)
            if len(known) < _ENOUGH or len(known) * 2 < len(groups) or (best and score <= best[0]):
                continue
            size = max(run.size for run in band)
            header = Header(
                labels=tuple(groups),
                runs=tuple(band),
                page=page,
                top=top - size * 0.8,
                bottom=bottom + size * 0.25,
            )
            best = (score, header)
    return best[1] if best else None


def _baselines(runs: Sequence[Run]) -> list[float]:
    found: list[float] = []
    for y in sorted(run.y for run in runs):
        if not found or y - found[-1] > 0.5:
            found.append(y)
    return found


def _labels(band: Sequence[Run], rules: Rules) -> list[Label]:
    """Join the runs of a band into labels: neighbors on a line and lines above each other."""
    groups: list[list[Run]] = []
    for run in sorted(band, key=lambda run: (run.y, run.x0)):
        touching = [group for group in groups if any(_one_label(run, other, rules) for other in group)]
        groups = [group for group in groups if group not in touching]
        groups.append([*(other for group in touching for other in group), run])
    labels = []
    for group in groups:
        text = ""
        for run in sorted(group, key=lambda run: (run.y, run.x0)):
            # Words of a label begin with a capital, so a small letter goes on with a broken one.
            text += ("" if not text or run.text[0].islower() else " ") + run.text
        labels.append(Label(text, min(run.x0 for run in group), max(run.x1 for run in group)))
    return sorted(labels, key=lambda label: label.x0)


def _one_label(run: Run, other: Run, rules: Rules) -> bool:
    size = max(run.size, other.size)
    if abs(run.y - other.y) <= 0.2 * size:
        left, right = (run, other) if run.x0 <= other.x0 else (other, run)
        if right.x0 - left.x1 > _WORD_GAP * size:
            return False
        return not any(
            left.x1 - 1 <= x <= right.x0 + 1 and top <= run.y and run.y - 0.5 * size <= bottom
            for x, top, bottom in rules.vertical
        )
    if abs(run.y - other.y) > _LINE_GAP * size or run.x0 >= other.x1 or other.x0 >= run.x1:
        return False
    upper, lower = sorted((run.y, other.y))
    return not rules.between((max(run.x0, other.x0) + min(run.x1, other.x1)) / 2, upper, lower)
