"""Federal searchers and those of other states."""

from __future__ import annotations

from gatehouse.audit.findings.searchers import FederalSearchers, OutOfStateSearchers
from gatehouse.model import FieldState, Layout
from tests.unit.audit.builders import FEDERAL, OWNER, SEARCHER, file_facts
from tests.unit.audit.findings.measuring import measured, not_measured

ROWS = (
    {"org": OWNER},
    {"org": SEARCHER},
    {"org": FEDERAL},
    {"org": "Synthetic Office of Nowhere"},
    {"org": "Illmarkeld IL PD"},
    {"org": FieldState.WITHHELD},
)


def test_federal_searchers_by_name() -> None:
    outcome, found = measured(FederalSearchers(), ROWS)
    assert (outcome.count, found) == (1, [4])
    assert outcome.claim == ("1 of 6 searches is by 1 federal agency; for 1 more the searcher is not named")


def test_out_of_state_leaves_out_federal_unknown_and_own() -> None:
    outcome, found = measured(OutOfStateSearchers(), ROWS)
    assert (outcome.count, found) == (1, [3])
    assert "for 1 more the searcher's name does not tell the state" in outcome.claim
    assert outcome.law[0].startswith("625 ILCS 5/2-130(c): ")


def test_out_of_state_in_an_own_record_is_not_measurable() -> None:
    facts = [file_facts(layout=Layout.ORGANIZATION_AUDIT)]
    why = not_measured(OutOfStateSearchers(), [{"org": OWNER}], files=facts)
    assert why == "the record holds an agency's own searches, not those of others in its data"


def test_federal_searchers_without_any_name_is_not_measurable() -> None:
    why = not_measured(FederalSearchers(), [{"org": FieldState.WITHHELD}])
    assert why == "no file names the organization that searched, and no owner is given"


def test_out_of_state_where_no_searcher_is_named_is_not_measurable() -> None:
    why = not_measured(OutOfStateSearchers(), [{"org": FieldState.WITHHELD}] * 2)
    assert why == "no search of others in the owner's data names the agency that made it"


def test_out_of_state_without_the_owners_state_asks_for_the_owner() -> None:
    why = not_measured(OutOfStateSearchers(), [{}], files=[file_facts(owner=None)])
    assert why == "the state of the owner is not known; name the owner with --owner"


def test_out_of_state_says_what_it_did_not_look_at() -> None:
    files = [file_facts(), file_facts(path="own.csv", layout=Layout.ORGANIZATION_AUDIT)]
    outcome, found = measured(
        OutOfStateSearchers(), [{}, {"file": 1, "org": OWNER}, {"file": 1, "org": OWNER}], files=files
    )
    assert (outcome.count, outcome.of, found) == (1, 1, [2])
    assert outcome.claim == (
        "1 of 1 search is by agencies of 1 other state. Not looked at: 2 in an agency's own record or on "
        "data of an owner whose state is not known"
    )
