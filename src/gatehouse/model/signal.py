"""What free text suggests. Signals only ever make a decision stricter or send it to review."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Signal(StrEnum):
    """A suggestion read from free text; several may hold at once."""

    CIVIL_IMMIGRATION = "civil_immigration"
    IMMIGRATION_CRIMINAL = "immigration_criminal"
    IMMIGRATION_AGENCY = "immigration_agency"
    HSI = "hsi"
    HSI_CRIME = "hsi_crime"
    FEDERAL_OTHER = "federal_other"
    ON_BEHALF_OF = "on_behalf_of"
    REPRODUCTIVE_CARE = "reproductive_care"
    GENDER_AFFIRMING_CARE = "gender_affirming_care"
    FIRST_AMENDMENT = "first_amendment"
    PROTECTED_CHARACTERISTIC = "protected_characteristic"
    CIVIL_PRIVATE_MATTER = "civil_private_matter"
    PERSONAL = "personal"
    TRAFFIC_INFRACTION = "traffic_infraction"
    DRAGNET = "dragnet"
    VAGUE = "vague"
    NONE_STATED = "none_stated"
    CASE_NUMBER_ONLY = "case_number_only"
    STATUTE_CODE = "statute_code"
    TEST_TRAINING = "test_training"
    UI_GENERATED = "ui_generated"
    PRETEXT = "pretext"


# HSI alone is in no family: Homeland Security Investigations also works drugs, fraud and trafficking.
FAMILIES: dict[str, frozenset[Signal]] = {
    "immigration": frozenset(
        {Signal.CIVIL_IMMIGRATION, Signal.IMMIGRATION_CRIMINAL, Signal.IMMIGRATION_AGENCY}
    ),
}

# How well a reason is stated, as against what a search is about. Only the latter is read from fields that
# hold no reason: "26-01234" is no poor reason, it is a case number.
STATUS = frozenset(
    {Signal.VAGUE, Signal.NONE_STATED, Signal.CASE_NUMBER_ONLY, Signal.STATUTE_CODE, Signal.UI_GENERATED}
)
CONTENT = frozenset(Signal) - STATUS
# Two letters side by side, for RE2 and for Polars: a text without them is a number or a code, and says
# nothing of a purpose, whatever its digits spell.
WORD = r"\pL{2}"


@dataclass(frozen=True, slots=True, order=True)
class SignalMatch:
    """One signal in one text: the rule that saw it and the matched `[start, end)` of the text as given.

    Offsets count Unicode code points of the original text, not of its normalized form.
    """

    signal: Signal
    rule: str
    start: int
    end: int
