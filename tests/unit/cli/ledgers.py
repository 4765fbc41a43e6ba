"""Ledgers in folders, for tests of the commands that keep and check them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli import main
from gatehouse.ledger.settings import Folder

ORIGIN = "ledger.example.org/alder"
PACK = "11" * 32
GATEHOUSE = Path(sys.executable).parent / "gatehouse"


def event(event: str = "search:plate:requested", agency: str = "alder-pd", **fields: Any) -> dict[str, Any]:
    """Return an event as a file holds it."""
    return {"event": event, "agency": agency, "fields": fields, "pack": PACK}


def events(*given: object, folder: Path) -> str:
    """Write events to a file and return its path."""
    path = folder / "events.json"
    path.write_text(json.dumps(list(given)), "utf-8")
    return str(path)


class Shell:
    """Runs commands of `gatehouse ledger` and keeps what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.err = ""

    def words(self, *arguments: object, code: int = 0) -> str:
        """Return what a command prints for people, its errors included."""
        assert main(["ledger", *map(str, arguments)]) == code
        out, self.err = self._capsys.readouterr()
        return out if code == 0 else out + self.err

    def json(self, *arguments: object, code: int = 0) -> Any:
        """Return the one document that a command prints with `--json`, and nothing on stderr."""
        assert main(["ledger", *map(str, arguments), "--json"]) == code
        out, self.err = self._capsys.readouterr()
        assert self.err == ""
        return json.loads(out)


def size(ledger: Path) -> int:
    """Return how many entries are on the record."""
    with Folder(ledger).view() as view:
        return view.size
