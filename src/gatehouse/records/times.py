"""Columns of times as exports write them, as milliseconds since 1970 in UTC.

A time without a zone is UTC: that is what the vendor writes, whatever the screen showed. Where a mapping
names a zone, its wall clock times are converted. A number of five digits is a spreadsheet's count of days
since 1899-12-30.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from gatehouse.records.pictures import FIRST_YEAR, LAST_YEAR, Mask, Numbers, Picture, pictures

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
        text = _plain(column)
        lengths = text.str.len_bytes().fill_null(0)
        ms = np.zeros(len(text), np.int64)
        good = np.zeros(len(text), np.bool_)
        for length in lengths.unique().sort().to_list():
            if not length:
                continue
            if pictures(length):
                self._read_length(text, lengths, length, ms, good)
        if not good.all():
            _read_serials(text, ms, good)
        times = pl.Series(column.name, ms)
        result = times if good.all() else times.set(pl.Series(~good), None)
        if self.zone is not None:
            return self._localized(result.cast(pl.Datetime("ms"))).cast(pl.Int64)
        return result

    def _localized(self, times: pl.Series) -> pl.Series:
        dtype = times.dtype
        if self.zone is None or (isinstance(dtype, pl.Datetime) and dtype.time_zone is not None):
            return times
        # A wall clock time that occurs twice is taken as the first; one that never occurred is none.
        return times.dt.replace_time_zone(
            self.zone, ambiguous="earliest", non_existent="null"
        ).dt.convert_time_zone("UTC")

    def _read_length(self, text: pl.Series, lengths: pl.Series, length: int, ms: Numbers, good: Mask) -> None:
        chosen = lengths == length
        every = bool(chosen.all())
        at = np.arange(len(text)) if every else np.flatnonzero(chosen.to_numpy())
        joined = (text if every else text.filter(chosen)).str.join("").item().encode()
        # One row a position: comparing and adding whole rows is what makes this quick.
        columns = np.ascontiguousarray(np.frombuffer(joined, np.uint8).reshape(len(at), length).T)
        known = self._last.setdefault(length, [])
        for picture in [*known, *(each for each in pictures(length) if each not in known)]:
            fits, values = picture.read(columns)
            if not fits.any():
                continue
            if picture not in known:
                known.append(picture)
            ms[at[fits]] = values[fits]
            good[at[fits]] = True
            if fits.all():
                return
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
    return first, second


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
