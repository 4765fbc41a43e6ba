"""`gatehouse law`: what it prints, and how it exits."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli import main
from gatehouse.law.pack import Pack

PACK = Pack.load()
NAMED = {"version": PACK.id.version, "sha256": PACK.id.sha256}
REQUEST = {
    "searched_at": "2026-03-02T15:00:00Z",
    "searcher": {"name": "Larkspur PD", "state": "MO", "kind": "police"},
    "owner": {"name": "Prairie Bend PD", "state": "IL", "kind": "police"},
    "plate": "QX7193",
    "purpose": "stolen_vehicle_or_plate",
    "agreement": True,
    "declaration": False,
}


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def written(tmp_path: Path, content: Any) -> str:
    path = tmp_path / "request.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


class TestList:
    def test_list_json_holds_every_jurisdiction(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["law", "list", "--json"]) == 0
        found = document(capsys)
        assert found["pack"] == NAMED
        assert [each["code"] for each in found["jurisdictions"]] == sorted(PACK.jurisdictions)
        illinois = next(each for each in found["jurisdictions"] if each["code"] == "us-il")
        assert illinois["name"] == "Illinois"
        assert illinois["rules"] == sum(rule.jurisdiction == "us-il" for rule in PACK.rules.values()) > 0

    def test_list_for_people_ends_with_no_advice_and_the_version(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["law", "list"]) == 0
        shown = capsys.readouterr().out
        assert "us-il   Illinois" in shown
        assert "This is not legal advice." in shown
        assert f"rulebook {PACK.id.version}, sha256:{PACK.id.sha256}" in shown


class TestShow:
    @pytest.mark.parametrize("code", ["us-il", "IL", "il", "US-IL", "Illinois", "illinois"])
    def test_show_json_holds_provisions_with_their_rules(
        self, code: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["law", "show", code, "--json"]) == 0
        found = document(capsys)
        assert (found["code"], found["pack"]) == ("us-il", NAMED)
        assert found["advice"].startswith("This is not legal advice.")
        provision = next(each for each in found["provisions"] if each["id"] == "us-il/2-130(c)")
        assert (provision["operative"], provision["confidence"]) == ("2024-01-01", "text")
        assert [rule["id"] for rule in provision["rules"]] == [
            "us-il/2-130(c)/declaration",
            "us-il/2-130(c)/federal",
            "missing:declaration/us-il",
        ]

    def test_show_for_people_tells_every_rule_source_and_gap(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["law", "show", "us-il"]) == 0
        shown = " ".join(capsys.readouterr().out.split())
        illinois = PACK.jurisdictions["us-il"]
        rules = [rule for rule in PACK.rules.values() if rule.jurisdiction == "us-il"]
        assert "us-il/2-130(c)/federal refused though not settled: federal" in shown
        wanted = [illinois.not_covered, *illinois.sources, *(f"{rule.sentence} {rule.id}" for rule in rules)]
        assert [each for each in wanted if " ".join(each.split()) not in shown] == []
        assert "This is not legal advice." in shown

    def test_show_unknown_code_is_bad_use_with_the_list(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["law", "show", "us-zz", "--json"]) == 2
        assert (
            document(capsys)["expected"]
            == "one of " + ", ".join(sorted(PACK.jurisdictions)) + ", or its name"
        )

    def test_show_folder_without_a_rulebook_is_bad_input(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["law", "show", "us-il", "--pack", str(tmp_path), "--json"]) == 3
        assert document(capsys)["error"] == "BadInput"


class TestDecide:
    def test_decide_denial_exits_0(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["law", "decide", written(tmp_path, REQUEST), "--json"]) == 0
        answer = document(capsys)
        assert (answer["decision"], answer["pack"]) == ("deny", NAMED)
        assert [rule["id"] for rule in answer["rules"]] == ["us-il/2-130(c)/declaration"]

    def test_decide_says_what_is_refused_though_not_settled(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        federal = {"name": "Bureau of Cases", "state": None, "kind": "federal"}
        path = written(tmp_path, REQUEST | {"searcher": federal})
        assert main(["law", "decide", path, "--json"]) == 0
        rules = {rule["id"]: rule["unsettled"] for rule in document(capsys)["rules"]}
        assert rules == {"us-il/2-130(c)/federal": ["federal"]}
        assert main(["law", "decide", path]) == 0
        assert "us-il/2-130(c)/federal\n    refused though not settled: federal\n" in capsys.readouterr().out

    def test_decide_list_gives_a_list(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = written(tmp_path, [REQUEST, REQUEST | {"declaration": True}])
        assert main(["law", "decide", path, "--json"]) == 0
        assert [each["decision"] for each in document(capsys)] == ["deny", "permit"]

    def test_decide_empty_list_gives_an_empty_list(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["law", "decide", written(tmp_path, []), "--json"]) == 0
        assert document(capsys) == []

    def test_decide_dash_reads_standard_input(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(REQUEST).encode())))
        assert main(["law", "decide", "-", "--json"]) == 0
        assert document(capsys)["decision"] == "deny"

    def test_decide_for_people_tells_sentence_and_citation_but_no_plate(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = written(tmp_path, [REQUEST | {"reason": "my ex"}, REQUEST | {"agreement": None}])
        assert main(["law", "decide", path]) == 0
        shown = capsys.readouterr().out
        assert "[0] DENY" in shown and "[1] DENY" in shown
        assert "625 ILCS 5/2-130(c) (text), us-il/2-130(c)/declaration" in shown
        assert "The words suggest: personal" in shown
        assert "QX7193" not in shown and "my ex" not in shown

    def test_decide_lacking_facts_are_said_to_lack(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["law", "decide", written(tmp_path, REQUEST | {"declaration": None})]) == 0
        assert "DENY (the request lacks what the rules need)" in capsys.readouterr().out

    @pytest.mark.parametrize("content", [{}, [{}], 7, REQUEST | {"purpose": "immigration"}])
    def test_decide_bad_document_exits_3(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: Any
    ) -> None:
        assert main(["law", "decide", written(tmp_path, content), "--json"]) == 3
        assert document(capsys)["next"] == "see docs/deciding.md"

    def test_decide_missing_file_exits_3(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["law", "decide", str(tmp_path / "none.json"), "--json"]) == 3
        assert document(capsys)["got"] == "No such file or directory"
