"""Signing in, with a password and a code or with a passkey, and how often somebody may try."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.model import PartUnavailable, VerificationFailed
from gatehouse.node.accounts import NotSignedIn, TooManyAttempts
from gatehouse.node.accounts.throttle import FREE_ACCOUNT, FREE_ADDRESS, FREE_TOGETHER
from tests.unit.node.authenticator import USER_PRESENT, Authenticator
from tests.unit.node.staff import ADDRESS, PASSWORD, Station


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    found = Station(tmp_path)
    yield found
    found.close()


class TestWithCode:
    def test_right_login_password_and_code_give_the_person(self, station: Station) -> None:
        secret, _ = station.enroll_with_code("o-1", login="ames")
        found = station.accounts.sign_in.with_code(" Ames ", PASSWORD, station.code(secret), address=ADDRESS)
        assert found == "o-1"

    @pytest.mark.parametrize(
        ("login", "password", "right_code"),
        [("ames", "another password", True), ("ames", PASSWORD, False), ("nobody", PASSWORD, True)],
    )
    def test_whatever_is_wrong_the_refusal_is_the_same(
        self, station: Station, login: str, password: str, right_code: bool
    ) -> None:
        secret, _ = station.enroll_with_code("o-1", login="ames")
        code = station.code(secret) if right_code else "000000"
        with pytest.raises(NotSignedIn) as caught:
            station.accounts.sign_in.with_code(login, password, code, address=ADDRESS)
        assert str(caught.value) == "login, password or code does not fit"

    def test_code_that_was_used_is_refused_also_after_a_restart(self, station: Station) -> None:
        secret, _ = station.enroll_with_code("o-1", login="ames")
        code = station.code(secret)
        station.accounts.sign_in.with_code("ames", PASSWORD, code, address=ADDRESS)
        station.accounts.close()
        accounts = station.open()
        with pytest.raises(NotSignedIn):
            accounts.sign_in.with_code("ames", PASSWORD, code, address=ADDRESS)

    def test_code_older_than_one_that_was_used_is_refused(self, station: Station) -> None:
        secret, _ = station.enroll_with_code("o-1", login="ames")
        earlier = station.code(secret)
        station.clock.turn(seconds=30)
        station.accounts.sign_in.with_code("ames", PASSWORD, station.code(secret), address=ADDRESS)
        with pytest.raises(NotSignedIn):
            station.accounts.sign_in.with_code("ames", PASSWORD, earlier, address=ADDRESS)

    def test_code_that_enrolled_signs_nobody_in(self, station: Station) -> None:
        token = station.accounts.enrollment.invite("o-1", by=()).token
        code = station.code(station.accounts.enrollment.open(token).secret)
        station.accounts.enrollment.with_code(token, login="ames", password=PASSWORD, code=code)
        with pytest.raises(NotSignedIn):
            station.accounts.sign_in.with_code("ames", PASSWORD, code, address=ADDRESS)

    def test_wrong_password_uses_no_code_up(self, station: Station) -> None:
        secret, _ = station.enroll_with_code("o-1", login="ames")
        code = station.code(secret)
        with pytest.raises(NotSignedIn):
            station.accounts.sign_in.with_code("ames", "another password", code, address=ADDRESS)
        assert station.accounts.sign_in.with_code("ames", PASSWORD, code, address=ADDRESS) == "o-1"

    def test_person_who_has_left_is_refused(self, station: Station) -> None:
        secret, _ = station.enroll_with_code("o-1", login="ames")
        station.roster.leave("o-1")
        with pytest.raises(NotSignedIn):
            station.accounts.sign_in.with_code("ames", PASSWORD, station.code(secret), address=ADDRESS)

    def test_another_key_file_opens_no_factor(self, station: Station) -> None:
        secret, _ = station.enroll_with_code("o-1", login="ames")
        station.accounts.close()
        (station.folder / "accounts.key").unlink()
        accounts = station.open()
        with pytest.raises(VerificationFailed, match="cannot be unsealed"):
            accounts.sign_in.with_code("ames", PASSWORD, station.code(secret), address=ADDRESS)


class TestWithPasskey:
    def test_assertion_gives_the_person(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        answer = device.get(station.accounts.sign_in.passkey_options())
        assert station.accounts.sign_in.with_passkey(answer, address=ADDRESS) == "o-1"

    def test_assertion_counts_once(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        answer = device.get(station.accounts.sign_in.passkey_options())
        station.accounts.sign_in.with_passkey(answer, address=ADDRESS)
        with pytest.raises(NotSignedIn, match="used"):
            station.accounts.sign_in.with_passkey(answer, address=ADDRESS)

    def test_assertion_two_minutes_late_is_refused(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        answer = device.get(station.accounts.sign_in.passkey_options())
        station.clock.turn(minutes=2)
        with pytest.raises(NotSignedIn, match="too old"):
            station.accounts.sign_in.with_passkey(answer, address=ADDRESS)

    def test_device_that_did_not_ask_for_its_pin_is_refused(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        device.flags = USER_PRESENT
        with pytest.raises(NotSignedIn):
            station.accounts.sign_in.with_passkey(
                device.get(station.accounts.sign_in.passkey_options()), address=ADDRESS
            )

    def test_page_of_another_site_is_refused(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        device.origin = "https://gatehouse.test.example"
        with pytest.raises(NotSignedIn):
            station.accounts.sign_in.with_passkey(
                device.get(station.accounts.sign_in.passkey_options()), address=ADDRESS
            )

    def test_passkey_that_nobody_registered_is_refused(self, station: Station) -> None:
        with pytest.raises(NotSignedIn):
            station.accounts.sign_in.with_passkey(
                Authenticator().get(station.accounts.sign_in.passkey_options()), address=ADDRESS
            )

    def test_clone_whose_count_does_not_rise_is_refused(self, station: Station) -> None:
        token = station.accounts.enrollment.invite("o-1", by=()).token
        device = Authenticator(counts=True)
        options = station.accounts.enrollment.passkey_options(token, login="ames")
        station.accounts.enrollment.with_passkey(
            token, login="ames", credential=device.create(options), label="key"
        )
        sign_in = station.accounts.sign_in
        assert sign_in.with_passkey(device.get(sign_in.passkey_options()), address=ADDRESS) == "o-1"
        device.count = 0
        with pytest.raises(NotSignedIn):
            sign_in.with_passkey(device.get(sign_in.passkey_options()), address=ADDRESS)

    @pytest.mark.parametrize(
        "answer", [{}, {"id": 3}, {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}]
    )
    def test_what_is_no_assertion_is_refused(self, station: Station, answer: dict[str, object]) -> None:
        with pytest.raises(NotSignedIn):
            station.accounts.sign_in.with_passkey(answer, address=ADDRESS)


class TestThrottle:
    def fail(self, station: Station, *, login: str = "ames", address: str = ADDRESS) -> None:
        with pytest.raises(NotSignedIn):
            station.accounts.sign_in.with_code(login, "another password", "000000", address=address)

    def test_waits_double_after_the_free_failures(self, station: Station) -> None:
        waits = []
        for _ in range(FREE_TOGETHER):
            self.fail(station)
        for _ in range(4):
            with pytest.raises(TooManyAttempts) as caught:
                station.accounts.sign_in.with_code("ames", PASSWORD, "000000", address=ADDRESS)
            waits.append(caught.value.retry_after)
            station.clock.turn(seconds=caught.value.retry_after)
            self.fail(station)
        assert waits == [1, 2, 4, 8]

    def test_right_credentials_do_not_shorten_a_wait_and_end_it_afterwards(self, station: Station) -> None:
        secret, _ = station.enroll_with_code("o-1", login="ames")
        for _ in range(FREE_TOGETHER):
            self.fail(station)
        with pytest.raises(TooManyAttempts):
            station.accounts.sign_in.with_code("ames", PASSWORD, station.code(secret), address=ADDRESS)
        station.clock.turn(seconds=30)
        station.accounts.sign_in.with_code("ames", PASSWORD, station.code(secret), address=ADDRESS)
        for _ in range(FREE_TOGETHER):
            self.fail(station)

    def test_restart_forgives_nothing(self, station: Station) -> None:
        for _ in range(FREE_TOGETHER):
            self.fail(station)
        station.accounts.close()
        with pytest.raises(TooManyAttempts):
            station.open().sign_in.with_code("ames", PASSWORD, "000000", address=ADDRESS)

    def test_officer_elsewhere_signs_in_while_a_stranger_tries(self, station: Station) -> None:
        secret, _ = station.enroll_with_code("o-1", login="ames")
        for _ in range(FREE_TOGETHER):
            self.fail(station, address="198.51.100.1")
        found = station.accounts.sign_in.with_code("ames", PASSWORD, station.code(secret), address=ADDRESS)
        assert found == "o-1"

    def test_address_that_tries_many_accounts_waits(self, station: Station) -> None:
        for number in range(FREE_ADDRESS):
            self.fail(station, login=f"login{number}")
        with pytest.raises(TooManyAttempts):
            station.accounts.sign_in.with_code("another", PASSWORD, "000000", address=ADDRESS)

    def test_one_network_of_ipv6_counts_as_one_address(self, station: Station) -> None:
        for number in range(FREE_ADDRESS):
            self.fail(station, login=f"login{number}", address=f"2001:db8:1:2::{number + 1:x}")
        with pytest.raises(TooManyAttempts):
            station.accounts.sign_in.with_code("another", PASSWORD, "000000", address="2001:db8:1:2:ffff::1")

    def test_account_that_many_addresses_try_waits(self, station: Station) -> None:
        for number in range(FREE_ACCOUNT):
            self.fail(station, address=f"198.51.100.{number}")
        with pytest.raises(TooManyAttempts):
            station.accounts.sign_in.with_code("ames", PASSWORD, "000000", address="203.0.113.9")

    def test_passkeys_that_fail_elsewhere_keep_nobody_waiting(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        sign_in = station.accounts.sign_in
        for number in range(FREE_ACCOUNT + 1):
            with pytest.raises(NotSignedIn):
                sign_in.with_passkey(
                    Authenticator().get(sign_in.passkey_options()), address=f"198.51.100.{number}"
                )
        assert sign_in.with_passkey(device.get(sign_in.passkey_options()), address=ADDRESS) == "o-1"

    def test_address_whose_passkeys_fail_waits(self, station: Station) -> None:
        sign_in = station.accounts.sign_in
        for _ in range(FREE_TOGETHER):
            with pytest.raises(NotSignedIn):
                sign_in.with_passkey({}, address=ADDRESS)
        with pytest.raises(TooManyAttempts):
            sign_in.with_passkey({}, address=ADDRESS)

    def test_station_behind_one_address_is_forgiven_one_failure_a_minute(self, station: Station) -> None:
        for number in range(FREE_ADDRESS):
            self.fail(station, login=f"login{number}")
        with pytest.raises(TooManyAttempts):
            station.accounts.sign_in.with_code("another", PASSWORD, "000000", address=ADDRESS)
        for number in range(10):
            station.clock.turn(minutes=1)
            self.fail(station, login=f"login{FREE_ADDRESS + number}")
        station.clock.turn(minutes=FREE_ADDRESS)
        for number in range(FREE_ADDRESS):
            self.fail(station, login=f"later{number}")

    def test_colleagues_who_sign_in_keep_no_address_waiting(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        sign_in = station.accounts.sign_in
        for number in range(FREE_ADDRESS):
            self.fail(station, login=f"login{number}")
        for _ in range(2 * FREE_ADDRESS):
            station.clock.turn(seconds=30)
            assert sign_in.with_passkey(device.get(sign_in.passkey_options()), address=ADDRESS) == "o-1"
        for number in range(FREE_ADDRESS):
            self.fail(station, login=f"later{number}")

    def test_longest_wait_is_a_quarter_of_an_hour_and_a_day_forgives(self, station: Station) -> None:
        for _ in range(40):
            with pytest.raises((NotSignedIn, TooManyAttempts)) as caught:
                station.accounts.sign_in.with_code("ames", "another password", "1", address=ADDRESS)
            if isinstance(caught.value, TooManyAttempts):
                assert caught.value.retry_after <= timedelta(minutes=15).total_seconds()
                station.clock.turn(seconds=caught.value.retry_after)
        station.clock.turn(days=1, seconds=1)
        for _ in range(FREE_TOGETHER):
            self.fail(station)

    def test_failure_of_the_node_itself_counts_for_nobody(
        self, station: Station, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secret, _ = station.enroll_with_code("o-1", login="ames")

        def fails(officer: str, code: str) -> bool:
            raise PartUnavailable("the file of accounts failed")

        with monkeypatch.context() as patch:
            patch.setattr(station.accounts._codes, "spend", fails)
            for _ in range(2 * FREE_TOGETHER):
                with pytest.raises(PartUnavailable, match="failed"):
                    station.accounts.sign_in.with_code("ames", PASSWORD, "000000", address=ADDRESS)
        found = station.accounts.sign_in.with_code("ames", PASSWORD, station.code(secret), address=ADDRESS)
        assert found == "o-1"
