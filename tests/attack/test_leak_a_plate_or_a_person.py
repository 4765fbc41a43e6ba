"""Plates, names and numbers put wherever a cell can stand: no output holds them but the one asked for."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from gatehouse.cli.app import main
from tests.attack.exports import AUDIT, record, write

PLATES = ("ZQX7791", "9KVW332")
PEOPLE = ("Zebulon Quackenbush", "QUACKENBUSH, ZEBULON")
NUMBERS = ("04/17/1987", "1987-04-17", "04171987", "555-867-5309", "(555) 867-5309", "987-65-4321")
CANARIES = (*PLATES, *PEOPLE, *NUMBERS)
FREE = ("Reason", "Case #", "Filters", "Text Prompt")


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an export with a canary in every column, in shifted and cut records, and in its header."""
    cells = [(field, text) for field in AUDIT if field != "ID" for text in CANARIES]
    cells += [(field, f"ICE warrant {text}") for field in FREE for text in CANARIES]
    sound = {"Name": PEOPLE[0], "License Plate": PLATES[0]}
    rows = [[*record(number, {**sound, field: text}), "", ""] for number, (field, text) in enumerate(cells)]
    rows += [["x", *record(900 + number, sound)] for number in range(5)]
    rows += [record(910 + number, sound)[1:] for number in range(5)]
    rows += [record(920 + number, sound)[:number] for number in range(2, 12)]
    rows += [[PLATES[0], PEOPLE[0]], [PLATES[0]] * 30]
    path = tmp_path_factory.mktemp("leak") / "audit.csv"
    return write(path, rows, (*AUDIT, PLATES[1], f"Notes about {PEOPLE[0]}"))


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every file below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            strings = pl.read_parquet(path).select(pl.selectors.string())
            yield path.name, "\n".join(text for column in strings for text in column.drop_nulls())
        elif path.is_file():
            yield path.name, path.read_text(encoding="utf-8")


def found(text: str) -> set[str]:
    return {canary for canary in CANARIES if canary.lower() in text.lower()}


def test_every_output_is_free_of_plates_and_people(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", str(export), "-o", str(tmp_path / "a"), "--json"]) == 0
    assert main(["audit", str(export)]) == 0
    assert main(["audit", "reconcile", str(export), str(export), "-o", str(tmp_path / "b")]) == 0
    assert main(["records", "inspect", str(export), "--json"]) == 0
    assert main(["records", "inspect", str(export)]) == 0
    printed = capsys.readouterr()
    leaks = {name: found(text) for name, text in texts(tmp_path)}
    leaks |= {"stdout": found(printed.out), "stderr": found(printed.err)}
    assert {name: canaries for name, canaries in leaks.items() if canaries} == {}


@pytest.mark.parametrize("as_json", [[], ["--json"]])
@pytest.mark.parametrize(
    "command", [["audit"], ["records", "inspect"], ["reasons", "--column", "why", "--file"]]
)
def test_errors_quote_no_cell_of_a_header(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], as_json: list[str]
) -> None:
    path = write(tmp_path / "x.csv", [["a", "b", "c"]], (PEOPLE[0], PLATES[1], "Reason"))
    assert main([*command, str(path), *as_json]) == 3
    printed = capsys.readouterr()
    assert found(printed.out + printed.err) == set()


def test_reveal_option_reveals_its_own_kind_in_its_own_file(export: Path, tmp_path: Path) -> None:
    sound = write(tmp_path / "audit.csv", [record(1, {"Name": PEOPLE[0], "License Plate": PLATES[0]})])
    plates, names = tmp_path / "plates", tmp_path / "names"
    assert main(["audit", str(sound), "-o", str(plates), "--reveal-plates"]) == 0
    assert main(["audit", str(sound), "-o", str(names), "--reveal-names"]) == 0
    assert {name: each for name, text in texts(plates) if (each := found(text))} == {
        "plates.csv": {PLATES[0]}
    }
    assert {name: each for name, text in texts(names) if (each := found(text))} == {
        "officers.csv": {PEOPLE[0]}
    }


def test_tokens_differ_by_key_and_leave_no_revealed_file(tmp_path: Path) -> None:
    sound = write(tmp_path / "audit.csv", [record(1), record(2)])
    tokens = []
    for number in range(2):
        key = tmp_path / f"key-{number}"
        key.write_bytes(b"sixteen bytes or more %d" % number)
        out = tmp_path / f"out-{number}"
        assert main(["audit", str(sound), "-o", str(out), "--token-key", str(key)]) == 0
        assert not (out / "plates.csv").exists()
        tokens.append(pl.read_parquet(out / "records.parquet")["plate_token"].to_list())
    assert len({token for row in tokens for token in row}) == 4


def test_no_csv_cell_starts_a_formula(tmp_path: Path) -> None:
    rows = [
        record(number, {"Reason": f"{start}HYPERLINK('x') immigration", "Name": f"{start}A1"})
        for number, start in enumerate(
            ["=", "+", "-", "@", "\t=", " =", "\uff1d", "\uff0b", "\u200b=", "\0="]
        )
    ]
    export = write(tmp_path / "audit.csv", rows)
    out = tmp_path / "out"
    assert main(["audit", str(export), "-o", str(out), "--reveal-names"]) == 0
    for path in out.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        assert [
            cell for cell in cells if cell.strip(" \t\r\n\0\u200b")[:1] in tuple("=+-@\uff1d\uff0b")
        ] == []


def test_markup_from_cells_stays_text_in_the_report(tmp_path: Path) -> None:
    mark = "<script>alert(1)</script>"
    rows = [record(n, {"Reason": f"{mark} immigration", "Org Name": f"{mark} PD TX"}) for n in range(40)]
    export = write(tmp_path / "<i>.csv", rows)
    out = tmp_path / "out"
    assert main(["audit", str(export), "--owner", f"{mark} IL PD", "-o", str(out)]) == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert ("<script>alert" in page, "<i>.csv" in page) == (False, False)


@pytest.mark.parametrize(
    "command", [["audit"], ["audit", "reconcile"], ["records", "inspect"]], ids=lambda words: words[-1]
)
def test_escape_sequences_from_an_export_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    rows = [record(number, {"Org Name": "\x1b[2JTarrinholt TX PD"}) for number in range(40)]
    exports = [str(write(tmp_path / name, rows)) for name in ("a\x1b[2J.csv", "b.csv")]
    assert main([*command, *exports]) == 0
    assert "\x1b" not in capsys.readouterr().out
