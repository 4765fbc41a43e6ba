"""A vote over readings of one plate: what most of what was seen says, sign by sign.

The length that carries most weight is taken first. Every reading is then aligned to the strongest of that
length (edit distance), and each place is won by the sign with the most weight, a reading's weight being how
sure it was of that sign, squared, times how well the plate could be seen. The vote corrects no reading: it
chooses among what was read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gatehouse.capture.candidates import LEAST, MOST, ODDS
from gatehouse.capture.nouns import Candidate, PlateState, Reading, Why


@dataclass(frozen=True, slots=True)
class Ballot:
    """A reading and what it weighs beside others."""

    reading: Reading
    weight: float


def voted(ballots: Sequence[Ballot]) -> Reading:
    """Return the reading that the ballots elect; none is a reading of nothing.

    The probability of a sign is what the ballots gave it in the mean, those against it counting as nothing.
    """
    heard = [each for each in ballots if each.reading.text and each.weight > 0]
    if not heard:
        return Reading("", ())
    pivot = _strongest(heard)
    places: list[dict[str, float]] = [defaultdict(float) for _ in pivot]
    sums = [0.0] * len(pivot)
    for each in heard:
        for place, other in aligned(pivot, each.reading.text):
            sign = "" if other is None else each.reading.text[other]
            sure = each.reading.confidence if other is None else each.reading.characters[other]
            # Squared, since many blurred glances must not outvote a clear look.
            weight = each.weight * sure**2
            places[place][sign] += weight * sure
            sums[place] += weight
    text, characters = "", []
    for place, votes in enumerate(places):
        sign = max(sorted(votes), key=lambda one: votes[one])
        if sign:
            text += sign
            characters.append(min(votes[sign] / sums[place], 1.0) if sums[place] > 0 else 0.0)
    return Reading(
        text,
        tuple(characters),
        _candidates(heard, text, min(characters, default=0.0)),
        _state(heard),
        _region(heard),
    )


def aligned(text: str, other: str) -> list[tuple[int, int | None]]:
    """Return for each place of a text the place of another text that stands for it, None where none does.

    The alignment has the least number of edits; an exchange is preferred to a gap.
    """
    rows, columns = len(text) + 1, len(other) + 1
    cost = [
        [max(row, column) if 0 in (row, column) else 0 for column in range(columns)] for row in range(rows)
    ]
    for row in range(1, rows):
        for column in range(1, columns):
            cost[row][column] = min(
                cost[row - 1][column - 1] + (text[row - 1] != other[column - 1]),
                cost[row - 1][column] + 1,
                cost[row][column - 1] + 1,
            )
    found: list[tuple[int, int | None]] = []
    row, column = rows - 1, columns - 1
    while row > 0:
        here = cost[row][column]
        if column > 0 and here == cost[row - 1][column - 1] + (text[row - 1] != other[column - 1]):
            row, column = row - 1, column - 1
            found.append((row, column))
        elif here == cost[row - 1][column] + 1:
            row -= 1
            found.append((row, None))
        else:
            column -= 1
    return found[::-1]


def edits(one: str, other: str) -> int:
    """Return the edit distance of two texts."""
    before = list(range(len(other) + 1))
    for row, sign in enumerate(one, 1):
        now = [row]
        for column, against in enumerate(other, 1):
            now.append(min(before[column - 1] + (sign != against), before[column] + 1, now[-1] + 1))
        before = now
    return before[-1]


def _strongest(heard: Iterable[Ballot]) -> str:
    """Return the text with the most weight among those of the length with the most weight."""
    lengths: dict[int, float] = defaultdict(float)
    texts: dict[str, float] = defaultdict(float)
    for each in heard:
        weight = each.weight * each.reading.confidence**2
        lengths[len(each.reading.text)] += weight
        texts[each.reading.text] += weight
    length = max(sorted(lengths), key=lambda one: lengths[one])
    return max(sorted(one for one in texts if len(one) == length), key=lambda one: texts[one])


def _candidates(heard: Sequence[Ballot], text: str, confidence: float) -> tuple[Candidate, ...]:
    """Return what else the plate may be: the ballots' candidates by their mean, likeliest first."""
    means: dict[str, float] = defaultdict(float)
    formats: set[str] = set()
    whole = sum(each.weight for each in heard)
    for each in heard:
        for candidate in each.reading.candidates:
            means[candidate.plate] += each.weight * candidate.confidence / whole
            if candidate.why is Why.FORMAT:
                formats.add(candidate.plate)
    means[text] = confidence
    ranks = {plate: mean * (ODDS if plate in formats else 1.0) for plate, mean in means.items()}
    first = max(sorted(ranks), key=lambda one: (ranks[one], one == text))
    found = [
        Candidate(
            plate,
            min(means[plate], 1.0),
            Why.READ
            if plate == text
            else Why.FORMAT
            if plate == first and plate in formats
            else Why.CONFUSABLE,
        )
        for plate in sorted(means, key=lambda one: (-ranks[one], one != text, one))
        if plate == text or means[plate] >= LEAST or _one_sign_apart(plate, text)
    ]
    return tuple(found[:MOST])


def _one_sign_apart(one: str, other: str) -> bool:
    return len(one) == len(other) and sum(here != there for here, there in zip(one, other, strict=True)) == 1


def _state(heard: Sequence[Ballot]) -> PlateState | None:
    """Return the state with the most weight; its confidence is the mean over the ballots that name one."""
    named = [(each.reading.state, each.weight) for each in heard if each.reading.state is not None]
    if not named:
        return None
    sums: dict[str, float] = defaultdict(float)
    for state, weight in named:
        sums[state.code] += weight * state.confidence
    code = max(sorted(sums), key=lambda one: sums[one])
    return PlateState(code, min(sums[code] / sum(weight for _, weight in named), 1.0))


def _region(heard: Sequence[Ballot]) -> str | None:
    sums: dict[str | None, float] = defaultdict(float)
    for each in heard:
        sums[each.reading.region] += each.weight
    return max(sums, key=lambda one: sums[one])
