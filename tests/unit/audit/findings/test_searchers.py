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
    assert "own record" in not_measured(OutOfStateSearchers(), [{"org": OWNER}], files=facts)


def test_federal_searchers_without_any_name_is_not_measurable() -> None:
    why = not_measured(FederalSearchers(), [{"org": FieldState.WITHHELD}])
    assert why == "no file names the organization that searched, and no owner is given"
