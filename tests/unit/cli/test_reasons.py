"""`gatehouse reasons`."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli import main
from gatehouse.law.reasons import Lexicon

HASH = f"sha256:{Lexicon.load().sha256}"
NONE_BLANK = {"signal": "none_stated", "rule": "none-blank", "span": [0, 0]}
ICE = {"signal": "immigration_agency", "rule": "agency-ice", "span": [0, 3]}


def lines(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_reasons_texts_print_a_line_each_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reasons", "ICE", "", "stolen", "--json"]) == 0
    assert lines(capsys) == [
        {"reason": "ICE", "signals": [ICE], "lexicon": HASH},
        {"reason": "", "signals": [NONE_BLANK], "lexicon": HASH},
        {"reason": "stolen", "signals": [], "lexicon": HASH},
    ]


def test_reasons_file_has_one_reason_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "reasons.txt"
    path.write_bytes("\ufeffICE\r\n\nstolen".encode())
    assert main(["reasons", "--file", str(path), "--json"]) == 0
    assert [line["reason"] for line in lines(capsys)] == ["ICE", "", "stolen"]


def test_reasons_dash_reads_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"ICE\n")))
    assert main(["reasons", "--file", "-", "--json"]) == 0
    assert lines(capsys) == [{"reason": "ICE", "signals": [ICE], "lexicon": HASH}]


def test_reasons_column_reads_that_column_of_a_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "export.csv"
    path.write_text('id,Reason\n1,"ICE, hold"\n2,"two\nlines"\n3\n', encoding="utf-8")
    assert main(["reasons", "--file", str(path), "--column", "reason", "--json"]) == 0
    assert [line["reason"] for line in lines(capsys)] == ["ICE, hold", "two\nlines", None]


def test_reasons_for_people_is_a_table_with_words_and_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reasons", "I.C.E.", "[red]x\x1b[31m"]) == 0
    shown = capsys.readouterr().out
    assert "immigration_agency" in shown
    assert "agency-ice" in shown
    assert "no signal" in shown
    assert "[red]" in shown
    assert "\x1b[31m" not in shown


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["reasons", "--json"], 2, "no reason was given"),
        (["reasons", "x", "--file", "y", "--json"], 2, "not both"),
        (["reasons", "x", "--column", "reason", "--json"], 2, "--column"),
        (["reasons", "--file", "no/such/file", "--json"], 3, "cannot be read"),
        (["reasons", "x", "--lexicon", "no/such/file", "--json"], 3, "lexicon cannot be read"),
        (["reasons", "\udcff", "--json"], 3, "not UTF-8"),
    ],
)
def test_reasons_bad_use_and_input_exit_with_their_codes(
    arguments: list[str], code: int, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    assert what in json.loads(capsys.readouterr().out)["what"]


@pytest.mark.parametrize(
    ("content", "column", "what"),
    [
        (b"good\nb\xffd\n", None, "a line is not UTF-8"),
        (b"id,why\n1,x\n", "reason", "no such column"),
        (b"", "reason", "no such column"),
        (b"reason,Reason\nx,y\n", "reason", "more than once"),
    ],
)
def test_reasons_unreadable_file_is_bad_input(
    content: bytes, column: str | None, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "input"
    path.write_bytes(content)
    extra = ["--column", column] if column else []
    assert main(["reasons", "--file", str(path), *extra]) == 3
    assert what in capsys.readouterr().err


def test_reasons_imports_nothing_heavy() -> None:
    program = (
        "import sys; from gatehouse.cli import main; main(['reasons', 'ICE', '--json']);"
        "sys.exit(bool({'polars', 'scipy', 'numpy', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
