"""Attack: get an alert for a person whom immigration enforcement looks for onto a hotlist.

The file's name is spelled, coded or disguised; the words stand in another column, are split over cells or
hide in the source's name; the agency that listed it gives it away; a person asks by hand under another
purpose. Nothing of it comes to a match, and what is told apart is counted as what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatehouse.hotlist.importing import read_list
from gatehouse.hotlist.layouts import Mapping
from gatehouse.hotlist.listed_as import letter_of
from gatehouse.hotlist.rows import RowRefusal
from gatehouse.model import BadInput, Behalf, Party, Purpose, SearchState
from gatehouse.model.agency import AgencyKind
from gatehouse.search.errors import Refused
from tests.unit.hotlist.world import CUSTODIANS, World

AT = datetime(2026, 11, 23, 16, tzinfo=UTC)

NAMES = [
    "Immigration Violator",
    "IMMIGRATION VIOLATOR FILE",
    "Immig. Violator",
    "Imm Viol",
    "IVF",
    "I.V.F.",
    "NCIC IVF",
    "IV",
    "N",
    "VIOLATOR FILE - ICE",
    "Violator",
    "Deported Felon",
    "Deported Felon File",
    "DEP0RTED FEL0N",
    "Absconder",
    "NSEERS",
    "Administrative Warrant",
    "ICE",
    "I C E",
    "ICE/ERO",
    "ENF",
    "EAF",
    "IMM1GRAT10N V10LAT0R",
    "1mm1grat1on",
    "I M M I G R A T I O N",
    "Immi\u200bgration Violator",
    "\u0406mmigration Violator",
    "\uff29\uff4d\uff4d\uff49\uff47\uff52\uff41\uff54\uff49\uff4f\uff4e",
    "Stolen Vehicle (immigration)",
    "STOLEN - ICE DETAINER",
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("name", NAMES)
def test_however_the_file_is_spelled_the_row_is_refused_and_counted(name: str) -> None:
    report = read_list(f"Plate;Type;Case\nTEST1;{name};26-1\n".encode(), at=AT)
    assert report.rows == ()
    assert report.reasons == {RowRefusal.IMMIGRATION: 1}


@pytest.mark.parametrize(
    "line",
    [
        "N123456789LA057020020261101TEST123   CA2026PC2009YAMACYLMCBLK",
        "V123456789VTICE090020261101TEST123   CA2026PC2009YAMACYLMCBLK",
        "V123456789LA057020020261101TEST123   CA2026PC2009YAMACYLMCBLK IVF",
        "N165399977,0H0671200,20261101,TEST728,0H,2021,2009,D0DG,CHA,4D,GRY",
        "V165399977,VT1CE0900,20261101,TEST728,0H,2021,2009,D0DG,CHA,4D,GRY",
        "V165399977,0H0671200,20261101,TEST728,0H,2021,ICE WARRANT,D0DG,CHA,4D,GRY",
        "IMMIGRATION VIOLATOR;FL0123456;TOWN PD;11-1;;P123456789;;;TEST123;2027;FL;PC;11/06/2026",
        "STOLEN VEHICLE;FL0123456;ICE ERO MIAMI;11-1;;P123456789;;;TEST123;2027;FL;PC;11/06/2026",
        "TEST66  WIPCIMM VIOLATOR VYR/05 LDS/V16A0661",
        "TEST66  WIPCSTOLEN VYR/05 MIS/ICE-WARRANT LDS/V16A0661",
    ],
)
def test_in_every_layout_it_is_refused_and_counted(line: str) -> None:
    report = read_list(f"{line}\n".encode(), at=AT)
    assert report.rows == ()
    assert report.reasons == {RowRefusal.IMMIGRATION: 1}


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Plate,Type,Case,Description", "TEST1,Stolen,26-1,ICE ERO wants driver"),
        ("Plate,Type,Case", "TEST1,Stolen,ICE-ERO-7"),
        ("Plate,Type,Case,Internal remark", "TEST1,Stolen,26-1,deported felon"),
        ("Plate,Type,Case,A,B", "TEST1,Stolen,26-1,IMMI,GRATION"),
        ("Plate,Type,Case,A,B", "TEST1,Stolen,26-1,VIOLATOR,FILE"),
        ("Plate,Type,Case,ORI", "TEST1,Stolen,26-1,DCICE1234"),
        ("Plate,Type,Case,NIC", "TEST1,Stolen,26-1,N123456789"),
    ],
)
def test_in_another_column_it_is_found(header: str, row: str) -> None:
    report = read_list(f"{header}\n{row}\n".encode(), at=AT)
    assert report.rows == ()
    assert report.reasons == {RowRefusal.IMMIGRATION: 1}


@pytest.mark.parametrize(
    "name", ["Special file", "Person of interest", "Look out", "\u2592\u2592\u2592", "EV2"]
)
def test_a_file_that_nobody_knows_is_refused_whatever_it_means(name: str) -> None:
    report = read_list(f"Plate,Type,Case\nTEST1,{name},26-1\n".encode(), at=AT)
    assert report.rows == ()
    assert report.refused != ()


def test_a_mapping_cannot_rename_the_file() -> None:
    with pytest.raises(BadInput):
        read_list(b"TEST1\n", at=AT, mapping=Mapping(file="Deported Felon", case="1"))
    # A column that the mapping leaves out is read for what it says all the same.
    mapping = Mapping({"plate": "Plate", "case": "Case"}, file="Stolen")
    report = read_list(b"Plate,Kind,Case\nTEST1,Immigration Violator,26-1\n", at=AT, mapping=mapping)
    assert report.reasons == {RowRefusal.IMMIGRATION: 1}


@pytest.mark.parametrize("name", ["ICE hot list", "Immigration", "IVF daily"])
def test_a_source_cannot_be_named_for_it(world: World, name: str) -> None:
    with pytest.raises(Refused, match="immigration enforcement"):
        world.hotlists.lists.set_source(name, by=CUSTODIANS[0], officer=world.officer("o1"))
    assert world.events() == []


def test_a_list_with_such_rows_arms_the_others_alone(world: World) -> None:
    world.source()
    rows = "".join(f"TEST{at},OH,{name},26-{at}\n" for at, name in enumerate(NAMES) if "," not in name)
    taken = world.take(f"Plate,State,Type,Case\n{rows}TEST99,OH,Stolen,26-99\n")
    assert taken.refused == {RowRefusal.IMMIGRATION: len(NAMES)}
    assert taken.states == {SearchState.RELEASED: 1}
    assert [len(world.pass_by(f"TEST{at}")) for at in range(len(NAMES))] == [0] * len(NAMES)
    assert len(world.pass_by("TEST99")) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": "assist ICE"},
        {"reason": "immigration violator"},
        {"reason": "stolen", "case_number": "ICE-ERO 7"},
        {"reason": "stolen", "ground": "for ERO"},
        {"reason": "stolen", "source": "IVF file"},
        {"on_behalf_of": Behalf.UNKNOWN},
        {"on_behalf_of": Party("US Immigration and Customs Enforcement", None, AgencyKind.FEDERAL)},
    ],
)
def test_a_person_who_asks_by_hand_is_refused_on_the_record(world: World, changes: dict[str, object]) -> None:
    answer = world.ask("TEST123", **changes)
    assert answer.state in (SearchState.DENIED, SearchState.REVIEW_PENDING)
    assert world.events("hotlist:entry:")[0] == "requested"
    assert world.pass_by("TEST123") == []


def test_a_reviewer_cannot_let_it_pass(world: World) -> None:
    answer = world.ask(reason="assist ICE", purpose=Purpose.CRIMINAL_INVESTIGATION)
    assert answer.state is SearchState.DENIED
    with pytest.raises(Refused):
        world.approve(answer.id)


@pytest.mark.parametrize(
    "number",
    ["N12345678O", "N-123456789", "N 123 456 789", "NIC/N123456789", "\uff2e123456789", "\u200bN123456789"],
)
@pytest.mark.parametrize("heading", ["NIC", "NCIC #", "Record", "Case No. 2"])
def test_number_of_the_file_tells_however_it_is_spelled_and_wherever_it_stands(
    number: str, heading: str
) -> None:
    text = f"Plate,File,Case,{heading}\nTEST1,Wanted person,26-1,{number}\n"
    report = read_list(text.encode(), at=AT)
    assert (report.rows, [each.reason for each in report.refused]) == ((), [RowRefusal.IMMIGRATION])


@pytest.mark.parametrize("letter", ["\u039d", "\u03bd", "\u0418", "\u0274", "\u1d3a", "\ua4e0", "\uff2e"])
def test_number_of_the_file_in_letters_of_another_script_tells_too(letter: str) -> None:
    assert letter_of(f"{letter}123456789") is RowRefusal.IMMIGRATION
    assert letter_of(f"{letter}\u0406\u0421{letter}123456789") is RowRefusal.IMMIGRATION


def test_number_of_the_file_in_place_of_a_case_tells_too() -> None:
    report = read_list(b"Plate,File,Case\nTEST1,Wanted person,N123456789\n", at=AT)
    assert (report.rows, report.refused[0].column) == ((), "case")


def test_case_that_is_numbered_like_it_is_taken_beside_a_number_of_another_file() -> None:
    report = read_list(b"Plate,File,Case,NIC\nTEST1,Wanted person,N123456789,W123456789\n", at=AT)
    assert [each.case for each in report.rows] == ["N123456789"]


@pytest.mark.parametrize(("flag", "taken"), [("Y", 0), ("X", 0), ("1", 0), ("N", 1), ("", 1), ("0", 1)])
def test_column_that_only_marks_the_row_tells(flag: str, taken: int) -> None:
    text = f"Plate,File,Case,Immigration violator\nTEST1,Wanted person,26-1,{flag}\n"
    assert len(read_list(text.encode(), at=AT).rows) == taken


@pytest.mark.parametrize("expires", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "9999-12-31"])
def test_row_that_expires_beyond_all_time_is_refused_and_takes_no_other_with_it(expires: str) -> None:
    text = f"Plate,File,Case,Expires\nTEST1,Stolen,26-1,{expires}\nTEST2,Stolen,26-2,\n"
    report = read_list(text.encode(), at=AT)
    assert [each.plate for each in report.rows] == ["TEST2"]
    assert [each.reason for each in report.refused] == [RowRefusal.DATE_UNREADABLE]
