"""The agencies that search the invented town's cameras: who they are, how much and how they search.

Volumes are heavy-tailed, as in real network audits: a few agencies make most of the searches.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from gatehouse.model import AgencyKind
from gatehouse.records.synth.vocabulary import Vocabulary

OWNER = "Prairie Bend IL PD"
OWNER_STATE = "IL"
FIRST_DAY, LAST_DAY = date(2025, 6, 1), date(2026, 2, 28)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
# The sharing list ends a month before the export does: after it, a relation is unknown.
LIST_LAST_DAY = date(2026, 1, 31)
AGENCIES = 900
NEVER = 32_000  # a day index beyond every export

_DETAINER_AGENCIES = 14  # local, out of state, with many immigration searches
_OFFICE_RANK = 3  # by volume
_FEDERAL_SHARE = 0.0012
_OWNER_SHARE = 0.015


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency as the export names it, with its truth."""

    name: str
    state: str | None
    kind: AgencyKind
    immigration_body: bool = False


@dataclass(frozen=True, slots=True)
class Agencies:
    """All agencies, column by column; an index into `items` names one. Index 0 is the owner.

    `weight` sums to 1. `utc_offset` is hours behind UTC in winter. `style` is an index into `STYLES`.
    `officers` counts an agency's users. `shared_from` and `shared_until` are day indexes (first and last
    day); never shared is `NEVER` and -1.
    """

    items: tuple[Agency, ...]
    weight: NDArray[np.float64]
    utc_offset: NDArray[np.int32]
    style: NDArray[np.int8]
    officers: NDArray[np.int32]
    day_shift: NDArray[np.bool_]
    shared_from: NDArray[np.int32]
    shared_until: NDArray[np.int32]


# How an agency states its reasons: free text; the offense list from 2026 on; one word for everything;
# free text with much immigration enforcement; a federal immigration office.
STYLES = ("free", "dropdown", "constant", "detainer", "federal")
FREE, DROPDOWN, CONSTANT, DETAINER, FEDERAL = range(len(STYLES))


def day_index(day: date) -> int:
    """Return the index of a day of the export's period."""
    return (day - FIRST_DAY).days


def day_at(index: int) -> date:
    """Return the day behind an index."""
    return FIRST_DAY + timedelta(days=index)


def build(vocabulary: Vocabulary, seed: int) -> Agencies:
    """Invent the agencies of one seed."""
    rng = np.random.default_rng([seed, 1])
    items = [Agency(OWNER, OWNER_STATE, AgencyKind.POLICE)]
    items += [
        Agency(office.name, None, AgencyKind.FEDERAL, office.immigration) for office in vocabulary.federal
    ]
    first_local = len(items)
    items += _local_agencies(vocabulary, rng, AGENCIES - first_local)
    count = len(items)

    volume = rng.lognormal(0.0, 1.7, count)
    weight = np.minimum(volume / volume.sum(), 0.03)
    offsets = {code: hours for code, hours, _ in vocabulary.states}
    utc_offset = np.array([offsets.get(item.state or "", 5) for item in items], np.int32)
    style = np.where(rng.random(count) < 0.6, DROPDOWN, FREE).astype(np.int8)
    style[[index for index, item in enumerate(items) if item.immigration_body]] = FEDERAL
    order = np.argsort(-weight[first_local:], kind="stable") + first_local
    style[_first_elsewhere(items, order[20:], 1)] = CONSTANT
    detainers = _first_elsewhere(items, order[60:], _DETAINER_AGENCIES)
    style[detainers] = DETAINER

    # A busy agency that keeps office hours with a dozen users, so that one of them at night stands out.
    day_shift = rng.random(count) < 0.15
    day_shift[order[:_OFFICE_RANK]] = False
    office = _first_elsewhere(items, order[_OFFICE_RANK:], 1)
    day_shift[office] = True

    federal = slice(1, first_local)
    weight[federal] = _FEDERAL_SHARE / (first_local - 1)
    weight[0] = _OWNER_SHARE
    weight[first_local:] *= (1 - _OWNER_SHARE - _FEDERAL_SHARE) / weight[first_local:].sum()

    shared_from, shared_until = _sharing(items, rng)
    # The front door: one immigration office is on the owner's own list.
    shared_from[2], shared_until[2] = 0, day_index(LIST_LAST_DAY)
    officers = np.clip(np.sqrt(weight) * 250, 3, 120).astype(np.int32)
    officers[office] = 12
    return Agencies(
        items=tuple(items),
        weight=weight,
        utc_offset=utc_offset,
        style=style,
        officers=officers,
        day_shift=day_shift,
        shared_from=shared_from,
        shared_until=shared_until,
    )


def _local_agencies(vocabulary: Vocabulary, rng: np.random.Generator, count: int) -> list[Agency]:
    """Name local agencies in the ways that real exports name them, each name once in the country."""
    places = [first + last for first in vocabulary.places_first for last in vocabulary.places_last]
    chosen = rng.permutation(len(places))[:count]
    codes = [code for code, _, _ in vocabulary.states]
    share = np.array([share for _, _, share in vocabulary.states])
    states = rng.choice(len(codes), count, p=share / share.sum())
    forms = rng.random(count)
    agencies = []
    for place_index, state_index, form in zip(chosen, states, forms, strict=True):
        place, state = places[place_index], codes[state_index]
        if form < 0.22:
            agencies.append(Agency(f"{place} County {state} SO", state, AgencyKind.SHERIFF))
        elif form < 0.25:
            agencies.append(Agency(f"{place} University {state} PD", state, AgencyKind.UNIVERSITY))
        else:
            name = f"{place} {state} PD"
            if form < 0.28:
                name = f"{state} - {place} PD"
            elif form < 0.31:
                name = f"{place} PD ({state})"
            elif form < 0.36:
                name = f"{place} PD {state}"
            agencies.append(Agency(name, state, AgencyKind.POLICE))
    return agencies


def _first_elsewhere(items: list[Agency], order: NDArray[np.intp], count: int) -> list[int]:
    """Return the first agencies in `order` that do not lie in the owner's state."""
    return [int(index) for index in order if items[index].state not in (None, OWNER_STATE)][:count]


def _sharing(items: list[Agency], rng: np.random.Generator) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Decide from when to when the owner shares with each agency directly.

    Most agencies of the owner's state and some of others are on the list; some leave it, some join later.
    """
    count = len(items)
    last = day_index(LIST_LAST_DAY)
    near = np.array([item.state == OWNER_STATE for item in items])
    listed = rng.random(count) < np.where(near, 0.85, 0.18)
    leaves = rng.random(count) < 0.06
    joins = rng.random(count) < 0.10
    shared_from = np.where(joins, rng.integers(20, last - 60, count), 0)
    shared_until = np.where(leaves, rng.integers(last - 59, last, count), last)
    shared_from[~listed], shared_until[~listed] = NEVER, -1
    shared_from[0], shared_until[0] = 0, DAYS
    shared_from[1:4], shared_until[1:4] = NEVER, -1
    return shared_from.astype(np.int32), shared_until.astype(np.int32)
