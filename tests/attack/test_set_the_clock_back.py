"""Attempts to date an entry before what is on the record already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from gatehouse.ledger.committer import NotRecorded, Position
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.errors import InvalidEntry
from tests.unit.ledger.entries import searched
from tests.unit.ledger.logs import AT, Clock, made_log, opened


def leaf(position: Position) -> bytes:
    return searched(sequence=position.sequence, previous=position.previous, at=position.at)[0]


@pytest.mark.parametrize("back", [61, 3600, 86_400 * 400])
def test_clock_set_back_takes_nothing(tmp_path: Path, back: float) -> None:
    path, clock = made_log(tmp_path), Clock()
    with opened(path, clock=clock) as log:
        log.append(leaf, agency="alder-pd")
        clock.move(-back)
        for entry in (leaf, b"any"):
            with pytest.raises(NotRecorded, match="the clock is behind"):
                log.append(entry, agency="alder-pd" if callable(entry) else None)
    with opened(path, clock=clock) as log, pytest.raises(NotRecorded, match="the clock is behind"):
        log.append(leaf, agency="alder-pd")


def test_clock_set_back_by_little_across_the_hour_stays_in_the_hour(tmp_path: Path) -> None:
    path = made_log(tmp_path)
    clock = Clock(AT.replace(hour=17, minute=0, second=10))
    with opened(path, clock=clock) as log:
        log.append(leaf, agency="alder-pd")
        clock.move(-30)
        log.append(leaf, agency="alder-pd")
        assert [read_entry(log.entry(index)).hour.hour for index in range(2)] == [17, 17]


def test_clock_of_another_zone_is_the_same_time(tmp_path: Path) -> None:
    path = made_log(tmp_path)
    clock = Clock(AT.astimezone(timezone(timedelta(hours=-8))))
    with opened(path, clock=clock) as log:
        log.append(leaf, agency="alder-pd")
        assert read_entry(log.entry(0)).hour == datetime(2026, 11, 23, 16, tzinfo=UTC)


def test_entry_dated_by_its_maker(tmp_path: Path) -> None:
    with opened(made_log(tmp_path)) as log:
        log.append(leaf, agency="alder-pd")
        for hours in (-1, 1):
            with pytest.raises(InvalidEntry, match="does not continue"):
                log.append(
                    lambda place, hours=hours: searched(  # type: ignore[misc]
                        sequence=place.sequence,
                        previous=place.previous,
                        at=place.at + timedelta(hours=hours),
                    )[0],
                    agency="alder-pd",
                )
        assert log.size == 1
