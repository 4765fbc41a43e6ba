"""Every real file in the reference data imports, and nothing of it gets lost."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gatehouse.model import BadInput, Layout
from tests.unit.records.exports import codes, load, searches, states

pytestmark = pytest.mark.shared

# file: layout, records, records that are no search
OUTCOME = {
    "eugene-or-portal.csv": (Layout.PORTAL, 4294, 0),
    "eugene-or-sharing.csv": (Layout.SHARED_NETWORKS, 59, 59),
    "san-mateo-ca-portal.csv": (Layout.PORTAL, 91, 0),
    "okaloosa-fl-organization-audit.csv": (Layout.ORGANIZATION_AUDIT, 7273, 0),
    "okaloosa-fl-shared-networks.csv": (Layout.SHARED_NETWORKS, 858, 858),
    "portal-policies.json": (Layout.POLICIES, 190, 190),
    "excerpts/conway-ar-pd_federal-searches_example_row.csv": (Layout.ORGANIZATION_AUDIT, 1, 0),
    "excerpts/grand-rapids-mi-pd_portal_offenseType_excerpt.csv": (Layout.PORTAL, 6, 0),
    "excerpts/los-altos_SharedNetworks_excerpt.csv": (Layout.SHARED_NETWORKS, 6, 6),
    "excerpts/lynn-haven-fl-pd_portal_reason_excerpt.csv": (Layout.PORTAL, 4, 0),
    "excerpts/san-mateo_event-logs_excerpt_names_replaced.csv": (Layout.EVENT_LOG, 2, 2),
}


@pytest.mark.parametrize("name", OUTCOME)
def test_real_file_has_its_layout_and_every_record(reference: Path, name: str) -> None:
    records = load(str(reference / "records" / name))
    [facts] = records.files
    assert (facts.layout, facts.rows, facts.non_search) == OUTCOME[name]
    assert (records.rejects, facts.repaired, facts.notes) == ((), 0, ())


def test_every_portal_export_is_read_without_a_reject(reference: Path) -> None:
    rows = 0
    files = sorted((reference / "records" / "portals").glob("*.csv"))
    for path in files:
        with path.open(encoding="utf-8", newline="") as stream:
            expected = sum(1 for row in csv.reader(stream) if row) - 1
        records = load(str(path))
        [facts] = records.files
        assert (facts.path, facts.layout, facts.rows) == (str(path), Layout.PORTAL, expected)
        assert (records.rejects, facts.non_search, facts.repaired, facts.notes) == ((), 0, 0, ())
        assert set(states(records, "searched_at")) <= {"value"}
        assert set(states(records, "networks")) <= {"value"}
        rows += facts.rows
    assert (len(files), rows) == (173, 84_200)


def test_owner_makes_the_federal_excerpt_a_network_audit(reference: Path) -> None:
    path = reference / "records" / "excerpts" / "conway-ar-pd_federal-searches_example_row.csv"
    assert load(str(path), owner="Conway AR PD").files[0].layout is Layout.NETWORK_AUDIT


def test_organization_audit_reads_times_frames_and_counts(reference: Path) -> None:
    path = reference / "records" / "okaloosa-fl-organization-audit.csv"
    records = searches(str(path))
    first = records[0]
    assert (first.row, first.networks.value, first.devices.value) == (2, 840, 17652)
    assert all(each.searched_at.value and each.frame_from.value and each.frame_to.value for each in records)


def test_labeled_reasons_are_no_export(reference: Path) -> None:
    with pytest.raises(BadInput, match="the layout of the file is unknown"):
        load(str(reference / "records" / "labelled-reasons.csv"))


def test_policy_workbook_counts_every_sheet(reference: Path) -> None:
    records = load(str(reference / "records" / "portal-policies-2025-06-11.xlsx"))
    assert [(facts.path.rpartition("!")[2], facts.layout) for facts in records.files] == [
        ("EZ", Layout.POLICIES),
        ("master", Layout.POLICIES),
        ("Prohib-lookup", Layout.OTHER),
        ("formulas", Layout.OTHER),
        ("Shared org list", Layout.OTHER),
    ]
    assert "unknown_layout" not in codes(records)
