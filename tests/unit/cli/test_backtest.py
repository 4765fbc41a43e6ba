"""`gatehouse law backtest`: what it prints, and what it says to bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gatehouse.cli import main
from tests.unit.records.exports import AUDIT, audit_row, export

OWNER = "Prairie Bend IL PD"


@pytest.fixture
def record(tmp_path: Path) -> str:
    reasons = ("ICE+ERO", "stolen vehicle")
    rows = [
        audit_row(number, Reason=reason, **{"Org Name": "Birch TX PD"})
        for number, reason in enumerate(reasons, 1)
    ]
    return export(tmp_path, [AUDIT, *rows])


class TestBacktest:
    def test_backtest_json_is_one_document_that_adds_up(
        self, record: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["law", "backtest", record, "--owner", OWNER, "--law", "us-il", "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["laws"] == ["us-il"]
        assert document["answers"] == {"refused": 1, "review": 0, "permitted": 0, "not_judgeable": 1}
        assert document["searches"] == 2
        assert document["by_rule"][0]["id"] == "us-il/2-130(b)/immigration"
        assert document["files"][0]["rows"] == 2

    @pytest.mark.parametrize("codes", ["IL", "il", " us-il , IL,us-il"])
    def test_backtest_law_by_its_postal_code_is_tried_once(
        self, record: str, capsys: pytest.CaptureFixture[str], codes: str
    ) -> None:
        assert main(["law", "backtest", record, "--owner", OWNER, "--law", codes, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["laws"] == ["us-il"]

    def test_backtest_without_json_says_it_in_words(
        self, record: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["law", "backtest", record, "--owner", OWNER, "--law", "us-il"]) == 0
        out = capsys.readouterr().out
        assert "2 searches, tried by us-il" in out
        assert "1  would have been refused" in out
        assert "declaration" in out
        assert "not legal advice" in out
        assert "ICE+ERO" not in out

    def test_backtest_says_what_the_law_leaves_open(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = export(tmp_path, [AUDIT, audit_row(1, Reason="ICE", **{"Org Name": "Birch TX PD"})])
        assert main(["law", "backtest", path, "--owner", OWNER, "--law", "us-il"]) == 0
        out = capsys.readouterr().out
        assert "of these 1 because the law leaves it open" in out

    def test_backtest_says_what_is_earlier_than_the_statute(
        self, record: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["law", "backtest", record, "--owner", OWNER, "--law", "us-wa"]) == 0
        out = capsys.readouterr().out
        assert "of these 2 on days when not all that is tried was in force" in out
        assert "2  before 2026-03-30, the first day of us-wa: " in out

    @pytest.mark.parametrize(
        ("arguments", "what"),
        [
            ([], "no law of the owner's state is tried"),
            (["--law", "us-il"], "the statutes are tried as if it were of their state"),
        ],
    )
    def test_backtest_without_an_owner_says_what_to_do(
        self, tmp_path: Path, arguments: list[str], what: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rows = [audit_row(n, **{"Org Name": name}) for n, name in enumerate(("Birch TX PD", "Elm TX PD"), 1)]
        assert main(["law", "backtest", export(tmp_path, [AUDIT, *rows]), *arguments]) == 0
        out = " ".join(capsys.readouterr().out.split())
        assert "Whose data was searched, or in which state, is not known for 2 of them" in out
        assert "name the owner with --owner" in out
        assert what in out

    def test_backtest_says_what_is_assumed_and_what_could_be(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rows = [audit_row(n, Reason="stolen vehicle", **{"Org Name": "Birch TX PD"}) for n in (1, 2)]
        command = ["law", "backtest", export(tmp_path, [AUDIT, *rows]), "--owner", OWNER]
        assert main(command) == 0
        out = " ".join(capsys.readouterr().out.split())
        assert "Most cannot be judged. --assume agreement --assume declaration judges as if" in out
        assert "--law, with a code such as us-il" in out
        assert "Assumed" not in out
        assert main([*command, "--law", "us-il", "--assume", "declaration"]) == 0
        out = " ".join(capsys.readouterr().out.split())
        assert "Assumed, since no record shows it: every searcher had made the declaration" in out
        assert "2 would have been permitted" in out
        assert "Most cannot" not in out

    @pytest.mark.parametrize(
        ("arguments", "code", "what"),
        [
            (["--law", "us-zz"], 2, "no rules of that code"),
            (["--law", " ,"], 2, "no statute is named"),
            (["--assume", "purpose"], 2, "cannot assume"),
            (["--rule", "nowhere.cedar"], 3, "the draft cannot be read"),
            (["--pack", "nowhere"], 3, "law pack"),
        ],
    )
    def test_backtest_bad_option_is_told(
        self,
        record: str,
        arguments: list[str],
        code: int,
        what: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert main(["law", "backtest", record, "--owner", OWNER, *arguments, "--json"]) == code
        assert what in json.loads(capsys.readouterr().out)["what"]
