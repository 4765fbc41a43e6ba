"""An organization's name read into state, kind and comparison key."""

from __future__ import annotations

import pytest

from gatehouse.model import AgencyKind
from gatehouse.records.organizations import parse, parse_many


@pytest.mark.parametrize(
    ("name", "state", "kind"),
    [
        ("Newport Beach PD CA", "CA", "police"),
        ("CA - Wasco PD", "CA", "police"),
        ("Foothill-DeAnza CA PD", "CA", "police"),
        ("Georgia Attorney General's Office  - GA", "GA", "prosecutor"),
        ("El Cajon PD ( CA)", "CA", "police"),
        ("Arlington PD (WA)", "WA", "police"),
        ("Amador County CA Sheriff's Office", "CA", "sheriff"),
        ("Bardstown PD KY", "KY", "police"),
        ("[Federal] US Border Patrol [Inactive]", None, "federal"),
        ("(Federal) Wright-Patterson OH Air Force Base", "OH", "federal"),
        ("Arizona Department of Public Safety", "AZ", "state_police"),
        ("University of California, Berkeley", "CA", "university"),
        ("NCRIC", "CA", "fusion"),
        ("Cal Fire", "CA", "other_public"),
        ("HAMILTON CO OH SO", "OH", "sheriff"),
    ],
)
def test_parse_as_exported_finds_state_and_kind(name: str, state: str | None, kind: str) -> None:
    organization = parse(name)
    assert (organization.name, organization.state, organization.kind) == (name, state, AgencyKind(kind))


def test_parse_many_keeps_order() -> None:
    assert [found.state for found in parse_many(["Bardstown PD KY", "CA - Wasco PD"])] == ["KY", "CA"]
