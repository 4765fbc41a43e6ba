"""Audit every export of the reference data and print the table of `docs/real-data.md`.

    python tools/real_data.py [REFERENCE] > out/real-data-table.md

The weekly copies of one agency's portal are audited together. Owners are spelled out from the names that the
archive of the portals gave its files; that is a choice of this script, never of the importer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COMMAND = Path(sys.executable).parent / "gatehouse"
KINDS = {"pd": "PD", "so": "SO", "ca": "CA", "ia": "IA"}


def owner_of(slug: str) -> str:
    """Spell an agency out from the archive's file name: `alameda-ca-pd` is Alameda CA PD."""
    return " ".join(KINDS.get(word, word.capitalize()) for word in slug.split("-"))


def jobs(records: Path) -> dict[str, list[str]]:
    """Return the files to audit together, by owner or by the file's own name."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((records / "portals").glob("*.csv")):
        found[owner_of(path.name.split("__")[0])].append(str(path))
    for name, owner in (
        ("eugene-or-portal.csv", "Eugene OR PD"),
        ("san-mateo-ca-portal.csv", "San Mateo CA PD"),
        ("okaloosa-fl-organization-audit.csv", "Okaloosa County FL SO"),
    ):
        found[owner].append(str(records / name))
    for name in (
        "okaloosa-fl-shared-networks.csv",
        "portal-policies-2025-06-11.xlsx",
        "portal-policies.json",
    ):
        found[name].append(str(records / name))
    for path in sorted((records / "excerpts").glob("*.csv")):
        found[path.name].append(str(path))
    return found


def audit(name: str, paths: list[str]) -> dict[str, Any]:
    """Run the command on one agency's files and return its document."""
    owner = [] if name.endswith((".csv", ".xlsx", ".json")) else ["--owner", name]
    done = subprocess.run(
        [str(COMMAND), "audit", *paths, *owner, "--json"], capture_output=True, check=False, text=True
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document if done.returncode == 0 else {"error": document}


def line(name: str, document: dict[str, Any]) -> str:
    """Return one line of the table."""
    if "error" in document:
        return f"| {name} | - | exit 3: {document['error']['what']} | | | | | |"
    files = document["files"]
    layouts = ", ".join(sorted({file["layout"].replace("_", " ") for file in files}))
    bounds = document["search_bounds"]
    searches = f"{bounds['point']:,}"
    if bounds["low"] != bounds["high"]:
        searches += f" ({bounds['low']:,} to {bounds['high']:,})"
    family = document["families"]["immigration"]
    immigration = "not measurable" if family is None else f"{family['n']} of {family['readable']:,}"
    found = [f"{finding['id']} {finding['count']:,}" for finding in document["findings"] if finding["count"]]
    balance = f"{sum(file['duplicates'] for file in files):,} / {sum(file['rejects'] for file in files):,} / "
    balance += f"{sum(file['non_search'] for file in files):,}"
    cells = (name, len(files), layouts, f"{document['rows']:,}", searches, balance, immigration)
    return "| " + " | ".join(map(str, (*cells, ", ".join(found) or "none"))) + " |"


def main() -> None:
    """Print the table."""
    given = (
        sys.argv[1] if len(sys.argv) > 1 else os.environ.get("GATEHOUSE_REFERENCE", ROOT.parent / "shared")
    )
    columns = "owner or file", "files", "layouts", "rows", "searches", "copies / rejects / not searches"
    print("| " + " | ".join((*columns, "immigration", "findings")) + " |")
    print("| --- | --: | --- | --: | --: | --: | --: | --- |")
    for name, paths in jobs(Path(given) / "records").items():
        print(line(name, audit(name, paths)), flush=True)


if __name__ == "__main__":
    main()
