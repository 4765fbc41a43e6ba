"""Columns of times as exports write them, as milliseconds since 1970 in UTC.

A time without a zone is UTC: that is what the vendor writes, whatever the screen showed. Where a mapping
names a zone, its wall clock times are converted. A number of five digits is a spreadsheet's count of days
since 1899-12-30.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from gatehouse.records.pictures import FIRST_YEAR, LAST_YEAR, Bytes, Mask, Numbers, Picture, pictures

_DAY_ZERO = 25_569  # 1970-01-01 in a spreadsheet's days
_SERIAL = r"^\d{5}(?:\.\d+)?(?:[eE]\+?\d+)?$"
_MS_A_DAY = 86_400_000
_FRAME_JOINTS = r"\s*\r?\n\s*|\s+(?:to|TO|-|\x{2013})\s+"


@dataclass(slots=True)
class TimeReader:
    """Reads time columns; remembers which pictures the file uses, so that they are tried first.

    `format` (as `strftime` writes it) and `zone` (an IANA name) come from a mapping.
    """

    format: str | None = None
    zone: str | None = None
    _last: dict[int, list[Picture]] = field(default_factory=dict)

    def read(self, column: pl.Series) -> pl.Series:
        """Return Int64 milliseconds of each text, null where it is no time that could have been."""
        if self.format is not None:
            times = column.str.strip_chars().str.to_datetime(
                self.format, time_unit="ms", strict=False, ambiguous="earliest"
            )
            return self._localized(times).cast(pl.Int64)
        ms = np.zeros(len(column), np.int64)
        good = np.zeros(len(column), np.bool_)
        self._read_all(column, ms, good)
        if not good.all():
            # Trimming costs more than reading, and hardly any column needs it.
            rest = np.flatnonzero(~good)
            text = _plain(column.gather(rest))
            ms_rest, good_rest = np.zeros(len(rest), np.int64), np.zeros(len(rest), np.bool_)
            self._read_all(text, ms_rest, good_rest)
            _read_serials(text, ms_rest, good_rest)
            ms[rest], good[rest] = ms_rest, good_rest
        return self._result(column.name, ms, good)

    def read_frames(self, column: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series, pl.Series]:
        """Return the two times of each time frame in milliseconds, and the texts they were read from."""
        lengths = column.str.len_bytes()
        length = lengths.max()
        if self.format is None and isinstance(length, int) and length == lengths.min() and length % 2:
            half = length // 2
            text = column.str.join("").item().encode()
            columns = np.ascontiguousarray(np.frombuffer(text, np.uint8).reshape(-1, length).T)
            if (columns[half] == ord("\n")).all():
                ends = []
                for part in (columns[:half], columns[half + 1 :]):
                    ms, good = np.zeros(len(column), np.int64), np.zeros(len(column), np.bool_)
                    self._read_pictures(part, half, np.arange(len(column)), ms, good)
                    if not good.all():
                        break
                    ends.append(self._result(column.name, ms, good))
                if len(ends) == 2:
                    return ends[0], ends[1], column, column
        first, second = split_frames(column)
        # A frame of one time, or a marker, says the same of both ends.
        second = second.zip_with(second.is_not_null(), first)
        return self.read(first), self.read(second), first, second

    def _result(self, name: str, ms: Numbers, good: Mask) -> pl.Series:
        times = pl.Series(name, ms)
        if not good.all():
            times = times.set(pl.Series(~good), None)
        if self.zone is not None:
            return self._localized(times.cast(pl.Datetime("ms"))).cast(pl.Int64)
        return times

    def _localized(self, times: pl.Series) -> pl.Series:
        dtype = times.dtype
        if self.zone is None or (isinstance(dtype, pl.Datetime) and dtype.time_zone is not None):
            return times
        # A wall clock time that occurs twice is taken as the first; one that never occurred is none.
        return times.dt.replace_time_zone(
            self.zone, ambiguous="earliest", non_existent="null"
        ).dt.convert_time_zone("UTC")

    def _read_all(self, text: pl.Series, ms: Numbers, good: Mask) -> None:
        lengths = text.str.len_bytes().fill_null(0)
        for length in lengths.unique().sort().to_list():
            if not pictures(length):
                continue
            chosen = lengths == length
            every = bool(chosen.all())
            at = np.arange(len(text)) if every else np.flatnonzero(chosen.to_numpy())
            joined = (text if every else text.filter(chosen)).str.join("").item().encode()
            # One row a position: comparing and adding whole rows is what makes this quick.
            columns = np.ascontiguousarray(np.frombuffer(joined, np.uint8).reshape(len(at), length).T)
            self._read_pictures(columns, length, at, ms, good)

    def _read_pictures(
        self, columns: Bytes, length: int, at: npt.NDArray[np.intp], ms: Numbers, good: Mask
    ) -> None:
        known = self._last.setdefault(length, [])
        for picture in [*known, *(each for each in pictures(length) if each not in known)]:
            fits, values = picture.read(columns)
            if not fits.any():
                continue
            if picture not in known:
                known.append(picture)
            if fits.all():
                ms[at], good[at] = values, True
                return
            ms[at[fits]] = values[fits]
            good[at[fits]] = True
            at, columns = at[~fits], columns[:, ~fits]


def split_frames(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the first and second time of each two-line or `... to ...` time frame, else null."""
    parts = column.str.strip_chars().str.splitn("\n", 2).struct.unnest()
    first, second = parts["field_0"], parts["field_1"]
    single = second.is_null() & first.is_not_null()
    if single.any():
        again = column.str.strip_chars().str.replace(_FRAME_JOINTS, "\n").str.splitn("\n", 2).struct.unnest()
        first = first.zip_with(~single, again["field_0"])
        second = second.zip_with(~single, again["field_1"])
        first, second = first.str.strip_chars(), second.str.strip_chars()
    return first.str.strip_chars_end("\r"), second


def _plain(column: pl.Series) -> pl.Series:
    text = column.str.strip_chars()
    # Browsers put a narrow no-break space before AM and PM.
    if text.str.contains("[\u202f\u00a0]").any():
        text = text.str.replace_all("[\u202f\u00a0]", " ")
    return text


def _read_serials(text: pl.Series, ms: Numbers, good: Mask) -> None:
    open_at = np.flatnonzero(~good)
    rest = text.gather(open_at)
    numbers = rest.str.contains(_SERIAL).fill_null(False)
    if not numbers.any():
        return
    days = rest.filter(numbers).cast(pl.Float64, strict=False).fill_null(0).to_numpy()
    values = np.rint((days - _DAY_ZERO) * _MS_A_DAY).astype(np.int64)
    years = pl.Series(values).cast(pl.Datetime("ms")).dt.year().to_numpy()
    plausible = (years >= FIRST_YEAR) & (years <= LAST_YEAR)
    at = open_at[numbers.to_numpy()][plausible]
    ms[at] = values[plausible]
    good[at] = True
