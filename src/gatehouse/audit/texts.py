"""The words of a record, each distinct text classified once: signals as bits of one integer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.model import FAMILIES, Signal
from gatehouse.model.signal import CONTENT, WORD
from gatehouse.records.frame import TEXTS_SCHEMA

if TYPE_CHECKING:
    from gatehouse.law.reasons import Lexicon

BIT: Mapping[Signal, int] = {signal: 1 << position for position, signal in enumerate(Signal)}

# Not a signal: the reason has the form "Category - text" that a drop-down list gives it.
DROPDOWN = 1 << 31
_DROPDOWN = re.compile(r"[A-Z][A-Za-z/&,.() ]{3,60} -(?: .*)?")

# Fields that hold no reason, read as a live search's are: only their words, and only what these are about.
NUMBERED = frozenset({"case_number"})
# A year and a running number, or one long number, as the only digits of a text.
_ONLY_CASE = r"^[^0-9]*(?:(?:[0-9]{2}|[0-9]{4})[-\u2013][0-9]{5,9}|[0-9]{7,12})[^0-9]*$"

# Fields that may say what a search was for, the stated reason first.
SCANNED = ("reason", "offense", "text_prompt", "case_number", "filters")


def bits(signals: Iterable[Signal]) -> int:
    """Return the mask of several signals."""
    mask = 0
    for signal in signals:
        mask |= BIT[signal]
    return mask


def bits_of(mask: int) -> pl.Expr:
    """Return whether the `bits` of a row or group have any of these signals."""
    return (pl.col("bits") & pl.lit(mask, dtype=pl.UInt32)) != 0


CONTENT_BITS = bits(CONTENT)
FAMILY_BITS: Mapping[str, int] = {name: bits(members) for name, members in FAMILIES.items()}


@dataclass(frozen=True, slots=True)
class Phrase:
    """One match worth a person's judgment: a distinct text of one field, a rule, and what it matched."""

    field: str
    text: str
    signal: Signal
    rule: str
    matched: str


@dataclass(frozen=True, slots=True)
class ClassifiedTexts:
    """Signals of every distinct text.

    `signals[field]` has `key` (UInt64) and `bits` (UInt32) for the texts with any signal; `carriers[field]`
    has `key` and `text` for those with a content signal, where `text` is the text as classified. `phrases`
    holds every match of a content signal in a text as classified.
    """

    signals: Mapping[str, pl.DataFrame]
    carriers: Mapping[str, pl.DataFrame]
    phrases: tuple[Phrase, ...]


def classify(texts: Mapping[str, pl.DataFrame], lexicon: Lexicon) -> ClassifiedTexts:
    """Classify every distinct text of the scanned fields that the record set kept.

    Texts whose only digits are a case number differ in nothing that a signal could rest on, so their digits
    are made one and they are classified once: in large records most distinct reasons are such.
    """
    signals: dict[str, pl.DataFrame] = {}
    carriers: dict[str, pl.DataFrame] = {}
    phrases: list[Phrase] = []
    for field in SCANNED:
        table = texts.get(field, pl.DataFrame(schema=dict(TEXTS_SCHEMA)))
        if field in NUMBERED:
            table = table.filter(pl.col("text").str.contains(WORD))
        alike = table.select("key", text=_without_case_digits())
        words = alike["text"].unique().sort()
        masks, worded = [], []
        given = words.to_list()
        if field in NUMBERED:
            found_in = [lexicon.classify_beside(text) for text in given]
        else:
            found_in = lexicon.classify_many(given)
        for text, matches in zip(given, found_in, strict=True):
            mask = bits(match.signal for match in matches)
            if field == "reason" and _DROPDOWN.fullmatch(text.strip()):
                mask |= DROPDOWN
            masks.append(mask)
            content = [match for match in matches if match.signal in CONTENT]
            worded.append(bool(content))
            phrases += [
                Phrase(field, text, match.signal, match.rule, text[match.start : match.end])
                for match in content
            ]
        found = pl.DataFrame(
            {"text": words, "bits": masks, "worded": worded},
            schema={"text": pl.String, "bits": pl.UInt32, "worded": pl.Boolean},
        ).filter(pl.col("bits") != 0)
        marked = alike.join(found, on="text")
        signals[field] = marked.select("key", "bits")
        carriers[field] = marked.filter("worded").select("key", "text")
    return ClassifiedTexts(signals, carriers, tuple(phrases))


def _without_case_digits() -> pl.Expr:
    """Return the text, its digits made one where they are a case number and nothing else."""
    text = pl.col("text")
    return pl.when(text.str.contains(_ONLY_CASE)).then(text.str.replace_all("[0-9]", "4")).otherwise(text)
