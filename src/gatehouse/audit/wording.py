"""How figures are put into words: no rate under 30 searches, no percentage under 100, no false precision."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gatehouse.audit.statistics import MINIMUM_FOR_PERCENT

if TYPE_CHECKING:
    from gatehouse.audit.document import Tally


def number(n: int) -> str:
    """Return a count with thousands separators."""
    return f"{n:,}"


def searches(n: int) -> str:
    """Return a count of searches."""
    return f"{n:,} search" if n == 1 else f"{n:,} searches"


def plural(n: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def agree(n: int, what_they_do: str) -> str:
    """Return what several searches do, or what one does: "name" and "names", "are" and "is".

    The first word is the verb; a "name" after "or" and an "are" are further ones.
    """
    if n != 1:
        return what_they_do

    def of_one(word: re.Match[str]) -> str:
        return {"are": "is", "have": "has", "their": "its"}.get(word[0], f"{word[0]}s")

    return re.sub(r"^\w+|(?<= or )(?:name|are)\b|(?<= and )are\b|\btheir\b", of_one, what_they_do)


def share(n: float, of: float) -> str | None:
    """Write a share as a percentage, or return None when the base is too small for one.

    None and all are written without decimals; a share that is neither never reads like one.
    """
    if of < MINIMUM_FOR_PERCENT:
        return None
    value = 100 * n / of
    if value in (0, 100):
        return f"{value:.0f} %"
    if value < 0.1:
        return "under 0.1 %"
    return "over 99.9 %" if value > 99.9 else f"{value:.1f} %"


def percent(n: int, of: int) -> str:
    """Return ` (12.3 %)` to stand after "n of m", or nothing where a percentage says too much or nothing."""
    written = share(n, of) if n else None
    return f" ({written})" if written else ""


def of_total(n: int, of: int) -> str:
    """Return `12 of 345 searches (3.5 %)`."""
    return f"{n:,} of {searches(of)}{percent(n, of)}"


def of_readable(tally: Tally, what_they_do: str) -> str:
    """Say how many searches do something, with the denominator, and the bounds where reasons are masked."""
    text = f"{tally.n:,} of {searches(tally.readable)} {READABLE}"
    text += f"{percent(tally.n, tally.readable)} {agree(tally.n, what_they_do)}"
    return text + bounded(tally.n, tally.masked, tally.total)


READABLE = "whose reason can be read"
NO_REASON = "not one reason in the record can be read: the column is absent, withheld or redacted"


def bounded(n: int, masked: int, of: int) -> str:
    """Return a sentence that bounds a count where reasons are masked; nothing where none is."""
    if not masked:
        return ""
    between = f"between {n:,} and {n + masked:,}"
    return f". {masked_reasons(masked)} masked, so among all {searches(of)} the number lies {between}"


def masked_reasons(n: int) -> str:
    """Return `The reasons of 12 more are`, to stand before "masked"."""
    return "The reason of 1 more is" if n == 1 else f"The reasons of {n:,} more are"


def unsure_zones(agencies: int) -> str:
    """Say that the local time of some agencies is taken from most people of their state."""
    of = plural(agencies, "agency whose name does", "agencies whose names do")
    return f"The hours of {of} not tell the zone within the state are those of most people there."


def sentence(text: str) -> str:
    """Return text with a capital and one full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:].rstrip(".") + "."
