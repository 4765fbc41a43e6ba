"""The states' plate formats: which serials of letters and digits their passenger plates bear.

`formats.toml` has them with a source a state. They say what is likelier among candidates and never what a
plate is: personalized plates fit no format, and older series are out on the road for years.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from gatehouse.model import BadInput

_PATTERN = re.compile(r"[A9]{3,8}")
_CODE = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class StateFormats:
    """The formats of one state: `A` is a letter, `9` a digit."""

    code: str
    patterns: tuple[str, ...]
    source: str

    def fit(self, plate: str, *, pooled: bool = False) -> bool:
        """Return whether a plate is a serial of this state; `pooled` lets 0 stand for O among letters."""
        return any(_fits(plate, pattern, pooled) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Formats:
    """The formats of every state that has any here."""

    states: tuple[StateFormats, ...]

    @classmethod
    def parse(cls, text: str) -> Formats:
        """Read the file's text; anything else than a state's patterns and source is `BadInput`."""
        try:
            given = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BadInput("the plate formats are not TOML", got=str(error)) from error
        return cls(tuple(_states(given)))

    def fit(self, plate: str, state: str | None = None, *, pooled: bool = False) -> bool:
        """Return whether any state, or the one named, has such a serial."""
        return any(
            each.fit(plate, pooled=pooled) for each in self.states if state is None or each.code == state
        )


@cache
def formats() -> Formats:
    """Return the formats that come with the program."""
    return Formats.parse(files("gatehouse.capture").joinpath("formats.toml").read_text("utf-8"))


def _states(given: dict[str, object]) -> Iterator[StateFormats]:
    for code, entry in given.items():
        if not _CODE.fullmatch(code) or not isinstance(entry, dict):
            raise BadInput("the plate formats name no state", where=code, expected="a USPS code")
        patterns, source = entry.get("patterns"), entry.get("source")
        if (
            not isinstance(patterns, list)
            or not patterns
            or not all(isinstance(each, str) and _PATTERN.fullmatch(each) for each in patterns)
        ):
            raise BadInput("a plate format is none", where=code, expected="patterns of A and 9, 3 to 8 signs")
        if not isinstance(source, str) or not source.startswith("https://"):
            raise BadInput("a state's plate formats have no source", where=code, expected="an address")
        yield StateFormats(code, tuple(patterns), source)


def _fits(plate: str, pattern: str, pooled: bool) -> bool:
    return len(plate) == len(pattern) and all(
        sign.isdigit() if kind == "9" else sign.isalpha() or (pooled and sign == "0")
        for sign, kind in zip(plate, pattern, strict=True)
    )
