"""Surroundings that could show in an output: time zone, locale, hash seed, threads, folder, umask."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.attack.exports import record, write

COMMAND = "import sys; from gatehouse.cli import main; sys.exit(main())"
SURROUNDINGS = {
    "TZ": "Asia/Kolkata",
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONHASHSEED": "7",
    "POLARS_MAX_THREADS": "1",
}


def outputs(folder: Path, surroundings: dict[str, str], mask: int) -> tuple[bytes, dict[str, bytes]]:
    """Audit the export of a folder from within it; return what was printed and every file written."""
    folder.mkdir()
    reasons = ["immigration", "stolen vehicle", "REDACTED", "", "Ni\u00f1o ICE hold", "=1+1"]
    rows = [
        record(number, {"Reason": reasons[number % 6], "Org Name": f"Town {number % 7} TX PD"})
        for number in range(400)
    ]
    write(folder / "audit.csv", [*rows, *rows[:30], ["cut"]])
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "audit", "audit.csv@Prairie Bend IL PD", "-o", "out", "--json"],
        cwd=folder,
        env={**os.environ, **surroundings},
        capture_output=True,
        check=True,
        umask=mask,
    )
    out = folder / "out"
    return done.stdout, {
        str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()
    }


def test_surroundings_change_no_byte(tmp_path: Path) -> None:
    plain = outputs(tmp_path / "plain", {"PYTHONHASHSEED": "1"}, 0o022)
    assert outputs(tmp_path / "other", SURROUNDINGS, 0o077) == plain
