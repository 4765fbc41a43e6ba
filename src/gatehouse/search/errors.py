"""Why the door does not do what it is asked.

Error
+-- Refused         a rule stands against it; it names the rule, what would change it, and how to appeal
BadInput
+-- UnknownSearch   there is no search of this id, or it is not this person's to see
+-- UnknownHold     the same of a hold, or of a read that shall be held
BadUse
+-- OutOfOrder      a step that cannot follow the state in which the search is
PartUnavailable
+-- NotAnswered     a search could be neither answered nor closed; it will be closed on the record later
+-- HoldFailed      the vault did not take a read that shall be held; the record says so
"""

from __future__ import annotations

from gatehouse.model import BadInput, BadUse, CitedRule, Error, PartUnavailable


class Refused(Error):
    """A rule stands against it. That is an answer, and no failure of the program."""

    def __init__(self, rule: CitedRule, *, remedy: str, appeal: str, search: str | None = None) -> None:
        super().__init__(rule.sentence, where=rule.id, hint=remedy)
        self.rule = rule
        self.remedy = remedy
        self.appeal = appeal
        self.search = search


class UnknownSearch(BadInput):
    """There is no search of this id, or it is not this person's to see."""


class UnknownHold(BadInput):
    """There is no hold of this id, or no such read, or it is not this person's to see."""


class OutOfOrder(BadUse):
    """A step cannot follow the state in which the search is."""


class NotAnswered(PartUnavailable):
    """A search could be neither answered nor closed; it will be closed on the record later."""


class HoldFailed(PartUnavailable):
    """The vault did not take a read that shall be held. The record says so."""
