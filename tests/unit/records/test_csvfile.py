"""Delimited text as blocks: both ways of reading agree, whatever the bytes."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gatehouse.records import csvfile, csvscan
from gatehouse.records.csvfile import CsvSource

Records = list[tuple[int, tuple[str | None, ...]]]

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CELL = st.text(st.sampled_from('abc019 ,;\t|"\n\ré–\u2028é█'), max_size=8)
WHOLE = st.integers(min_value=2, max_value=5).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=30)
)
DAMAGED = st.binary(max_size=400) | st.lists(
    st.sampled_from(
        [b"a", b'"', b",", b"\n", b"\r\n", b"\r", b"bb", b'""', b"\xe9", b" ", b"\x00", b"c,d\n"]
    ),
    max_size=80,
).map(b"".join)


def read(path: Path, *, block: int = csvfile.BLOCK) -> Records:
    records: Records = []
    for block_ in CsvSource(str(path), block=block).blocks():
        for row, cells in zip(block_.rows, block_.cells.rows(), strict=True):
            kept = list(cells)
            while kept and kept[-1] is None:
                kept.pop()
            records.append((row, tuple(kept)))
    return records


def read_carefully(path: Path, monkeypatch: pytest.MonkeyPatch, *, block: int = csvfile.BLOCK) -> Records:
    with monkeypatch.context() as patch:
        patch.setattr(csvfile._Cutter, "_fast", lambda *_, **__: None)
        return read(path, block=block)


def delimited(rows: list[list[str]], delimiter: str, ending: str, quoting: int) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


@QUICK
@given(
    rows=WHOLE,
    ending=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    block=st.sampled_from([64, 200, csvfile.BLOCK]),
    unterminated=st.booleans(),
)
def test_blocks_of_sound_text_are_read_alike_by_both_ways(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[list[str]],
    ending: str,
    quoting: int,
    block: int,
    unterminated: bool,
) -> None:
    path = tmp_path / "export.csv"
    text = delimited([["id", "reason", "org name"][: len(rows[0])], *rows], ",", ending, quoting)
    path.write_bytes(text.removesuffix(ending if unterminated else "").encode())
    assert read(path, block=block) == read_carefully(path, monkeypatch, block=block)


@QUICK
@given(data=DAMAGED, block=st.sampled_from([32, 100, csvfile.BLOCK]))
@example(data=b'a,b\n""a"",c\n', block=csvfile.BLOCK)
@example(data=b'a,"a"b"c"\nd,e\n', block=csvfile.BLOCK)
@example(data=b"\n\na,b\n,\nc\n", block=csvfile.BLOCK)
@example(data=b'a,b\r\nc,"d\r\ne"\r\n', block=32)
@example(data=b"a,b\nc,d\re,f\n", block=csvfile.BLOCK)
def test_blocks_of_any_bytes_are_read_alike_by_both_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, block: int
) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(data)
    assert read(path, block=block) == read_carefully(path, monkeypatch, block=block)


@QUICK
@given(
    rows=WHOLE,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_blocks_of_any_dialect_give_the_cells_written(
    tmp_path: Path, rows: list[list[str]], delimiter: str, encoding: str, ending: str
) -> None:
    labels = ["id", "Org Name", "Reason", "Search Time", "Name"][: len(rows[0])]
    path = tmp_path / "export.csv"
    path.write_bytes(delimited([labels, *rows], delimiter, ending, csv.QUOTE_ALL).encode(encoding))
    expected = [
        (at, tuple(row)) for at, row in enumerate([labels, *rows], 1) if any(cell.strip() for cell in row)
    ]
    assert read(path) == expected


def test_blocks_with_cp1252_bytes_are_decoded_and_noted(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes("id,reason\n1,Jos\xe9\u2019s car \u2013 stolen\n".encode("cp1252"))
    source = CsvSource(str(path))
    assert [block.cells.rows() for block in source.blocks()] == [
        [("id", "reason"), ("1", "Jos\xe9\u2019s car \u2013 stolen")]
    ]
    assert source.encoding == "cp1252"
    assert source.notes == (("not_utf8", "3 bytes read as Windows-1252"),)


def test_blocks_with_an_unclosed_quote_lose_only_that_record(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    lines = [f'"{number}","plain"' for number in range(1, 6)]
    lines[2] = '"3","never closed'
    path.write_text("\n".join(["id,reason", *lines]) + "\n", encoding="utf-8")
    source = CsvSource(str(path))
    rows = [row for block in source.blocks() for row in block.cells.rows()]
    assert rows[3] == ("3", "never closed\n")
    assert [row[0] for row in rows] == ["id", "1", "2", "3", "4", "5"]
    assert source.notes == (("unclosed_quote", "1 records with a quote that never closes"),)


def test_rows_count_blank_lines_and_take_a_multiline_cell_as_one(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text('title\n\nid,reason\n1,"two\nlines"\n,\n2,b\n', encoding="utf-8")
    assert [row for row, _ in read(path)] == [1, 3, 4, 6]


def test_damage_in_one_place_leaves_the_rest_to_the_fast_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "export.csv"
    lines = [f"{number},word,word" for number in range(40_000)]
    lines[17] = '17,a "stray quote,word'
    path.write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(csvfile, "SLOW_BLOCK", 4096)
    careful: list[int] = []

    def watched(data: bytes, *, delimiter: str, spaced: bool, width: int, stop: int) -> csvscan.Scan:
        careful.append(stop)
        return csvscan.scan(data, delimiter=delimiter, spaced=spaced, width=width, stop=stop)

    monkeypatch.setattr(csvfile, "scan", watched)
    assert len(read(path)) == 40_000
    assert careful == [4096]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_sha256_is_of_the_file_on_disk(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes("id,reason\n1,stolen\n".encode(encoding))
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    source = CsvSource(str(path))
    assert source.sha256 == expected
    again = CsvSource(str(path))
    list(again.blocks())
    assert again.sha256 == expected
    assert again.consumed == path.stat().st_size


def test_delimiter_is_not_taken_from_commas_in_reasons(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    rows = ["Org Name;Reason;Search Time", *(f"Alder PD;theft, car, red, {n};11/14/2025" for n in range(9))]
    path.write_text("\n".join(rows), encoding="utf-8")
    assert CsvSource(str(path)).dialect.delimiter == ";"
