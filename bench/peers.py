"""The peers of the audit benchmark, a process each: `python bench/peers.py NAME EXPORT OUT`.

`pandas` computes the main figures of the audit the way an analyst would write them in pandas: the same
lexicon on the distinct reasons, the same organization parser on the distinct names. `polars` only reads the
file and groups it three ways: the floor that no audit written on Polars can get under.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TIME_FORMAT = "%m/%d/%Y, %I:%M:%S %p UTC"


def polars_floor(export: str) -> dict[str, Any]:
    """Read every column and count by organization, reason and day."""
    import polars as pl

    frame = pl.read_csv(export, infer_schema=False)
    day = pl.col("Search Time").str.slice(0, 10)
    by = (frame.group_by(key).len() for key in (pl.col("Org Name"), pl.col("Reason"), day))
    return {"rows": frame.height, "groups": [groups.height for groups in by]}


def pandas_figures(export: str) -> dict[str, Any]:
    """Compute the audit's main figures with straightforward pandas."""
    import pandas as pd

    from gatehouse.law.reasons import Lexicon
    from gatehouse.records import organizations

    frame = pd.read_csv(export, dtype=str, keep_default_na=False)
    searches = frame.drop_duplicates("ID").copy()
    searches["at"] = pd.to_datetime(searches["Search Time"], format=TIME_FORMAT, errors="coerce", utc=True)
    window = searches["Time Frame"].str.split("\n", expand=True)
    searches["from"] = pd.to_datetime(window[0], format=TIME_FORMAT, errors="coerce", utc=True)
    searches["to"] = pd.to_datetime(window[1], format=TIME_FORMAT, errors="coerce", utc=True)
    searches["networks"] = pd.to_numeric(searches["Total Networks Searched"], errors="coerce")

    reasons = searches["Reason"].unique()
    lexicon = Lexicon.load()
    matched = lexicon.classify_many(reasons.tolist())
    signals = {
        reason: frozenset(match.signal.value for match in found)
        for reason, found in zip(reasons, matched, strict=True)
    }
    names = sorted({signal for found in signals.values() for signal in found})
    for name in names:
        searches[name] = searches["Reason"].map({reason: name in found for reason, found in signals.items()})

    parsed = {name: organizations.parse(name) for name in searches["Org Name"].unique()}
    searches["state"] = searches["Org Name"].map({name: org.state for name, org in parsed.items()})
    searches["kind"] = searches["Org Name"].map({name: org.kind.value for name, org in parsed.items()})
    local = searches["at"].dt.tz_convert("America/Chicago")
    searches["month"], searches["weekday"], searches["hour"] = (
        local.dt.strftime("%Y-%m"), local.dt.day_of_week, local.dt.hour,
    )  # fmt: skip
    visible = searches[(searches["License Plate"] != "") & (searches["Name"] != "")]
    repeats = visible.groupby(["Org Name", "Name", "License Plate"]).size()
    return {
        "rows": len(frame),
        "searches": len(searches),
        "signals": {name: int(searches[name].sum()) for name in names},
        "by_month": searches.groupby("month")[names].sum().to_dict(),
        "by_org": searches.groupby(["Org Name", "kind"])[names].sum().to_dict("list"),
        "by_state": searches.groupby("state").size().to_dict(),
        "by_hour": [int(n) for n in searches.groupby(["weekday", "hour"]).size()],
        "officer_hours": len(searches.groupby(["Org Name", "Name", "hour"]).size()),
        "networks": searches["networks"].describe().to_dict(),
        "no_case": searches.groupby("Org Name")["Case #"]
        .apply(lambda cells: int((cells == "").sum()))
        .to_dict(),
        "common_reason": int(searches.groupby(["Org Name", "Reason"]).size().max()),
        "repeats": int((repeats >= 10).sum()),
    }


PEERS = {"polars": polars_floor, "pandas": pandas_figures}


def main() -> None:
    """Run one peer and write what it found."""
    name, export, out = sys.argv[1:4]
    Path(out).write_text(json.dumps(PEERS[name](export)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
