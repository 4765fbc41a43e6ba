"""What a backtest tries: the whole rulebook, some statutes of it, a draft, or statutes and a draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatehouse.model import BadUse, Outcome

if TYPE_CHECKING:
    from gatehouse.law.draft import Draft
    from gatehouse.law.pack import Pack, Rule


# What no export shows and a plan may assume of every searcher.
ASSUMABLE = ("agreement", "declaration")


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules to try. Without `laws` and `draft`, all of the pack.

    `assume` names what is taken for granted of every searcher but the owner: an `agreement` with it for the
    search, a `declaration` that forswears all that a law asks to be forsworn.
    """

    pack: Pack
    laws: tuple[str, ...] = ()
    draft: Draft | None = None
    assume: frozenset[str] = frozenset()

    def rules(self) -> tuple[Rule, ...]:
        """Return the forbids that are tried."""
        every = [rule for rule in self.pack.rules.values() if rule.outcome is not Outcome.PERMIT]
        drafted = list(self.draft.rules) if self.draft else []
        if self.laws:
            return tuple([rule for rule in every if rule.jurisdiction in self.laws] + drafted)
        return tuple(drafted or every)

    def check(self) -> None:
        """Refuse laws that the pack does not hold, and assumptions that cannot be made."""
        if unknown := sorted(self.assume.difference(ASSUMABLE)):
            raise BadUse(
                "a backtest cannot assume that",
                where="--assume",
                expected=" or ".join(ASSUMABLE),
                got=unknown[0],
            )
        for code in self.laws:
            if code not in self.pack.texts:
                known = ", ".join(sorted(self.pack.texts))
                raise BadUse(
                    "the law pack has no rules of that code", where="--law", expected=known, got=code
                )
