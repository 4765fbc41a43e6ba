"""`gatehouse law check` and `law diff`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatehouse import law
from gatehouse.cli import main
from gatehouse.law.pack import Pack

BUILT_IN = Path(law.__file__).parent
PACK = Pack.load()


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, str], str]:
    """Return a function that copies the rulebook with a text of Illinois' rules replaced."""

    def copy(old: str, new: str) -> str:
        folder = tmp_path / "rulebook"
        shutil.copytree(BUILT_IN, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
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
        folder = changed("context.owner_day >= 20240101 && context.federal", "context.owner_day < 20240101")
        assert main(["law", "diff", str(BUILT_IN), folder, "--json"]) == 0
        found = document(capsys)
        assert [(rule["id"], rule["what"]) for rule in found["rules"]] == [
            ("us-il/2-130(c)/federal", ["when"])
        ]
        assert any(each["loosens"] for each in found["decisions"])

    def test_diff_for_people_marks_what_is_looser(
        self, changed: Callable[[str, str], str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = changed("context.owner_day >= 20240101 && context.federal", "context.owner_day < 20240101")
        assert main(["law", "diff", str(BUILT_IN), folder]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith("changed (when): us-il/2-130(c)/federal")
        assert "LOOSER: deny becomes " in shown
