"""Searches that every export holds in known number, so that each finding has something to find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatehouse.records.synth.agencies import DROPDOWN, FREE, OWNER_STATE, Agencies

# Rows below which nothing is planted: the plants would be a visible part of the whole.
FEWEST_ROWS = 500

NONE, ABORTION, REPEAT_PLATE, OFF_HOURS, MINOR_NATIONWIDE = range(5)
NAMES = {
    ABORTION: "abortion",  # a search for a woman after an abortion, nationwide
    REPEAT_PLATE: "repeat_plate",  # one officer asks for one plate again and again
    OFF_HOURS: "off_hours",  # an officer of a day-shift agency searches between 1 and 4 in the morning
    MINOR_NATIONWIDE: "minor_nationwide",  # an infraction, searched across the country
}


@dataclass(frozen=True, slots=True)
class Plants:
    """Which rows (in time order, before ties are broken) are planted, and who makes them.

    `rows` and `kinds` are parallel and sorted by row. `agency` and `officer` give the actor of each kind;
    where the agency is -1, the drawn agency and officer stay.
    """

    rows: NDArray[np.int64]
    kinds: NDArray[np.int8]
    agency: dict[int, int]
    officer: dict[int, int]

    def within(self, first: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Return the plants of the rows `[first, end)`, rows counted from `first`."""
        low, high = np.searchsorted(self.rows, [first, end])
        return self.rows[low:high] - first, self.kinds[low:high]


def plan(agencies: Agencies, *, rows: int, seed: int) -> Plants:
    """Spread the plants evenly over the export."""
    wanted = {} if rows < FEWEST_ROWS else _wanted(rows)
    kinds = np.repeat(np.array(list(wanted), np.int8), list(wanted.values()))
    np.random.default_rng([seed, 2]).shuffle(kinds)
    slots = ((np.arange(kinds.size) + 0.5) * rows / max(kinds.size, 1)).astype(np.int64)
    # Busy agencies, so that a profile of theirs exists against which a plant can stand out.
    busiest = [int(index) for index in np.argsort(-agencies.weight, kind="stable")]
    elsewhere = [index for index in busiest if agencies.items[index].state not in (None, OWNER_STATE)]
    day_shift = [
        index
        for index in elsewhere
        if agencies.day_shift[index] and agencies.style[index] in (FREE, DROPDOWN)
    ]
    free = [index for index in elsewhere if agencies.style[index] == FREE and not agencies.day_shift[index]]
    agency = {ABORTION: free[1], REPEAT_PLATE: free[4], OFF_HOURS: day_shift[0], MINOR_NATIONWIDE: -1}
    officer = {kind: int(agencies.officers[who]) - 1 for kind, who in agency.items()}
    officer[OFF_HOURS] += 1  # nobody whom the drawing knows: this user makes no other searches
    return Plants(slots, kinds, agency, officer)


def _wanted(rows: int) -> dict[int, int]:
    return {
        ABORTION: 2,
        REPEAT_PLATE: min(max(rows // 4_000, 16), 400),
        OFF_HOURS: min(max(rows // 2_000, 20), 2_000),
        MINOR_NATIONWIDE: min(max(rows // 2_000, 5), 5_000),
    }
