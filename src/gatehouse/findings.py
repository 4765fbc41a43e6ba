"""What a doctor finds: checks that change nothing, each with what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from gatehouse.model import Error


class Level(StrEnum):
    """How a check came out."""

    GOOD = "good"
    NOTE = "note"  # works, and could be better
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found. `next` is what to do; `exit_code` is 0 unless something is bad."""

    check: str
    level: Level
    what: str
    next: str | None = None
    exit_code: int = 0


Finding: TypeAlias = "tuple[Level, str] | tuple[Level, str, str] | tuple[Level, str, str, int]"


def findings(checks: Mapping[str, Callable[[], Iterator[Finding]]]) -> Iterator[Found]:
    """Yield what each check finds; one that fails is bad, and the others go on."""
    for name, check in checks.items():
        try:
            for finding in check():
                yield Found(name, *finding)
        except Error as error:
            yield Found(name, Level.BAD, str(error), error.hint, error.exit_code)
        except OSError as error:
            yield Found(name, Level.BAD, error.strerror or type(error).__name__, None, 5)
