"""What tests of a ledger in a folder share: its names, and the moments at which it is cut off."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from gatehouse.ledger.settings import Folder
from tests.unit.ledger.made import witness_key

ORIGIN = "ledger.example.org/alder"
PACK = b"\x11" * 32
DAY = date(2026, 11, 23)
THAT_DAY = datetime(2026, 11, 23, 16, tzinfo=UTC)
NEXT_DAY = datetime(2026, 11, 24, 0, tzinfo=UTC)


class CutOff(BaseException):
    """What a killed process would not even raise."""


def rely_on_a_dead_witness(path: Path) -> None:
    (log,) = Folder(path).policy().log_keys
    witness = witness_key(1).vkey
    (path / "policy").write_text(f"log {log}\nwitness w {witness} http://127.0.0.1:9\nquorum w\n", "utf-8")
