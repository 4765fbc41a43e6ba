"""The words of a record, each distinct text classified once: signals as bits of one integer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.model import FAMILIES, Signal

if TYPE_CHECKING:
    from gatehouse.law.reasons import Lexicon

BIT: Mapping[Signal, int] = {signal: 1 << position for position, signal in enumerate(Signal)}

# What a search is about, as against how well its reason is stated. Only these are read from a case number,
# a filter, or an offense beside a reason: "26-01234" is no poor reason, it is a case number.
STATUS = frozenset(
    {
        Signal.VAGUE,
        Signal.NONE_STATED,
        Signal.CASE_NUMBER_ONLY,
        Signal.STATUTE_CODE,
        Signal.UI_GENERATED,
    }
)
CONTENT = frozenset(Signal) - STATUS

# Not a signal: the reason has the form "Category - text" that a drop-down list gives it.
DROPDOWN = 1 << 31
_DROPDOWN = re.compile(r"[A-Z][A-Za-z/&,.() ]{3,60} -(?: .*)?")

# A case number without a word in it says nothing of a purpose, whatever its digits spell.
NUMBERED = frozenset({"case_number"})
_WORD = r"\pL{2}"

# Fields that may say what a search was for, the stated reason first.
SCANNED = ("reason", "offense", "text_prompt", "case_number", "filters")


def bits(signals: Iterable[Signal]) -> int:
    """Return the mask of several signals."""
    mask = 0
    for signal in signals:
        mask |= BIT[signal]
    return mask


CONTENT_BITS = bits(CONTENT)
FAMILY_BITS: Mapping[str, int] = {name: bits(members) for name, members in FAMILIES.items()}


@dataclass(frozen=True, slots=True)
class Phrase:
    """One match worth a person's judgement: a distinct text of one field, a rule, and what it matched."""

    field: str
    key: int
    text: str
    signal: Signal
    rule: str
    matched: str


@dataclass(frozen=True, slots=True)
class ClassifiedTexts:
    """Signals of every distinct text.

    `signals[field]` has the columns `key` (UInt64) and `bits` (UInt32) for the texts with any signal;
    `phrases` holds every match of a content signal.
    """

    signals: Mapping[str, pl.DataFrame]
    phrases: tuple[Phrase, ...]


def classify(texts: Mapping[str, pl.DataFrame], lexicon: Lexicon) -> ClassifiedTexts:
    """Classify every distinct text of the scanned fields that the record set kept."""
    signals: dict[str, pl.DataFrame] = {}
    phrases: list[Phrase] = []
    for field in SCANNED:
        table = texts.get(field)
        if table is None or table.is_empty():
            signals[field] = _table([], [])
            continue
        keys, masks = [], []
        if field in NUMBERED:
            table = table.filter(pl.col("text").str.contains(_WORD))
        words = table["text"].to_list()
        for key, text, matches in zip(
            table["key"].to_list(), words, lexicon.classify_many(words), strict=True
        ):
            mask = bits(match.signal for match in matches)
            if field == "reason" and _DROPDOWN.fullmatch(text.strip()):
                mask |= DROPDOWN
            if not mask:
                continue
            keys.append(key)
            masks.append(mask)
            phrases += [
                Phrase(field, key, text, match.signal, match.rule, text[match.start : match.end])
                for match in matches
                if match.signal in CONTENT
            ]
        signals[field] = _table(keys, masks)
    return ClassifiedTexts(signals, tuple(phrases))


def _table(keys: list[int], masks: list[int]) -> pl.DataFrame:
    return pl.DataFrame({"key": keys, "bits": masks}, schema={"key": pl.UInt64, "bits": pl.UInt32})
