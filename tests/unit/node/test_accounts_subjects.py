"""Subjects of an OpenID provider: linked to one person by a custodian, else nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.model import BadInput
from gatehouse.node.accounts import NotPermitted, NotSignedIn
from gatehouse.node.sessions import Method
from tests.unit.node.staff import Station

ISSUER = "https://id.test"


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    found = Station(tmp_path)
    yield found
    found.close()


def test_linked_subject_is_its_person_and_the_link_is_on_the_record(station: Station) -> None:
    station.accounts.subjects.link(ISSUER, "s-1", "o-1", by=("c-1", "c-2"))
    assert station.accounts.subjects.officer(ISSUER, "s-1") == "o-1"
    assert station.record.names() == ["account:subject:linked"]


def test_subject_of_another_issuer_is_nobody(station: Station) -> None:
    station.accounts.subjects.link(ISSUER, "s-1", "o-1", by=("c-1", "c-2"))
    with pytest.raises(NotSignedIn):
        station.accounts.subjects.officer("https://id.test.example", "s-1")


def test_subject_linked_to_another_person_is_refused(station: Station) -> None:
    station.accounts.subjects.link(ISSUER, "s-1", "o-1", by=("c-1", "c-2"))
    with pytest.raises(BadInput, match="another person"):
        station.accounts.subjects.link(ISSUER, "s-1", "o-2", by=("c-1", "c-2"))


def test_linking_again_changes_and_records_nothing(station: Station) -> None:
    for _ in range(2):
        station.accounts.subjects.link(ISSUER, "s-1", "o-1", by=("c-1", "c-2"))
    assert station.record.names() == ["account:subject:linked"]


def test_unlinked_subject_is_nobody_and_its_sessions_end(station: Station) -> None:
    station.accounts.subjects.link(ISSUER, "s-1", "o-1", by=("c-1", "c-2"))
    session = station.accounts.sessions.open("o-1", method=Method.OIDC)
    station.accounts.subjects.unlink(ISSUER, "s-1", by=("c-1", "c-2"))
    with pytest.raises(NotSignedIn):
        station.accounts.sessions.find(session)
    with pytest.raises(NotSignedIn):
        station.accounts.subjects.officer(ISSUER, "s-1")
    with pytest.raises(BadInput, match="nobody"):
        station.accounts.subjects.unlink(ISSUER, "s-1", by=("c-1", "c-2"))


def test_person_who_has_left_is_refused(station: Station) -> None:
    station.accounts.subjects.link(ISSUER, "s-1", "o-1", by=("c-1", "c-2"))
    station.roster.leave("o-1")
    with pytest.raises(NotPermitted, match="left"):
        station.accounts.subjects.officer(ISSUER, "s-1")


@pytest.mark.parametrize("by", [("c-1",), ("c-1", "c-1"), ("c-1", "o-2"), ("c-1", "c-9")])
def test_one_custodian_links_nobody(station: Station, by: tuple[str, ...]) -> None:
    with pytest.raises(NotPermitted):
        station.accounts.subjects.link(ISSUER, "s-1", "o-1", by=by)


def test_custodian_links_no_own_subject(station: Station) -> None:
    with pytest.raises(NotPermitted, match="their own"):
        station.accounts.subjects.link(ISSUER, "s-1", "c-1", by=("c-1", "c-2"))


@pytest.mark.parametrize("subject", ["", "s" * 256, "s\u00e4"])
def test_subject_of_another_form_is_refused(station: Station, subject: str) -> None:
    with pytest.raises(BadInput, match="another form"):
        station.accounts.subjects.link(ISSUER, subject, "o-1", by=("c-1", "c-2"))
