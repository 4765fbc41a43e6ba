"""Print what `docs/reasons.md` reports: precision, recall and near misses of the reasons lexicon.

    python tools/measure_reasons.py [REFERENCE]

REFERENCE is the folder with `records/`; without it only the project's own sets are measured.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from gatehouse.law.reasons import Lexicon, families

ROOT = Path(__file__).resolve().parent.parent
CHALLENGE = ROOT / "tests" / "unit" / "law" / "challenge"
# What a filter without word boundaries looks for.
NAIVE: tuple[str, ...] = (
    "ice",
    "ero",
    "ins",
    "dhs",
    "287",
    "bp",
    "cbp",
    "hsi",
    "immi",
    "border",
    "visa",
    "alien",
    "custom",
    "detain",
    "deport",
    "illegal",
    "removal",
)
CELLS = frozenset({"reason", "offensetype", "casenumber", "case #"})


def main() -> None:
    lexicon = Lexicon.load()
    print(f"lexicon {lexicon.version} sha256:{lexicon.sha256}")
    for half in ("tuning", "held"):
        rows = read(CHALLENGE / f"{half}.csv")
        report(lexicon, half, ((row["reason"], row["immigration"] == "yes") for row in rows))
        asked = [row for row in rows if row["signals"]]
        named = [(set(row["signals"].split("|")), signals(lexicon, row["reason"])) for row in asked]
        print(f"{'':10} other signals found {sum(want <= got for want, got in named)} of {len(asked)}")
    if len(sys.argv) > 1:
        records = Path(sys.argv[1]) / "records"
        labeled = read(records / "labelled-reasons.csv")
        report(lexicon, "labeled", ((row["reason"], row["label"] == "immigration") for row in labeled))
        near_misses(lexicon, records)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def signals(lexicon: Lexicon, text: str) -> set[str]:
    return {match.signal.value for match in lexicon.classify(text)}


def report(lexicon: Lexicon, name: str, rows: Iterable[tuple[str, bool]]) -> None:
    counts = Counter(("immigration" in families(lexicon.classify(text)), truth) for text, truth in rows)
    hits, false, missed, rest = (
        counts[key] for key in ((True, True), (True, False), (False, True), (False, False))
    )
    precision = hits / (hits + false) if hits + false else float("nan")
    recall = hits / (hits + missed) if hits + missed else float("nan")
    print(
        f"{name:10} precision {precision:.3f} recall {recall:.3f} "
        f"({hits} hits, {false} false, {missed} missed, {rest} rightly left alone)"
    )


def cells(records: Path) -> Iterator[str]:
    for path in sorted(
        [*records.glob("portals/*.csv"), *records.glob("*-portal.csv"), *records.glob("*-audit.csv")]
    ):
        for row in read(path):
            yield from (text or "" for title, text in row.items() if title and title.strip().lower() in CELLS)


def near_misses(lexicon: Lexicon, records: Path) -> None:
    counted = Counter(cells(records))
    false = [text for text in counted if "immigration" in families(lexicon.classify(text))]
    print(
        f"real rows  {counted.total()} cells, {len(counted)} distinct, {len(false)} false hits of the family"
    )
    near = {text: n for text, n in counted.items() if any(word in text.lower() for word in NAIVE)}
    print(
        f"           a naive filter hits {len(near)} distinct strings in {sum(near.values())} cells, wrongly:"
    )
    for word in NAIVE:
        held = [text for text in near if word in text.lower()]
        if held:
            print(f"           {word:8} {len(held):4} strings {sum(near[text] for text in held):6} cells")


if __name__ == "__main__":
    main()
