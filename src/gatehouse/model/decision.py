"""What the rulebook says to a search: permit, deny or review, by which rules of which pack."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """`review` means that a supervisor must approve; until then it is a refusal."""

    PERMIT = "permit"
    DENY = "deny"
    REVIEW = "review"


class Confidence(StrEnum):
    """What of a law was read: the text, a digest or report of it, or nothing that confirms it.

    `rule` marks rules that are no law: design limits, owners' rules, agreements.
    """

    TEXT = "text"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class CitedRule:
    """A rule that decided, as a person is told it."""

    id: str
    citation: str
    sentence: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class PackId:
    """Which version of the rulebook decided; `sha256` covers every file of it."""

    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one owner. A deny and a review name at least one rule, a permit the ones that permit."""

    outcome: Outcome
    rules: tuple[CitedRule, ...]
    pack: PackId

    @property
    def judgeable(self) -> bool:
        """Return False when nothing but missing facts decided: the record lacks what the rules need."""
        return self.outcome is not Outcome.DENY or any(
            not rule.id.startswith("missing:") for rule in self.rules
        )
