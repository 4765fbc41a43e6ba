"""`gatehouse portal export`: a folder that is whole, replaced at once, and never somebody else's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gatehouse.cli import main
from gatehouse.ledger.source import Directory
from gatehouse.ledger.verify import verify
from gatehouse.model import BadUse
from gatehouse.web.portal import export as exporting
from gatehouse.web.portal.export import export_portal
from tests.unit.web.portal.town import Town


class TestExport:
    def test_export_beside_the_pages_lies_a_record_that_verifies(self, town: Town, tmp_path: Path) -> None:
        done = export_portal(town.portal(), tmp_path / "public" / "portal")
        with town.portal().folder.view() as log:
            policy = town.portal().folder.policy()
            found = verify(Directory(tmp_path / "public" / "portal" / "ledger"), keys=log.keys, policy=policy)
            assert found.checkpoint.size == log.size == done.document.size
        assert (tmp_path / "public" / "portal" / "index.html").is_file()

    def test_export_again_replaces_the_earlier_one(self, town: Town, tmp_path: Path) -> None:
        export_portal(town.portal(), tmp_path / "portal")
        (tmp_path / "portal" / "old.html").write_text("old")
        export_portal(town.portal(), tmp_path / "portal")
        assert not (tmp_path / "portal" / "old.html").exists()
        assert [path.name for path in tmp_path.iterdir()] == ["portal"]

    def test_export_into_something_else_is_refused_and_leaves_it(self, town: Town, tmp_path: Path) -> None:
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(BadUse, match="something else"):
            export_portal(town.portal(), tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]

    def test_export_that_fails_leaves_the_earlier_portal(
        self, town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export_portal(town.portal(), tmp_path / "portal")
        before = (tmp_path / "portal" / "index.html").read_bytes()

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(exporting, "export", full)
        with pytest.raises(OSError, match="No space"):
            export_portal(town.portal(), tmp_path / "portal")
        assert (tmp_path / "portal" / "index.html").read_bytes() == before
        assert [path.name for path in tmp_path.iterdir()] == ["portal"]


class TestCommand:
    def test_command_tells_counts(
        self, town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = main(["portal", "export", str(tmp_path / "portal"), "--node", str(town.folder), "--json"])
        found = json.loads(capsys.readouterr().out)
        assert code == 0
        assert (found["searches"], found["rows"] + found["waiting"]) == (6, 6)

    def test_command_without_a_node_says_what_is_missing(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["portal", "export", str(tmp_path / "portal"), "--node", str(tmp_path / "none")]) in (
            2,
            3,
        )
        assert "Traceback" not in capsys.readouterr().err
        assert not (tmp_path / "portal").exists()
