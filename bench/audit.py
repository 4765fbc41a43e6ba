"""Time the audit against pandas and against bare Polars on one synthetic export, all in one run.

    make bench-audit              12,000,000 rows, three rounds
    make bench-audit ROWS=2000000

Each round runs every contender once, in turn, so that a drifting machine slows all of them; medians and
ratios are what count. `--curve` adds the audit alone at 1, 10 and 100 million rows (23 GB of files). Results
go to `bench/out/audit.json` and to the terminal.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMMAND = str(Path(sys.executable).parent / "gatehouse")
OWNER = "Prairie Bend IL PD"
SEED = 1
CURVE = (1_000_000, 10_000_000, 100_000_000)


@dataclass(frozen=True)
class Run:
    """One contender's run: wall seconds and the peak memory of the process, in GB."""

    contender: str
    rows: int
    seconds: float
    peak_gb: float


def export_of(rows: int) -> str:
    """Return the synthetic export of that many rows, made once."""
    directory = HERE / "data" / str(rows)
    if not (directory / "truth.json").exists():
        subprocess.run(
            [COMMAND, "records", "synth", "--rows", str(rows), "--seed", str(SEED), "-o", str(directory)],
            check=True,
        )
    return str(next(directory.glob("*_Network_Audit_*.csv")))


def command_of(contender: str, export: str) -> list[str]:
    """Return the command line of one contender."""
    if contender == "gatehouse":
        return [COMMAND, "audit", f"{export}@{OWNER}", "--json"]
    return [sys.executable, str(HERE / "peers.py"), contender, export, os.devnull]


def measure(contender: str, rows: int) -> Run:
    """Run one contender as a process and read its own resource use."""
    command = command_of(contender, export_of(rows))
    with Path(os.devnull).open("wb") as nothing:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=nothing)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{contender} ended with {process.returncode}")
    run = Run(contender, rows, round(seconds, 2), round(usage.ru_maxrss / 1e6, 2))
    print(
        f"{run.contender:<10} {run.rows:>12,} rows  {run.seconds:>8.1f} s  {run.peak_gb:>6.2f} GB", flush=True
    )
    return run


def compare(runs: list[Run]) -> dict[str, float]:
    """Return the ratios that the project promises, from medians of the rounds."""
    by = {
        name: statistics.median(run.seconds for run in runs if run.contender == name)
        for name in ("gatehouse", "pandas", "polars")
    }
    return {
        "times_as_fast_as_pandas": round(by["pandas"] / by["gatehouse"], 2),
        "times_the_polars_floor": round(by["gatehouse"] / by["polars"], 2),
        "peak_gb": max(run.peak_gb for run in runs if run.contender == "gatehouse"),
    }


def main() -> None:
    """Run the comparison, then the curve if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=12_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--curve", action="store_true", help="also the audit alone at 1, 10 and 100 million rows"
    )
    options = parser.parse_args()
    runs = [
        measure(name, options.rows)
        for _ in range(options.rounds)
        for name in ("gatehouse", "polars", "pandas")
    ]
    result = compare(runs)
    curve = [measure("gatehouse", rows) for rows in CURVE] if options.curve else []
    out = HERE / "out" / "audit.json"
    out.parent.mkdir(exist_ok=True)
    document = {
        "ratios": result,
        "runs": [asdict(run) for run in runs],
        "curve": [asdict(run) for run in curve],
    }
    out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"pandas takes {result['times_as_fast_as_pandas']} times as long (goal: at least 3)")
    print(f"the audit takes {result['times_the_polars_floor']} times the Polars floor (goal: at most 3)")
    print(f"peak memory {result['peak_gb']} GB (goal at 12,000,000 rows: under 4)")


if __name__ == "__main__":
    main()
