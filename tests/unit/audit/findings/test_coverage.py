"""What the record lacks: limits, gaps and schema breaks."""

from __future__ import annotations

from datetime import date, timedelta

from gatehouse.audit.findings.coverage import CoverageGap, SchemaBreak, Truncation, gaps
from gatehouse.model import FieldState, LinkTier
from tests.unit.audit.builders import NOON, Row, file_facts
from tests.unit.audit.findings.measuring import measured, not_measured


def daily(days: range, *, each: int = 20, **fields: object) -> list[Row]:
    return [
        {"searched_at": NOON + timedelta(days=day, seconds=number), **fields}
        for day in days
        for number in range(each)
    ]


def test_gaps_are_the_runs_of_missing_days() -> None:
    days = [date(2025, 6, day) for day in (1, 2, 5, 6, 8)]
    assert gaps(days) == [(date(2025, 6, 3), date(2025, 6, 4)), (date(2025, 6, 7), date(2025, 6, 7))]


def test_coverage_gap_counts_days_and_cites_their_edges() -> None:
    rows = daily(range(3)) + daily(range(5, 7))
    outcome, found = measured(CoverageGap(), rows)
    assert outcome.count == 2
    assert outcome.table is not None
    assert outcome.table.rows == (("audit.csv", "2025-06-05", "2025-06-06", 2),)
    assert found == [61, 62]


def test_coverage_gap_in_a_quiet_file_means_nothing() -> None:
    why = not_measured(CoverageGap(), daily(range(3), each=2) + daily(range(5, 7), each=2))
    assert why.startswith("no file has 20 searches on its median day")


def test_truncation_takes_the_importers_word() -> None:
    cut = file_facts(path="cut.csv", notes=(("truncated", "exactly 20,000 records"),))
    outcome, found = measured(Truncation(), [{}, {"file": 1}], files=[file_facts(), cut])
    assert (outcome.count, found) == (1, [2])
    assert outcome.claim == "1 file ends at a known row limit, 1 search in all"
    assert outcome.table is not None
    assert outcome.table.rows == (("cut.csv", 1, "exactly 20,000 records"),)


def test_truncation_of_nothing_but_copies_is_found_by_the_searches_it_shows() -> None:
    cut = file_facts(path="cut.csv", notes=(("truncated", "exactly 20,000 records"),))
    copy: Row = {"file": 1, "search": 1, "tier": LinkTier.ID}
    outcome, found = measured(Truncation(), [{}, {}, copy], files=[file_facts(), cut])
    assert (outcome.count, found) == (1, [3])
    assert outcome.claim == (
        "1 file ends at a known row limit, 1 search in all, 1 of them counted in another file"
    )


def test_truncation_without_a_limit_is_zero() -> None:
    outcome, found = measured(Truncation(), [{}])
    assert (outcome.count, found) == (0, [])
    assert outcome.claim == "None of 1 file ends at a known row limit"


def test_schema_break_finds_the_day_on_which_users_disappear() -> None:
    rows = daily(range(20), officer="invented a")
    rows += daily(range(20, 40), officer=FieldState.REDACTED_AGENCY)
    outcome, _ = measured(SchemaBreak(), rows)
    assert outcome.table is not None
    assert outcome.table.rows == ((None, "2025-06-22", "user names are masked"),)


def test_schema_break_names_the_vendors_date_once() -> None:
    start = (date(2025, 12, 17) - NOON.date()).days
    rows = daily(range(start - 20, start), officer="invented a", plate="INVENT1")
    rows += daily(
        range(start, start + 20), officer=FieldState.REDACTED_VENDOR, plate=FieldState.REDACTED_VENDOR
    )
    outcome, _ = measured(SchemaBreak(), rows)
    assert outcome.table is not None
    assert outcome.table.rows == (
        (None, "2025-12-17", "the vendor masks user names, plates and filters of other agencies"),
    )


def test_schema_break_repeats_what_the_importer_noted() -> None:
    noted = file_facts(notes=(("schema_break", "devices is not filled from 2026-01 on"),))
    outcome, _ = measured(SchemaBreak(), daily(range(2)), files=[noted])
    assert outcome.count == 0
    assert outcome.table is not None
    assert outcome.table.rows == (("audit.csv", None, "devices is not filled from 2026-01 on"),)


def test_coverage_gap_of_days_counted_in_another_file_is_none() -> None:
    first = daily(range(2, 4))
    copies: list[Row] = [
        {**row, "file": 1, "search": number, "tier": LinkTier.ID} for number, row in enumerate(first)
    ]
    second: list[Row] = [{**row, "file": 1} for row in (*daily(range(2)), *daily(range(4, 6)))]
    facts = [file_facts(path="a.csv"), file_facts(path="b.csv")]
    outcome, _ = measured(CoverageGap(), first + copies + second, files=facts)
    assert outcome.claim == "No day without a search in 2 files busy enough to tell"


def test_schema_break_says_that_the_vendors_date_is_counted() -> None:
    start = (date(2025, 12, 17) - NOON.date()).days
    outcome, _ = measured(SchemaBreak(), daily(range(start - 2, start + 2), each=1))
    assert outcome.claim == (
        "1 day on which the record changes what it shows, counting 2025-12-17, from which the vendor masks "
        "more in all exports"
    )
