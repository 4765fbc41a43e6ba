"""JSON read strictly: every value knows its place, and no error repeats what may name a person or a plate.

RFC 8259; beyond it, a key given twice and numbers that are none (NaN) are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any, TypeVar

from gatehouse.law.facts import retention_minutes
from gatehouse.law.unseen import blank
from gatehouse.model import BadInput

T = TypeVar("T")

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
_WEEKS = re.compile(r"P(\d{1,4})W")
# No search record is older than the networks, and a year of two hundred digits is no year.
_YEARS = range(1970, 2200)
_CODE = re.compile(r"[a-z]+(_[a-z]+)+")
_LONGEST_NUMBER = 100
_HINT = "see docs/deciding.md"


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value at a place. Readers return Python values or raise `BadInput` for that place."""

    value: Any
    path: str
    file: str | None

    @property
    def absent(self) -> bool:
        """Return whether there is none, or null."""
        return self.value is None

    @property
    def is_list(self) -> bool:
        """Return whether it is a list."""
        return isinstance(self.value, list)

    @property
    def is_text(self) -> bool:
        """Return whether it is a string."""
        return isinstance(self.value, str)

    @property
    def is_bool(self) -> bool:
        """Return whether it is true or false."""
        return isinstance(self.value, bool)

    def only(self, *keys: str) -> None:
        """Refuse whatever is no object, or has another key than these."""
        if not isinstance(self.value, dict):
            raise self.wrong("the value has the wrong type", f"an object with {', '.join(keys)}")
        for key in self.value:
            if key not in keys:
                raise self.wrong("a key is not known", _listed(keys), got=_quoted(key, keys))

    def get(self, key: str) -> Node:
        """Return the value of a key, null if the object has none."""
        return Node(self.value.get(key), f"{self.path}.{key}".lstrip("."), self.file)

    def need(self, key: str) -> Node:
        """Return the value of a key that must be there and not null."""
        found = self.get(key)
        if found.absent:
            raise found.wrong("a value is missing", f"a value for {key}")
        return found

    def items(self) -> list[Node]:
        """Return the values of a list; null counts as an empty one."""
        if self.absent:
            return []
        if not self.is_list:
            raise self.wrong("the value has the wrong type", "a list")
        return [Node(each, f"{self.path}[{at}]", self.file) for at, each in enumerate(self.value)]

    def text(self) -> str | None:
        """Return a string, or None for null."""
        if not self.absent and not self.is_text:
            raise self.wrong("the value has the wrong type", "a string or null")
        return None if self.absent else str(self.value)

    def flag(self) -> bool | None:
        """Return true or false, or None for null."""
        if not self.absent and not self.is_bool:
            raise self.wrong("the value has the wrong type", "true, false or null")
        return None if self.absent else self.value is True

    def name(self) -> str:
        """Return a string in which something can be read."""
        if not self.is_text or blank(self.value):
            raise self.wrong("a name is missing", "a string with a letter or a digit")
        return str(self.value)

    def code(self, listed: Mapping[str, T]) -> T | None:
        """Return what a code of a list stands for, or None for null."""
        return None if self.absent else self.needed(listed)

    def needed(self, listed: Mapping[str, T]) -> T:
        """Return what a code of a list stands for."""
        if not self.is_text:
            raise self.wrong("the value has the wrong type", _listed(listed))
        if self.value not in listed:
            raise self.wrong("the code is not on the list", _listed(listed), got=_quoted(self.value, listed))
        return listed[self.value]

    def time(self) -> datetime:
        """Return a time, RFC 3339 with its offset, in UTC."""
        expected = "a time as in 2026-03-02T15:04:05Z"
        if not self.is_text or not _TIME.fullmatch(self.value):
            raise self.wrong("the value is no time with a zone", expected)
        try:
            at = datetime.fromisoformat(self.value).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self.wrong("no calendar or clock has this time", expected) from error
        if at.year not in _YEARS:
            raise self.wrong("the year cannot be meant", f"a year from {_YEARS[0]} to {_YEARS[-1]}")
        return at

    def duration(self) -> timedelta | None:
        """Return the shortest span that an ISO 8601 duration can mean, or None for null."""
        if self.absent:
            return None
        expected = "an ISO 8601 duration such as P30D, P9M or PT3M, or null"
        try:
            if weeks := _WEEKS.fullmatch(str(self.value)):
                span = timedelta(weeks=int(weeks[1]))
            else:
                span = timedelta(minutes=retention_minutes(self.value))
        except (TypeError, ValueError, OverflowError) as error:
            raise self.wrong("the value is no period", expected) from error
        if not span:
            # To the rules 0 means that the owner sets no limit, which is the opposite.
            raise self.wrong("a period of nothing keeps nothing", expected)
        return span

    def wrong(self, what: str, expected: str, *, got: str | None = None) -> BadInput:
        """Return the error of this place."""
        place = ", ".join(part for part in (self.file, self.path) if part)
        return BadInput(
            f"the request document is refused: {what}",
            where=place or "the document",
            expected=expected,
            got=got or _kind(self.value),
            hint=_HINT,
        )


def read_json(content: bytes, where: str | None = None) -> Node:
    """Return the root of a document in UTF-8."""
    root = Node(None, "", where)
    try:
        value = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_once,
            parse_constant=_no_number,
            parse_int=_integer,
        )
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise root.wrong("it is not UTF-8", "JSON in UTF-8", got="other bytes") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise root.wrong("it is not JSON", "an object or a list of them", got=place) from error
    except (ValueError, RecursionError) as error:
        got = "JSON nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise root.wrong("it is not JSON of one meaning", "an object or a list of them", got=got) from error
    return Node(value, "", where)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object that has a key twice")
    return found


def _no_number(_text: str) -> Any:
    raise ValueError("a number that is none")


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("a number that nobody can mean")
    return int(text)


def _listed(names: Any) -> str:
    return "one of " + ", ".join(names)


def _quoted(text: str, listed: Any) -> str:
    """Return a wrong code if it looks like one; anything else may be a plate, a name or a reason."""
    close = get_close_matches(text[:60], list(listed), n=1)
    if close:
        return f"something close to {close[0]}"
    return text if _CODE.fullmatch(text) and len(text) <= 40 else _kind(text)


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"a string of {len(value)} characters"
    names = {dict: "an object", list: "a list", int: "a number", float: "a number"}
    return names.get(type(value), "something else")
