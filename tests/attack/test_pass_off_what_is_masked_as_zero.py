"""Reasons that are hidden, absent or shown elsewhere: what cannot be read is null or bounded, never 0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli.app import main
from tests.attack.exports import AUDIT, record, write


def audited(capsys: pytest.CaptureFixture[str], *paths: Path) -> dict[str, Any]:
    """Return the document of an audit."""
    assert main(["audit", *map(str, paths), "--owner", "Prairie Bend IL PD", "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def reasons(path: Path, *given: str) -> Path:
    return write(path, [record(number, {"Reason": text}) for number, text in enumerate(given)])


@pytest.mark.parametrize("marker", ["REDACTED", "***", "[REDACTED]", "7923.600 GC", "REDACTED, hold"])
def test_masked_column_is_null_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], marker: str
) -> None:
    document = audited(capsys, reasons(tmp_path / "audit.csv", *[marker] * 40))
    assert set(document["signals"].values()) == {None}
    assert document["families"] == {"immigration": None}
    side = document["pathways"]["side"]
    assert (side["n"], side["unknown"]) == (None, 40)
    counts = {finding["id"]: finding["count"] for finding in document["findings"]}
    assert (counts["immigration_purpose"], counts["reason_missing"]) == (None, None)


@pytest.mark.parametrize(
    "left", ["ICE \u2588\u2588\u2588\u2588", "[REDACTED] immigration", "REDACTED, ICE detainer"]
)
def test_word_that_a_partial_mask_leaves_is_counted_and_the_rest_bounded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], left: str
) -> None:
    document = audited(capsys, reasons(tmp_path / "audit.csv", left, *["REDACTED"] * 39))
    tally = {"n": 1, "readable": 1, "masked": 39, "total": 40}
    assert document["families"] == {"immigration": tally}
    shown = {name: each for name, each in document["signals"].items() if each is not None}
    assert set(map(str, shown.values())) == {str(tally)}
    assert document["signals"]["none_stated"] is None
    side = document["pathways"]["side"]
    assert (side["n"], side["unknown"]) == (1, 39)
    missing = {each["what"] for each in document["not_measurable"]}
    assert ("family:immigration" in missing, "signal:vague" in missing) == (False, True)
    (finding,) = (each for each in document["findings"] if each["id"] == "immigration_purpose")
    assert (finding["count"], [each["row"] for each in finding["evidence"]]) == (1, [2])


def test_absent_column_is_null(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = AUDIT.index("Reason")
    rows = [record(number) for number in range(40)]
    without = [row[:at] + row[at + 1 :] for row in rows]
    path = write(tmp_path / "audit.csv", without, AUDIT[:at] + AUDIT[at + 1 :])
    assert audited(capsys, path)["families"] == {"immigration": None}


def test_half_masked_column_is_bounded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = reasons(tmp_path / "audit.csv", *["REDACTED"] * 30, *["burglary"] * 8, "immigration", "")
    tally = audited(capsys, path)["families"]["immigration"]
    assert tally == {"n": 1, "readable": 10, "masked": 30, "total": 40}


def test_pathways_without_a_sharing_list_are_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = audited(capsys, reasons(tmp_path / "audit.csv", *["burglary"] * 40))
    assert document["pathways"]["front"]["n"] is None
    back = document["pathways"]["back"]
    assert (back["n"], back["unknown"]) == (None, 40)


def test_header_alone_is_not_measurable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = audited(capsys, write(tmp_path / "audit.csv", []))
    assert (document["rows"], document["searches"]) == (0, 0)
    assert set(document["signals"].values()) == {None}


def test_reason_masked_in_one_release_is_read_in_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = reasons(tmp_path / "first.csv", *["REDACTED"] * 6)
    second = reasons(tmp_path / "second.csv", *["immigration"] * 2, *["burglary"] * 3, "REDACTED")
    document = audited(capsys, first, second)
    assert [file["searches"] for file in document["files"]] == [6, 0]
    assert document["families"]["immigration"] == {"n": 2, "readable": 5, "masked": 1, "total": 6}
    (finding,) = (each for each in document["findings"] if each["id"] == "immigration_purpose")
    assert finding["evidence"] == [{"file": str(second), "row": 2}, {"file": str(second), "row": 3}]
