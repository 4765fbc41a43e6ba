"""Ways for a log to keep a monitor from seeing what it does, or to wear it out."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.counters import Counters
from gatehouse.ledger.monitor import Monitor
from gatehouse.ledger.note import sign_note
from gatehouse.ledger.source import NotServed, open_source
from gatehouse.ledger.watch import KEPT_DAYS
from tests.unit.ledger.published import NOON, ORIGIN, Book, Tree, log_signer

KEY = log_signer().vkey
EVENT = "search:plate:requested"


@pytest.mark.parametrize("size", [2**32, 2**62])
def test_sign_a_size_that_nobody_could_read(tmp_path: Path, size: int) -> None:
    log = Tree.counted(3).publish(tmp_path / "log")
    monitor = Monitor(tmp_path / "state", keys=[KEY])
    with open_source(log) as source:
        monitor.follow(source)
        note = sign_note(Checkpoint(ORIGIN, size, bytes(32)).text, signers=[log_signer()])
        (log / "checkpoint").write_text(note)
        tracemalloc.start()
        try:
            with pytest.raises(NotServed):
                monitor.follow(source)
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()
    assert monitor.report().size == 3


def test_push_out_the_days_that_are_compared(tmp_path: Path) -> None:
    """Hours in the future must not take the place of the days on which a vault has counted."""
    book = Book()
    book.add(EVENT)
    for day in range(KEPT_DAYS + 1):
        book.add("log:x:y", hours=24 * (1000 + day))
    log = book.tree().publish(tmp_path / "log")
    later = (NOON + timedelta(days=3)).timestamp()
    monitor = Monitor(tmp_path / "state", keys=[KEY], clock=lambda: later)
    with open_source(log) as source:
        monitor.follow(source)
    counted = Counters("vault", "vault-1", "2026-11-02", (EVENT,), {("alder-pd", EVENT): 99})
    report = monitor.report([counted])
    assert [each.kind for each in report.findings if each.kind != "no_outcome"] == [
        "clock",
        "counters_differ",
    ]
    assert (report.findings[-1].expected, report.findings[-1].got) == ("1", "99")
    assert report.not_measurable == ()


def test_bury_a_split_view_under_lesser_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatehouse.ledger.watch.MOST_FINDINGS", 5)
    book = Book()
    for hours in (1, 0) * 8:
        book.add("log:x:y", hours=hours)
    log, fork = book.tree().publish(tmp_path / "log"), Tree.counted(16, "fork")
    later = (NOON + timedelta(days=3)).timestamp()
    monitor = Monitor(tmp_path / "state", keys=[KEY], clock=lambda: later)
    with open_source(log) as source:
        monitor.follow(source)
        monitor.compare(source, fork.checkpoint())
    report = monitor.report()
    assert [each.kind for each in report.findings] == [*["clock"] * 5, "split_view"]
    assert report.unlisted == 3
