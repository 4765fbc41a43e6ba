"""The door's own rules, and what an officer is told: why, what would change it, and how to appeal.

They come on top of the rulebook's and only ever refuse. Each has an id that begins with `door:`.
"""

from __future__ import annotations

from dataclasses import dataclass

from gatehouse.law import Pack
from gatehouse.model import CitedRule, Confidence, Outcome


@dataclass(frozen=True, slots=True)
class DoorRule:
    """A rule with what would change it."""

    cited: CitedRule
    remedy: str


def _rule(name: str, sentence: str, remedy: str, *, part: str = "the door") -> DoorRule:
    return DoorRule(
        CitedRule(f"door:{name}", f"Gatehouse, network rules: {part}", sentence, Confidence.RULE), remedy
    )


NOT_ENTITLED = _rule(
    "not-entitled",
    "A search is made by a named, active officer of the agency, and entered by a named, active person of it.",
    "Have an active officer of your agency ask, or ask a custodian to set the role.",
)
UNSIGNED = _rule(
    "unsigned",
    "Who enters a search signs exactly what is asked, with a passkey or a second factor, minutes before.",
    "Sign the search again and send it at once.",
)
SCOPE_CAP = _rule(
    "scope-cap",
    "For this purpose and offense a search may not ask that far.",
    "Narrow the scope to the widest that the door names.",
    part="scope",
)
SCOPE_GROUND = _rule(
    "scope-ground",
    "The search asks farther than the door proposes and does not say why.",
    "State why the wider scope is needed, or take the one that is proposed.",
    part="scope",
)
OWNER_SCOPE = _rule(
    "owner-scope",
    "The owner lets its reads be searched for this from less far away only.",
    "Ask the owner, whose custodians set this.",
    part="scope",
)
NOBODY = _rule(
    "nobody-asked",
    "No owner of reads lies within the scope.",
    "Take a wider scope, with a ground.",
    part="scope",
)
NO_RETENTION = _rule(
    "no-retention",
    "The owner has not said how long it keeps reads.",
    "Ask the owner to set its retention.",
    part="nothing outlives its retention",
)
SECOND_PERSON = _rule(
    "second-person",
    "A plate with two signs left open needs a second person.",
    "Wait for the supervisor whom the door has asked, or find out one more sign of the plate.",
    part="wildcards",
)
TOO_BROAD = _rule(
    "too-broad",
    "Plate, window and owners make more lookups than one search may have.",
    "Narrow the window, or find out more of the plate.",
    part="wildcards",
)
CANDIDATES = _rule(
    "candidates-spent",
    "The officer, or who entered it, asked for more plates today than a day allows, in this case or in all.",
    "Find out more of the plate, or ask again tomorrow.",
    part="wildcards",
)
RATE = _rule(
    "too-many",
    "More searches were asked within the hour than the officer or the agency may ask.",
    "Wait until the hour has passed.",
    part="rates",
)
NO_REVIEWER = _rule(
    "no-reviewer",
    "A supervisor must approve the search, and none is there who is neither its officer nor its clerk.",
    "Have a second supervisor registered.",
    part="review",
)
OWNER_REVIEW = _rule(
    "owner-review",
    "The owner's law asks for a supervisor, and the owner's own supervisor has not approved.",
    "Wait for the owner's supervisor before you collect the answer.",
    part="review",
)
UNSIGNED_REVIEW = _rule(
    "unsigned-review",
    "A reviewer signs what they answer, with a passkey or a second factor, minutes before.",
    "Sign it again and send it at once.",
    part="review",
)
SUSPENDED = _rule(
    "exigency-suspended",
    "The paper of an earlier exigent search is overdue, so its officer makes and enters no exigent search.",
    "File the paper; a supervisor other than you then restores the privilege.",
    part="exigency",
)
INTERRUPTED = _rule(
    "interrupted",
    "The search was cut off before anything was decided, and what was not decided is refused.",
    "Ask again.",
)
NOT_ASSIGNED = _rule(
    "not-assigned",
    "Only the supervisor whom the door has assigned reviews a search, never its officer or its clerk.",
    "Leave it to the supervisor who was assigned.",
    part="review",
)
NOT_YOURS = _rule(
    "not-yours",
    "An answer goes to the officer who asked, or to who entered the search.",
    "Have the officer collect it.",
)
NOT_TEST_PLATE = _rule(
    "not-a-test-plate",
    "Training uses invented plates only; this one may be somebody's.",
    "Take a plate that begins with TEST.",
    part="training",
)

HOLD_GROUND = _rule(
    "hold-ground",
    "An officer holds a read for a confirmed hit or an order; a preservation or exculpatory request goes to "
    "a custodian of its owner.",
    "State the ground that is the true one, or pass the request on to the owner.",
    part="holds",
)
HOLD_UNSIGNED = _rule(
    "hold-unsigned",
    "Who places, opens or ends a hold signs exactly that, with a passkey or a second factor, minutes before.",
    "Sign it again and send it at once.",
    part="holds",
)
HOLD_TOO_LONG = _rule(
    "hold-too-long",
    "A hold ends in time to come, and no later than its owner lets reads be held.",
    "Take an earlier end.",
    part="holds",
)
HOLD_NOT_CONFIRMED = _rule(
    "hold-not-confirmed",
    "A read is held for a hit of the agency once a person has confirmed it, and only the read of that hit.",
    "Confirm the hit first, or name the hit that the read belongs to.",
    part="holds",
)
HOLD_NOT_YOURS = _rule(
    "hold-not-yours",
    "A hold is opened and ended by those of its agency who may place one on its ground.",
    "Ask an officer of the agency, or for a request to the owner a custodian.",
    part="holds",
)
HOLD_WORDS = _rule(
    "hold-words",
    "No immigration purpose exists, and a held read is opened for none either.",
    "Nothing, if that is the purpose; else state the reason more exactly.",
    part="holds",
)

_ALL = (
    NOT_ENTITLED, UNSIGNED, SCOPE_CAP, SCOPE_GROUND, OWNER_SCOPE, NOBODY, NO_RETENTION, SECOND_PERSON,
    TOO_BROAD, CANDIDATES, RATE, NO_REVIEWER, OWNER_REVIEW, SUSPENDED, INTERRUPTED, NOT_ASSIGNED, NOT_YOURS,
    NOT_TEST_PLATE, UNSIGNED_REVIEW, HOLD_GROUND, HOLD_UNSIGNED, HOLD_TOO_LONG, HOLD_NOT_CONFIRMED,
    HOLD_NOT_YOURS, HOLD_WORDS,
)  # fmt: skip
RULES = {each.cited.id: each for each in _ALL}

APPEAL = (
    "The refusal is on the record under the search's number. Your supervisor can look at it and send it on: "
    "to the owner's custodians where an owner's rule or agreement refused, to the auditor and your attorney "
    "where a law was applied wrongly. Nobody at the door can set a rule aside."
)
_BY_PREFIX = (
    ("missing:", "State what is missing, and ask again."),
    ("owner/no-agreement", "Ask again once your agency and the owner have agreed on it on the record."),
    ("owner/retention", "Narrow the window."),
    ("owner/", "Ask the owner, whose custodians set this."),
    ("gatehouse/no-", "Nothing: this is a limit of the design."),
    ("gatehouse/process-", "Bring the legal process that the sentence names."),
    ("engine:", "Ask again; if it is refused again, tell the operator."),
)  # fmt: skip
_REVIEW = "A supervisor whom the door assigns approves it."
_STATUTE = (
    "What the sentence names; another purpose only if it is the true one. If your words were misread, state "
    "the reason more exactly."
)
_RETENTION = "Narrow the window."


def remedy(rule: CitedRule, pack: Pack) -> str:
    """Return what would change the refusal by a rule."""
    if rule.id in RULES:
        return RULES[rule.id].remedy
    known = pack.rules.get(rule.id)
    if known is not None and known.outcome is Outcome.REVIEW:
        return _REVIEW
    for prefix, said in _BY_PREFIX:
        if rule.id.startswith(prefix):
            return said
    return _RETENTION if rule.id.endswith("/retention") else _STATUTE
