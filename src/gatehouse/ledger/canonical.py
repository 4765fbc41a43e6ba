"""Canonical JSON: RFC 8785 for null, booleans, integers, strings, arrays and objects.

One value has one spelling, so a hash of the spelling is a hash of the value. Fractions are left out (times,
counts and codes need none), and integers end where RFC 8785 does, at 2^53 - 1. Strings are kept as given:
RFC 8785 forbids normalizing them, and an officer's words are not refused for how a keyboard composes an
accent. So two normal forms of one word are two values. A string that is no Unicode text (a lone surrogate) is
refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NoReturn, TypeAlias

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

LARGEST_INTEGER = 2**53 - 1
DEEPEST = 32


def to_canonical(value: Json) -> bytes:
    """Return the one spelling of a value in UTF-8; what has none is `ValueError`, which quotes no value."""
    text = json.dumps(_ordered(value, 0), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        # The original error quotes the text.
        raise ValueError("a string is no Unicode text") from None


def from_canonical(data: bytes) -> Json:
    """Read canonical JSON; any other spelling of the same value is `ValueError`."""
    try:
        value: Json = json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
            parse_int=_integer,
        )
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise ValueError("not JSON in UTF-8") from None
    except RecursionError:
        raise ValueError(f"nested deeper than {DEEPEST}") from None
    if to_canonical(value) != data:
        raise ValueError("not the canonical spelling")
    return value


def _ordered(value: Json, depth: int) -> Json:
    """Return the value with the keys of every object in the order of RFC 8785, section 3.2.3."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise ValueError("an integer beyond 2^53 - 1")
        return value
    if depth == DEEPEST:
        raise ValueError(f"nested deeper than {DEEPEST}")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a key that is no string")
        # Surrogates pass here so that the encoder above refuses them, in keys as in values.
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return {key: _ordered(value[key], depth + 1) for key in keys}
    if isinstance(value, (list, tuple)):
        # Thousands of owners' names stand in one list, and a call for each is most of what they take.
        return [each if type(each) is str else _ordered(each, depth + 1) for each in value]
    raise ValueError(f"a {type(value).__name__} has no place in canonical JSON")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _integer(text: str) -> int:
    # Python reads no integer of more than 4,300 digits, and says so with the digits.
    if len(text) > 17:
        raise ValueError("an integer beyond 2^53 - 1")
    return int(text)


def _no_fraction(_text: str) -> NoReturn:
    raise ValueError("a number that is no integer")
