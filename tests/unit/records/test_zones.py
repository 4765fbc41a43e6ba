"""An agency's clock: the zone of its state, county or city."""

from __future__ import annotations

import tomllib
import zoneinfo
from importlib import resources

import pytest

from gatehouse.records.organizations import parse
from gatehouse.records.zones import Zone, zone_for

TABLE = tomllib.loads(resources.files("gatehouse.records").joinpath("data/zones.toml").read_text("utf-8"))
STATES = tomllib.loads(resources.files("gatehouse.records").joinpath("data/states.toml").read_text("utf-8"))[
    "names"
]


class TestZoneFor:
    @pytest.mark.parametrize(
        ("name", "zone"),
        [
            ("Danville IL PD", "America/Chicago"),
            ("Los Altos CA PD", "America/Los_Angeles"),
            ("Honolulu HI PD", "Pacific/Honolulu"),
            ("Anchorage AK PD", "America/Anchorage"),
            ("Phoenix AZ PD", "America/Phoenix"),
            ("Navajo County AZ SO", "America/Phoenix"),
            ("Navajo Nation AZ PD", "America/Denver"),
            ("Okaloosa County FL SO", "America/Chicago"),
            ("Pensacola FL PD", "America/Chicago"),
            ("Fort Walton Beach FL PD", "America/Chicago"),
            ("Panama City Airport FL PD", "America/Chicago"),
            ("Polk County FL SO", "America/New_York"),
            ("Tampa FL PD", "America/New_York"),
            ("Knox County TN SO", "America/New_York"),
            ("Chattanooga TN PD", "America/New_York"),
            ("Shelby County TN SO", "America/Chicago"),
            ("Nashville TN PD", "America/Chicago"),
            ("Bowling Green KY PD", "America/Chicago"),
            ("Louisville Metro KY PD", "America/New_York"),
            ("McCracken County KY SO", "America/Chicago"),
            ("Gary IN PD", "America/Chicago"),
            ("Vanderburgh County IN SO", "America/Chicago"),
            ("Knox IN PD", "America/Chicago"),
            ("Knox County IN SO", "America/Indiana/Indianapolis"),
            ("Coeur d'Alene ID PD", "America/Los_Angeles"),
            ("Ada County ID SO", "America/Boise"),
            ("Ontario OR PD", "America/Boise"),
            ("Eugene OR PD", "America/Los_Angeles"),
            ("Dickinson ND PD", "America/Denver"),
            ("Rapid City SD PD", "America/Denver"),
            ("Scotts Bluff County NE SO", "America/Denver"),
            ("Goodland KS PD", "America/Denver"),
            ("El Paso TX PD", "America/Denver"),
            ("El Paso County TX SO", "America/Denver"),
            ("University of Texas at El Paso TX PD", "America/Denver"),
            ("El Paso County CO SO", "America/Denver"),
            ("Ironwood MI PSD", "America/Menominee"),
            ("Grand Rapids MI PD", "America/Detroit"),
            ("Small Town TX PD", "America/Chicago"),
            ("Ponce PR PD", "America/Puerto_Rico"),
        ],
    )
    def test_zone_for_known_place_is_certain(self, name: str, zone: str) -> None:
        assert zone_for(parse(name)) == Zone(zone, certain=True)

    @pytest.mark.parametrize(
        ("name", "zone"),
        [
            ("Florida Highway Patrol", "America/New_York"),
            ("Texas DPS", "America/Chicago"),
            ("Small Town TN PD", "America/Chicago"),
            ("Gulf County FL SO", "America/New_York"),
            ("Cherry County NE SO", "America/Chicago"),
            ("Phenix City AL PD", "America/Chicago"),
        ],
    )
    def test_zone_for_open_side_of_a_boundary_is_not_certain(self, name: str, zone: str) -> None:
        assert zone_for(parse(name)) == Zone(zone, certain=False)

    @pytest.mark.parametrize("name", ["US Border Patrol", "Arlington PD", ""])
    def test_zone_for_unknown_state_is_none(self, name: str) -> None:
        assert zone_for(parse(name)) is None

    def test_every_state_has_a_zone_that_exists(self) -> None:
        assert set(TABLE["states"]) == set(STATES)
        names = {*TABLE["states"].values(), *(row["zone"] for row in TABLE["second"])}
        assert names <= zoneinfo.available_timezones()

    def test_no_place_stands_in_both_zones(self) -> None:
        for row in TABLE["second"]:
            assert not set(row["cities"]) & set(row["first"]), row["state"]
            assert not set(row["counties"]) & set(row["divided"]), row["state"]
