"""Clocks that run back, and clocks that are set while a process runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.vault.clock import ForwardClock, SteadyClock, steady_seconds
from gatehouse.vault.errors import ClockBehind, ClockJumped
from gatehouse.vault.times import to_microseconds
from tests.unit.ledger.logs import Clock
from tests.unit.vault.machine import Machine

AT = datetime(2026, 11, 23, 16, 4, 5, tzinfo=UTC)


def clocks() -> tuple[Machine, SteadyClock]:
    machine = Machine(Clock(AT))
    return machine, machine.clock()


def test_time_that_passes_is_no_jump() -> None:
    machine, clock = clocks()
    for seconds in (0, 0.5, 86_400, 3 * 365 * 86_400):
        machine.passes(seconds)
        assert clock() == machine.wall.at


@pytest.mark.parametrize("seconds", [61, 3_600, 86_400, 365 * 86_400, -61, -3_600, -86_400])
def test_clock_that_was_set_gives_no_time_until_it_is_set_back(seconds: float) -> None:
    machine, clock = clocks()
    machine.wall.move(seconds)
    for _ in range(3):
        with pytest.raises(ClockJumped) as raised:
            clock()
        assert raised.value.got == f"{seconds:+.0f} s"
        machine.passes(10)
    machine.wall.move(-seconds)
    assert clock() == AT + timedelta(seconds=30)


def test_small_corrections_are_followed_and_do_not_add_up() -> None:
    machine, clock = clocks()
    for seconds in [60, -60] * 3 + [40] * 10:
        machine.wall.move(seconds)
        machine.passes(1)
        assert clock() == machine.wall.at


def test_start_anew_takes_the_clock_as_it_is() -> None:
    machine, clock = clocks()
    machine.wall.move(3_600)
    with pytest.raises(ClockJumped):
        clock()
    assert machine.clock()() == AT + timedelta(hours=1)


def test_clock_of_the_machine_goes_on() -> None:
    clock, since = SteadyClock(), steady_seconds()
    first = clock()
    assert clock() >= first
    assert steady_seconds() >= since


@given(st.lists(st.integers(-200, 200), max_size=20))
def test_forward_clock_never_shows_a_time_before_the_last(moves: list[int]) -> None:
    wall = Clock(AT)
    clock = ForwardClock(wall, seen=to_microseconds(AT))
    last = AT
    for seconds in moves:
        wall.move(seconds)
        try:
            at = clock()
        except ClockBehind:
            assert wall.at < last - timedelta(seconds=60)
        else:
            assert at == max(last, wall.at)
            last = at
