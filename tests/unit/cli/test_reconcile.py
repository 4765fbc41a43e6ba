"""`gatehouse audit reconcile`, run as a person runs it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from gatehouse.cli.app import main

OWNER = "Alder Falls PD IL"
HEADER = ["ID", "Org Name", "Total Networks Searched", "Reason", "Search Time"]


def export(path: Path, rows: list[list[str]]) -> str:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([HEADER, *rows])
    return f"{path}@{OWNER}"


@pytest.fixture
def two(tmp_path: Path) -> list[str]:
    """Return two productions: the second masks the reason of row 4 and lacks row 8."""
    rows = [
        [f"id-{n}", OWNER, str(40 + n), f"invented reason {n}", f"11/1{n % 3}/2025, 09:{n:02}:36 AM UTC"]
        for n in range(12)
    ]
    later = [list(row) for row in rows]
    later[2][3] = "REDACTED"
    del later[6]
    return [export(tmp_path / "first.csv", rows), export(tmp_path / "second.csv", later)]


def test_reconcile_two_productions_as_json_prints_one_document(
    two: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "reconcile", *two, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    [comparison] = document["comparisons"]
    assert comparison["kind"] == "productions"
    assert [cite["row"] for cite in comparison["a"]["missing"]] == [8]
    assert comparison["cells"] == [
        {"field": "reason", "before": "value", "after": "redacted_agency", "change": "masked", "n": 1}
    ]


def test_reconcile_two_productions_in_words_says_what_is_missing_and_shows_no_reason(
    two: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "reconcile", *two, "-o", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert f"Two productions of one record: {OWNER}" in printed
    assert "Rows of A that B lacks: 8\n" in printed
    assert "1 pair differs; B hides what A shows in 1" in printed
    assert "invented reason" not in printed
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["reconcile.csv", "reconcile.json"]


def test_reconcile_own_records_of_two_agencies_are_not_compared(
    two: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "birch.csv"
    path.write_text(Path(two[1].rpartition("@")[0]).read_text().replace(OWNER, "Birch County SO IL"))
    assert main(["audit", "reconcile", two[0], f"{path}@Birch County SO IL"]) == 0
    assert "they belong to different owners" in capsys.readouterr().out


def test_reconcile_one_file_is_bad_use(two: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "reconcile", two[0]]) == 2
    assert "two files or more" in capsys.readouterr().err
