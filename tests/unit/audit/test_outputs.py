"""The files of an audit."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from gatehouse.audit.options import AuditOptions
from gatehouse.audit.outputs import Manifest, write
from gatehouse.audit.parquet import plate_token
from gatehouse.audit.run import audited
from gatehouse.model import BadUse, LinkTier
from gatehouse.records.frame import TEXT_FIELDS, Reject
from tests.unit.audit.builders import NOON, OWNER, Row, linked

ROWS: list[Row] = [
    {"reason": "immigration", "officer": "Invented Person", "plate": "INVENT1"},
    {"reason": "stolen vehicle, Invented Person", "officer": "Invented Person", "plate": "INVENT2"},
    {
        "reason": "immigration",
        "search": 0,
        "tier": LinkTier.ID,
        "officer": "Other Person",
        "plate": "INVENT3",
    },
    *({"reason": "stolen vehicle", "searched_at": NOON + timedelta(hours=n)} for n in range(150)),
]


def written(
    directory: Path, options: AuditOptions | None = None, *, keep: frozenset[str] | None = None
) -> Manifest:
    record = linked(
        ROWS,
        rejects=[Reject(0, 160, "bad_time", "not a time")],
        keep=frozenset(TEXT_FIELDS) if keep is None else keep,
    )
    with audited(record, options or AuditOptions()) as (audit, ground):
        return write(audit, ground, directory)


def test_write_makes_every_file_and_the_manifest_names_each(tmp_path: Path) -> None:
    manifest = written(tmp_path)
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert names == sorted(["manifest.json", *(file.path for file in manifest.files)])
    assert {"report.html", "findings.json", "findings.csv", "records.parquet", "rejects.csv"} <= set(names)
    document = json.loads((tmp_path / "manifest.json").read_text())
    for file in document["files"]:
        data = (tmp_path / file["path"]).read_bytes()
        assert (file["sha256"], file["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))


def test_write_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = written(tmp_path / "a"), written(tmp_path / "b")
    assert first.files == second.files
    assert (tmp_path / "a/manifest.json").read_bytes() == (tmp_path / "b/manifest.json").read_bytes()


def test_write_names_no_person_and_no_plate_unless_asked(tmp_path: Path) -> None:
    written(tmp_path)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"Invented Person" not in data and b"INVENT" not in data, path.name
    frame = pl.read_parquet(tmp_path / "records.parquet")
    assert "Invented" not in str(frame.to_dicts())


def test_write_reveals_into_separate_files_and_takes_them_away_again(tmp_path: Path) -> None:
    written(tmp_path, AuditOptions(reveal_plates=True, reveal_names=True))
    plates = list(csv.reader((tmp_path / "plates.csv").read_text().splitlines()))
    # The copy of search 1 shows another plate, so two plates appear first in it.
    assert [row[0] for row in plates] == ["plate", "plate 1", "plate 2", "plate 3"]
    assert {row[1] for row in plates[1:3]} == {"INVENT1", "INVENT3"}
    assert plates[3][1] == "INVENT2"
    officers = list(csv.reader((tmp_path / "officers.csv").read_text().splitlines()))
    assert {row[2] for row in officers[1:]} == {"Invented Person", "Other Person"}
    assert "Invented" not in (tmp_path / "report.html").read_text()
    written(tmp_path)
    assert not (tmp_path / "plates.csv").exists() and not (tmp_path / "officers.csv").exists()


def test_write_reveal_of_texts_not_kept_is_bad_use(tmp_path: Path) -> None:
    with pytest.raises(BadUse, match="plate texts were not kept"):
        written(tmp_path, AuditOptions(reveal_plates=True), keep=frozenset({"org", "reason"}))


def test_findings_csv_holds_every_row_of_every_finding(tmp_path: Path) -> None:
    written(tmp_path)
    document = json.loads((tmp_path / "findings.json").read_text())
    with (tmp_path / "findings.csv").open() as stream:
        rows = [(row["finding"], row["file"], int(row["row"])) for row in csv.DictReader(stream)]
    assert {file for _, file, _ in rows} == {"1"}
    inputs = json.loads((tmp_path / "manifest.json").read_text())["inputs"]
    assert [item["file"] for item in inputs] == [1]
    for finding in document["findings"]:
        own = [row for found, _, row in rows if found == finding["id"]]
        if finding["id"] not in ("coverage_gap", "schema_break"):
            assert len(own) == (finding["count"] or 0)
        assert own == sorted(own)
        assert len(finding["evidence"]) <= 100
        assert {cite["row"] for cite in finding["evidence"]} <= set(own)


def test_records_parquet_is_the_normal_form_with_ordinals(tmp_path: Path) -> None:
    written(tmp_path)
    frame = pl.read_parquet(tmp_path / "records.parquet")
    assert frame.height == len(ROWS)
    assert frame.select("path", "row").rows() == sorted(frame.select("path", "row").rows())
    first, second, copy = frame.head(3).to_dicts()
    assert (first["officer"], first["plate"], first["plate_token"]) == (1, 1, None)
    assert (first["reason"], first["signals"], first["owner"]) == ("immigration", "civil_immigration", OWNER)
    assert second["officer"] == 1
    assert second["reason"].startswith("stolen vehicle") and "Invented" not in second["reason"]
    assert (copy["tier"], copy["search"], copy["signals"]) == ("id", 0, None)
    assert first["plate_state"] == "value"


def test_records_parquet_with_a_key_holds_tokens(tmp_path: Path) -> None:
    key = b"0123456789abcdef"
    written(tmp_path, AuditOptions(token_key=key))
    frame = pl.read_parquet(tmp_path / "records.parquet")
    assert frame["plate_token"][0] == plate_token(key, "INVENT1")
    assert len(frame["plate_token"][0]) == 32


def test_plate_token_ignores_case_and_marks_and_depends_on_the_key() -> None:
    assert plate_token(b"k" * 16, "inv-ent 1") == plate_token(b"k" * 16, "INVENT1")
    assert plate_token(b"k" * 16, "INVENT1") != plate_token(b"l" * 16, "INVENT1")


def test_rejects_csv_says_where_and_why(tmp_path: Path) -> None:
    written(tmp_path)
    assert (tmp_path / "rejects.csv").read_text() == (
        "file,row,reason,detail\naudit.csv,160,bad_time,not a time\n"
    )
