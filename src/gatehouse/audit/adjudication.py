"""A person's judgment of the lexicon's matches: the sheet to fill in, and the precision that follows.

`adjudicate.csv` has one line for every distinct text and rule that matched, with the number of searches that
carry it and an empty `verdict`. Filled in with `yes` (the text means what the rule says) or `no`, it comes
back through `--adjudicated`. Texts are masked; `signal`, `rule`, `field` and `text` identify a line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.audit.document import Precision
from gatehouse.audit.spreadsheet import cell
from gatehouse.audit.statistics import wilson
from gatehouse.law.masking import mask
from gatehouse.model import FAMILIES, BadInput, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatehouse.audit.ground import Ground

COLUMNS = ("signal", "rule", "meaning", "matched", "field", "text", "searches", "verdict")
YES = frozenset({"yes", "y", "true", "1", "correct"})
_NUMBER = re.compile(r"\d{2,4}[-\u2013 ]\d{3,}|\d{5,}")
NO = frozenset({"no", "n", "false", "0", "wrong"})


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One line of the sheet."""

    signal: str
    rule: str
    field: str
    text: str
    matched: str
    meaning: str
    searches: int


def lines(ground: Ground) -> list[Line]:
    """Return the sheet's lines, sorted; texts that differ in a case number alone share one."""
    merged: dict[tuple[str, str, str, str, str], int] = {}
    for phrase in ground.texts.phrases:
        count = ground.phrase_counts.get((phrase.field, phrase.text), 0)
        if count:
            text = without_numbers(mask(phrase.text), keep=phrase.matched)
            key = (phrase.signal.value, phrase.rule, phrase.field, text, mask(phrase.matched))
            merged[key] = merged.get(key, 0) + count
    return sorted(
        Line(signal, rule, field, text, matched, ground.lexicon.describe(rule), count)
        for (signal, rule, field, text, matched), count in merged.items()
    )


def without_numbers(text: str, *, keep: str) -> str:
    """Return text with case numbers as `#`, so that one phrase is judged once; `keep` stays as it is."""
    before, found, after = text.partition(keep)
    return _NUMBER.sub("#", before) + found + _NUMBER.sub("#", after)


def write_sheet(ground: Ground, path: Path) -> None:
    """Write `adjudicate.csv`."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for line in lines(ground):
            writer.writerow(
                (
                    line.signal,
                    line.rule,
                    line.meaning,
                    cell(line.matched),
                    line.field,
                    cell(line.text),
                    line.searches,
                    "",
                )
            )


def precision(path: Path, ground: Ground) -> Mapping[str, Precision]:
    """Return, per signal and family with a verdict, the share of distinct matches that a person upheld.

    Lines that are not of this record, and lines without a verdict, count as `unjudged`.
    """
    verdicts = _verdicts(path)
    found: dict[str, Precision] = {}
    sheet = lines(ground)
    groups = {signal.value: frozenset({signal}) for signal in Signal} | dict(FAMILIES)
    for name, members in groups.items():
        values = {member.value for member in members}
        of_group = [line for line in sheet if line.signal in values]
        # A family's text may match several of its rules; it is upheld when any of them is.
        texts: dict[tuple[str, str], list[tuple[bool | None, int]]] = {}
        for line in of_group:
            verdict = verdicts.get((line.signal, line.rule, line.field, cell(line.text)))
            texts.setdefault((line.field, line.text), []).append((verdict, line.searches))
        judged = [
            (any(verdict for verdict, _ in given), max(count for _, count in given))
            for given in texts.values()
            if any(verdict is not None for verdict, _ in given)
        ]
        if not judged:
            continue
        upheld = sum(right for right, _ in judged)
        interval = wilson(upheld, len(judged))
        found[name] = Precision(
            upheld=upheld,
            judged=len(judged),
            unjudged=len(texts) - len(judged),
            searches_upheld=sum(count for right, count in judged if right),
            searches_judged=sum(count for _, count in judged),
            low=interval.low,
            point=interval.point,
            high=interval.high,
        )
    return found


def _verdicts(path: Path) -> dict[tuple[str, str, str, str], bool]:
    """Read the filled-in lines by signal, rule, field and text."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows, columns = list(reader), reader.fieldnames or ()
    except OSError as error:
        raise BadInput(
            "the adjudicated file cannot be read",
            where=str(path),
            got=error.strerror,
            hint="check the path and its permissions",
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(
            "the adjudicated file cannot be read",
            where=str(path),
            expected="an adjudicate.csv in UTF-8",
            got=type(error).__name__,
            hint="save it as CSV in UTF-8",
        ) from error
    needed = {"signal", "rule", "field", "text", "verdict"}
    if not needed <= set(columns):
        raise BadInput(
            "the adjudicated file lacks columns",
            where=str(path),
            expected=", ".join(sorted(needed)),
            got=f"{len(columns)} other columns" if columns else "nothing",
            hint="fill in the verdict column of adjudicate.csv and leave the others as they are",
        )
    return dict(_read(rows, path))


def _read(rows: Iterable[dict[str, str]], path: Path) -> Iterable[tuple[tuple[str, str, str, str], bool]]:
    for number, row in enumerate(rows, start=2):
        verdict = (row["verdict"] or "").strip().lower()
        if not verdict:
            continue
        if verdict not in YES | NO:
            raise BadInput(
                "a verdict is neither yes nor no", where=f"{path}, line {number}", expected="yes or no"
            )
        yield (row["signal"], row["rule"], row["field"], cell(row["text"] or "")), verdict in YES
