"""From linked rows to slim ones: what is readable, what is said, who searched."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from gatehouse.audit.texts import BIT
from gatehouse.model import FieldState, Layout, LinkTier, Signal
from tests.unit.audit.builders import EXPORTED, OWNER, SEARCHER, Row, file_facts, ground

PORTAL = frozenset({"record_id", "user_id", "searched_at", "networks"})


def slim(*rows: Row, **facts: Any) -> pl.DataFrame:
    return ground(rows, files=[file_facts(**facts)]).slim.collect()


def signals(bits: int) -> set[str]:
    return {signal.value for signal, bit in BIT.items() if bits & bit}


@pytest.mark.parametrize(
    ("reason", "readable", "expected"),
    [
        ("immigration violation", True, {"civil_immigration"}),
        (FieldState.EMPTY, True, {"none_stated"}),
        (("n/a", FieldState.PLACEHOLDER), True, {"none_stated"}),
        (("test", FieldState.PLACEHOLDER), True, {"test_training"}),
        (FieldState.WITHHELD, False, set()),
        (FieldState.REDACTED_VENDOR, False, set()),
        (FieldState.REDACTED_AGENCY, False, set()),
        (("immigration, ...", FieldState.PARTIAL), False, {"civil_immigration"}),
    ],
)
def test_annotate_reason_by_state(reason: object, readable: bool, expected: set[str]) -> None:
    row = slim({"reason": reason}).row(0, named=True)
    assert (row["readable"], signals(row["bits"])) == (readable, expected)


def test_annotate_without_reason_column_takes_the_offense_as_the_reason() -> None:
    rows = slim(
        {"offense": "Immigration (civil/administrative)"},
        {"offense": FieldState.EMPTY},
        {"offense": FieldState.WITHHELD},
        layout=Layout.PORTAL,
        exported=PORTAL | {"offense"},
    )
    assert rows["readable"].to_list() == [True, True, False]
    assert "civil_immigration" in signals(rows["bits"][0])
    assert signals(rows["bits"][1]) == {"none_stated"}


def test_annotate_with_neither_reason_nor_offense_is_masked() -> None:
    rows = slim({}, layout=Layout.PORTAL, exported=PORTAL)
    assert rows.select("readable", "bits").row(0) == (False, 0)


def test_annotate_offense_beside_a_reason_adds_content_and_no_judgment_of_wording() -> None:
    exported = EXPORTED | {"offense"}
    rows = slim(
        {"reason": "stolen vehicle", "offense": "Immigration (criminal)"},
        {"reason": "stolen vehicle", "offense": "investigation"},
        {"reason": "investigation"},
        exported=exported,
    )
    assert signals(rows["bits"][0]) == {"immigration_criminal"}
    assert signals(rows["bits"][1]) == set()
    assert signals(rows["bits"][2]) == {"vague"}


def test_annotate_case_number_says_something_only_in_words() -> None:
    rows = slim({"case_number": "ICE detainer 25-1"}, {"case_number": "25-812531"})
    assert "civil_immigration" in signals(rows["bits"][0])
    assert rows["bits"][1] == 0


def test_annotate_case_stated_is_null_where_it_cannot_be_seen() -> None:
    rows = slim(
        {"case_number": "25-000123"},
        {"case_number": FieldState.EMPTY},
        {"case_number": FieldState.EMPTY, "reason": "25-000123"},
        {"case_number": FieldState.WITHHELD, "reason": "25-000123"},
    )
    assert rows["case"].to_list() == [True, False, True, None]
    without = slim({"reason": "25-000123"}, exported=EXPORTED - {"case_number"})
    assert without["case"].to_list() == [None]


def test_annotate_outside_is_anybody_but_the_owner() -> None:
    made = ground(
        [{"org": OWNER}, {"org": "IL - Prairie Bend PD"}, {"org": SEARCHER}, {"org": FieldState.WITHHELD}]
    )
    assert made.slim.collect()["outside"].to_list() == [False, False, True, False]


def test_annotate_own_record_belongs_to_its_owner() -> None:
    made = ground([{}], files=[file_facts(layout=Layout.PORTAL, exported=PORTAL | {"reason"}, owner=OWNER)])
    row = made.slim.collect().row(0, named=True)
    assert made.roster.name(row["agency"]) == OWNER
    assert row["outside"] is False


def test_annotate_organization_audit_that_names_one_agency_belongs_to_it() -> None:
    facts = file_facts(layout=Layout.ORGANIZATION_AUDIT, owner=None)
    assert [made.name(made.owners[0]) for made in [ground([{}], files=[facts]).roster]] == [SEARCHER]
    two = ground([{}, {"org": OWNER}], files=[facts]).roster
    assert two.owners == (0,)


def test_annotate_people_and_plates_only_where_shown() -> None:
    rows = slim(
        {"officer": "invented name", "plate": "INVENT1"},
        {"officer": FieldState.REDACTED_VENDOR, "plate": ("INV***", FieldState.PARTIAL)},
    )
    assert rows["officer"].is_null().to_list() == [False, True]
    assert rows["plate"].is_null().to_list() == [False, True]


def test_annotate_copies_are_left_out() -> None:
    rows = slim({}, {"tier": LinkTier.ID, "search": 0}, {})
    assert rows["row"].to_list() == [2, 4]


def test_texts_that_differ_in_a_case_number_are_classified_once() -> None:
    made = ground([{"reason": f"immigration 25-00{n:04}"} for n in range(5)])
    assert {(phrase.text, phrase.signal) for phrase in made.texts.phrases} == {
        ("immigration 44-444444", Signal.CIVIL_IMMIGRATION)
    }
    assert made.phrase_counts == {("reason", "immigration 44-444444"): 5}
