"""Times of fixed pictures read from columns of bytes.

A picture spells a way of writing a time: `NN/DD/YYYY, hh:mm:ss aM UTC`. All texts of one length form a
matrix of bytes, in which a digit stands in the same column for every text; so a picture is read with a few
array operations, whatever the number of rows. Month comes before day where slashes stand between them: the
exports are written in the US.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

# Years that a search of a camera network can lie in; others are damage.
FIRST_YEAR, LAST_YEAR = 2000, 2099
_MS_A_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Picture:
    """One way of writing a time, letter by letter.

    `Y N D h m s f` stand for digits of year, month (`N`, since M stands for itself in AM), day, hour,
    minute, second and fraction, `a` for the A or P of AM and PM, `+`, `o` and `n` for the sign, hours and
    minutes of a zone offset; anything else for itself, in either case. The hours are 1 to 12 if there is
    an `a`.
    """

    text: str

    def columns(self, letter: str) -> tuple[int, ...]:
        """Return the positions of a letter."""
        return tuple(at for at, found in enumerate(self.text) if found == letter)

    def read(self, columns: Bytes) -> tuple[Mask, Numbers]:
        """Read texts given as one row of bytes a position: which are such a time, and their ms since 1970.

        The numbers of texts that are not such a time mean nothing.
        """
        count = columns.shape[1]
        good = np.ones(count, np.bool_)
        for at, letter in enumerate(self.text):
            if letter in _LETTERS:
                continue
            column = columns[at]
            good &= (column | 0x20 if letter.isalpha() else column) == ord(letter.lower())
            if not good.any():
                return good, np.zeros(count, np.int64)
        year, month, day, hour, minute, second = (
            self._number(columns, self.columns(letter)[-2:], good) for letter in "YNDhms"
        )
        if len(century := self.columns("Y")) == 4:
            good &= self._number(columns, century[:2], good) == FIRST_YEAR // 100
        good &= (month <= 12) & (day <= 31) & (hour <= 23) & (minute <= 59) & (second <= 59)
        date_index = np.where(good, (year.astype(np.int32) * 13 + month) * 32 + day, 0)
        days = _day_table()[date_index]
        good &= days >= 0
        if meridiem := self.columns("a"):
            half = columns[meridiem[0]] | 0x20
            good &= ((half == ord("a")) | (half == ord("p"))) & (hour >= 1) & (hour <= 12)
            hour = hour % 12 + np.uint8(12) * (half == ord("p"))
        seconds = (hour.astype(np.int32) * 60 + minute) * 60 + second
        ms = days.astype(np.int64) * _MS_A_DAY + seconds.astype(np.int64) * 1000
        if fraction := self.columns("f"):
            ms += self._milliseconds(columns, fraction, good)
        if sign := self.columns("+"):
            ms -= self._offset(columns, sign[0], good)
        return good, ms

    def _milliseconds(self, columns: Bytes, fraction: tuple[int, ...], good: Mask) -> Numbers:
        ms = np.zeros(columns.shape[1], np.int64)
        for place, at in enumerate(fraction):
            digit = self._number(columns, (at,), good)
            if place < 3:
                ms += digit.astype(np.int64) * 10 ** (2 - place)
        return ms

    def _offset(self, columns: Bytes, sign: int, good: Mask) -> Numbers:
        hours = self._number(columns, self.columns("o"), good)
        minutes = self._number(columns, self.columns("n"), good)
        good &= (hours <= 14) & (minutes <= 59)
        mark = columns[sign]
        good &= (mark == ord("+")) | (mark == ord("-"))
        offset = (hours.astype(np.int64) * 60 + minutes) * 60_000
        return np.where(mark == ord("-"), -offset, offset)

    @staticmethod
    def _number(columns: Bytes, places: tuple[int, ...], good: Mask) -> Bytes:
        """Return the number of one or two digits at these places, and clear `good` where one is no digit."""
        number = np.zeros(columns.shape[1], np.uint8)
        for at in places:
            digit = columns[at] - np.uint8(ord("0"))
            good &= digit <= 9
            number = number * np.uint8(10) + digit
        return number


_LETTERS = frozenset("YNDhmsfaon+")


@cache
def _day_table() -> npt.NDArray[np.int32]:
    """Return days since 1970 by ((year - 2000) * 13 + month) * 32 + day, -1 for a day that never was."""
    table = np.full(100 * 13 * 32, -1, np.int32)
    first = date(1970, 1, 1).toordinal()
    for ordinal in range(date(FIRST_YEAR, 1, 1).toordinal(), date(LAST_YEAR, 12, 31).toordinal() + 1):
        day = date.fromordinal(ordinal)
        table[((day.year - FIRST_YEAR) * 13 + day.month) * 32 + day.day] = ordinal - first
    return table


def _spellings() -> Iterator[str]:
    us = [*product(("NN", "N"), ("DD", "D"), ("YYYY", "YY"))]
    clocks = [*product(("hh", "h"), (":mm:ss", ":mm"))]
    halves = ("", " aM", "aM")
    zones = ("", " UTC", " GMT", "Z", "+oo:nn", " +oo:nn", "+oonn", " +oonn")
    fractions = ("", *("." + "f" * digits for digits in range(1, 10)))
    for (month, day, year), joint, (hour, rest), half, zone in product(
        us, (", ", " "), clocks, halves, zones[:4]
    ):
        yield f"{month}/{day}/{year}{joint}{hour}{rest}{half}{zone}"
    for day, joint, clock, zone in product(
        ("YYYY-NN-DD", "YYYY/NN/DD"), ("T", " ", ", "), ("hh:mm:ss", "h:mm:ss", "hh:mm", "h:mm"), zones
    ):
        for fraction in fractions if clock.endswith("ss") else ("",):
            yield f"{day}{joint}{clock}{fraction}{zone}"
    for day, clock, half, zone in product(
        ("YYYY-NN-DD", "YYYY/NN/DD"), ("hh:mm:ss", "h:mm:ss"), halves[1:], zones[:2]
    ):
        yield f"{day} {clock}{half}{zone}"


@cache
def pictures(length: int) -> tuple[Picture, ...]:
    """Return every picture of that many bytes."""
    return _by_length().get(length, ())


@cache
def _by_length() -> dict[int, tuple[Picture, ...]]:
    found: dict[int, dict[str, None]] = {}
    for spelling in _spellings():
        found.setdefault(len(spelling), {})[spelling] = None
    return {length: tuple(map(Picture, spellings)) for length, spellings in found.items()}
