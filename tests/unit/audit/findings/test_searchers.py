"""Federal searchers and those of other states."""

from __future__ import annotations

from datetime import UTC, datetime

from gatehouse.audit.document import Severity
from gatehouse.audit.findings.searchers import FederalSearchers, OutOfStateSearchers
from gatehouse.audit.options import AuditOptions
from gatehouse.audit.run import run
from gatehouse.model import FieldState, Layout
from tests.unit.audit.builders import FEDERAL, OWNER, SEARCHER, Row, file_facts, linked
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
    assert outcome.claim == (
        "1 of 6 searches is by 1 federal agency; for 1 more the searcher is not named. On the day of the "
        "search the law of the owner's state left open whether it allows such access for 1"
    )
    assert outcome.severity is None


def test_out_of_state_leaves_out_federal_unknown_and_own() -> None:
    outcome, found = measured(OutOfStateSearchers(), ROWS)
    assert (outcome.count, found) == (1, [3])
    assert "for 1 more the searcher's name does not tell the state" in outcome.claim
    assert outcome.claim.endswith(
        "the law of the owner's state allowed such access for 1 on terms that no record shows, such as a "
        "declaration or a warrant"
    )
    assert outcome.law[0].startswith("625 ILCS 5/2-130(c): ")
    assert outcome.severity is None
    assert outcome.innocent_explanations is None


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
        "data of an owner whose state is not known. On the day of the search the law of the owner's state "
        "allowed such access for 1 on terms that no record shows, such as a declaration or a warrant"
    )


def test_out_of_state_where_the_law_forbids_it_is_high_and_no_sharing_explains_it() -> None:
    rows = [{"org": SEARCHER}, {"org": "Corranness County CA SO"}, {"org": FEDERAL}]
    outcome, found = measured(OutOfStateSearchers(), rows, files=[file_facts(owner="Gold Creek CA PD")])
    assert (outcome.count, found) == (1, [2])
    assert outcome.claim == (
        "1 of 3 searches is by agencies of 1 other state. On the day of the search the law of the owner's "
        "state forbade such access, whatever its purpose, for 1 of them"
    )
    assert outcome.severity is Severity.HIGH
    assert outcome.law[0].startswith("Cal. Civ. Code 1798.90.55")
    assert outcome.innocent_explanations == (
        "The owner's data was not among what the search returned.",
        "The name misleads about the state.",
    )
    assert outcome.may_not_say is not None
    assert "broke the law" in outcome.may_not_say


def test_federal_searchers_where_the_law_forbids_it_are_high() -> None:
    outcome, _ = measured(
        FederalSearchers(), [{"org": FEDERAL}, {}], files=[file_facts(owner="Gold Creek CA PD")]
    )
    assert outcome.claim == (
        "1 of 2 searches is by 1 federal agency. On the day of the search the law of the owner's state "
        "forbade such access, whatever its purpose, for 1 of them"
    )
    assert outcome.severity is Severity.HIGH


def test_out_of_state_counts_by_the_law_of_each_day_and_owner() -> None:
    """Virginia's act is in force from July 2025 on; Texas has none on such access."""
    files = [file_facts(owner="Mosswincombe VA PD"), file_facts(path="b.csv", owner="Birch TX PD")]
    eve, first = datetime(2025, 7, 1, 3, 59, tzinfo=UTC), datetime(2025, 7, 1, 4, tzinfo=UTC)
    foreign = {"org": "Pellanholt TN PD"}
    rows: list[Row] = [
        {**foreign, "searched_at": eve},
        {**foreign, "searched_at": first},
        {**foreign, "searched_at": FieldState.WITHHELD},
        {**foreign, "searched_at": first, "file": 1},
    ]
    outcome, _ = measured(OutOfStateSearchers(), rows, files=files)
    assert outcome.count == 4
    assert outcome.claim.endswith("forbade such access, whatever its purpose, for 1 of them")
    assert outcome.innocent_explanations is not None
    assert [each for each in outcome.innocent_explanations if "shares" in each]
    outcome, _ = measured(OutOfStateSearchers(), rows[:1], files=files)
    assert (outcome.claim, outcome.law) == ("1 of 1 search is by agencies of 1 other state", ())


def test_finding_takes_the_words_that_the_law_gives_it() -> None:
    given = linked([{"org": SEARCHER}], files=[file_facts(owner="Gold Creek CA PD")])
    found = {each.id: each for each in run(given, AuditOptions()).findings}["out_of_state_searchers"]
    assert found.severity is Severity.HIGH
    assert "broke the law" in found.may_not_say
    assert found.innocent_explanations[0] == "The owner's data was not among what the search returned."
