"""Reasons that explain nothing."""

from __future__ import annotations

from gatehouse.audit.findings.reasons import ConstantReason, MissingCase, MissingReason, VagueReason
from gatehouse.model import FieldState, Layout
from tests.unit.audit.builders import EXPORTED, SEARCHER, Row, file_facts
from tests.unit.audit.findings.measuring import measured, not_measured


def test_missing_reason_counts_blanks_and_placeholders_among_readable() -> None:
    rows: list[Row] = [
        {"reason": FieldState.EMPTY},
        {"reason": ("-", FieldState.PLACEHOLDER)},
        {"reason": FieldState.WITHHELD},
        {},
    ]
    outcome, found = measured(MissingReason(), rows)
    assert (outcome.count, found) == (2, [2, 3])
    assert outcome.claim == (
        "2 of 3 searches whose reason can be read state none. The reason of 1 more is masked, so among "
        "all 4 searches the number lies between 2 and 3"
    )


def test_missing_reason_mentions_an_offense_beside_it() -> None:
    facts = [file_facts(exported=EXPORTED | {"offense"})]
    outcome, _ = measured(MissingReason(), [{"reason": "", "offense": "Burglary"}], files=facts)
    assert "an offense type stands beside 1 of them" in outcome.claim


def test_vague_reason_gives_no_rate_under_thirty_searches() -> None:
    rows = [{"reason": "investigation"}] * 29
    rows += [{"reason": "stolen vehicle", "org": "Calderbeck GA PD"}] * 31
    rows += [{"reason": "inv", "org": "Calderbeck GA PD"}]
    outcome, _ = measured(VagueReason(), rows)
    assert outcome.table is not None
    by_name = {row[0]: row for row in outcome.table.rows}
    assert by_name[SEARCHER][3:9] == (29, 29, None, None, None, None)
    assert by_name["Calderbeck GA PD"][3:6] == (32, 1, 0.0312)


def test_vague_reason_names_officers_by_ordinal() -> None:
    rows = [{"officer": "invented a"}] * 30 + [{"officer": "invented b", "reason": "inv"}] * 30
    outcome, _ = measured(VagueReason(), rows)
    assert outcome.table is not None
    assert [row[2] for row in outcome.table.rows] == [None, "officer 2"]


def test_vague_reason_finds_the_agency_that_stands_out() -> None:
    rows = [
        {"org": f"{town} TX PD", "reason": "inv" if number < 3 else "stolen vehicle"}
        for town in (
            "Aldwynbeck",
            "Barlowfell",
            "Brackmere",
            "Calderholt",
            "Corranwick",
            "Drayshaw",
            "Dunmorlund",
            "Eskarrigg",
            "Fennstead",
            "Garrowtoft",
            "Halstwyke",
            "Harrowkeld",
        )
        for number in range(60)
    ]
    rows += [{"org": "Zellanmoor TX PD", "reason": "inv"}] * 60
    outcome, _ = measured(VagueReason(), rows)
    assert outcome.table is not None
    assert [row[0] for row in outcome.table.rows if row[-1]] == ["Zellanmoor TX PD"]
    assert outcome.claim.endswith("1 agency or officer stands out")


def test_constant_reason_needs_a_hundred_searches_and_nine_in_ten() -> None:
    constant = [{"org": "Calderbeck GA PD", "reason": "Investigation"}] * 95
    constant += [{"org": "Calderbeck GA PD", "reason": "robbery"}] * 5
    varied = [{"reason": f"robbery of shop {number}"} for number in range(100)]
    few = [{"org": "Fennstead GA PD", "reason": "Investigation"}] * 99
    outcome, found = measured(ConstantReason(), constant + varied + few)
    assert outcome.table is not None
    assert outcome.table.rows == (("Calderbeck GA PD", "GA", 100, 95, "Investigation"),)
    assert (outcome.count, found) == (95, list(range(2, 97)))


def test_constant_reason_of_unnamed_searchers_is_no_agency() -> None:
    unnamed: list[Row] = [{"org": FieldState.WITHHELD, "reason": "Investigation"}] * 100
    named: list[Row] = [{"reason": f"robbery of shop {number}"} for number in range(100)]
    outcome, found = measured(ConstantReason(), unnamed + named)
    assert (outcome.count, outcome.of, found) == (0, 100, [])
    assert outcome.claim == (
        "Of 1 agency with at least 100 readable reasons, none states one and the same reason in nine of ten "
        "of its searches; 100 more name no agency and are not tested"
    )


def test_constant_reason_of_small_agencies_is_not_measurable() -> None:
    assert not_measured(ConstantReason(), [{"reason": "Investigation"}] * 99) == (
        "no agency has 100 searches whose reason can be read"
    )


def test_constant_reason_without_any_agency_is_not_measurable() -> None:
    why = not_measured(ConstantReason(), [{"org": FieldState.WITHHELD, "reason": "Investigation"}] * 100)
    assert why == "no search with a readable reason names the agency that made it"


def test_constant_reason_of_own_records_without_an_owner_is_one_agency_a_file() -> None:
    exported = frozenset({"reason", "searched_at"})
    files = [
        file_facts(path=path, layout=Layout.PORTAL, owner=None, exported=exported)
        for path in ("constant.csv", "varied.csv")
    ]
    rows: list[Row] = [{"org": FieldState.NOT_EXPORTED, "reason": "Investigation"}] * 100
    rows += [
        {"file": 1, "org": FieldState.NOT_EXPORTED, "reason": reason}
        for reason in ["Investigation"] * 50 + ["robbery"] * 50
    ]
    outcome, found = measured(ConstantReason(), rows, files=files)
    assert outcome.table is not None
    assert outcome.table.rows == (("(not stated)", None, 100, 100, "Investigation"),)
    assert (outcome.count, outcome.of, found) == (100, 200, list(range(2, 102)))


def test_missing_case_counts_only_where_the_number_could_be_seen() -> None:
    rows: list[Row] = [
        {"case_number": "25-000123"},
        {"case_number": ""},
        {"case_number": "", "reason": "25-000123"},
        {"case_number": FieldState.WITHHELD},
    ]
    outcome, found = measured(MissingCase(), rows)
    assert (outcome.count, found) == (1, [3])
    assert outcome.claim.startswith("1 of 3 searches whose case number can be seen has none")


def test_missing_case_without_the_column_is_not_measurable() -> None:
    facts = [file_facts(exported=EXPORTED - {"case_number"})]
    assert not_measured(MissingCase(), [{}], files=facts) == "no file has a column for case numbers"


def test_missing_case_all_withheld_is_not_measurable() -> None:
    why = not_measured(MissingCase(), [{"case_number": FieldState.WITHHELD}])
    assert why == "every case number is withheld or redacted"
