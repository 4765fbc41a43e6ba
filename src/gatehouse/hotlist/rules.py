"""The hotlist's own rules, on top of the rulebook's and the door's. They only ever refuse."""

from __future__ import annotations

from dataclasses import replace

from gatehouse.law import Pack
from gatehouse.model import CitedRule, Confidence
from gatehouse.search import answer
from gatehouse.search.answer import Refusal
from gatehouse.search.errors import Refused
from gatehouse.search.judging import Judged
from gatehouse.search.rules import APPEAL, DoorRule


def _rule(name: str, sentence: str, remedy: str) -> DoorRule:
    return DoorRule(
        CitedRule(f"hotlist:{name}", "Gatehouse, network rules: hotlists", sentence, Confidence.RULE), remedy
    )


IMMIGRATION = _rule(
    "immigration",
    "No hotlist of this network holds an entry for immigration enforcement, in any state.",
    "Nothing: this is a limit of the design.",
)
NO_CASE = _rule(
    "no-case", "A standing search belongs to a case, and names it.", "State the number of the case."
)
NO_REASON = _rule("no-reason", "A standing search says why it is made.", "State the reason.")
TOO_LONG = _rule(
    "too-long",
    "A standing search ends by itself, within the time that the network sets.",
    "Choose an earlier end, and ask again before it.",
)
NOT_EXIGENT = _rule(
    "not-exigent",
    "An exigency is answered at once by a search; a standing search waits for what may come.",
    "Search for the plate, and ask for the standing search under its purpose.",
)
NOT_NAMED = _rule(
    "not-named",
    "A standing search is for a named plate, with no sign left open.",
    "Find out the whole plate.",
)
TOO_MANY_PLATES = _rule(
    "too-many-plates",
    "The case has as many standing searches as one case may have.",
    "End one of them, or have custodians set the source as authoritative.",
)
TOO_MANY_ENTRIES = _rule(
    "too-many-entries",
    "One person enters so many standing searches within 24 hours, whatever their cases are called.",
    "Wait until a day has passed, or have custodians set a source for the list that they come from.",
)
NO_SOURCE = _rule(
    "no-source",
    "A list comes from a source that a custodian of the agency has set.",
    "Have a custodian set the source, with the person who is responsible for it.",
)
NOT_CUSTODIAN = _rule(
    "not-custodian",
    "A source is set by a custodian of the agency; one that is authoritative by two.",
    "Have a custodian, and where needed a second one, set it.",
)
UNSIGNED = _rule(
    "unsigned",
    "Whoever does this signs exactly what is done, minutes before.",
    "Sign it again and send it at once.",
)
NOT_SECOND = _rule(
    "not-second",
    "A stopped entry goes on once a supervisor other than its officer, or a court's order, renews it.",
    "Ask a supervisor of your agency, or bring the order.",
)
NOT_OF_AGENCY = _rule(
    "not-of-agency",
    "A hotlist's entries and hits are for active people of the agency whose entry it is.",
    "Have somebody of that agency do it.",
)

_REMEDIES = {
    each.cited.id: each.remedy
    for each in (
        IMMIGRATION,
        NO_CASE,
        NO_REASON,
        TOO_LONG,
        NOT_EXIGENT,
        NOT_NAMED,
        TOO_MANY_PLATES,
        TOO_MANY_ENTRIES,
    )
}


def refused(rule: DoorRule, about: str | None = None) -> Refused:
    """Return the refusal of a step by one of these rules."""
    return Refused(rule.cited, remedy=rule.remedy, appeal=APPEAL, search=about)


def refusals_of(judged: Judged, pack: Pack) -> tuple[Refusal, ...]:
    """Return each rule that refused or asks for a review, with what would change it."""
    return tuple(
        replace(each, remedy=_REMEDIES.get(each.rule.id, each.remedy))
        for each in answer.refusals_of(judged, pack)
    )
