"""A log in a directory and the monitor that follows it, for tests of what it finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatehouse.ledger.monitor import Monitor
from gatehouse.ledger.source import open_source
from tests.unit.ledger.published import NOON, Book, Tree, log_signer

KEY = log_signer().vkey
NOW = int(NOON.timestamp()) + 60
DAY = 24 * 3600


class Followed:
    """A log in a directory and its monitor, made anew for each look as a timer would start it."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        self.state = folder / "state.json"
        self.now = float(NOW)

    def look(self, tree: Tree | None = None, size: int | None = None) -> dict[str, Any]:
        if tree is not None:
            tree.publish(self.log, size)
        monitor = self.monitor()
        with open_source(self.log) as source:
            monitor.follow(source)
        return monitor.report().as_document()

    def monitor(self) -> Monitor:
        return Monitor(self.state, keys=[KEY], clock=lambda: self.now)


def kinds(report: dict[str, Any]) -> list[str]:
    return [each["kind"] for each in report["findings"]]


def searches(count: int, *, agency: str = "alder-pd", outcome: str = "denied") -> Book:
    book = Book()
    for _ in range(count):
        book.add("search:plate:requested", agency=agency)
        book.add(f"search:plate:{outcome}", agency=agency)
    return book
