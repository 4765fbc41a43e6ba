"""Ways to become somebody by guessing: codes in bulk, from everywhere, at once, by what a refusal tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from gatehouse.node.accounts import NotSignedIn, TooManyAttempts
from gatehouse.node.accounts.throttle import FREE_ACCOUNT, FREE_TOGETHER
from tests.unit.node.staff import ADDRESS, PASSWORD, Station


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    found = Station(tmp_path)
    yield found
    found.close()


def tried(attempt: Callable[[], object]) -> str:
    """Return what comes of an attempt."""
    try:
        attempt()
    except TooManyAttempts:
        return "wait"
    except NotSignedIn:
        return "no"
    return "in"


def test_thief_of_a_password_tries_few_codes_in_a_day(station: Station) -> None:
    station.enroll_with_code("o-1", login="ames")
    sign_in = station.accounts.sign_in
    looked_at = 0
    for _ in range(24 * 60 * 2):
        station.clock.turn(seconds=30)
        looked_at += tried(lambda: sign_in.with_code("ames", PASSWORD, "x", address=ADDRESS)) == "no"
    # Of a million codes three are right at a time: a thousandth part would still be 330 tries.
    assert looked_at < 200


def test_thief_with_many_addresses_tries_few_codes_in_a_day(station: Station) -> None:
    station.enroll_with_code("o-1", login="ames")
    sign_in = station.accounts.sign_in
    looked_at = 0
    for number in range(24 * 60 * 2):
        station.clock.turn(seconds=30)
        attempt = partial(
            sign_in.with_code, "ames", PASSWORD, "x", address=f"198.51.{number // 250}.{number % 250}"
        )
        looked_at += tried(attempt) == "no"
    assert FREE_ACCOUNT < looked_at < 400


def test_tries_that_come_all_at_once_are_counted_all(station: Station) -> None:
    station.enroll_with_code("o-1", login="ames")
    sign_in = station.accounts.sign_in

    def attempt(number: int) -> str:
        return tried(lambda: sign_in.with_code("ames", PASSWORD, f"{number:06}", address=ADDRESS))

    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(attempt, range(64)))
    assert found.count("no") == FREE_TOGETHER and found.count("wait") == 64 - FREE_TOGETHER


def test_code_that_two_send_at_once_lets_one_in(station: Station) -> None:
    secret, _ = station.enroll_with_code("o-1", login="ames")
    sign_in, code = station.accounts.sign_in, station.code(secret)
    with ThreadPoolExecutor(4) as threads:
        found = list(
            threads.map(
                lambda number: tried(
                    lambda: sign_in.with_code("ames", PASSWORD, code, address=f"192.0.2.{number}")
                ),
                range(4),
            )
        )
    assert sorted(found) == ["in", "no", "no", "no"]


def test_refusal_tells_no_login_from_another(station: Station) -> None:
    station.enroll_with_code("o-1", login="ames")
    station.enroll_with_passkey("o-2", login="passkey-only")
    told = set()
    for login in ("ames", "passkey-only", "nobody", "", "\ud800", "ames\0", "' OR 1=1 --"):
        with pytest.raises(NotSignedIn) as caught:
            station.accounts.sign_in.with_code(login, login or "another", "000000", address=ADDRESS)
        told.add(str(caught.value))
        station.clock.turn(hours=1)
    assert len(told) == 1


def test_recovery_codes_are_not_guessed_beside_the_sign_in(station: Station) -> None:
    station.enroll_with_code("o-1", login="ames")
    accounts = station.accounts
    found = []
    for number in range(FREE_TOGETHER):
        found.append(
            tried(lambda: accounts.recoveries.with_code("ames", "x", password=PASSWORD, address=ADDRESS))
            if number % 2
            else tried(lambda: accounts.sign_in.with_code("ames", PASSWORD, "x", address=ADDRESS))
        )
    found.append(tried(lambda: accounts.sign_in.with_code("ames", PASSWORD, "x", address=ADDRESS)))
    assert found == ["no"] * FREE_TOGETHER + ["wait"]
