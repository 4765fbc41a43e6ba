"""Draw searches as numbers: who, when, for what, how wide. `render.py` turns them into an export's cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatehouse.records.synth import plants as planting
from gatehouse.records.synth.agencies import (
    CONSTANT,
    DAYS,
    DETAINER,
    DROPDOWN,
    FEDERAL,
    FREE,
    Agencies,
    day_at,
    day_index,
)
from gatehouse.records.synth.plants import Plants
from gatehouse.records.synth.vocabulary import ORDINARY_GROUP, Vocabulary

DAY = 86_400
PLATES = 26 * 26 * 100_000
MOST_NETWORKS, MOST_DEVICES = 6_800, 83_345
WINDOWS = (3_600, 12 * 3_600, DAY, 7 * DAY, 30 * DAY)  # seconds asked for
SEARCH_TYPES = (
    "lookup",
    "search",
    "lookup - Mobile",
    "search - Mobile",
    "apiLookup",
    "visual",
    "freeform",
    "convoy",
)
_TYPE_SHARES = (0.52, 0.30, 0.06, 0.05, 0.02, 0.025, 0.015, 0.01)
_FREEFORM = SEARCH_TYPES.index("freeform")
_WITHOUT_PLATE = (SEARCH_TYPES.index("visual"), _FREEFORM)

# Relative activity by local hour: patrol works around the clock, an office by day.
_PATROL = (30, 24, 20, 16, 14, 14, 18, 28, 40, 48, 52, 52, 50, 52, 56, 58, 56, 52, 50, 48, 46, 44, 42, 36)
_OFFICE = (0, 0, 0, 0, 0, 0, 2, 20, 60, 80, 85, 80, 55, 75, 80, 70, 45, 10, 2, 1, 0, 0, 0, 0)
_WEEKDAYS = (1.08, 1.12, 1.12, 1.1, 1.06, 0.82, 0.7)  # Monday first
_DST_ENDS = 154  # index of 2 November 2025; before it clocks are an hour nearer to UTC
_DEVICES_DROPPED = 214  # index of 1 January 2026
_IMMIGRATION_SHARE = 0.003  # of all searches, by detainer agencies
_FEDERAL_IMMIGRATION_SHARE = 0.3  # of an immigration office's searches


@dataclass(frozen=True, slots=True)
class Searches:
    """Searches in time order, column by column.

    `at` is seconds since the first day's midnight UTC. `case` and `reason_case` are numbers of case files,
    `plate`, `filter` and `prompt` indexes; -1 means none. `reason` indexes the vocabulary.
    """

    at: NDArray[np.int64]
    agency: NDArray[np.int32]
    officer: NDArray[np.int32]
    reason: NDArray[np.int32]
    case: NDArray[np.int32]
    reason_case: NDArray[np.int32]
    plate: NDArray[np.int64]
    networks: NDArray[np.int32]
    devices: NDArray[np.int32]
    window: NDArray[np.int32]
    lag: NDArray[np.int32]
    search_type: NDArray[np.int8]
    filter: NDArray[np.int8]
    prompt: NDArray[np.int8]
    ids: NDArray[np.uint16]  # (n, 8)
    plant: NDArray[np.int8]

    @property
    def day(self) -> NDArray[np.int32]:
        """Day indexes."""
        return (self.at // DAY).astype(np.int32)

    @property
    def owner_day(self) -> NDArray[np.int32]:
        """Day indexes by the owner's clock, US Central; the evening before the first day is -1."""
        hour = 3_600
        behind = np.where(self.at < _DST_ENDS * DAY + 7 * hour, 5, 6)
        day: NDArray[np.int64] = (self.at - behind * hour) // DAY
        return day.astype(np.int32)

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is settled of searches before the rest is drawn: who, on which day, and what is planted."""

    agency: NDArray[np.int32]
    days: NDArray[np.int32]
    plant: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.days)


def rows_per_day(rows: int, seed: int) -> NDArray[np.int64]:
    """Apportion the rows to the days: weekdays, some noise, exact in total."""
    weekday = np.array([day_at(index).weekday() for index in range(DAYS)])
    weight = np.array(_WEEKDAYS)[weekday] * np.random.default_rng([seed, 3]).normal(1.0, 0.04, DAYS).clip(0.8)
    edges = np.rint(np.concatenate([[0.0], weight.cumsum() / weight.sum()]) * rows).astype(np.int64)
    per_day: NDArray[np.int64] = np.diff(edges)
    return per_day


class Drawer:
    """Draws the searches of any run of days; the same seed and days give the same searches."""

    def __init__(self, vocabulary: Vocabulary, agencies: Agencies, plants: Plants, *, rows: int, seed: int):
        self._vocabulary, self._agencies, self._plants = vocabulary, agencies, plants
        self._rows, self._seed = rows, seed
        self._agency_cdf = agencies.weight.cumsum()
        self._profiles = _profiles(vocabulary, agencies)
        self._hours = [np.repeat(np.arange(24), _PATROL), np.repeat(np.arange(24), _OFFICE)]
        self._dropdown_day = day_index(vocabulary.dropdown_since)
        group = {reason.group: index for index, reason in enumerate(vocabulary.reasons)}
        self._abortion, self._minor = group["abortion"], group["minor"]
        self._numbered = np.array([reason.numbered for reason in vocabulary.reasons])

    def draw(self, days: NDArray[np.int32], *, first_row: int) -> Searches:
        """Draw one search for each entry of `days` (sorted), the first of them being row `first_row`."""
        n = len(days)
        rng = np.random.default_rng([self._seed, 4, first_row])
        agencies = self._agencies
        at_rows, kinds = self._plants.within(first_row, first_row + n)
        plant = np.zeros(n, np.int8)
        plant[at_rows] = kinds

        agency = np.searchsorted(self._agency_cdf, rng.random(n) * self._agency_cdf[-1]).astype(np.int32)
        officer = (agencies.officers[agency] * rng.random(n) ** 2).astype(np.int32)
        for kind in planting.NAMES:
            if (who := self._plants.agency[kind]) >= 0:
                agency[plant == kind] = who
                officer[plant == kind] = self._plants.officer[kind]
        rows = _Rows(agency, days, plant)
        reason = self._reasons(rng, rows)
        search_type = np.searchsorted(np.cumsum(_TYPE_SHARES[:-1]), rng.random(n)).astype(np.int8)
        search_type[plant != planting.NONE] = 0
        networks = self._networks(rng, rows)
        case = rng.integers(0, 1_000_000, n, np.int32)
        reason_case = np.where(self._numbered[reason], case, -1).astype(np.int32)
        case[rng.random(n) < 0.45] = -1
        at = days.astype(np.int64) * DAY + self._seconds(rng, rows)
        order = np.argsort(at, kind="stable")
        drawn = Searches(
            at=at,
            agency=agency,
            officer=officer,
            reason=reason,
            case=case,
            reason_case=reason_case,
            plate=self._plates(rng, rows, search_type),
            networks=networks,
            devices=self._devices(rng, rows, networks),
            window=np.array(WINDOWS, np.int32)[rng.choice(5, n, p=(0.2, 0.15, 0.3, 0.2, 0.15))],
            lag=rng.integers(0, 120, n, np.int32),
            search_type=search_type,
            filter=_sometimes(rng, n, 0.12, len(self._vocabulary.filters)),
            prompt=np.where(
                search_type == _FREEFORM, rng.integers(0, len(self._vocabulary.prompts), n), -1
            ).astype(np.int8),
            ids=rng.integers(0, 1 << 16, (n, 8), np.uint16),
            plant=plant,
        )
        return Searches(**{name: getattr(drawn, name)[order] for name in Searches.__dataclass_fields__})

    def _reasons(self, rng: np.random.Generator, rows: _Rows) -> NDArray[np.int32]:
        late = rows.days >= self._dropdown_day
        style = self._agencies.style[rows.agency]
        uniform = rng.random(len(rows))
        reason = np.zeros(len(rows), np.int32)
        for (profile_style, profile_late), (choices, cdf) in self._profiles.items():
            of_profile = (style == profile_style) & (late == profile_late)
            reason[of_profile] = choices[np.searchsorted(cdf, uniform[of_profile] * cdf[-1])]
        reason[rows.plant == planting.ABORTION] = self._abortion
        reason[rows.plant == planting.MINOR_NATIONWIDE] = self._minor
        return reason

    def _seconds(self, rng: np.random.Generator, rows: _Rows) -> NDArray[np.int64]:
        """Draw the second of the UTC day from the agency's local hours."""
        n = len(rows)
        patrol, office = (hours[rng.integers(0, hours.size, n)] for hours in self._hours)
        local = np.where(self._agencies.day_shift[rows.agency], office, patrol)
        local = np.where(rows.plant == planting.OFF_HOURS, 1 + local % 3, local)
        behind = self._agencies.utc_offset[rows.agency] - (rows.days < _DST_ENDS)
        return ((local + behind) % 24) * 3_600 + rng.integers(0, 3_600, n)

    def _plates(
        self, rng: np.random.Generator, rows: _Rows, search_type: NDArray[np.int8]
    ) -> NDArray[np.int64]:
        """Draw mostly fresh plates; some are known to the agency and come back."""
        n = len(rows)
        fresh = rng.integers(0, PLATES, n)
        pool = np.maximum(20, self._agencies.weight * self._rows * 0.05)[rows.agency]
        known = (rows.agency * 1_000_003 + (pool * rng.random(n)).astype(np.int64) * 7_919) % PLATES
        plate = np.where(rng.random(n) < 0.25, known, fresh)
        plate[np.isin(search_type, _WITHOUT_PLATE)] = -1
        plate[rows.plant == planting.REPEAT_PLATE] = self._seed * 15_485_863 % PLATES
        return plate

    def _networks(self, rng: np.random.Generator, rows: _Rows) -> NDArray[np.int32]:
        n = len(rows)
        scope = rng.choice(4, n, p=(0.15, 0.45, 0.2, 0.2))
        least = np.array([1, 20, 300, 4_500])[scope]
        most = np.array([1, 400, 1_400, MOST_NETWORKS])[scope]
        networks: NDArray[np.int64] = least + ((most - least + 1) * rng.random(n) ** 1.5).astype(np.int64)
        wide = np.isin(rows.plant, (planting.ABORTION, planting.MINOR_NATIONWIDE))
        networks[wide] = rng.integers(6_000, MOST_NETWORKS + 1, int(wide.sum()))
        return networks.astype(np.int32)

    def _devices(
        self, rng: np.random.Generator, rows: _Rows, networks: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        devices = np.minimum(networks * rng.uniform(9.0, 12.3, len(networks)) + 1, MOST_DEVICES)
        none = rng.random(len(networks)) < np.where(rows.days >= _DEVICES_DROPPED, 0.6, 0.06)
        devices[none & (rows.plant != planting.ABORTION)] = 0
        return devices.astype(np.int32)


def _sometimes(rng: np.random.Generator, n: int, share: float, choices: int) -> NDArray[np.int8]:
    return np.where(rng.random(n) < share, rng.integers(0, choices, n), -1).astype(np.int8)


Profile = tuple[NDArray[np.int64], NDArray[np.float64]]


def _profiles(vocabulary: Vocabulary, agencies: Agencies) -> dict[tuple[int, bool], Profile]:
    """Return, for each style before and after the offense list came, reasons and cumulated weights."""
    detainers = agencies.weight[agencies.style == DETAINER].sum()
    immigration = {
        DETAINER: min(0.8, _IMMIGRATION_SHARE / detainers) if detainers else 0.0,
        FEDERAL: _FEDERAL_IMMIGRATION_SHARE,
    }
    constant = next(
        index for index, reason in enumerate(vocabulary.reasons) if reason.text == "Investigation"
    )
    profiles = {}
    for style in (FREE, DROPDOWN, CONSTANT, DETAINER, FEDERAL):
        for late in (False, True):
            if style == CONSTANT:
                profiles[style, late] = np.array([constant]), np.ones(1)
                continue
            share = immigration.get(style, 0.0)
            labels = late and style in (DROPDOWN, DETAINER)
            weight = (1 - share) * _group_weights(vocabulary, dropdown=labels, immigration=False)
            weight += share * _group_weights(vocabulary, dropdown=labels, immigration=True)
            choices = np.flatnonzero(weight)
            profiles[style, late] = choices, weight[choices].cumsum()
    return profiles


def _group_weights(vocabulary: Vocabulary, *, dropdown: bool, immigration: bool) -> NDArray[np.float64]:
    """Return a weight for each reason of the vocabulary, 1 in sum: a group's share, spread by text."""
    shares = {"immigration": 1.0} if immigration else vocabulary.groups
    weights: NDArray[np.float64] = np.zeros(len(vocabulary.reasons))
    for group, share in shares.items():
        # The offense list has labels for ordinary crimes and for immigration; other texts stay free.
        listed = dropdown and group in (ORDINARY_GROUP, "immigration")
        rows = [
            index
            for index, reason in enumerate(vocabulary.reasons)
            if reason.group == group and reason.dropdown == listed
        ]
        inner = np.array([vocabulary.reasons[index].weight for index in rows])
        weights[rows] = share * inner / inner.sum()
    weights /= weights.sum()
    return weights
