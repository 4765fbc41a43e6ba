"""The words of the invented world: names, and reasons with the signals they carry (`vocabulary.toml`)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from gatehouse.model import FAMILIES, Signal

ORDINARY_GROUP, CASE_GROUP = "ordinary", "case_number"


@dataclass(frozen=True, slots=True)
class Reason:
    """A text that an officer may state, how often within its group, and what it suggests.

    `numbered` reasons are followed by a case number; the reason of the group `case_number` is nothing else.
    """

    text: str
    group: str
    weight: float
    signals: frozenset[Signal]
    numbered: bool = False
    dropdown: bool = False

    @property
    def immigration(self) -> bool:
        """Whether any signal belongs to the immigration family."""
        return not self.signals.isdisjoint(FAMILIES["immigration"])


@dataclass(frozen=True, slots=True)
class Federal:
    """A federal office that does not exist."""

    name: str
    immigration: bool


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything that `vocabulary.toml` says; `reasons` in a fixed order, so that an index names one."""

    places_first: tuple[str, ...]
    places_last: tuple[str, ...]
    people_first: tuple[str, ...]
    states: tuple[tuple[str, int, float], ...]
    federal: tuple[Federal, ...]
    filters: tuple[str, ...]
    prompts: tuple[str, ...]
    groups: dict[str, float]
    dropdown_since: date
    reasons: tuple[Reason, ...]


@cache
def load() -> Vocabulary:
    """Read the vocabulary that ships with the package."""
    document = tomllib.loads(files(__package__).joinpath("vocabulary.toml").read_text("utf-8"))
    return Vocabulary(
        places_first=tuple(document["places_first"]),
        places_last=tuple(document["places_last"]),
        people_first=tuple(document["people_first"]),
        states=tuple((code, hours, float(share)) for code, hours, share in document["states"]),
        federal=tuple(Federal(**office) for office in document["federal"]),
        filters=tuple(document["filters"]),
        prompts=tuple(document["prompts"]),
        groups=dict(document["groups"]),
        dropdown_since=document["dropdown"]["since"],
        reasons=tuple(_reasons(document)),
    )


def _reasons(document: dict[str, Any]) -> list[Reason]:
    reasons = []
    for entry in document["reasons"]:
        signals = frozenset(Signal(name) for name in entry.get("signals", ()))
        reasons += [Reason(text, entry["group"], weight, signals) for text, weight in entry["texts"]]
    ordinary = [reason for reason in reasons if reason.group == ORDINARY_GROUP]
    # A third of the ordinary reasons name their case, which makes most of them distinct, as in real exports.
    reasons += [
        Reason(reason.text, ORDINARY_GROUP, reason.weight / 2, reason.signals, numbered=True)
        for reason in ordinary
    ]
    reasons.append(
        Reason("", CASE_GROUP, 1.0, frozenset({Signal.CASE_NUMBER_ONLY}), numbered=True),
    )
    dropdown = document["dropdown"]
    for label in dropdown["labels"]:
        reasons.append(Reason(f"{label} -", ORDINARY_GROUP, 3.0, frozenset(), dropdown=True))
        reasons.append(Reason(f"{label} -", ORDINARY_GROUP, 1.0, frozenset(), numbered=True, dropdown=True))
    reasons += [
        Reason(
            entry["text"],
            "immigration",
            entry["weight"],
            frozenset(map(Signal, entry["signals"])),
            dropdown=True,
        )
        for entry in dropdown["immigration"]
    ]
    return reasons
