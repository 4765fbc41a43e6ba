"""The stated reason against the offense type chosen beside it."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.document import Confidence, Severity, Table
from gatehouse.audit.findings.lead import Lead, Measured, NotMeasured
from gatehouse.audit.wording import agree, of_total
from gatehouse.law.masking import mask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatehouse.audit.ground import Ground

PAIRS_SHOWN = 25
AMONG = "whose reason and offense type both name an offense"


class ReasonOffenseConflict(Lead):
    """Reason and offense type that name different crimes."""

    id = "reason_offense_conflict"
    title = "Reasons at odds with the offense type"
    severity = Severity.LOW
    confidence = Confidence.LOW
    may_say = "The reason typed and the offense type chosen name different offenses."
    may_not_say = "Which of the two is right, or that either was chosen to mislead."
    innocent_explanations = (
        "One event with several offenses.",
        "The nearest entry of a short list was chosen.",
        "The list keeps the choice of the search before.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count searches whose reason and offense type both name offenses, none of them related."""
        pairs = ground.measures.pairs
        if not (ground.exports("reason") and ground.exports("offense")):
            return NotMeasured("no file has both a reason and an offense type")
        if pairs.is_empty():
            return NotMeasured("no search shows both a reason and an offense type")
        texts = ground.linked.records.texts
        worded = pairs.join(
            texts["reason"].rename({"key": "reason", "text": "said"}), on="reason", maintain_order="left"
        ).join(
            texts["offense"].rename({"key": "offense", "text": "chosen"}), on="offense", maintain_order="left"
        )
        said = {text: placed(text) for text in worded["said"].unique()}
        chosen = {text: placed(text) for text in worded["chosen"].unique()}
        conflict = [
            at_odds(said[reason], chosen[offense])
            for reason, offense in worded.select("said", "chosen").iter_rows()
        ]
        found = worded.filter(pl.Series(conflict, dtype=pl.Boolean)).sort(
            "n", "said", "chosen", descending=[True, False, False]
        )
        # Texts that name no offense of the table can neither agree nor contradict.
        comparable = [
            bool(said[reason] and chosen[offense])
            for reason, offense in worded.select("said", "chosen").iter_rows()
        ]
        both = int(worded.filter(pl.Series(comparable, dtype=pl.Boolean))["n"].sum())
        if both == 0:
            return NotMeasured("no search has a reason and an offense type that both name a known offense")
        count = int(found["n"].sum())
        rows = tuple(
            (mask(reason), mask(offense), n)
            for reason, offense, n in found.head(PAIRS_SHOWN).select("said", "chosen", "n").iter_rows()
        )
        return Measured(
            count,
            f"{of_total(count, both)} {AMONG} {agree(count, 'put unrelated offenses side by side')}",
            of=both,
            among=AMONG,
            match=found.select("reason", "offense"),
            table=Table(("reason", "offense type", "searches"), rows),
        )


def at_odds(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether both texts are placed and nothing in one is the same as or related to the other."""
    if not one or not other:
        return False
    _, related = _categories()
    near = other.union(*(related[category] for category in other))
    return one.isdisjoint(near)


def placed(text: str) -> frozenset[str]:
    """Return the offense categories that a text names."""
    patterns, _ = _categories()
    return frozenset(name for name, pattern in patterns.items() if pattern.search(text))


@cache
def _categories() -> tuple[Mapping[str, re.Pattern[str]], Mapping[str, frozenset[str]]]:
    """Return patterns and relations (both ways) of every category."""
    source = files("gatehouse.audit.findings").joinpath("offense_categories.toml").read_text(encoding="utf-8")
    data = tomllib.loads(source)
    patterns = {name: _pattern(entry["words"]) for name, entry in data.items()}
    related = {
        name: frozenset(entry["related"]) | {other for other in data if name in data[other]["related"]}
        for name, entry in data.items()
    }
    return patterns, related


def _pattern(words: list[str]) -> re.Pattern[str]:
    alternatives = (re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for word in words)
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)", re.IGNORECASE)
