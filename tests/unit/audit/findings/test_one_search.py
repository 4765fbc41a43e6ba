"""Every claim about one search speaks of it in the singular."""

from __future__ import annotations

import re

import pytest

from gatehouse.audit.findings import LEADS, Lead, Measured
from gatehouse.model import FieldState
from tests.unit.audit.builders import EXPORTED, FEDERAL, NOON, OWNER, SEARCHER, Row, file_facts, ground
from tests.unit.audit.findings.test_policies import published
from tests.unit.audit.test_pathways import sharing

REASONS = {
    "immigration_purpose": "immigration",
    "immigration_barred_civil": "immigration",
    "immigration_barred_criminal": "illegal reentry",
    "immigration_barred_agency": "ICE",
    "hsi_bare": "HSI",
    "hsi_crime": "HSI narcotics",
    "side_door": "on behalf of ICE",
    "first_amendment": "protest",
    "reproductive_care": "had an abortion",
    "gender_affirming_care": "gender affirming care",
    "protected_characteristic": "muslim male",
    "personal_use": "my ex wife",
    "civil_private_matter": "repossession",
    "pretext": "developing pc",
    "dragnet": "all vehicles in the area",
    "test_training": "test",
    "reason_missing": "",
    "reason_vague": "investigation",
    "minor_nationwide": "investigation",
    "case_missing": "stolen vehicle",
    "out_of_state_searchers": "stolen vehicle",
    "federal_searchers": "stolen vehicle",
    "front_door": "stolen vehicle",
    "back_door": "stolen vehicle",
    "own_policy_conflict": "immigration",
    "reason_offense_conflict": "homicide",
}
# A count of these begins with several searches, files or days.
OF_SEVERAL = {
    "reason_constant",
    "volume_outlier",
    "repeated_plate",
    "unusual_hours",
    "truncation",
    "coverage_gap",
    "schema_break",
}
FEDERAL_SEARCH = {"federal_searchers", "front_door"}
OPTIONS = {
    "front_door": sharing(FEDERAL),
    "back_door": sharing(FEDERAL),
    "own_policy_conflict": published("Immigration enforcement."),
}
# "1 search name", "1 of 3 searches ... are": the noun or the verb of several behind a count of one.
PLURAL_NOUN = re.compile(r"(?<!of )(?<![\d,.])1 (?:searches|agencies|users|files|days|columns|rows|pairs)\b")
PLURAL_VERB = re.compile(
    r"^1 (?:search|of [\d,]+ search(?:es)?)\b"
    r"(?: of [\d,]+ networks or more)?(?: by agencies that are not federal)?"
    r"(?: whose (?:reason can be read|case number can be seen|reason and offense type both name an offense))?"
    r"(?: \(.*?\))? "
    r"(?:are|have|speak|name|state|give|ask|put|belong|show)\b"
)


def one(lead: str) -> Row:
    row: dict[str, object] = {
        "org": FEDERAL if lead in FEDERAL_SEARCH else SEARCHER,
        "officer": "invented",
        "plate": "INVENT1",
        "networks": 6000,
        "searched_at": NOON,
        "reason": REASONS[lead] or FieldState.EMPTY,
    }
    return row | ({"offense": "Traffic Infraction"} if lead == "reason_offense_conflict" else {})


def test_every_lead_is_rendered_or_counts_several() -> None:
    assert {lead.id for lead in LEADS} == set(REASONS) | OF_SEVERAL


@pytest.mark.parametrize("lead", [lead for lead in LEADS if lead.id in REASONS], ids=lambda lead: lead.id)
@pytest.mark.parametrize("masked", [0, 1])
def test_claim_of_one_search_is_singular(lead: Lead, masked: int) -> None:
    made = ground(
        [one(lead.id), *[{"org": OWNER, "reason": FieldState.WITHHELD, "case_number": "25-1"}] * masked],
        files=[file_facts(exported=EXPORTED | {"offense"})],
        options=OPTIONS.get(lead.id),
    )
    outcome = lead.measure(made)
    assert isinstance(outcome, Measured), outcome
    assert outcome.count == 1
    assert not PLURAL_NOUN.search(outcome.claim), outcome.claim
    assert not PLURAL_VERB.search(outcome.claim), outcome.claim
    assert "1 more are" not in outcome.claim


def test_plural_patterns_find_what_they_should() -> None:
    assert PLURAL_NOUN.search("1 searches are by agencies")
    assert PLURAL_VERB.search("1 of 1,501 searches whose reason can be read (under 0.1 %) speak of protest")
    assert PLURAL_VERB.search("1 of 6 searches are by 1 federal agency")
    assert PLURAL_VERB.search("1 search state civil immigration enforcement")
    assert not PLURAL_VERB.search("1 of 6 searches is by 1 federal agency")
