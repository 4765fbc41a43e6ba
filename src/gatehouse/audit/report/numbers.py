"""How the report writes numbers: separators, denominators, bounds, percentages, times.

The rules for percentages are those of `wording.share`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from gatehouse.audit.document import Tally
from gatehouse.audit.wording import share

NO_BREAK = "\N{NO-BREAK SPACE}"
NOT_MEASURABLE = "not measurable"


def count(number: int) -> str:
    """Write a count with thousands separators."""
    return f"{number:,}"


def plural(number: int, singular: str, several: str | None = None) -> str:
    """Write a count with its noun: "1 search", "2 searches"."""
    noun = singular if number == 1 else several or f"{singular}s"
    return f"{count(number)}{NO_BREAK}{noun}"


def searches(number: int) -> str:
    """Write a count of searches with its noun."""
    return plural(number, "search", "searches")


def unbroken(text: str) -> str:
    """Return text in which no percent sign stands on another line than its number."""
    return re.sub(r"(?<=\d) (?=%)", NO_BREAK, text)


def percent(number: float, base: float) -> str | None:
    """Write a share, or return None when the base is too small for one."""
    written = share(number, base)
    return unbroken(written) if written else None


def rate(value: float) -> str:
    """Write a rate between 0 and 1 as a percentage, whatever its base."""
    text = percent(value * 1_000_000, 1_000_000)
    assert text is not None
    return text


def of(number: int, base: int) -> str:
    """Write a count with its denominator and, where the base allows, its share."""
    text = f"{count(number)} of {count(base)}"
    share = percent(number, base)
    return f"{text}, {share}" if share else text


def between(low: int, high: int) -> str:
    """Write bounds: "312 to 940", or one number when they meet."""
    return count(low) if low == high else f"{count(low)} to {count(high)}"


def tally(value: Tally) -> str:
    """Write a tally: count of readable, and the bounds where a part of the field is masked."""
    text = of(value.n, value.readable)
    if value.masked:
        text += f"; {between(value.n, value.n + value.masked)} if masked fields are counted"
    return text


def compact(number: float) -> str:
    """Write a number for an axis: separators up to a million, then "2.5M"."""
    for size, unit in ((1_000_000_000, "B"), (1_000_000, "M")):
        if abs(number) >= size:
            return f"{number / size:.1f}".removesuffix(".0") + unit
    return f"{number:,.2f}".rstrip("0").rstrip(".")


def moment(text: str | None) -> str:
    """Write an RFC 3339 time as "2026-11-01 14:05 UTC"; a date alone, or anything else, stays as it is."""
    if text is None:
        return NOT_MEASURABLE
    if _is_date(text):
        return text
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return text
    if value.tzinfo is not None:
        value = value.astimezone(UTC)
    return f"{value:%Y-%m-%d %H:%M}{NO_BREAK}UTC"


def day(text: str | None) -> str | None:
    """Return the day of an RFC 3339 time or date, or None when it tells none."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        return None


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
