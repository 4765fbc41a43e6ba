"""The designs of the states' plates as data (`states.toml`), and the texts that they bear."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

SOURCE: Final = Path(__file__).with_name("states.toml")

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VOWELS: Final = "AEIOU"
_CONSONANTS: Final = "BCDFGHJKLMNPRSTVWYZ"
# Formats that plates of any state bear now and then: low numbers, specialty and fleet plates.
_ANYWHERE: Final = (
    "9999", "99999", "999", "AA 999", "AA9999", "99999A", "A 99999", "9AA 999", "AAAA", "999A", "A9999A",
    "9999A", "99A999", "999999", "9999999", "AAA9999", "999AAAA", "AAA 999", "999 AAA", "AA99999",
    "A9A9999", "AA9A999", "99AA99", "A99AAA", "9AAA999", "AAA99A", "A999AA", "9A9999A", "AAAAA", "AAA",
    "A99", "9999 AA", "AA AA99", "9AA9999",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Design:
    """How one of a state's plates looks. Colors are `#rrggbb`; of several inks or slogans one is drawn."""

    state: str
    name: str
    style: str  # of the name: a style of `fonts.FAMILIES`
    grounds: tuple[str, ...]  # from top to bottom, blended into each other
    inks: tuple[str, ...]
    name_inks: tuple[str, ...]
    formats: tuple[str, ...]  # A letter, 9 digit, a space where the separator stands
    bands: tuple[str, str]  # hard-edged bands at top and bottom; "" where there is none
    slogans: tuple[str, ...]
    separator: str  # none, gap, dot, dash, emblem
    scene: str  # plain, hills, watermark, left (a picture beside the text)
    skips: str  # letters that its serials leave out
    name_at: str  # top or bottom
    dies: str  # any, narrow, wide, serif


def _design(code: str, row: Mapping[str, Any]) -> Design:
    return Design(
        state=code,
        name=row["name"],
        style=row.get("style", "sans"),
        grounds=tuple(row["grounds"]),
        inks=tuple(row["inks"]),
        name_inks=tuple(row.get("name_inks", row["inks"])),
        formats=tuple(row["formats"]),
        bands=tuple(row.get("bands", ("", ""))),
        slogans=tuple(row.get("slogans", ())),
        separator=row.get("separator", "gap"),
        scene=row.get("scene", "plain"),
        skips=row.get("skips", ""),
        name_at=row.get("name_at", "top"),
        dies=row.get("dies", "any"),
    )


@cache
def designs() -> Mapping[str, tuple[Design, ...]]:
    """Read every state's designs, by the USPS code."""
    rows = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    return {code: tuple(_design(code, row) for row in table) for code, table in rows.items()}


def _fill(rng: np.random.Generator, pattern: str, skips: str) -> str:
    letters = [letter for letter in _LETTERS if letter not in skips]
    drawn = {"A": letters, "9": list("0123456789")}
    return "".join(str(rng.choice(drawn[mark])) if mark in drawn else mark for mark in pattern)


def _wish(rng: np.random.Generator) -> str:
    """Draw a text as owners wish for: mostly something that can be spoken, with digits here and there."""
    length = int(rng.choice([3, 4, 5, 6, 7, 7, 7, 8], p=[0.03, 0.07, 0.12, 0.25, 0.2, 0.15, 0.13, 0.05]))
    if rng.random() < 0.3:
        return "".join(rng.choice(list(_LETTERS + "0123456789"), length))
    start = int(rng.integers(2))
    text = [str(rng.choice(list(_VOWELS if (start + at) % 2 else _CONSONANTS))) for at in range(length)]
    for at in range(length):
        chance = rng.random()
        if chance < 0.12:
            text[at] = str(rng.choice(list("0123456789")))
        elif chance < 0.24:
            text[at] = str(rng.choice(list(_LETTERS)))
    if length > 4 and rng.random() < 0.25:
        text.insert(int(rng.integers(2, length - 1)), " ")
    return "".join(text)


def serial(rng: np.random.Generator, design: Design) -> str:
    """Draw a text for a plate of a design; a space stands where the separator does."""
    chance = rng.random()
    if chance < 0.2:
        return _wish(rng)
    if chance < 0.4:
        return _fill(rng, str(rng.choice(_ANYWHERE)), "")
    # Earlier formats are the more common ones.
    at = min(int(rng.exponential(1.2)), len(design.formats) - 1)
    return _fill(rng, design.formats[at], design.skips)
