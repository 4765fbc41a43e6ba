"""An organization's name read into state, kind and comparison key.

Agencies are invented, save where the name itself is what is read: places named like a state or a campus,
bodies of a state or of the nation, and the aliases that the package keeps.
"""

from __future__ import annotations

import doctest
import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from gatehouse.model import AgencyKind, Organization
from gatehouse.records.organizations import fold_place, parse, parse_many, place

STATES: dict[str, str] = tomllib.loads(
    resources.files("gatehouse.records").joinpath("data/states.toml").read_text("utf-8")
)["names"]


class TestState:
    @pytest.mark.parametrize(
        ("name", "state"),
        [
            ("Heron Beach PD CA", "CA"),
            ("CA - Brackmere PD", "CA"),
            ("AL- Alderby County SO", "AL"),
            ("Corranwick County SO-CA", "CA"),
            ("Foxhill-DeMarra CA PD", "CA"),
            ("Georgia Attorney General's Office  - GA", "GA"),
            ("El Cardon PD ( CA)", "CA"),
            ("Fennstead (WA) Police Department", "WA"),
            ("Harlock County CA Sheriff's Office", "CA"),
            ("Garrowtoft PD KY", "KY"),
            ("  Heron Beach  PD CA  ", "CA"),
            ("heron beach pd ca", "CA"),
            ("HERON BEACH PD CA", "CA"),
            ("Halstwyke, California, Police Department", "CA"),
            ("Dunmorlund, CA PD", "CA"),
            ("N.Y. State Police", "NY"),
            ("D.C. Metropolitan Police", "DC"),
            ("TX DPS", "TX"),
            ("(Federal) Harrow-Patten OH Air Force Base", "OH"),
        ],
    )
    def test_parse_code_wherever_it_stands(self, name: str, state: str) -> None:
        assert parse(name).state == state

    @pytest.mark.parametrize(
        ("name", "state"),
        [
            # Codes that are words or parts of names.
            ("IN - Harvest PD", "IN"),
            ("IN Lakebeck PD", "IN"),
            ("La Marra IN PD", "IN"),
            ("LA MARRA IN PD", "IN"),
            ("De Marra MO PD", "MO"),
            ("DE MARRA MO PD", "MO"),
            ("Medbeck OR PD", "OR"),
            ("Aldwyn OR PR", "OR"),
            ("LA - Marlow City PD", "LA"),
            ("LA County SO", "CA"),
            ("LA Port Police", None),
            ("UT Southwestern Medical Center", None),
            ("UT Southwestern Medical Center TX", "TX"),
            ("Eskarrigg VA PD", "VA"),
            ("Eskarrigg VA Medical Center PD", None),
            ("MD Anderson Cancer Center TX", "TX"),
            # County or Colorado, sheriff's department or South Dakota.
            ("HARLOCK CO OH SO", "OH"),
            ("Fennick TWP (Harlock CO) OH PD", "OH"),
            ("Harlock CO SO OK", "OK"),
            ("Harlock CO SO", None),
            ("HARLOCK CO PD", None),
            ("Aldwyn CO PD", "CO"),
            ("Harlock County CO SO", "CO"),
            ("Harlock County CA SD", "CA"),
            ("Birch City SD PD", "SD"),
            # Two codes in code position.
            ("CA - Brackmere PD TX", None),
        ],
    )
    def test_parse_ambiguous_code_takes_the_one_in_code_position(self, name: str, state: str | None) -> None:
        assert parse(name).state == state

    @pytest.mark.parametrize(
        ("name", "state"),
        [
            ("Nevada MO PD", "MO"),
            ("Kansas City MO PD", "MO"),
            ("California MD PD", "MD"),
            ("Oregon WI PD", "WI"),
            ("Washington IL PD", "IL"),
            ("Delaware OH PD", "OH"),
            ("Indiana PA PD", "PA"),
            ("Wyoming MI PD", "MI"),
            ("West New York NJ PD", "NJ"),
            ("Texas County MO SO", "MO"),
            ("Federal Way WA PD", "WA"),
            ("Virginia Beach PD", "VA"),
            ("Iowa City PD", "IA"),
            ("Nevada PD", None),
            ("Nevada County Sheriff's Office", None),
            ("Kansas City PD", None),
            ("Washington Police Department", None),
            ("Wyoming Police Department", None),
            ("Port Washington Police Department", None),
            ("West New York PD", None),
            ("Lake Michigan College Campus PD", None),
        ],
    )
    def test_parse_place_named_like_a_state_is_no_state(self, name: str, state: str | None) -> None:
        assert parse(name).state == state

    @pytest.mark.parametrize(
        ("name", "state"),
        [
            ("Georgia Attorney General", "GA"),
            ("Attorney General of Illinois - Medicare Fraud Division", "IL"),
            ("Illinois State Police", "IL"),
            ("Arizona Department of Public Safety", "AZ"),
            ("Washington State Patrol", "WA"),
            ("West Virginia Fusion Center", "WV"),
            ("University of California, Berkeley", "CA"),
            ("California University of Pennsylvania", "PA"),
            ("Washington University in St. Louis MO PD", "MO"),
            ("Northern Colorado Intelligence Unit", "CO"),
            ("Georgia Gwinnett College PD", "GA"),
            ("Albany California Police Department", "CA"),
            ("Guam Police Department", "GU"),
        ],
    )
    def test_parse_full_name_of_an_institution_tells_the_state(self, name: str, state: str) -> None:
        assert parse(name).state == state


class TestKind:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("Justice IL PD", "police"),
            ("College Park GA PD", "police"),
            ("University Heights OH PD", "police"),
            ("Pueblo Ridge CO PD", "police"),
            ("Quiet Flock AR PD", "police"),
            ("Country Club Vale IL PD", "police"),
            ("Aldwyn KS DPS", "police"),
            ("Heron Creek AZ Marshal's Office", "police"),
            ("Harlock County Const TX Pct 4", "police"),
            ("Tallgrass Narcotics Task Force KY", "police"),
            ("Harlock County CA Sheriff's Office", "sheriff"),
            ("Harlock County CO Sheriff", "sheriff"),
            ("Harlock County SC SD", "sheriff"),
            ("Ohio DPS", "state_police"),
            ("Georgia State Patrol GA PD", "state_police"),
            ("California Highway Patrol", "state_police"),
            ("Georgia Bureau of Investigation", "state_police"),
            ("Harlock County GA DA", "prosecutor"),
            ("Harlock County State Attorney's Office (IL)", "prosecutor"),
            ("Harlock County AZ Attorney's Office", "prosecutor"),
            ("FL - Department of Corrections", "corrections"),
            ("Heron River VA Jail", "corrections"),
            ("Fennick Tribal PD WA", "tribal"),
            ("Pueblo of Marra PD NM", "tribal"),
            ("Aldwyn University AL", "university"),
            ("Fennick ISD TX PD", "school"),
            ("Fennick Regional Airport AL", "transit"),
            ("NCRIC", "fusion"),
            ("Indiana HIDTA", "fusion"),
            ("Nevada Department of Motor Vehicles", "regulator"),
            ("Texas Parks & Wildlife Department", "regulator"),
            ("El Marra HOA (CA)", "private"),
            ("Union Pacific Railroad PD", "private"),
            ("Cal Fire", "other_public"),
            ("Ohio State Fire Marshal", "other_public"),
            ("Harlock County IL 911", "other_public"),
            ("MS Office of Homeland Security", "other_public"),
            ("Herons Pointe (CA)", "unknown"),
            ("", "unknown"),
        ],
    )
    def test_parse_kind_by_words(self, name: str, kind: str) -> None:
        assert parse(name).kind is AgencyKind(kind)

    @pytest.mark.parametrize(
        ("name", "immigration"),
        [
            ("[Federal] US Border Patrol [Inactive]", True),
            ("US Customs and Border Protection", True),
            ("Homeland Security Investigations [Federal] [Inactive]", True),
            ("CBP - Fennick TX", True),
            ("ICE", True),
            ("US ICE", True),
            ("I.C.E. Field Office", True),
            ("[Federal] DHS OIG", True),
            ("[Federal] Federal Bureau of Investigation (FBI)", False),
            ("US Postal Inspection Service [Federal]", False),
            ("USMS (Inactive)", False),
            ("ATF Fennick TN", False),
            ("Marra Vista Healthcare System CA Veterans Affairs PD [Federal]", False),
            ("Fort Harrow VA US Army", False),
            ("National Park Service TN [deactivated]", False),
        ],
    )
    def test_parse_federal_body_marks_immigration_enforcement(self, name: str, immigration: bool) -> None:
        found = parse(name)
        assert (found.kind, found.immigration) == (AgencyKind.FEDERAL, immigration)

    @pytest.mark.parametrize(
        "name",
        [
            "Justice IL Police",
            "Harlock County Sheriffs Office",
            "California Department of Justice",
            "HARLOCK ICE ARENA",
            "ICE SERVICE CENTER",
            "Ice House PD",
            "Desert Hot Springs CA PD",
            "CA DHS",
            "DHS PD",
            "ERO Solutions LLC",
            "Indiana Department of Homeland Security",
            "Border City PD",
            "Federal Vale CO PD",
        ],
    )
    def test_parse_look_alike_is_no_federal_body(self, name: str) -> None:
        found = parse(name)
        assert (found.kind is AgencyKind.FEDERAL, found.immigration) == (False, False)


class TestKey:
    @pytest.mark.parametrize(
        "names",
        [
            (
                "Heron Beach PD CA",
                "Heron Beach  CA PD ",
                "CA - Heron Beach PD",
                "City of Heron Beach PD (CA)",
            ),
            (
                "Heron Beach Police Dept CA",
                "Heron Beach Police Department, CA",
                "Heron Beach CA PD (Raven v1.2)",
            ),
            (
                "Harlock County CA SO",
                "Harlock Co CA Sheriff's Office",
                "Harlock County CA Sheriff Department",
            ),
            ("Orange County SO CA", "OC Sheriff CA"),
            ("HARLOCK CO OH SO", "Harlock County OH SO"),
            ("Arizona Department of Public Safety [Inactive]", "AZ - Department of Public Safety"),
            ("Georgia Attorney General's Office  - GA", "Georgia Attorney General"),
            ("U.S. Border Patrol", "[Federal] US Border Patrol [Inactive]"),
            ("FBI [turned off]", "[Federal] Federal Bureau of Investigation (FBI)"),
            ("Aldwyn University AL", "DNU - Aldwyn University AL (Raven)", "Aldwyn University Campus PD AL"),
            ("Saint Alder MI DPS", "St. Alder Department of Public Safety MI"),
            ("Fennick Twp MI PD", "Fennick Township MI PD"),
            ("NCRIC", "Northern California Regional Intelligence Center CA"),
        ],
    )
    def test_parse_spellings_of_one_agency_share_a_key(self, names: tuple[str, ...]) -> None:
        assert len({parse(name).key for name in names}) == 1

    @pytest.mark.parametrize(
        "names",
        [
            ("Aldwyn WA PD", "Aldwyn TX PD", "Aldwyn County VA PD", "Aldwyn PD"),
            ("Harlock County FL SO", "Harlock FL PD", "Harlock County FL PD"),
            ("Fennick Township OH PD (Harlock County)", "Fennick Township OH PD (Aldwyn County)"),
            ("University of Illinois - Chicago IL PD", "University of Chicago IL PD", "Chicago IL PD"),
            ("Harlock County Const TX Pct 1", "Harlock County Const TX Pct 2"),
            ("Town of Fennick WI PD", "Fennick WI PD"),
            ("[Federal] Park Police", "Park Police"),
            ("Ohio State University OH PD", "Ohio State Highway Patrol", "Ohio University OH PD"),
        ],
    )
    def test_parse_different_agencies_keep_their_keys(self, names: tuple[str, ...]) -> None:
        assert len({parse(name).key for name in names}) == len(names)

    def test_place_is_the_key_without_kind_and_state(self) -> None:
        assert place(parse("Fort Walton Beach FL PD")) == "ft walton beach" == fold_place("Fort Walton Beach")


class TestParse:
    def test_parse_gives_every_field(self) -> None:
        name = "[Federal] US Border Patrol [Inactive]"
        assert parse(name) == Organization(
            name=name,
            key="|federal border patrol|",
            state=None,
            kind=AgencyKind.FEDERAL,
            inactive=True,
            immigration=True,
            basis="tag",
        )

    @pytest.mark.parametrize(
        ("name", "basis"),
        [
            ("Brackmere CA PD", "name"),
            ("Brackmere PD (CA)", "tag"),
            ("NCRIC", "alias"),
            ("Quiet Harbor", "unknown"),
        ],
    )
    def test_parse_basis_says_how(self, name: str, basis: str) -> None:
        assert parse(name).basis == basis

    @pytest.mark.parametrize(
        "name",
        [
            "Brackmere CA PD [Inactive]",
            "Brackmere CA PD (deactivated)",
            "DNU - Brackmere CA PD (Raven)",
            "Brackmere CA PD - DO NOT USE DUPLICATE ACCOUNT",
            "FBI [turned off]",
            "deactivated",
        ],
    )
    def test_parse_retired_account_is_inactive(self, name: str) -> None:
        assert parse(name).inactive

    def test_parse_many_keeps_order(self) -> None:
        assert [found.state for found in parse_many(["Garrowtoft PD KY", "CA - Brackmere PD"])] == [
            "KY",
            "CA",
        ]

    @given(st.text(max_size=60))
    def test_parse_any_text_gives_a_known_state_or_none(self, name: str) -> None:
        found = parse(name)
        assert found.name == name
        assert found.state is None or found.state in STATES

    @given(
        st.from_regex(r"[A-Z][a-z]{3,9}( [A-Z][a-z]{3,9})?", fullmatch=True),
        st.sampled_from(sorted(set(STATES) - {"GU", "PR", "VI"})),
    )
    def test_parse_town_with_its_code_in_any_position_is_one_agency(self, town: str, state: str) -> None:
        forms = [f"{town} {state} PD", f"{town} PD {state}", f"{state} - {town} PD", f"{town} PD ({state})"]
        found = parse_many(forms)
        assert {each.state for each in found} == {state}
        assert len({each.key for each in found}) == 1


def test_aliases_say_why_and_are_read_as_meant() -> None:
    data: dict[str, Any] = tomllib.loads(
        resources.files("gatehouse.records").joinpath("data/aliases.toml").read_text("utf-8")
    )
    for row in data["alias"]:
        assert row["why"], row["name"]
        for name in row["name"]:
            code = f" {row['requires']}" if "requires" in row else ""
            found = parse(name + code)
            assert (found.basis, found.state is None, found.kind is AgencyKind.UNKNOWN) == (
                "alias",
                False,
                False,
            )


def test_manual_examples_read_as_shown() -> None:
    manual = Path(__file__).resolve().parents[3] / "docs" / "organizations.md"
    result = doctest.testfile(str(manual), module_relative=False)
    assert (result.failed, result.attempted > 0) == (0, True)


@pytest.mark.shared
class TestReference:
    """Real names: what share tells its state, and that it is the right one where a second column says it."""

    @pytest.fixture
    def book(self, reference: Path) -> CalamineWorkbook:
        return CalamineWorkbook.from_path(reference / "records" / "portal-policies-2025-06-11.xlsx")

    def test_states_agree_with_the_column_that_names_them(self, book: CalamineWorkbook) -> None:
        rows = book.get_sheet_by_name("EZ").to_python()[1:]
        named = {(str(row[0]), str(row[1])) for row in rows if row[0] and row[1]}
        assert len(named) > 400
        assert [(name, state, parse(name).state) for name, state in named if parse(name).state != state] == []

    def test_nearly_every_name_tells_its_state(self, book: CalamineWorkbook, reference: Path) -> None:
        names = {str(row[0]) for row in book.get_sheet_by_name("Shared org list").to_python()[1:] if row[0]}
        for agency in json.loads((reference / "records" / "portal-policies.json").read_text("utf-8")):
            names.update(agency["sharing_outbound"] or (), [agency["crawled_name"]])
        names = {name for name in names if name}
        found = sum(parse(name).state is not None for name in names)
        assert found / len(names) > 0.97
        known = sum(parse(name).kind is not AgencyKind.UNKNOWN for name in names)
        assert known / len(names) > 0.97
