"""`gatehouse law check` and `law diff`."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatehouse import law
from gatehouse.cli import main
from gatehouse.law.pack import Pack
from gatehouse.law.prove import Proof, RuleUse
from tests.unit.law.packs import unsealed

BUILT_IN = Path(law.__file__).parent
PACK = Pack.load()


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, str], str]:
    """Return a function that copies the rulebook with a text of Illinois' rules replaced."""

    def copy(old: str, new: str) -> str:
        folder = tmp_path / "rulebook"
        shutil.copytree(BUILT_IN, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        named = folder / "pack.toml"
        named.write_text(unsealed(named.read_text(encoding="utf-8")), encoding="utf-8")
        path = folder / "statutes" / "us-il" / "rules.cedar"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        return str(folder)

    return copy


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


class TestCheck:
    def test_check_rulebook_built_in_is_fit(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["law", "check", "--no-proofs", "--json"]) == 0
        found = document(capsys)
        assert (found["fit"], found["faults"], found["proofs"]) == (True, [], None)
        assert found["pack"] == {"version": PACK.id.version, "sha256": PACK.id.sha256}
        assert (found["rules"], found["canaries"]) == (len(PACK.rules), len(PACK.rules) - 1)

    def test_check_rule_that_begins_on_another_day_exits_4(
        self, changed: Callable[[str, str], str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = changed("20240101", "20240102")
        assert main(["law", "check", "--no-proofs", "--pack", folder, "--json"]) == 4
        found = document(capsys)
        assert not found["fit"]
        assert {"us-il/2-130(b)/immigration", "us-il/2-130(c)/federal"} <= {
            fault["where"] for fault in found["faults"]
        }

    def test_check_for_people_names_each_fault(
        self, changed: Callable[[str, str], str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = changed("20240101", "20240102")
        assert main(["law", "check", "--no-proofs", "--pack", folder]) == 4
        shown = capsys.readouterr().out
        assert shown.startswith("The rulebook is not fit.")
        assert "fault: us-il/2-130(c)/federal: " in shown
        assert "pack.toml has no sha256" in shown

    def test_check_for_people_says_that_every_fact_is_read(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["law", "check", "--no-proofs"]) == 0
        shown = capsys.readouterr().out
        assert "Every fact is read by a rule." in shown
        assert "pack.toml has no sha256" not in shown

    def test_check_without_the_solver_shows_the_rest_and_exits_5(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "z3", None)
        assert main(["law", "check"]) == 5
        shown = capsys.readouterr()
        assert shown.out.startswith("The rulebook is fit.")
        assert f"{len(PACK.rules) - 1} refusals tried with the engine" in shown.out
        assert "No proof was tried." in shown.out
        assert "z3-solver" in shown.err

    def test_check_without_the_solver_prints_one_document(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "z3", None)
        assert main(["law", "check", "--json"]) == 5
        found = document(capsys)
        assert (found["fit"], found["proofs"], found["canaries"]) == (True, None, len(PACK.rules) - 1)
        assert found["proofs_unavailable"]["error"] == "PartUnavailable"

    def test_check_faults_without_the_solver_exit_4(
        self,
        changed: Callable[[str, str], str],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setitem(sys.modules, "z3", None)
        assert main(["law", "check", "--pack", changed("20240101", "20240102"), "--json"]) == 4
        assert not document(capsys)["fit"]

    def test_check_proof_without_an_end_is_no_proof(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        unfinished = Proof("a", "No permit to anybody.", (), False, undecided=True)
        monkeypatch.setattr("gatehouse.law.check.prove", lambda *_, **__: [unfinished])
        monkeypatch.setattr("gatehouse.law.check.rule_use", lambda *_, **__: RuleUse((), (), ("b",)))
        assert main(["law", "check"]) == 4
        shown = capsys.readouterr().out
        assert "NOT PROVEN, the solver came to no end: No permit to anybody." in shown
        assert "fault: b: The solver did not find out in time" in shown

    def test_check_folder_without_a_rulebook_exits_3(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["law", "check", "--pack", str(tmp_path), "--json"]) == 3
        assert document(capsys)["error"] == "BadInput"


class TestDiff:
    def test_diff_of_a_rulebook_and_itself_is_empty(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["law", "diff", str(BUILT_IN), str(BUILT_IN), "--json"]) == 0
        found = document(capsys)
        assert (found["rules"], found["decisions"]) == ([], [])

    def test_diff_tells_what_a_weaker_rule_lets_through(
        self, changed: Callable[[str, str], str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = changed(
            "context.owner_day >= 20240101 && context.federal",
            "context.owner_day < 20240101 && context.federal",
        )
        assert main(["law", "diff", str(BUILT_IN), folder, "--json"]) == 0
        found = document(capsys)
        assert [(rule["id"], rule["what"]) for rule in found["rules"]] == [
            ("us-il/2-130(c)/federal", ["when"])
        ]
        assert any(each["loosens"] for each in found["decisions"])

    def test_diff_for_people_marks_what_is_looser(
        self, changed: Callable[[str, str], str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = changed(
            "context.owner_day >= 20240101 && context.federal",
            "context.owner_day < 20240101 && context.federal",
        )
        assert main(["law", "diff", str(BUILT_IN), folder]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith("changed (when): us-il/2-130(c)/federal")
        assert "LOOSER: deny becomes " in shown
