"""Recovery of a lost factor: by a code, or by two custodians; never by one, and never a sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.node.accounts import NotPermitted, NotSignedIn, TooManyAttempts
from gatehouse.node.accounts.throttle import FREE_TOGETHER
from tests.unit.node.authenticator import Authenticator
from tests.unit.node.staff import ADDRESS, PASSWORD, Station


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    found = Station(tmp_path)
    yield found
    found.close()


class TestWithCode:
    def test_code_gives_an_invitation_and_is_used_up(self, station: Station) -> None:
        _, codes = station.enroll_with_code("o-1", login="ames")
        recoveries = station.accounts.recoveries
        invitation = recoveries.with_code("ames", codes[3], password=PASSWORD, address=ADDRESS)
        assert invitation.officer == "o-1"
        assert invitation.token not in repr(invitation)
        assert station.record.names()[-1] == "account:recovery:code_used"
        with pytest.raises(NotSignedIn):
            recoveries.with_code("ames", codes[3], password=PASSWORD, address=ADDRESS)

    def test_code_is_taken_as_people_type_it(self, station: Station) -> None:
        _, codes = station.enroll_with_code("o-1", login="ames")
        typed = codes[0].upper().replace("-", " ")
        found = station.accounts.recoveries.with_code("Ames", typed, password=PASSWORD, address=ADDRESS)
        assert found.officer == "o-1"

    def test_code_found_on_paper_opens_nothing_without_the_password(self, station: Station) -> None:
        _, codes = station.enroll_with_code("o-1", login="ames")
        for password in (None, "", "another password"):
            with pytest.raises(NotSignedIn):
                station.accounts.recoveries.with_code("ames", codes[0], password=password, address=ADDRESS)

    def test_code_of_a_colleague_is_refused(self, station: Station) -> None:
        station.enroll_with_code("o-1", login="ames")
        _, codes = station.enroll_with_code("o-2", login="other")
        with pytest.raises(NotSignedIn):
            station.accounts.recoveries.with_code("ames", codes[0], password=PASSWORD, address=ADDRESS)

    def test_who_has_passkeys_only_needs_no_password(self, station: Station) -> None:
        enrollment, device = station.accounts.enrollment, Authenticator()
        token = enrollment.invite("o-1", by=()).token
        made = device.create(enrollment.passkey_options(token, login="ames"))
        codes = enrollment.with_passkey(token, login="ames", credential=made, label="key")
        found = station.accounts.recoveries.with_code("ames", codes[0], password=None, address=ADDRESS)
        assert found.officer == "o-1"

    def test_guessing_codes_makes_wait(self, station: Station) -> None:
        station.enroll_with_code("o-1", login="ames")
        recoveries = station.accounts.recoveries
        for _ in range(FREE_TOGETHER):
            with pytest.raises(NotSignedIn):
                recoveries.with_code("ames", "aaaaa", password=PASSWORD, address=ADDRESS)
        with pytest.raises(TooManyAttempts):
            recoveries.with_code("ames", "aaaaa", password=PASSWORD, address=ADDRESS)

    def test_until_the_invitation_is_used_the_old_factor_stays(self, station: Station) -> None:
        secret, codes = station.enroll_with_code("o-1", login="ames")
        station.accounts.recoveries.with_code("ames", codes[0], password=PASSWORD, address=ADDRESS)
        found = station.accounts.sign_in.with_code("ames", PASSWORD, station.code(secret), address=ADDRESS)
        assert found == "o-1"


class TestByCustodians:
    def test_two_custodians_give_an_invitation_that_replaces_the_lost_factor(self, station: Station) -> None:
        secret, _ = station.enroll_with_code("o-1", login="ames")
        recoveries = station.accounts.recoveries
        invitation = recoveries.approve(recoveries.ask("o-1", by="c-1").id, by="c-2")
        enrollment = station.accounts.enrollment
        anew = enrollment.open(invitation.token).secret
        enrollment.with_code(invitation.token, login="ames", password=PASSWORD, code=station.code(anew))
        station.clock.turn(seconds=60)
        with pytest.raises(NotSignedIn):
            station.accounts.sign_in.with_code("ames", PASSWORD, station.code(secret), address=ADDRESS)
        found = station.accounts.sign_in.with_code("ames", PASSWORD, station.code(anew), address=ADDRESS)
        assert found == "o-1"
        asked, approved = (event for event in station.record.events if "recovery" in event[0].value)
        assert [asked[0].value, asked[2]] == ["account:recovery:asked", ("c-1",)]
        assert [approved[0].value, approved[2]] == ["account:recovery:approved", ("c-1", "c-2")]

    def test_one_custodian_is_not_two(self, station: Station) -> None:
        station.enroll_with_code("o-1")
        asked = station.accounts.recoveries.ask("o-1", by="c-1")
        with pytest.raises(NotPermitted, match="second custodian"):
            station.accounts.recoveries.approve(asked.id, by="c-1")

    @pytest.mark.parametrize("by", ["o-2", "c-9", "o-1"])
    def test_only_custodians_of_the_agency_ask_and_approve(self, station: Station, by: str) -> None:
        station.enroll_with_code("o-1")
        recoveries = station.accounts.recoveries
        with pytest.raises(NotPermitted):
            recoveries.ask("o-1", by=by)
        asked = recoveries.ask("o-1", by="c-1")
        with pytest.raises(NotPermitted):
            recoveries.approve(asked.id, by=by)

    def test_custodian_recovers_no_own_account(self, station: Station) -> None:
        station.enroll_with_code("c-1")
        recoveries = station.accounts.recoveries
        with pytest.raises(NotPermitted, match="own account"):
            recoveries.ask("c-1", by="c-1")
        asked = recoveries.ask("c-1", by="c-2")
        with pytest.raises(NotPermitted, match="own account"):
            recoveries.approve(asked.id, by="c-1")

    def test_custodian_who_left_meanwhile_counts_no_more(self, station: Station) -> None:
        station.enroll_with_code("o-1")
        asked = station.accounts.recoveries.ask("o-1", by="c-1")
        station.roster.leave("c-1")
        with pytest.raises(NotPermitted, match="left"):
            station.accounts.recoveries.approve(asked.id, by="c-2")

    def test_recovery_is_approved_once_and_within_a_day(self, station: Station) -> None:
        station.enroll_with_code("o-1")
        recoveries = station.accounts.recoveries
        asked = recoveries.ask("o-1", by="c-1")
        recoveries.approve(asked.id, by="c-2")
        with pytest.raises(NotPermitted, match="done"):
            recoveries.approve(asked.id, by="c-2")
        late = recoveries.ask("o-1", by="c-1")
        station.clock.turn(days=1)
        with pytest.raises(NotPermitted, match="too old"):
            recoveries.approve(late.id, by="c-2")

    def test_person_without_an_account_has_nothing_to_recover(self, station: Station) -> None:
        with pytest.raises(NotPermitted, match="no account"):
            station.accounts.recoveries.ask("o-1", by="c-1")
