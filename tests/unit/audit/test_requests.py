"""Draft requests ask for exactly what a record lacks."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from importlib import resources

import pytest

from gatehouse.audit.document import (
    Audit,
    Confidence,
    FileSummary,
    Finding,
    Pathway,
    Severity,
    Table,
)
from gatehouse.audit.requests import RecordsLaw, draft_requests, records_law
from gatehouse.model import AgencyKind, Bounds, FieldState, Layout, Organization
from gatehouse.records.frame import RecordSet
from gatehouse.records.organizations import parse
from tests.unit.audit.record_sets import Cell, File, Row, at, record_set

TERRITORIES = {"GU", "PR", "VI"}
STATES = sorted(
    tomllib.loads((resources.files("gatehouse.records") / "data/states.toml").read_text("utf-8"))["names"]
)

EVERYTHING: dict[str, Cell] = {
    "record_id": "1",
    "officer": "A. Example",
    "org": "Alder Falls PD IL",
    "networks": 3,
    "devices": 9,
    "frame_from": at("2025-02-01 00:00:00"),
    "frame_to": at("2025-03-01 00:00:00"),
    "plate": "EXAMPLE",
    "reason": "theft",
    "case_number": "25-1",
    "filters": "none",
    "searched_at": at("2025-03-01 10:00:00"),
    "search_type": "search",
    "text_prompt": "red car",
    "moderation": "allow",
}


def audit_of(records: RecordSet, *, findings: tuple[Finding, ...] = (), unknown: int = 0) -> Audit:
    return Audit(
        files=tuple(
            FileSummary(
                path=file.path,
                sha256=file.sha256,
                owner=file.owner,
                layout=file.layout.value,
                rows=file.rows,
                searches=file.rows,
                rejects=0,
                duplicates=0,
                non_search=0,
                first_at="2025-03-01T10:00:00Z",
                last_at="2025-03-31T10:00:00Z",
            )
            for file in records.files
        ),
        rows=0,
        searches=0,
        exposures=0,
        search_bounds=Bounds(0, 0, 0),
        links={},
        signals={},
        families={},
        pathways={"front": Pathway(0, 0), "back": Pathway(0, unknown), "side": Pathway(0, 5)},
        findings=findings,
        figures={},
        not_measurable=(),
        inputs_sha256="",
        lexicon_sha256="",
        pack={},
    )


def finding(id: str, table: Table) -> Finding:
    return Finding(id, "", 1, Severity.LOW, Confidence.LOW, "", "", "", (), (), table=table)


def network_audit(row: Row, *, owner: str | None = "Alder Falls PD IL", path: str = "dir/net.csv") -> File:
    return File(path, Layout.NETWORK_AUDIT, [row], owner)


def asked_columns(draft: str) -> list[str]:
    return re.findall(r"^- \*\*(.+?)\*\*[,:]", draft, re.MULTILINE)


class TestDraftRequests:
    def test_draft_requests_complete_record_asks_for_nothing(self) -> None:
        records = record_set(network_audit(EVERYTHING))
        assert draft_requests(audit_of(records), records) == {}

    @pytest.mark.parametrize(
        ("field", "label"),
        [
            ("record_id", "ID"),
            ("officer", "Name"),
            ("org", "Org Name"),
            ("networks", "Total Networks Searched"),
            ("devices", "Total Devices Searched"),
            ("frame_from", "Time Frame"),
            ("plate", "License Plate"),
            ("reason", "Reason"),
            ("case_number", "Case #"),
            ("filters", "Filters"),
            ("searched_at", "Search Time"),
            ("search_type", "Search Type"),
            ("text_prompt", "Text Prompt"),
            ("moderation", "Moderation"),
        ],
    )
    def test_draft_requests_one_column_missing_asks_for_that_column(self, field: str, label: str) -> None:
        records = record_set(
            network_audit({name: cell for name, cell in EVERYTHING.items() if name != field})
        )
        drafts = draft_requests(audit_of(records), records)
        assert list(drafts) == ["alder-falls-pd-il-network-audit.md"]
        [draft] = drafts.values()
        assert asked_columns(draft) == [label]
        assert (
            "The **Network Audit** of your license plate reader system (the log of searches of your "
            "cameras by any agency) for 2025-03-01 to 2025-03-31 (UTC)." in draft
        )

    def test_draft_requests_masked_column_asks_for_the_cells_and_the_exemption(self) -> None:
        rows: list[Row] = [EVERYTHING, {**EVERYTHING, "reason": FieldState.REDACTED_AGENCY}]
        records = record_set(File("net.csv", Layout.NETWORK_AUDIT, rows, "Alder Falls PD IL"))
        [draft] = draft_requests(audit_of(records), records).values()
        assert asked_columns(draft) == ["Reason"]
        assert "- **Reason**: 1 of 2 cells hidden" in draft
        assert "the exemption you claim, or that the system hides them from your agency too:" in draft

    def test_draft_requests_whole_letter_reads_as_written(self) -> None:
        row = {name: cell for name, cell in EVERYTHING.items() if name not in ("plate", "moderation")}
        records = record_set(network_audit(row))
        [draft] = draft_requests(audit_of(records), records).values()
        assert draft == LETTER

    def test_draft_requests_unknown_owner_leaves_a_blank_and_names_no_law(self) -> None:
        records = record_set(network_audit({"reason": "theft"}, owner=None))
        drafts = draft_requests(audit_of(records), records)
        assert list(drafts) == ["agency-network-audit.md"]
        assert "To: [agency], custodian of records" in drafts["agency-network-audit.md"]
        assert "Under the public-records law that binds your agency" in drafts["agency-network-audit.md"]

    def test_draft_requests_files_of_one_owner_share_a_letter(self) -> None:
        row = {name: cell for name, cell in EVERYTHING.items() if name != "moderation"}
        records = record_set(
            network_audit(EVERYTHING), network_audit(row, path="b.csv", owner="IL - Alder Falls PD")
        )
        [draft] = draft_requests(audit_of(records), records).values()
        assert "(missing in 1 of the 2 files below)" in draft
        assert "`net.csv`" in draft
        assert "`b.csv`" in draft

    def test_draft_requests_portal_asks_for_the_organization_audit(self) -> None:
        row: Row = {
            "record_id": "1",
            "searched_at": at("2025-03-01 10:00:00"),
            "networks": 3,
            "reason": "theft",
        }
        records = record_set(File("portal.csv", Layout.PORTAL, [row], "Birch County SO WA"))
        drafts = draft_requests(audit_of(records), records)
        draft = drafts["birch-county-so-wa-portal.md"]
        assert (
            "The **Organization Audit** of your license plate reader system (the log of searches by your "
            "agency's own users)" in draft
        )
        assert "Washington Public Records Act (RCW ch. 42.56)" in draft
        assert asked_columns(draft) == ["Name", "Case #"]

    def test_draft_requests_gap_and_cut_ask_for_the_rest(self) -> None:
        records = record_set(network_audit(EVERYTHING))
        findings = (
            finding(
                "coverage_gap",
                Table(("file", "first", "last", "days"), (("dir/net.csv", "2025-03-04", "2025-03-05", 2),)),
            ),
            finding("truncation", Table(("file", "rows", "limit"), (("dir/net.csv", 1048575, "a limit"),))),
        )
        [(name, draft)] = draft_requests(audit_of(records, findings=findings), records).items()
        assert name == "alder-falls-pd-il-network-audit-missing-rows.md"
        assert draft.split("## What I ask for\n\n")[1].split("\n## Form")[0] == MISSING_ROWS

    def test_draft_requests_of_a_synthetic_record_say_so(self) -> None:
        records = record_set(network_audit({"reason": "theft"}))
        audit = audit_of(records, unknown=1)
        real = draft_requests(audit, records)
        drafts = draft_requests(replace(audit, synthetic=True), records)
        assert list(drafts) == list(real)
        assert len(drafts) == 2
        for name, draft in drafts.items():
            assert "> Synthetic: invented agencies, people and searches." in draft, name
            assert "Synthetic" not in real[name], name

    def test_draft_requests_unknown_sharing_asks_for_dated_lists_once_an_owner(self) -> None:
        records = record_set(network_audit(EVERYTHING), network_audit(EVERYTHING, path="b.csv"))
        [(name, draft)] = draft_requests(audit_of(records, unknown=2), records).items()
        assert name == "alder-falls-pd-il-sharing-list.md"
        assert "Shared Networks" in draft
        assert "For 2025-03-01 to 2025-03-31 (UTC):" in draft

    def test_draft_requests_file_without_searches_is_left_alone(self) -> None:
        records = record_set(File("shared.csv", Layout.SHARED_NETWORKS, [{"org": "Birch County SO WA"}]))
        assert draft_requests(audit_of(records, unknown=1), records) == {}

    def test_draft_requests_unreadable_times_leave_the_period_blank(self) -> None:
        records = record_set(network_audit({"reason": "theft"}))
        audit = audit_of(records)
        audit = replace(audit, files=tuple(replace(f, first_at=None, last_at=None) for f in audit.files))
        [draft] = draft_requests(audit, records).values()
        assert "for [period]." in draft


class TestRecordsLaw:
    def test_records_law_every_state_has_one(self) -> None:
        states = [state for state in STATES if state not in TERRITORIES]
        laws = [records_law(Organization("", "", state, AgencyKind.POLICE)) for state in states]
        assert None not in laws
        assert len(set(laws)) == 51

    @pytest.mark.parametrize(
        ("name", "law"),
        [
            ("Alder Falls PD IL", RecordsLaw("Illinois Freedom of Information Act", "5 ILCS 140/1 et seq.")),
            ("Birch County SO TX", RecordsLaw("Texas Public Information Act", "Tex. Gov't Code ch. 552")),
            ("[Federal] Example Service", RecordsLaw("Freedom of Information Act", "5 U.S.C. § 552")),
        ],
    )
    def test_records_law_follows_state_and_kind(self, name: str, law: RecordsLaw) -> None:
        assert records_law(parse(name)) == law

    def test_records_law_unknown_state_has_none(self) -> None:
        assert records_law(None) is None
        assert records_law(Organization("", "", None, AgencyKind.UNKNOWN)) is None


MISSING_ROWS = """\
The **Network Audit** of your license plate reader system (the log of searches of your cameras by \
any agency) for these days (UTC), of which the file beside them has no row. If nothing was searched \
or recorded then, please say so.

- 2025-03-04 to 2025-03-05: `net.csv`

The rest of the **Network Audit** of your license plate reader system (the log of searches of your \
cameras by any agency) where the copy I hold ends at a number of rows at which programs cut files \
off. If nothing is missing, please say how many rows the system holds for that period.

- `net.csv`, which ends after 1,048,575 rows
"""

LETTER = """\
# Draft records request: columns of the Network Audit

> This is a draft, not legal advice. Check it, fill in what stands in square brackets, and send it \
yourself. A few states answer only their own residents.

To: Alder Falls PD IL, custodian of records

Dear custodian of records:

Under the Illinois Freedom of Information Act (5 ILCS 140/1 et seq.), I request the following records.

## What I ask for

The **Network Audit** of your license plate reader system (the log of searches of your cameras by \
any agency) for 2025-03-01 to 2025-03-31 (UTC).

With these columns, which the copy I hold does not have:

- **License Plate**, to see when one vehicle is searched again and again. I do not ask for the \
plates: a mark for each (Plate 1, Plate 2, ...) that stays the same throughout the file is enough.
- **Moderation**, to know which searches the vendor's own checks warned of or blocked. Newer \
exports may leave this column out; if your system no longer has it, please say so.

## Form

- Reports and logs as the system exports them: CSV with every column and every row, not a PDF, not a \
scan, and not a spreadsheet, which cuts off after a certain number of rows.
- Where something is exempt, please redact that cell or those words only, mark the place as \
redacted, and name the exemption for each column. An empty cell should mean that nothing was \
entered.
- If you release the records in parts, please say which period each part covers, in which time zone,\
 and how many rows the whole has.

## What I already hold

The SHA-256 of a file tells which copy I mean.

- `net.csv`: Network Audit, 1 row, 2025-03-01 to 2025-03-31 (UTC), SHA-256 \
`0000000000000000000000000000000000000000000000000000000000000000`

The system makes its reports and logs for the agencies that use it. If yours cannot make one of \
them, please tell me what it can export; if another office holds it, please tell me which. If there \
is a charge, please tell me how much before you begin.

Thank you for your help.

[name]
[address or e-mail]
[date]
"""
