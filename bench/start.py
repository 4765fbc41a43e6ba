"""Time how long commands take until they answer, where they have nothing to read.

    make bench-start

The limit is 300 ms; the peer in the same round is a Python that only imports Typer, without which no
command can be read. Contenders take turns; medians count. `law list` reads and checks the whole rulebook,
which is work and not a start: it is timed to be seen.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

OUT = Path(__file__).resolve().parent / "out" / "start.json"
LIMIT_MS = 300
ROUNDS = 7
PEER = "a Python that imports Typer"
WORK = "law list --json"
COMMANDS = (
    "--version",
    "--help",
    "audit --help",
    "audit reconcile --help",
    "law --help",
    "law backtest --help",
    "records --help",
    "audit no-such-file.csv",
    "records inspect no-such-file.csv",
    "law backtest no-such-file.csv",
    "reasons welfare --json",
    "ledger --help",
    "ledger append no-such-folder no-such-file",
    "ledger verify no-such-folder --key no-such-file",
    WORK,
)


def milliseconds(arguments: list[str]) -> float:
    """Return the wall time of a process that is started and waited for."""
    begun = time.perf_counter()
    subprocess.run(arguments, capture_output=True, check=False)
    return (time.perf_counter() - begun) * 1e3


def main() -> int:
    """Print a line for each command and write them to bench/out; 1 if a start is over the limit."""
    gatehouse = str(Path(sys.executable).with_name("gatehouse"))
    contenders = {PEER: [sys.executable, "-c", "import typer"]}
    contenders |= {each: [gatehouse, *each.split()] for each in COMMANDS}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS + 1):
        for name, arguments in contenders.items():
            times[name].append(milliseconds(arguments))
    # The first round only warms the file cache.
    medians = {name: statistics.median(each[1:]) for name, each in times.items()}
    for name, median in medians.items():
        print(f"{median:6.0f} ms  {median / medians[PEER]:4.1f} x  {name}")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"limit_ms": LIMIT_MS, "medians_ms": medians}, indent=1) + "\n", "utf-8")
    return int(any(each > LIMIT_MS for name, each in medians.items() if name != WORK))


if __name__ == "__main__":
    raise SystemExit(main())
