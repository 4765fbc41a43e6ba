"""Enrollment: who is let in, what an invitation is good for, and what it ends."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gatehouse.model import BadInput, BadUse, PartUnavailable
from gatehouse.node.accounts import NotPermitted, NotSignedIn
from gatehouse.node.accounts.enrolling import RECOVERY_CODES
from gatehouse.node.sessions import Method
from tests.unit.node.authenticator import Authenticator
from tests.unit.node.staff import ADDRESS, PASSWORD, Station


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    found = Station(tmp_path)
    yield found
    found.close()


def test_enrollment_is_on_the_record_with_who_invited_and_which_factor(station: Station) -> None:
    station.enroll_with_code("o-1")
    device = station.enroll_with_passkey("o-2")
    events = [(event.value, officer, by) for event, officer, by, _ in station.record.events]
    assert events == [
        ("account:officer:invited", "o-1", ("c-1",)),
        ("account:officer:enrolled", "o-1", ("o-1",)),
        ("account:officer:invited", "o-2", ("c-1",)),
        ("account:officer:enrolled", "o-2", ("o-2",)),
    ]
    (passkey,) = station.accounts.passkeys.of("o-2")
    assert passkey.credential == device.credential
    assert [detail for *_, detail in station.record.events][1::2] == [
        {"factor": "totp", "public_key": None},
        {"factor": "passkey", "public_key": passkey.public_key.hex()},
    ]


def test_recovery_codes_are_ten_of_128_bits_and_stand_nowhere_in_clear(station: Station) -> None:
    _, codes = station.enroll_with_code("o-1")
    assert len(set(codes)) == len(codes) == RECOVERY_CODES
    assert {len(code.replace("-", "")) for code in codes} == {26}
    station.close()
    kept = b"".join(each.read_bytes() for each in station.folder.iterdir())
    assert not [code for code in codes if code.encode() in kept or code.replace("-", "").encode() in kept]


def test_file_holds_neither_password_nor_token_nor_secret(station: Station) -> None:
    invitation = station.accounts.enrollment.invite("o-2", by=())
    secret, _ = station.enroll_with_code("o-1")
    session = station.accounts.sessions.open("o-1", method=Method.TOTP)
    station.close()
    kept = b"".join(each.read_bytes() for each in station.folder.iterdir())
    for text in (PASSWORD, invitation.token, secret, session):
        assert text.encode() not in kept


def test_files_are_their_owners_alone(station: Station) -> None:
    station.close()
    modes = {each.name: each.stat().st_mode & 0o777 for each in station.folder.iterdir()}
    assert modes == {"accounts.sqlite": 0o600, "accounts.key": 0o600}


def test_invitation_shows_the_same_secret_each_time_it_is_opened(station: Station) -> None:
    token = station.accounts.enrollment.invite("o-1", by=()).token
    first = station.accounts.enrollment.open(token)
    assert station.accounts.enrollment.open(token) == first
    assert first.uri.startswith("otpauth://totp/Gatehouse%20test:o-1?")
    assert first.secret not in repr(first)


def test_invitation_is_good_once(station: Station) -> None:
    token = station.accounts.enrollment.invite("o-1", by=()).token
    secret = station.accounts.enrollment.open(token).secret
    code = station.code(secret)
    station.accounts.enrollment.with_code(token, login="ames", password=PASSWORD, code=code)
    with pytest.raises(NotSignedIn, match="used"):
        station.accounts.enrollment.with_code(token, login="ames", password=PASSWORD, code=code)


def test_invitation_is_good_for_three_days(station: Station) -> None:
    token = station.accounts.enrollment.invite("o-1", by=()).token
    station.clock.turn(days=3)
    with pytest.raises(NotSignedIn, match="too old"):
        station.accounts.enrollment.open(token)


def test_later_invitation_takes_the_place_of_an_earlier(station: Station) -> None:
    first = station.accounts.enrollment.invite("o-1", by=()).token
    station.accounts.enrollment.invite("o-1", by=())
    with pytest.raises(NotSignedIn):
        station.accounts.enrollment.open(first)


def test_invitation_of_somebody_who_left_meanwhile_is_refused(station: Station) -> None:
    token = station.accounts.enrollment.invite("o-1", by=()).token
    station.roster.leave("o-1")
    with pytest.raises(NotPermitted, match="left"):
        station.accounts.enrollment.open(token)


@pytest.mark.parametrize("id", ["o-7", "o-2"])
def test_nobody_is_invited_who_does_not_serve(station: Station, id: str) -> None:
    station.roster.leave("o-2")
    with pytest.raises((BadInput, NotPermitted)):
        station.accounts.enrollment.invite(id, by=())


def test_code_that_does_not_fit_enrolls_nobody_and_keeps_the_invitation(station: Station) -> None:
    enrollment = station.accounts.enrollment
    token = enrollment.invite("o-1", by=()).token
    secret = enrollment.open(token).secret
    with pytest.raises(NotSignedIn, match="clock"):
        enrollment.with_code(token, login="ames", password=PASSWORD, code="000000")
    assert enrollment.with_code(token, login="ames", password=PASSWORD, code=station.code(secret))


def test_authenticator_must_be_set_up_first(station: Station) -> None:
    token = station.accounts.enrollment.invite("o-1", by=()).token
    with pytest.raises(BadUse, match="not set up"):
        station.accounts.enrollment.with_code(token, login="ames", password=PASSWORD, code="000000")


@pytest.mark.parametrize("login", ["a", "ames smith", "-ames", "\u00e4mes", "a" * 65, ""])
def test_login_of_another_form_is_refused(station: Station, login: str) -> None:
    token = station.accounts.enrollment.invite("o-1", by=()).token
    with pytest.raises(BadInput, match="another form"):
        station.accounts.enrollment.passkey_options(token, login=login)


def test_login_of_a_colleague_is_taken_in_any_case(station: Station) -> None:
    station.enroll_with_code("o-1", login="ames")
    token = station.accounts.enrollment.invite("o-2", by=()).token
    device = Authenticator()
    options = station.accounts.enrollment.passkey_options(token, login="AMES")
    with pytest.raises(BadInput, match="taken"):
        station.accounts.enrollment.with_passkey(
            token, login="AMES", credential=device.create(options), label="key"
        )


def test_passkey_of_a_colleague_is_refused(station: Station) -> None:
    device = station.enroll_with_passkey("o-1")
    token = station.accounts.enrollment.invite("o-2", by=()).token
    options = station.accounts.enrollment.passkey_options(token, login="other")
    with pytest.raises(BadInput, match="registered already"):
        station.accounts.enrollment.with_passkey(
            token, login="other", credential=device.create(options), label="key"
        )


def test_enrolling_anew_ends_what_the_person_had(station: Station) -> None:
    old = station.enroll_with_passkey("o-1", login="ames")
    session = station.accounts.sessions.open("o-1", method=Method.PASSKEY)
    station.enroll_with_code("o-1", login="ames")
    with pytest.raises(NotSignedIn):
        station.accounts.sessions.find(session)
    with pytest.raises(NotSignedIn):
        station.accounts.sign_in.with_passkey(
            old.get(station.accounts.sign_in.passkey_options()), address=ADDRESS
        )


def test_nothing_changes_when_the_record_cannot_be_written(station: Station) -> None:
    device = station.enroll_with_passkey("o-1", login="ames")
    token = station.accounts.enrollment.invite("o-1", by=()).token
    secret = station.accounts.enrollment.open(token).secret
    station.record.fails = PartUnavailable("no witness answers")
    with pytest.raises(PartUnavailable):
        station.accounts.enrollment.with_code(
            token, login="ames", password=PASSWORD, code=station.code(secret)
        )
    answer = device.get(station.accounts.sign_in.passkey_options())
    assert station.accounts.sign_in.with_passkey(answer, address=ADDRESS) == "o-1"


class TestPasskeysLater:
    def test_second_passkey_signs_in_and_is_on_the_record(self, station: Station) -> None:
        station.enroll_with_passkey("o-1", login="ames")
        second = Authenticator()
        options = station.accounts.passkey_options("o-1")
        assert [each["id"] for each in options["excludeCredentials"]] != []
        station.accounts.add_passkey("o-1", second.create(options), label="spare")
        answer = second.get(station.accounts.sign_in.passkey_options())
        assert station.accounts.sign_in.with_passkey(answer, address=ADDRESS) == "o-1"
        assert station.record.names()[-1] == "account:factor:added"

    def test_passkey_made_for_a_colleague_is_refused(self, station: Station) -> None:
        station.enroll_with_passkey("o-1")
        station.enroll_with_passkey("o-2")
        answer = Authenticator().create(station.accounts.passkey_options("o-2"))
        with pytest.raises(NotSignedIn):
            station.accounts.add_passkey("o-1", answer, label="spare")

    def test_removed_passkey_signs_nobody_in_and_the_last_factor_stays(self, station: Station) -> None:
        first = station.enroll_with_passkey("o-1")
        second = Authenticator()
        station.accounts.add_passkey(
            "o-1", second.create(station.accounts.passkey_options("o-1")), label="spare"
        )
        session = station.accounts.sessions.open("o-1", method=Method.PASSKEY)
        station.accounts.remove_passkey("o-1", first.credential)
        with pytest.raises(NotSignedIn):
            station.accounts.sessions.find(session)
        with pytest.raises(NotSignedIn):
            station.accounts.sign_in.with_passkey(
                first.get(station.accounts.sign_in.passkey_options()), address=ADDRESS
            )
        with pytest.raises(BadUse, match="last factor"):
            station.accounts.remove_passkey("o-1", second.credential)

    def test_nobody_removes_the_passkey_of_a_colleague(self, station: Station) -> None:
        station.enroll_with_passkey("o-1")
        other = station.enroll_with_passkey("o-2")
        with pytest.raises(BadUse):
            station.accounts.remove_passkey("o-1", other.credential)


def test_changed_password_counts_and_ends_sessions(station: Station) -> None:
    secret, _ = station.enroll_with_code("o-1", login="ames")
    session = station.accounts.sessions.open("o-1", method=Method.TOTP)
    station.accounts.change_password("o-1", "ladder winter orchard")
    with pytest.raises(NotSignedIn):
        station.accounts.sessions.find(session)
    with pytest.raises(NotSignedIn):
        station.accounts.sign_in.with_code("ames", PASSWORD, station.code(secret), address=ADDRESS)
    found = station.accounts.sign_in.with_code(
        "ames", "ladder winter orchard", station.code(secret), address=ADDRESS
    )
    assert found == "o-1"


class TestOffboard:
    def test_everything_of_the_person_ends_at_once(self, station: Station) -> None:
        secret, codes = station.enroll_with_code("o-1", login="ames")
        session = station.accounts.sessions.open("o-1", method=Method.TOTP)
        station.accounts.subjects.link("https://id.test", "s-1", "o-1", by=("c-1", "c-2"))
        station.accounts.offboard("o-1", by=("c-1",))
        refused: list[Callable[[], object]] = [
            lambda: station.accounts.sessions.find(session),
            lambda: station.accounts.sign_in.with_code(
                "ames", PASSWORD, station.code(secret), address=ADDRESS
            ),
            lambda: station.accounts.recoveries.with_code(
                "ames", codes[0], password=PASSWORD, address=ADDRESS
            ),
            lambda: station.accounts.subjects.officer("https://id.test", "s-1"),
        ]
        for each in refused:
            with pytest.raises(NotSignedIn):
                each()
        assert station.record.names()[-1] == "account:officer:offboarded"

    def test_account_ends_even_when_the_record_cannot_be_written(self, station: Station) -> None:
        station.enroll_with_code("o-1", login="ames")
        session = station.accounts.sessions.open("o-1", method=Method.TOTP)
        station.record.fails = PartUnavailable("no witness answers")
        with pytest.raises(PartUnavailable):
            station.accounts.offboard("o-1", by=("c-1",))
        with pytest.raises(NotSignedIn):
            station.accounts.sessions.find(session)

    def test_account_that_ended_is_never_used_again(self, station: Station) -> None:
        station.enroll_with_code("o-1", login="ames")
        station.accounts.offboard("o-1", by=("c-1",))
        with pytest.raises(NotPermitted, match="ended"):
            station.accounts.enrollment.invite("o-1", by=("c-1",))

    def test_login_is_free_for_another_person(self, station: Station) -> None:
        station.enroll_with_code("o-1", login="ames")
        station.accounts.offboard("o-1", by=("c-1",))
        secret, _ = station.enroll_with_code("o-2", login="ames")
        found = station.accounts.sign_in.with_code("ames", PASSWORD, station.code(secret), address=ADDRESS)
        assert found == "o-2"


def test_file_of_another_version_is_refused(station: Station) -> None:
    station.close()
    with sqlite3.connect(station.folder / "accounts.sqlite") as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(BadInput, match="another version"):
        station.open()


def test_file_that_is_no_database_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "accounts.sqlite").write_bytes(b"no database at all, but long enough to be read" * 40)
    with pytest.raises(PartUnavailable, match="the file of accounts failed"):
        Station(tmp_path)
