"""Findings on what reasons touch."""

from __future__ import annotations

from gatehouse.audit.document import Confidence
from gatehouse.audit.findings.content import FirstAmendment, ReproductiveCare
from gatehouse.audit.findings.hsi import BareHsi, CrimeHsi
from gatehouse.model import FieldState
from tests.unit.audit.builders import Row
from tests.unit.audit.findings.measuring import measured


def test_first_amendment_small_count_in_a_large_record_has_low_confidence() -> None:
    rows = [{"reason": "protest"}] + [{}] * 1_500
    outcome, found = measured(FirstAmendment(), rows)
    assert (outcome.count, found, outcome.confidence) == (1, [2], Confidence.LOW)
    assert outcome.claim == (
        "1 of 1,501 searches whose reason can be read (under 0.1 %) speaks of protest, assembly or speech. "
        "If the classification were wrong on 0.1 % of the searches, about 2 of 1,501 would "
        "be flagged in error."
    )


def test_first_amendment_not_seen_claims_nothing_more() -> None:
    outcome, _ = measured(FirstAmendment(), [{}] * 3)
    assert outcome.claim == "0 of 3 searches whose reason can be read speak of protest, assembly or speech"


def test_reproductive_care_cites_the_law_of_the_owners_state() -> None:
    outcome, found = measured(ReproductiveCare(), [{"reason": "had an abortion"}, {}])
    assert (outcome.count, found) == (1, [2])
    assert "The law of the owner's state bars that purpose for 1 of them" in outcome.claim
    assert outcome.law[0].startswith("625 ILCS 5/2-130(b): ")


def test_content_table_shows_masked_words_with_their_rule() -> None:
    outcome, _ = measured(BareHsi(), [{"reason": "HSI request"}] * 2 + [{"reason": "HSI"}])
    assert outcome.table is not None
    assert [(row[1], row[4]) for row in outcome.table.rows] == [("HSI request", 2), ("HSI", 1)]


def test_bare_hsi_leaves_out_searches_that_name_a_crime_too() -> None:
    rows: list[Row] = [{"reason": "HSI"}, {"reason": "HSI narcotics"}, {"reason": FieldState.WITHHELD}]
    outcome, found = measured(BareHsi(), rows)
    assert (outcome.count, outcome.of, found) == (1, 2, [2])
    assert outcome.table is not None
    assert [row[1] for row in outcome.table.rows] == ["HSI"]
    assert measured(CrimeHsi(), rows)[1] == [3]
