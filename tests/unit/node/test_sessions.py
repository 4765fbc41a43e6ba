"""Sessions: when they end, and that roles and service are those of the registry now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.model import PartUnavailable, Role
from gatehouse.node.accounts import NotPermitted, SessionEnded
from gatehouse.node.sessions import MOST_OF_ONE, Limits, Method, Session
from tests.unit.node.staff import Station, person

LIMITS = Limits(idle=timedelta(minutes=15), whole=timedelta(hours=8))


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    found = Station(tmp_path, limits=LIMITS)
    found.enroll_with_code("o-1")
    yield found
    found.close()


def test_found_session_names_person_method_and_end(station: Station) -> None:
    token = station.accounts.sessions.open("o-1", method=Method.TOTP)
    assert station.accounts.sessions.find(token) == Session(
        person("o-1"), Method.TOTP, station.clock.at, station.clock.at + timedelta(hours=8)
    )


def test_tokens_have_256_bits_and_are_another_each_time(station: Station) -> None:
    tokens = {station.accounts.sessions.open("o-1", method=Method.TOTP) for _ in range(3)}
    assert {len(token) for token in tokens} == {43} and len(tokens) == 3


def test_session_outlives_a_restart(station: Station) -> None:
    token = station.accounts.sessions.open("o-1", method=Method.TOTP)
    station.accounts.close()
    assert station.open(limits=LIMITS).sessions.find(token).officer.id == "o-1"


def test_session_without_use_ends(station: Station) -> None:
    token = station.accounts.sessions.open("o-1", method=Method.TOTP)
    station.clock.turn(minutes=14, seconds=59)
    station.accounts.sessions.find(token)
    station.clock.turn(minutes=14, seconds=59)
    station.accounts.sessions.find(token)
    station.clock.turn(minutes=15)
    with pytest.raises(SessionEnded):
        station.accounts.sessions.find(token)


def test_session_in_use_ends_after_its_whole_time(station: Station) -> None:
    token = station.accounts.sessions.open("o-1", method=Method.TOTP)
    for _ in range(47):
        station.clock.turn(minutes=10)
        station.accounts.sessions.find(token)
    station.clock.turn(minutes=10)
    with pytest.raises(SessionEnded):
        station.accounts.sessions.find(token)


def test_clock_that_runs_back_ends_a_session(station: Station) -> None:
    token = station.accounts.sessions.open("o-1", method=Method.TOTP)
    station.clock.turn(hours=-1)
    with pytest.raises(SessionEnded):
        station.accounts.sessions.find(token)


def test_role_taken_away_counts_at_once(station: Station) -> None:
    token = station.accounts.sessions.open("o-1", method=Method.TOTP)
    station.roster.people["o-1"] = person("o-1", Role.AUDITOR)
    assert station.accounts.sessions.find(token).officer.roles == {Role.AUDITOR}


def test_person_who_leaves_loses_every_session_at_once_and_for_good(station: Station) -> None:
    first, second = (station.accounts.sessions.open("o-1", method=Method.TOTP) for _ in range(2))
    station.roster.leave("o-1")
    with pytest.raises(SessionEnded):
        station.accounts.sessions.find(first)
    station.roster.people["o-1"] = person("o-1")
    with pytest.raises(SessionEnded):
        station.accounts.sessions.find(second)


def test_registry_that_fails_lets_nobody_in_and_ends_nothing(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = station.accounts.sessions.open("o-1", method=Method.TOTP)

    def fails(id: str) -> None:
        raise PartUnavailable("the registry does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(station.roster, "officer", fails)
        with pytest.raises(PartUnavailable):
            station.accounts.sessions.find(token)
    assert station.accounts.sessions.find(token).officer.id == "o-1"


def test_ended_session_is_over_and_the_others_go_on(station: Station) -> None:
    first, second = (station.accounts.sessions.open("o-1", method=Method.TOTP) for _ in range(2))
    station.accounts.sessions.end(first)
    with pytest.raises(SessionEnded):
        station.accounts.sessions.find(first)
    assert station.accounts.sessions.find(second).officer.id == "o-1"


def test_new_session_takes_the_place_of_the_one_it_names(station: Station) -> None:
    first = station.accounts.sessions.open("o-1", method=Method.TOTP)
    second = station.accounts.sessions.open("o-1", method=Method.PASSKEY, instead_of=first)
    with pytest.raises(SessionEnded):
        station.accounts.sessions.find(first)
    assert station.accounts.sessions.find(second).method is Method.PASSKEY


def test_oldest_session_gives_way_to_one_too_many(station: Station) -> None:
    tokens = []
    for _ in range(MOST_OF_ONE + 1):
        tokens.append(station.accounts.sessions.open("o-1", method=Method.TOTP))
        station.clock.turn(seconds=1)
    with pytest.raises(SessionEnded):
        station.accounts.sessions.find(tokens[0])
    assert [station.accounts.sessions.find(each).officer.id for each in tokens[1:]] == ["o-1"] * MOST_OF_ONE


def test_who_has_left_opens_no_session(station: Station) -> None:
    station.roster.leave("o-1")
    with pytest.raises(NotPermitted):
        station.accounts.sessions.open("o-1", method=Method.TOTP)


@pytest.mark.parametrize("token", ["", "x", "\ud800", "x" * 10_000])
def test_token_that_nobody_has_is_over(station: Station, token: str) -> None:
    with pytest.raises(SessionEnded):
        station.accounts.sessions.find(token)
