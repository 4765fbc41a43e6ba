from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gatehouse.cli import main
from gatehouse.records.synth import FILE_NAME, MARKER

EXPORT = """Synthetic export
"id","userId","searchDate","networkCount","reason"
"a1","***","2026-03-10T04:31:52.901Z","12","bolo"
"a2","***","2026-03-10T05:31:52.901Z","***","n/a"
"id","userId","searchDate","networkCount","reason"
"a3","***","the day before","12","bolo"
"a4","***","2026-03-10T06:31:52.901Z","12",""
"""


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.csv"
    path.write_text(EXPORT, "utf-8")
    return path


def test_inspect_json_says_layout_columns_states_and_rejects(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["records", "inspect", str(export), "--json"]) == 0
    (seen,) = json.loads(capsys.readouterr().out)["files"]
    assert {
        name: seen[name]
        for name in ("path", "layout", "encoding", "header_row", "rows", "records", "non_search")
    } == {
        "path": str(export),
        "layout": "portal",
        "encoding": "utf-8",
        "header_row": 2,
        "rows": 5,
        "records": 3,
        "non_search": 1,
    }
    assert seen["rejects"] == {"unreadable_time": 1}
    assert seen["columns"][3:] == [
        {"label": "networkCount", "field": "networks"},
        {"label": "reason", "field": "reason"},
    ]
    assert seen["fields"]["reason"] == {"value": 1, "empty": 1, "placeholder": 1}
    assert seen["fields"]["networks"] == {"value": 2, "redacted_vendor": 1}
    assert "plate" not in seen["fields"]


def test_inspect_words_show_shares_and_reject_reasons(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["records", "inspect", str(export)]) == 0
    words = capsys.readouterr().out
    assert "portal, utf-8, header on row 2" in words
    assert "rejected, unreadable_time: 1" in words
    assert "value 1, empty 1, placeholder 1" in words


def test_inspect_of_enough_records_shows_percentages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "portal.csv"
    rows = [f"{n},2025-06-01 10:00:00,{n},{'bolo' if n % 4 else ''}" for n in range(1, 201)]
    path.write_text("\n".join(["id,searchDate,networkCount,reason", *rows, ""]), encoding="utf-8")
    assert main(["records", "inspect", str(path)]) == 0
    words = capsys.readouterr().out
    assert "value 75.0 %, empty 25.0 %" in words and "value 100.0 %" in words


def test_inspect_shows_no_contents(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["records", "inspect", str(export)])
    words = capsys.readouterr().out
    assert "bolo" not in words
    assert "the day before" not in words


def test_inspect_mapping_names_the_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export, mapping = tmp_path / "other.csv", tmp_path / "mapping.toml"
    export.write_text("when,who,why\n2026-03-10 04:31:52,Kelmholt TX PD,bolo\n", "utf-8")
    mapping.write_text('[columns]\nsearched_at = "when"\norg = "who"\nreason = "why"\n', "utf-8")
    assert main(["records", "inspect", str(export), "--mapping", str(mapping), "--json"]) == 0
    (seen,) = json.loads(capsys.readouterr().out)["files"]
    assert seen["layout"] == "mapped"
    assert [(column["label"], column["field"]) for column in seen["columns"]] == [
        ("when", "searched_at"),
        ("who", "org"),
        ("why", "reason"),
    ]


def test_inspect_unknown_layout_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "other.csv"
    path.write_text("apples,pears\n1,2\n", "utf-8")
    assert main(["records", "inspect", str(path), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"] == "BadInput"


def test_inspect_missing_file_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", "inspect", str(tmp_path / "none.csv"), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["where"] == str(tmp_path / "none.csv")


def test_synth_json_is_the_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["records", "synth", "--rows", "40", "--seed", "2", "-o", str(tmp_path), "--json"]
    assert main(arguments) == 0
    truth = json.loads(capsys.readouterr().out)
    assert truth == json.loads((tmp_path / "truth.json").read_text("utf-8"))
    assert (truth["searches"], truth["files"][0]["path"]) == (40, FILE_NAME)


def test_synth_words_say_that_it_is_invented(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", "synth", "--rows", "40", "-o", str(tmp_path)]) == 0
    assert MARKER in capsys.readouterr().out


def test_synth_no_rows_is_bad_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", "synth", "--rows", "0", "-o", str(tmp_path)]) == 2
    assert "cannot generate so many rows" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["--help"], 0),
        (["records", "--help"], 0),
        (["audit", "no-such-file.csv", "-o", "report"], 3),
        (["audit", "reconcile", "no-such-file.csv", "nor-this.csv"], 3),
        (["law", "backtest", "no-such-file.csv"], 3),
        (["records", "inspect", "no-such-file.csv"], 3),
        (["ledger", "--help"], 0),
        (["ledger", "append", "no-such-folder", "no-such-file.json"], 2),
        (["ledger", "show", "no-such-folder", "0"], 2),
        (["ledger", "fsck", "no-such-folder"], 2),
        (["ledger", "verify", "no-such-folder", "--key", "no-such.vkey"], 5),
        (["ledger", "verify", "no-such.tlog-proof", "--entry", "no-such.entry"], 3),
        (["ledger", "monitor", "no-such-folder", "--state", "state"], 5),
        (["ledger", "witness", "no-such-folder", "--logs", "no-such-file"], 2),
    ],
)
def test_command_with_nothing_to_read_loads_nothing_heavy(
    command: list[str], code: int, tmp_path: Path
) -> None:
    script = (
        f"import sys; from gatehouse.cli import main; code = main({command!r});"
        "heavy = {'polars', 'numpy', 'scipy', 'cedarpy', 'rich.markdown',"
        "'cryptography', 'httpx', 'starlette', 'uvicorn', 'asyncio'};"
        "print('\\n', code, sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-1] == f" {code} []"
