"""Challenges and sign-ins under way: good once, for what and whom they are; nothing is stored before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatehouse.node.accounts import NotSignedIn
from gatehouse.node.accounts.challenges import CHALLENGE_BYTES, Challenges, Use
from gatehouse.node.accounts.file import AccountsFile
from gatehouse.node.accounts.logins import Logins
from gatehouse.node.accounts.oidc import LoginRequest
from tests.unit.node.staff import Clock

REQUEST = LoginRequest("https://id.test/authorize", "state-1", "nonce-1", "verifier-1")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path, clock: Clock) -> Iterator[AccountsFile]:
    found = AccountsFile(tmp_path / "accounts.sqlite", clock=clock)
    yield found
    found.close()


def rows(file: AccountsFile) -> int:
    with file.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM spent").fetchone()[0])


class TestChallenges:
    def test_challenge_is_good_once(self, file: AccountsFile) -> None:
        challenges = Challenges(file)
        made = challenges.issue(Use.INTENT, officer="o-1")
        assert len(made) == CHALLENGE_BYTES
        challenges.spend(made, Use.INTENT, officer="o-1")
        with pytest.raises(NotSignedIn):
            challenges.spend(made, Use.INTENT, officer="o-1")

    @pytest.mark.parametrize(
        ("use", "officer"), [(Use.SIGN_IN, "o-1"), (Use.INTENT, "o-2"), (Use.INTENT, None), (Use.INTENT, "")]
    )
    def test_challenge_is_good_for_its_use_and_person(
        self, file: AccountsFile, use: Use, officer: str | None
    ) -> None:
        challenges = Challenges(file)
        made = challenges.issue(Use.INTENT, officer="o-1")
        with pytest.raises(NotSignedIn):
            challenges.spend(made, use, officer=officer)
        # What was refused is not used up.
        challenges.spend(made, Use.INTENT, officer="o-1")

    @pytest.mark.parametrize("seconds", [-1, 120])
    def test_challenge_is_good_for_two_minutes_from_its_issue(
        self, file: AccountsFile, clock: Clock, seconds: int
    ) -> None:
        challenges = Challenges(file)
        made = challenges.issue(Use.SIGN_IN, officer=None)
        clock.turn(seconds=seconds)
        with pytest.raises(NotSignedIn):
            challenges.spend(made, Use.SIGN_IN, officer=None)

    def test_challenge_of_before_a_restart_is_void(self, file: AccountsFile) -> None:
        made = Challenges(file).issue(Use.SIGN_IN, officer=None)
        with pytest.raises(NotSignedIn):
            Challenges(file).spend(made, Use.SIGN_IN, officer=None)

    def test_asking_for_many_stores_nothing_and_what_is_spent_is_forgotten_in_time(
        self, file: AccountsFile, clock: Clock
    ) -> None:
        challenges = Challenges(file)
        made = {challenges.issue(Use.SIGN_IN, officer=None) for _ in range(1_000)}
        assert (len(made), rows(file)) == (1_000, 0)
        for each in list(made)[:3]:
            challenges.spend(each, Use.SIGN_IN, officer=None)
        assert rows(file) == 3
        clock.turn(minutes=2)
        challenges.spend(challenges.issue(Use.SIGN_IN, officer=None), Use.SIGN_IN, officer=None)
        assert rows(file) == 1

    @given(forged=st.binary(max_size=64))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
    def test_bytes_of_ones_own_choice_are_none(self, file: AccountsFile, forged: bytes) -> None:
        with pytest.raises(NotSignedIn):
            Challenges(file).spend(forged, Use.SIGN_IN, officer=None)
        assert rows(file) == 0

    @pytest.mark.parametrize("place", range(CHALLENGE_BYTES))
    def test_challenge_with_a_bit_changed_is_none(self, file: AccountsFile, place: int) -> None:
        challenges = Challenges(file)
        made = bytearray(challenges.issue(Use.SIGN_IN, officer=None))
        made[place] ^= 1
        with pytest.raises(NotSignedIn):
            challenges.spend(bytes(made), Use.SIGN_IN, officer=None)


class TestLogins:
    def test_sign_in_comes_back_once_without_its_address(self, file: AccountsFile) -> None:
        logins = Logins(file)
        token = logins.keep(REQUEST)
        assert rows(file) == 0
        assert logins.take(token) == LoginRequest("", "state-1", "nonce-1", "verifier-1")
        with pytest.raises(NotSignedIn):
            logins.take(token)

    def test_browser_reads_nothing_of_what_it_keeps(self, file: AccountsFile) -> None:
        token = Logins(file).keep(REQUEST)
        assert len(token) < 1_000 and "verifier" not in token

    @pytest.mark.parametrize("minutes", [-1, 10])
    def test_sign_in_is_good_for_ten_minutes(self, file: AccountsFile, clock: Clock, minutes: int) -> None:
        logins = Logins(file)
        token = logins.keep(REQUEST)
        clock.turn(minutes=minutes)
        with pytest.raises(NotSignedIn):
            logins.take(token)

    def test_sign_in_of_before_a_restart_is_void(self, file: AccountsFile) -> None:
        token = Logins(file).keep(REQUEST)
        with pytest.raises(NotSignedIn):
            Logins(file).take(token)

    @pytest.mark.parametrize("token", ["", "A", "AAAA", "A" * 5_000, "\u00e4", "=", "!!!!"])
    def test_text_of_ones_own_choice_is_none(self, file: AccountsFile, token: str) -> None:
        with pytest.raises(NotSignedIn):
            Logins(file).take(token)
