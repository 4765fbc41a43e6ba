"""A step of the story: what was done, what came of it, and what the node said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatehouse.model import Error


class NotAsTold(Error):
    """A step came out otherwise than the story says: a defect, here or in the node."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """A line below a step's sentences: what it is about, and what was answered."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """What the transcript tells. `facts` are what answers, files and counts said, for programs."""

    id: str
    title: str
    sentences: Sequence[str]
    outcome: str
    shown: Sequence[Shown] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_document(self) -> dict[str, Any]:
        """Return the step as `--json` prints it."""
        return {
            "id": self.id,
            "title": self.title,
            "outcome": self.outcome,
            "sentences": list(self.sentences),
            "facts": dict(self.facts),
        }


def holds(fact: bool, what: str, **more: str) -> None:
    """Raise `NotAsTold` unless a fact that the step tells holds."""
    if not fact:
        raise NotAsTold(what, **more)
