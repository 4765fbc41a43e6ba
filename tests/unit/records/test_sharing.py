"""Sharing lists and the days that they cover."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest

from gatehouse.model import BadInput, BadUse
from gatehouse.records.organizations import parse
from gatehouse.records.sharing import SharingList, load_sharing_lists

REPORT = (
    "Organization Name,Networks Shared With Me,Networks I'm Sharing\r\n"
    'Harbor Point IL PD,"Harbor Point IL PD,Harbor Point IL PD (LR)",Mill Creek IL PD\r\n'
    "Stone Ridge WI PD,Stone Ridge WI PD,\r\n"
    "Elm County IL SO ,,Mill Creek IL PD\r\n"
)
HARBOR, STONE, ELM = (
    parse(name).key for name in ("Harbor Point IL PD", "Stone Ridge WI PD", "Elm County IL SO")
)
DAY = date(2025, 6, 11)


def load_sharing(spec: str) -> SharingList:
    """Read the one list of a file."""
    (found,) = load_sharing_lists(spec)
    return found


def relation(found: SharingList, key: str, day: date) -> str:
    """Read one list's word on one day (`tests/unit/audit/test_sharing_days.py` has several lists')."""
    if not found.first <= day <= found.last:
        return "unknown"
    named = (
        entry.organization.key == key and (entry.first or found.first) <= day <= (entry.last or found.last)
        for entry in found.entries
    )
    return "shared" if any(named) else "not_shared"


def written(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


class TestReport:
    def test_report_tells_both_directions_and_the_owner(self, tmp_path: Path) -> None:
        path = written(tmp_path / "shared.csv", REPORT)
        found = load_sharing(f"{path}@2025-06-01..2025-06-30")
        assert (found.owner, found.first, found.last) == (
            "Mill Creek IL PD",
            date(2025, 6, 1),
            date(2025, 6, 30),
        )
        assert (found.outbound, found.inbound) == (frozenset({HARBOR, ELM}), frozenset({HARBOR, STONE}))
        assert (found.path, len(found.sha256), found.notes) == (str(path), 64, ())

    def test_report_with_a_page_column_reads_the_same(self, tmp_path: Path) -> None:
        lines = [f"{'Page' if at == 0 else at},{line}" for at, line in enumerate(REPORT.split("\r\n")[:-1])]
        plain = load_sharing(str(written(tmp_path / "a.csv", REPORT)))
        paged = load_sharing(str(written(tmp_path / "b.csv", "\r\n".join(lines) + "\r\n")))
        assert (paged.owner, paged.entries, paged.inbound) == (plain.owner, plain.entries, plain.inbound)

    def test_report_as_a_workbook_reads_the_same(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        book.worksheets[0].append(["Shared Networks"])
        for row in (
            ("Organization Name", "Networks Shared With Me", "Networks I'm Sharing"),
            ("Harbor Point IL PD", "Harbor Point IL PD", "Mill Creek IL PD"),
            ("Stone Ridge WI PD", "Stone Ridge WI PD", None),
        ):
            book.worksheets[0].append(row)
        book.save(tmp_path / "shared.xlsx")
        found = load_sharing(f"{tmp_path / 'shared.xlsx'}@2025-06-11")
        assert (found.owner, found.outbound, found.inbound) == (
            "Mill Creek IL PD",
            frozenset({HARBOR}),
            frozenset({HARBOR, STONE}),
        )

    def test_report_of_several_owners_names_none(self, tmp_path: Path) -> None:
        text = REPORT + "Oak Bend IL PD,,Another Town IL PD\r\n"
        assert load_sharing(str(written(tmp_path / "shared.csv", text))).owner is None


class TestSimpleList:
    def test_name_wins_over_a_state_column_that_differs(self, tmp_path: Path) -> None:
        text = "Name,State,Type\nStone Ridge WI PD,IL,Police Department\nElm County SO,IL,Sheriff's Office\n"
        found = load_sharing(f"{written(tmp_path / 'list.csv', text)}@2025-06-11")
        assert found.outbound == {STONE, ELM}
        assert found.notes == (
            ("state_differs", "row 2: the name says WI, the column IL"),
            ("one_direction", "the list is read as those who receive the owner's data"),
        )

    def test_row_without_a_name_is_noted(self, tmp_path: Path) -> None:
        text = "Name,State,Type\nStone Ridge WI PD,WI,\n,IL,Police Department\n"
        found = load_sharing(str(written(tmp_path / "list.csv", text)))
        assert ("no_name", "row 3 names no organization") in found.notes

    def test_dated_list_carries_its_days_and_those_of_each_line(self, tmp_path: Path) -> None:
        text = (
            "Organization Name,Shared From,Shared To,List From,List To\n"
            "Harbor Point IL PD,2025-02-01,,2025-01-01,2025-12-31\n"
            "Stone Ridge WI PD,2025-01-01,2025-03-31,2025-01-01,2025-12-31\n"
        )
        found = load_sharing(str(written(tmp_path / "list.csv", text)))
        assert (found.first, found.last) == (date(2025, 1, 1), date(2025, 12, 31))
        assert [
            [relation(found, key, day) for day in (date(2025, 1, 31), date(2025, 2, 1), date(2025, 4, 1))]
            for key in (HARBOR, STONE)
        ] == [["not_shared", "shared", "shared"], ["shared", "shared", "not_shared"]]

    @pytest.mark.parametrize(
        "days",
        ["2025-01-01,2025-12-31\nElm County IL SO,,,2025-01-02,2025-12-31", "2025-12-31,2025-01-01", ","],
    )
    def test_list_whose_own_days_disagree_is_refused_or_undated(self, tmp_path: Path, days: str) -> None:
        text = f"Organization Name,Shared From,Shared To,List From,List To\nHarbor Point IL PD,,,{days}\n"
        path = written(tmp_path / "list.csv", text)
        if days == ",":
            assert not load_sharing(str(path)).dated
        else:
            with pytest.raises(BadInput, match="days of"):
                load_sharing(str(path))


class TestPolicies:
    def policies(self, path: Path) -> Path:
        entries = [
            {
                "crawled_name": "Mill Creek PD (IL)",
                "archived_date": "2026-04-29",
                "prohibited_uses": "Personal use.",
                "sharing_outbound": ["Harbor Point IL PD", "Harbor Point IL PD"],
                "sharing_inbound": ["Stone Ridge WI PD"],
            },
            {
                "crawled_name": "Oak Bend IL PD",
                "archived_date": "2026-04-28",
                "prohibited_uses": "Personal use.",
                "sharing_outbound": [],
            },
        ]
        return written(path, json.dumps(entries))

    def test_policies_give_a_list_of_each_agency_that_publishes_one(self, tmp_path: Path) -> None:
        (found,) = load_sharing_lists(str(self.policies(tmp_path / "policies.json")))
        assert (found.owner, found.first, found.last) == (
            "Mill Creek PD (IL)",
            date(2026, 4, 29),
            date(2026, 4, 29),
        )
        assert (found.outbound, found.inbound, len(found.entries)) == (
            frozenset({HARBOR}),
            frozenset({STONE}),
            1,
        )


class TestSpec:
    def test_list_without_a_day_is_unknown_on_every_day(self, tmp_path: Path) -> None:
        found = load_sharing(str(written(tmp_path / "shared.csv", REPORT)))
        assert not found.dated
        assert [note[0] for note in found.notes] == ["undated"]
        assert relation(found, HARBOR, DAY) == "unknown"

    def test_single_day_covers_that_day_only(self, tmp_path: Path) -> None:
        found = load_sharing(f"{written(tmp_path / 'shared.csv', REPORT)}@2025-06-11")
        days = (DAY - timedelta(1), DAY, DAY + timedelta(1))
        assert [relation(found, HARBOR, day) for day in days] == ["unknown", "shared", "unknown"]
        assert relation(found, STONE, DAY) == "not_shared"

    def test_file_name_may_hold_an_at_sign(self, tmp_path: Path) -> None:
        path = written(tmp_path / "list@home.csv", REPORT)
        assert load_sharing(f"{path}@2025-06-11").first == DAY

    @pytest.mark.parametrize("days", ["2025-02-30", "2025-06-12..2025-06-11"])
    def test_days_that_make_no_sense_are_refused(self, tmp_path: Path, days: str) -> None:
        with pytest.raises(BadUse):
            load_sharing(f"{written(tmp_path / 'shared.csv', REPORT)}@{days}")

    @pytest.mark.parametrize("days", ["06/11/2025", "2025-6-1", "2025-06-01-2025-12-31", "2025-06-01.."])
    def test_days_in_another_form_are_refused_with_the_form_expected(self, tmp_path: Path, days: str) -> None:
        with pytest.raises(BadUse, match="days of a sharing list cannot be read") as refused:
            load_sharing_lists(f"{written(tmp_path / 'shared.csv', REPORT)}@{days}")
        assert refused.value.expected == "FILE@2025-06-11 or FILE@2025-06-01..2025-12-31"

    def test_file_whose_name_looks_like_days_is_read(self, tmp_path: Path) -> None:
        assert load_sharing(str(written(tmp_path / "list@2025", REPORT))).first is not None

    def test_file_without_a_list_is_refused(self, tmp_path: Path) -> None:
        path = written(tmp_path / "audit.csv", "id,reason,searchDate\na1,bolo,2025-06-18\n")
        with pytest.raises(BadInput, match="no sharing list"):
            load_sharing_lists(str(path))


@pytest.mark.shared
def test_real_lists_read_with_their_errors(reference: Path) -> None:
    folder = reference / "records"
    shared = load_sharing(f"{folder / 'okaloosa-fl-shared-networks.csv'}@2025-11-01..2025-12-08")
    assert (shared.owner, len(shared.entries), len(shared.inbound)) == ("Okaloosa County FL SO", 536, 655)
    listed = load_sharing(str(folder / "eugene-or-sharing.csv"))
    assert [note for note in listed.notes if note[0] == "state_differs"] == [
        ("state_differs", "row 9: the name says NV, the column WA"),
        ("state_differs", "row 22: the name says TX, the column OR"),
        ("state_differs", "row 35: the name says WA, the column OR"),
        ("state_differs", "row 49: the name says WA, the column OR"),
    ]
    published = load_sharing_lists(str(folder / "portal-policies.json"))
    assert (len(published), sum(not each.dated for each in published)) == (155, 0)


def test_load_of_an_entry_whose_days_run_backwards_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "Organization Name,Shared From,Shared To,List From,List To\n"
        "Tarrinholt TX PD,2025-06-30,2025-06-01,2025-01-01,2025-12-31\n"
    )
    with pytest.raises(BadInput) as caught:
        load_sharing(str(path))
    assert (caught.value.where, caught.value.got) == (f"{path}, row 2", "2025-06-30..2025-06-01")
