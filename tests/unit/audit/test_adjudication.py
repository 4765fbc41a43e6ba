"""A person's verdicts, and the precision that follows."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gatehouse.audit.adjudication import COLUMNS, precision, without_numbers, write_sheet
from gatehouse.audit.document import Precision
from gatehouse.audit.ground import Ground
from gatehouse.audit.statistics import wilson
from gatehouse.model import BadInput
from tests.unit.audit.builders import Row, ground

ROWS: list[Row] = [
    {"reason": "immigration"},
    {"reason": "immigration"},
    {"reason": "CBP"},
    {"reason": "protest"},
    {"reason": "stolen vehicle"},
    {"reason": "investigation"},
]


@pytest.fixture
def base() -> Ground:
    return ground(ROWS)


def sheet(base: Ground, path: Path) -> list[dict[str, str]]:
    write_sheet(base, path)
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def judged(rows: list[dict[str, str]], path: Path, verdicts: dict[str, str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows({**row, "verdict": verdicts.get(row["text"], "")} for row in rows)
    return path


def test_sheet_holds_every_accusing_text_once_with_its_rule_and_count(base: Ground, tmp_path: Path) -> None:
    rows = sheet(base, tmp_path / "adjudicate.csv")
    assert [(row["signal"], row["text"], row["searches"], row["verdict"]) for row in rows] == [
        ("civil_immigration", "immigration", "2", ""),
        ("first_amendment", "protest", "1", ""),
        ("immigration_agency", "CBP", "1", ""),
    ]
    assert all(row["rule"] and row["meaning"] and row["matched"] for row in rows)


def test_precision_counts_distinct_texts_with_wilsons_interval(base: Ground, tmp_path: Path) -> None:
    rows = sheet(base, tmp_path / "adjudicate.csv")
    path = judged(rows, tmp_path / "filled.csv", {"immigration": "Yes", "CBP": "no"})
    found = precision(path, base)
    interval = wilson(1, 2)
    assert set(found) == {"civil_immigration", "immigration_agency", "immigration"}
    assert found["immigration"] == Precision(1, 2, 0, 2, 3, interval.low, interval.point, interval.high)


def test_precision_leaves_out_what_nobody_judged(base: Ground, tmp_path: Path) -> None:
    rows = sheet(base, tmp_path / "adjudicate.csv")
    assert precision(judged(rows, tmp_path / "filled.csv", {}), base) == {}
    found = precision(judged(rows, tmp_path / "filled.csv", {"CBP": "yes"}), base)
    assert (found["immigration"].judged, found["immigration"].unjudged) == (1, 1)


def test_precision_of_another_records_sheet_is_empty(base: Ground, tmp_path: Path) -> None:
    other = sheet(ground([{"reason": "deportation warrant"}]), tmp_path / "other.csv")
    path = judged(other, tmp_path / "filled.csv", {"deportation warrant": "yes"})
    assert precision(path, base) == {}


def test_precision_with_an_odd_verdict_says_where(base: Ground, tmp_path: Path) -> None:
    rows = sheet(base, tmp_path / "adjudicate.csv")
    path = judged(rows, tmp_path / "filled.csv", {"CBP": "maybe"})
    with pytest.raises(BadInput, match="neither yes nor no") as caught:
        precision(path, base)
    assert caught.value.where == f"{path}, line 4"
    assert "maybe" not in str(caught.value)


def test_precision_without_the_columns_is_bad_input(base: Ground, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="lacks columns"):
        precision(path, base)


@pytest.mark.parametrize(
    ("text", "keep", "expected"),
    [
        ("immigration 25-001234", "immigration", "immigration #"),
        ("8 USC 1326 25-001234", "8 USC 1326", "8 USC 1326 #"),
        ("I-200 26012345", "I-200", "I-200 #"),
        ("ICE 2026-1234", "ICE", "ICE #"),
    ],
)
def test_without_numbers_keeps_what_was_matched(text: str, keep: str, expected: str) -> None:
    assert without_numbers(text, keep=keep) == expected
