"""Whether an owner may keep reads for as long as it says, asked of the rulebook that decides searches."""

from __future__ import annotations

from datetime import datetime, timedelta

from gatehouse.law import Rulebook, decide
from gatehouse.model import Agency, CitedRule, OwnerTerms, Party, Purpose, SearchRequest, Window
from gatehouse.node.bodies import OwnerBody
from gatehouse.node.errors import ChangeRefused


def check_retention(body: OwnerBody, owner: Agency, rulebook: Rulebook, *, at: datetime) -> None:
    """Refuse a retention under which an owner would keep reads that its law lets nobody search.

    Of the owner's own search as far back as it keeps reads, no rule may refuse what it does not refuse of the
    last minute.
    """
    party = Party(owner.name, owner.state, owner.kind)
    terms = OwnerTerms(party, body.retention, agreement=True)

    def rules(reach: timedelta) -> dict[str, CitedRule]:
        request = SearchRequest(party, Purpose.CRIMINAL_INVESTIGATION, "13A", "1", Window(at - reach, at))
        (decision,) = decide(request, [terms], at=at, signals=(), pack=rulebook)
        return {rule.id: rule for rule in decision.rules}

    near, far = rules(timedelta(minutes=1)), rules(body.retention)
    for name, rule in far.items():
        if name not in near and not name.startswith("gatehouse/"):
            raise ChangeRefused(
                f"the owner's law does not let reads be kept so long: {rule.sentence}",
                where=rule.citation,
                got=f"{body.retention_minutes} minutes",
                hint="set a shorter retention",
            )
