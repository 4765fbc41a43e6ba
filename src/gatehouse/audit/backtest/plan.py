"""What a backtest tries: the whole rulebook, some statutes of it, a draft, or statutes and a draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatehouse.model import BadUse, Outcome

if TYPE_CHECKING:
    from gatehouse.law.draft import Draft
    from gatehouse.law.pack import Pack, Rule


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules to try. Without `laws` and `draft`, all of the pack."""

    pack: Pack
    laws: tuple[str, ...] = ()
    draft: Draft | None = None

    def rules(self) -> tuple[Rule, ...]:
        """Return the forbids that are tried."""
        every = [rule for rule in self.pack.rules.values() if rule.outcome is not Outcome.PERMIT]
        drafted = list(self.draft.rules) if self.draft else []
        if self.laws:
            return tuple([rule for rule in every if rule.jurisdiction in self.laws] + drafted)
        return tuple(drafted or every)

    def check(self) -> None:
        """Refuse laws that the pack does not hold."""
        for code in self.laws:
            if code not in self.pack.texts:
                known = ", ".join(sorted(self.pack.texts))
                raise BadUse(
                    "the law pack has no rules of that code", where="--law", expected=known, got=code
                )
