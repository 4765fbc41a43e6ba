"""Turn drawn searches into the cells of a network audit: 14 columns of text, as the vendor writes them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gatehouse.records.synth.agencies import DAYS, FIRST_DAY, Agencies, day_index
from gatehouse.records.synth.searches import DAY, SEARCH_TYPES, WINDOWS, Searches
from gatehouse.records.synth.vocabulary import Vocabulary

HEADER = (
    "ID",
    "Name",
    "Org Name",
    "Total Networks Searched",
    "Total Devices Searched",
    "Time Frame",
    "License Plate",
    "Reason",
    "Case #",
    "Filters",
    "Search Time",
    "Search Type",
    "Text Prompt",
    "Moderation",
)
# From this day the vendor hides name, plate and filters of other agencies' searches.
MASKED_FROM = day_index(date(2025, 12, 17))
VENDOR_MASK = "***"

_DAYS_BEFORE = max(WINDOWS) // DAY + 1


class Renderer:
    """Holds the tables from which cells are gathered, so that no cell is formatted one by one."""

    def __init__(self, vocabulary: Vocabulary, agencies: Agencies):
        days = (FIRST_DAY + timedelta(days=index) for index in range(-_DAYS_BEFORE, DAYS + 1))
        self._dates = pl.Series([f"{day:%m/%d/%Y}, " for day in days])
        self._years = pl.Series([f"{FIRST_DAY + timedelta(days=index):%y}-" for index in range(DAYS)])
        self._clock = pl.Series(
            [
                f"{(second // 3_600 + 11) % 12 + 1:02}:{second // 60 % 60:02}:{second % 60:02} "
                f"{'AM' if second < DAY // 2 else 'PM'} UTC"
                for second in range(DAY)
            ]
        )
        self._hex = pl.Series([f"{number:04x}" for number in range(1 << 16)])
        self._digits3 = pl.Series([f"{number:03}" for number in range(1_000)])
        self._digits5 = pl.Series([f"{number:05}" for number in range(100_000)])
        self._letters = pl.Series([f"{chr(65 + pair // 26)}{chr(65 + pair % 26)}" for pair in range(26 * 26)])
        # A reason that goes on with a case number ends in a blank, unless the number is all there is.
        self._reasons = pl.Series(
            [
                f"{reason.text} " if reason.numbered and reason.text else reason.text
                for reason in vocabulary.reasons
            ]
        )
        self._orgs = pl.Series([agency.name for agency in agencies.items])
        surnames = [first + last for first in vocabulary.places_first for last in vocabulary.places_last]
        self._names = pl.Series(
            [f"{first} {surname}" for surname in surnames for first in vocabulary.people_first]
        )
        self._types = pl.Series(SEARCH_TYPES)
        self._filters = pl.Series([*vocabulary.filters, None])
        self._prompts = pl.Series([*vocabulary.prompts, None])

    def cells(self, searches: Searches, *, masked: NDArray[np.bool_]) -> pl.DataFrame:
        """Return the rows as text, null for blank; `masked` rows hide name, plate and filters."""
        # 7,919 is prime and so shares no factor with the number of names: an agency's officers differ.
        name = (searches.agency.astype(np.int64) * 104_729 + searches.officer * 7_919) % len(self._names)
        end = searches.at - searches.lag
        hidden = pl.lit(VENDOR_MASK)
        frame = pl.DataFrame(
            {
                "ID": self._uuids(searches.ids),
                "Name": self._names.gather(name),
                "Org Name": self._orgs.gather(searches.agency),
                "Total Networks Searched": pl.Series(searches.networks).cast(pl.String),
                "Total Devices Searched": pl.Series(searches.devices).cast(pl.String),
                "Time Frame": self._times(end - searches.window) + "\n" + self._times(end),
                "License Plate": self._plates(searches.plate),
                "Reason": self._stated(searches),
                "Case #": self._cases(searches, searches.case),
                "Filters": self._filters.gather(_or_last(searches.filter, self._filters)),
                "Search Time": self._times(searches.at),
                "Search Type": self._types.gather(searches.search_type),
                "Text Prompt": self._prompts.gather(_or_last(searches.prompt, self._prompts)),
                "Moderation": pl.repeat(None, len(searches), dtype=pl.String, eager=True),
                "masked": pl.Series(masked),
            }
        )
        return frame.select(
            pl.when("masked").then(hidden).otherwise(name).alias(name)
            if name in ("Name", "License Plate", "Filters")
            else name
            for name in HEADER
        )

    def _uuids(self, ids: NDArray[np.uint16]) -> pl.Series:
        """Write 128 random bits as a version 4 UUID (RFC 9562)."""
        words = ids.copy()
        words[:, 3] = words[:, 3] & 0x0FFF | 0x4000
        words[:, 4] = words[:, 4] & 0x3FFF | 0x8000
        part = [self._hex.gather(words[:, column]) for column in range(8)]
        return pl.select(
            pl.concat_str(part[0], part[1], pl.lit("-"), part[2], pl.lit("-"), part[3], pl.lit("-"), part[4],
                          pl.lit("-"), part[5], part[6], part[7])
        ).to_series()  # fmt: skip

    def _times(self, at: NDArray[np.int64]) -> pl.Series:
        return self._dates.gather(at // DAY + _DAYS_BEFORE) + self._clock.gather(at % DAY)

    def _plates(self, plate: NDArray[np.int64]) -> pl.Series:
        letters = self._letters.gather(np.maximum(plate, 0) // 100_000)
        return _blank_where(letters + self._digits5.gather(plate % 100_000), plate < 0)

    def _stated(self, searches: Searches) -> pl.Series:
        number = self._cases(searches, searches.reason_case).fill_null("")
        return (self._reasons.gather(searches.reason) + number).replace("", None)

    def _cases(self, searches: Searches, case: NDArray[np.int32]) -> pl.Series:
        number = np.maximum(case, 0)
        text = self._years.gather(searches.day) + self._digits3.gather(number // 1_000)
        return _blank_where(text + self._digits3.gather(number % 1_000), case < 0)


def _or_last(index: NDArray[np.int8], table: pl.Series) -> NDArray[np.int64]:
    return np.where(index < 0, len(table) - 1, index).astype(np.int64)


def _blank_where(text: pl.Series, blank: NDArray[np.bool_]) -> pl.Series:
    return pl.select(pl.when(~pl.Series(blank)).then(text)).to_series()
