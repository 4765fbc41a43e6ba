"""`gatehouse audit EXPORT...`, run as a person runs it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli.app import main

OWNER = "Prairie Bend IL PD"
HEADER = (
    "ID",
    "Name",
    "Org Name",
    "Total Networks Searched",
    "License Plate",
    "Reason",
    "Case #",
    "Search Time",
    "Search Type",
)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Return a small network audit with two immigration reasons, one of them masked."""
    reasons = ["immigration", "stolen vehicle", "REDACTED", "burglary", "", "investigation"] * 3
    path = tmp_path / "audit.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for number, reason in enumerate(reasons):
            writer.writerow(
                (
                    f"id-{number}",
                    f"Invented Person {number % 3}",
                    "Tarrinholt TX PD",
                    str(6_000 + number),
                    f"INV{number:03}",
                    reason,
                    f"25-00{number:04}",
                    f"06/{number % 28 + 1:02}/2025, 09:{number:02}:36 AM UTC",
                    "lookup",
                )
            )
    return path


def document(arguments: list[str], capsys: pytest.CaptureFixture[str], *, code: int = 0) -> dict[str, Any]:
    assert main(["audit", *arguments, "--json"]) == code
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


def test_audit_takes_the_first_word_as_a_file_and_prints_one_document(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = document([f"{export}@{OWNER}"], capsys)
    assert found["families"]["immigration"] == {"n": 3, "readable": 15, "masked": 3, "total": 18}
    assert (found["rows"], found["searches"], found["files"][0]["owner"]) == (18, 18, OWNER)


def test_audit_owner_option_is_the_same_as_the_suffix(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert document([str(export), "--owner", OWNER], capsys) == document([f"{export}@{OWNER}"], capsys)


def test_audit_options_may_stand_before_the_file(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(["--owner", OWNER, str(export)], capsys)
    assert found["files"][0]["owner"] == OWNER


def test_audit_of_a_file_with_an_at_in_its_name(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = export.rename(tmp_path / "clerk@town.csv")
    assert document([str(odd)], capsys)["files"][0]["path"] == str(odd)
    assert document([f"{odd}@{OWNER}"], capsys)["files"][0]["owner"] == OWNER


def test_audit_fail_on_compares_severities(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document([f"{export}@{OWNER}", "--fail-on", "high"], capsys, code=1)
    calm = export.read_text().replace("immigration", "burglary").replace("6", "1")
    export.write_text(calm)
    document([f"{export}@{OWNER}", "--fail-on", "high"], capsys, code=0)


def test_audit_in_words_fits_a_screen_and_names_nobody(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", f"{export}@{OWNER}", "-o", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "18 rows = 18 searches + 0 duplicates + 0 rejects + 0 not searches" in printed
    assert "Immigration-labeled searches: 3 of 15 readable; 3 masked, so between 3 and 6" in printed
    assert "Report: " in printed and "Findings are leads, not verdicts." in " ".join(printed.split())
    assert "Invented Person" not in printed and "INV0" not in printed
    assert len(printed.splitlines()) < 50


def test_audit_without_an_output_says_how_to_get_the_report(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", str(export)]) == 0
    assert "-o DIR" in capsys.readouterr().out


def test_audit_in_words_of_a_file_without_a_search_says_where_such_files_belong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sharing.csv"
    path.write_text("Name,State,Type\nAlder Falls PD,IL,Police\nMill Creek PD,IL,Police\n", encoding="utf-8")
    assert main(["audit", str(path)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "2 rows = 0 searches + 0 duplicates + 0 rejects + 2 not searches" in printed
    assert "so nothing was tested" in printed and "give them with --sharing and --policies" in printed
    assert "Looked for" not in printed and "writes the report" not in printed


def test_audit_in_words_counts_what_is_not_measurable_as_the_report_does(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = document([str(export)], capsys)["findings"]
    zero, unknown = (sum(1 for each in found if each["count"] == count) for count in (0, None))
    assert main(["audit", str(export)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert f"Looked for and not seen: {zero}. Not measurable from this export: {unknown} (" in printed


def test_audit_reveals_only_what_is_asked_and_only_into_a_folder(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", str(export), "--reveal-plates"]) == 2
    assert "-o DIR" in capsys.readouterr().err
    out = tmp_path / "out"
    assert main(["audit", str(export), "--reveal-plates", "-o", str(out)]) == 0
    assert "plate 1,INV000\n" in (out / "plates.csv").read_text()
    assert not (out / "officers.csv").exists()
    assert main(["audit", str(export), "--reveal-names", "-o", str(out)]) == 0
    assert "officer 1,Tarrinholt TX PD,Invented Person 0\n" in (out / "officers.csv").read_text()
    assert not (out / "plates.csv").exists()


def test_audit_token_key_must_be_long(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    key.write_text("short")
    assert main(["audit", str(export), "--token-key", str(key), "-o", str(tmp_path / "out")]) == 3
    assert "at least 16 bytes" in capsys.readouterr().err


def test_audit_of_a_file_that_is_not_there_exits_3_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", str(tmp_path / "none.csv"), "--json"]) == 3
    printed = capsys.readouterr()
    assert json.loads(printed.out)["error"] == "BadInput"
    assert printed.err == ""


def test_audit_sharing_and_policies_are_read(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "sharing.csv"
    listed.write_text(
        "Organization Name,Networks Shared With Me,Networks I'm Sharing\n"
        f"Marrowmere TX PD,Marrowmere TX PD,{OWNER}\n"
    )
    rules = tmp_path / "rules.toml"
    rules.write_text(
        f'[[policy]]\norganization = "{OWNER}"\non = 2025-05-01\n'
        'prohibited_uses = "Immigration enforcement."\n'
    )
    arguments = [
        f"{export}@{OWNER}",
        "--sharing",
        f"{listed}@2025-06-01..2025-06-03",
        "--policies",
        str(rules),
    ]
    found = document(arguments, capsys)
    assert found["pathways"]["back"] == {"n": 3, "unknown": 15, "why": None}
    counts = {finding["id"]: finding["count"] for finding in found["findings"]}
    assert (counts["back_door"], counts["own_policy_conflict"]) == (3, 3)


def test_audit_adjudicated_gives_precision(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["audit", str(export), "-o", str(out)]) == 0
    capsys.readouterr()
    filled = tmp_path / "filled.csv"
    filled.write_text((out / "adjudicate.csv").read_text().replace(",3,\n", ",3,yes\n"))
    found = document([str(export), "--adjudicated", str(filled)], capsys)
    assert found["precision"]["immigration"]["upheld"] == 1
    assert found["precision"]["immigration"]["high"] == 1.0
    claim = next(each["claim"] for each in found["findings"] if each["id"] == "immigration_purpose")
    assert "A person judged 1 of 1 distinct texts and upheld 1: a precision between 21 and 100 %" in claim


def test_audit_help_names_both_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--help"]) == 0
    printed = capsys.readouterr().out
    assert "reconcile" in printed and "EXPORT[@OWNER]" in printed


def test_audit_usage_is_as_people_type_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--help"]) == 0
    assert " audit [OPTIONS] {EXPORT[@OWNER]...}" in capsys.readouterr().out


def test_audit_without_arguments_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit"]) == 2
    printed = capsys.readouterr()
    assert "--sharing" in printed.out + printed.err


def test_help_names_the_audit_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert printed.index("\n  audit ") < printed.index("\n  reasons ")
