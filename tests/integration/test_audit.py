"""Import, link, judge and write: an invented export against its truth, real ones against sobriety."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gatehouse.cli.app import main
from gatehouse.records.synth import OWNER, generate

ROWS = 20_000
# What a reader of the invented words says they suggest; on the others the lexicon says more than the reader.
EXACT = (
    "immigration_criminal",
    "immigration_agency",
    "hsi_crime",
    "federal_other",
    "reproductive_care",
    "gender_affirming_care",
    "first_amendment",
    "traffic_infraction",
    "vague",
    "none_stated",
    "statute_code",
    "test_training",
)


@pytest.fixture(scope="module", params=[False, True], ids=["clean", "quirks"])
def audited(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return truth and audit of one invented export."""
    folder = tmp_path_factory.mktemp("synthetic")
    truth = generate(rows=ROWS, seed=7, directory=folder, quirks=request.param)
    files = [f"{folder / file.path}@{file.owner}" for file in truth.files]
    out = folder / "out"
    sharing = ["--sharing", str(folder / "sharing.csv"), "--policies", str(folder / "policies.json")]
    assert main(["audit", *files, *sharing, "-o", str(out)]) == 0
    found = json.loads((out / "findings.json").read_text(encoding="utf-8"))
    return {"truth": truth.as_document(), "audit": found, "out": out}


def test_audit_balance_equals_the_truth(audited: dict[str, Any]) -> None:
    truth, audit = audited["truth"], audited["audit"]
    for name in ("rows", "searches"):
        assert audit[name] == truth[name], name
    for name in ("duplicates", "rejects", "non_search"):
        assert sum(file[name] for file in audit["files"]) == truth[name], name
    for file in audit["files"]:
        parts = (file["searches"], file["duplicates"], file["rejects"], file["non_search"])
        assert file["rows"] == sum(parts)


@pytest.mark.parametrize("signal", EXACT)
def test_audit_signal_equals_the_truth(audited: dict[str, Any], signal: str) -> None:
    assert audited["audit"]["signals"][signal] == audited["truth"]["signals"][signal]


def test_audit_family_equals_the_truth(audited: dict[str, Any]) -> None:
    assert audited["audit"]["families"] == audited["truth"]["families"]


@pytest.mark.parametrize("way", ["front", "back", "side"])
def test_audit_pathway_equals_the_truth(audited: dict[str, Any], way: str) -> None:
    truth, audit = audited["truth"]["pathways"][way], audited["audit"]["pathways"][way]
    assert {name: audit[name] for name in ("n", "unknown")} == truth


def test_audit_states_equal_the_truth(audited: dict[str, Any]) -> None:
    rows = audited["audit"]["figures"]["states"]["rows"]
    found = {
        state or "unknown": {"organizations": agencies, "searches": searches, "immigration": immigration}
        for state, agencies, searches, immigration in rows
    }
    assert found == audited["truth"]["states"]


def test_audit_finds_what_was_planted(audited: dict[str, Any]) -> None:
    planted, audit = audited["truth"]["planted"], audited["audit"]
    counts = {finding["id"]: finding["count"] for finding in audit["findings"]}
    assert counts["reproductive_care"] == planted["abortion"]["n"]
    assert counts["repeated_plate"] >= planted["repeat_plate"]["readable"] - 1
    assert counts["minor_nationwide"] >= planted["minor_nationwide"]["readable"]


def test_audit_rows_behind_a_finding_are_as_many_searches_as_it_counts(audited: dict[str, Any]) -> None:
    # Copies of a search stand in other rows of the same record; none may enter a count twice.
    records = pl.read_parquet(audited["out"] / "records.parquet", columns=["path", "row", "search", "tier"])
    numbers = {file["path"]: number for number, file in enumerate(audited["audit"]["files"], start=1)}
    records = records.with_columns(file=pl.col("path").replace_strict(numbers, return_dtype=pl.Int64))
    rows = pl.read_csv(audited["out"] / "findings.csv").join(records, on=["file", "row"], how="left")
    assert rows["search"].null_count() == 0
    assert rows["tier"].unique().to_list() == ["first"]
    behind = dict(rows.group_by("finding").agg(pl.col("search").n_unique()).iter_rows())
    measured = [finding for finding in audited["audit"]["findings"] if finding["count"]]
    assert len(measured) > 15
    for finding in measured:
        if finding["unit"] == "search":
            assert behind[finding["id"]] == finding["count"], finding["id"]
            assert rows.filter(pl.col("finding") == finding["id"]).height == finding["count"]
            assert finding["count"] <= finding["of"] <= audited["audit"]["searches"], finding["id"]
        else:
            assert behind[finding["id"]] > 0


def test_audit_page_gives_no_count_without_its_denominator(audited: dict[str, Any]) -> None:
    page = (audited["out"] / "report.html").read_text(encoding="utf-8")
    for finding in audited["audit"]["findings"]:
        if finding["count"] and finding["unit"] == "search":
            assert f"{finding['count']:,} of {finding['of']:,}" in page, finding["id"]


def test_audit_of_invented_input_says_so_on_the_page(audited: dict[str, Any]) -> None:
    assert audited["audit"]["synthetic"] is True
    assert "Synthetic: invented" in (audited["out"] / "report.html").read_text(encoding="utf-8")


def test_audit_order_of_files_changes_no_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = []
    for seed in (1, 2):
        truth = generate(rows=600, seed=seed, directory=tmp_path / str(seed))
        paths.append(f"{tmp_path / str(seed) / truth.files[0].path}@{OWNER}")
    documents = []
    for order in (paths, paths[::-1]):
        assert main(["audit", *order, "--json"]) == 0
        documents.append(json.loads(capsys.readouterr().out))
    first, second = documents
    for key in ("rows", "searches", "exposures", "signals", "families", "pathways", "inputs_sha256"):
        assert first[key] == second[key], key
    assert {f["id"]: f["count"] for f in first["findings"]} == {
        f["id"]: f["count"] for f in second["findings"]
    }


REAL = (
    ("okaloosa-fl-organization-audit.csv", None),
    ("eugene-or-portal.csv", "Eugene OR PD"),
    ("san-mateo-ca-portal.csv", "San Mateo CA PD"),
    ("excerpts/conway-ar-pd_federal-searches_example_row.csv", "Conway AR PD"),
    ("excerpts/grand-rapids-mi-pd_portal_offenseType_excerpt.csv", "Grand Rapids MI PD"),
)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "owner"), REAL)
def test_audit_of_a_real_file_finds_no_immigration_search(
    name: str, owner: str | None, reference: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(reference / "records" / name), *(["--owner", owner] if owner else [])]
    assert main(["audit", *arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    family = found["families"]["immigration"]
    assert family["n"] == 0
    assert family["readable"] + family["masked"] == family["total"] == found["searches"]
    counts = {finding["id"]: finding["count"] for finding in found["findings"]}
    assert counts["immigration_purpose"] == counts["first_amendment"] == counts["reproductive_care"] == 0


@pytest.mark.shared
def test_audit_of_all_portals_finds_no_immigration_search(
    reference: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted(str(path) for path in (reference / "records" / "portals").glob("*.csv"))
    assert main(["audit", *files, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    family = found["families"]["immigration"]
    assert family["n"] == 0
    assert family["masked"] > 0, "some portals publish no justification"
    assert found["pathways"]["front"]["n"] is None
