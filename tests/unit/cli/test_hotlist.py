"""`gatehouse hotlist check`."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli import main

LIST = (
    "Plate,State,Type,Case,Mood\n"
    "TEST1,0H,Stolen,26-1,\n"
    "TEST2,OH,Immigration Violator,26-2,\n"
    "TEST3,,Wanted,26-3,\n"
    "TEST4,OH,Stolen,,\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "list.csv"
    made.write_text(LIST, "utf-8")
    return made


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_check_json_says_what_is_taken_and_refused_line_by_line(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hotlist", "check", str(path), "--json"]) == 0
    assert document(capsys) == {
        "layout": "table",
        "sha256": sha256(LIST.encode()).hexdigest(),
        "lines": 5,
        "taken": {
            "rows": 2,
            "files": {"stolen_vehicle": 1, "wanted_person": 1},
            "without_state": 1,
            "states_repaired": 1,
        },
        "refused": {
            "rows": 2,
            "reasons": {"immigration": 1, "no_case": 1},
            "lines": [
                {"line": 3, "reason": "immigration", "column": "file"},
                {"line": 5, "reason": "no_case", "column": "case"},
            ],
        },
        "passed_over": {"header": 1},
        "columns_ignored": ["Mood"],
    }


def test_check_prints_no_plate(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hotlist", "check", str(path)]) == 0
    told = capsys.readouterr().out
    assert "line 3: immigration (file)" in told
    assert "TEST" not in told


def test_check_takes_a_mapping(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.txt").write_text("TEST1\nTEST2\n", "utf-8")
    (tmp_path / "map.toml").write_text('file = "AMBER ALERT"\ncase = "26-1"\n', "utf-8")
    found = main(
        ["hotlist", "check", str(tmp_path / "list.txt"), "--mapping", str(tmp_path / "map.toml"), "--json"]
    )
    assert found == 0
    assert document(capsys)["taken"]["files"] == {"amber_alert": 2}


@pytest.mark.parametrize("options", [["--layout", "braille"], []])
def test_check_refuses_what_is_no_list(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").write_text("Dear colleagues, please see the list below.\n", "utf-8")
    assert main(["hotlist", "check", str(tmp_path / "letter.txt"), "--json", *options]) == 3
    assert document(capsys)["error"] == "ListUnreadable"


@pytest.mark.parametrize(("at", "code"), [("2026-11-23", 2), ("soon", 2), ("2026-11-23T16:00:00Z", 0)])
def test_check_takes_a_time_with_a_zone(
    at: str, code: int, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hotlist", "check", str(path), "--at", at, "--json"]) == code
    assert capsys.readouterr().out
