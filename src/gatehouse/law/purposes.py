"""What a historic search was for, read from whole phrases: `purposes.toml`.

For exports of other networks only. A live search states its purpose in a field, and no text ever permits
one; here a phrase that is known lets a rule on purposes be tried on last year's record, and one that is not
leaves the row without a purpose, which is *not judgeable* and never a guess.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from gatehouse.model import OFFENSES, BadInput, Purpose

_SIGNS = re.compile(r"[^0-9a-z]+")
# The form that a drop-down list gives a reason: its category, a hyphen and what was typed.
_CATEGORY = re.compile(r"([A-Z][A-Za-z/&,.() ]{3,60}) -(?: .*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Stated:
    """What a phrase says a search was for, and the offense if it names one."""

    purpose: Purpose
    offense: str | None


def stated(text: str) -> Stated | None:
    """Return what a stated reason or offense says, None unless the whole of it (or its category) is known."""
    table = _table()
    trimmed = text.strip()
    if (found := table.get(_folded(trimmed))) is not None:
        return found
    category = _CATEGORY.fullmatch(trimmed)
    return table.get(_folded(category[1])) if category else None


def known_phrases() -> frozenset[str]:
    """Return all phrases, folded: lower case, other signs than letters and digits of ASCII made one blank."""
    return frozenset(_table())


@cache
def _table() -> Mapping[str, Stated]:
    return read(resources.files("gatehouse.law").joinpath("purposes.toml").read_text("utf-8"))


def read(content: str) -> Mapping[str, Stated]:
    """Read a table of phrases; a phrase that stands twice or an unknown code is `BadInput`."""
    table: dict[str, Stated] = {}
    try:
        for row in tomllib.loads(content)["phrases"]:
            offense = row.get("offense")
            if offense is not None and offense not in OFFENSES:
                raise ValueError(f"{offense!r} is no offense code")
            for phrase in _folded_all(row["is"]):
                if phrase in table:
                    raise ValueError(f"{phrase!r} stands twice")
                table[phrase] = Stated(Purpose(row["purpose"]), offense)
    except (tomllib.TOMLDecodeError, KeyError, ValueError) as error:
        raise BadInput(
            "the table of purposes cannot be read", got=f"{type(error).__name__}: {error}"
        ) from error
    return table


def _folded_all(phrases: Iterable[str]) -> Iterable[str]:
    return (_folded(phrase) for phrase in phrases)


def _folded(text: str) -> str:
    return _SIGNS.sub(" ", text.casefold()).strip()
