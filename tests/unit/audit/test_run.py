"""The audit as a whole, on rows made by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatehouse.audit.document import Cite, NotMeasurable, Severity, Tally
from gatehouse.audit.findings import LEADS
from gatehouse.audit.json_document import as_document
from gatehouse.audit.options import AuditOptions
from gatehouse.audit.report import render
from gatehouse.audit.run import NO_SEARCH, audited, inputs_sha256, run
from gatehouse.model import FieldState, LinkTier, Signal
from gatehouse.records.frame import Reject
from gatehouse.records.synth import MARKER
from tests.unit.audit.builders import NOON, OWNER, SEARCHER, Row, file_facts, linked

ROWS: list[Row] = [
    {"reason": "immigration", "officer": "Invented Person", "plate": "INVENT1"},
    {"reason": "stolen vehicle"},
    {"reason": FieldState.REDACTED_VENDOR},
    {"search": 0, "tier": LinkTier.ID, "reason": "immigration"},
]


def test_run_counts_searches_and_keeps_the_balance() -> None:
    audit = run(linked(ROWS, rejects=[Reject(0, 6, "bad_time", "not a time")]), AuditOptions())
    [file] = audit.files
    assert (file.rows, file.searches, file.duplicates, file.rejects, file.non_search) == (5, 3, 1, 1, 0)
    assert (audit.rows, audit.searches, audit.exposures) == (5, 3, 3)
    assert audit.signals["civil_immigration"] == Tally(n=1, readable=2, masked=1, total=3)
    assert audit.families["immigration"] == Tally(n=1, readable=2, masked=1, total=3)
    assert audit.links["id"] == 1


def test_run_exposures_are_searches_times_owners() -> None:
    files = [file_facts(), file_facts(path="b.csv", owner="Marrowmere TX PD"), file_facts(path="c.csv")]
    rows: list[Row] = [
        {},
        {"file": 1, "search": 0, "tier": LinkTier.EVENT},  # the same search, another owner's data
        {"file": 2, "search": 0, "tier": LinkTier.EVENT},  # the same search, the same owner's data again
        {"file": 1},
    ]
    audit = run(linked(rows, files=files), AuditOptions())
    assert (audit.searches, audit.exposures) == (2, 3)


def test_run_signal_in_another_field_of_a_masked_search_makes_it_readable_for_that_signal() -> None:
    rows: list[Row] = [{"reason": FieldState.WITHHELD, "case_number": "ICE detainer"}, {}]
    audit = run(linked(rows), AuditOptions())
    assert audit.signals["civil_immigration"] == Tally(n=1, readable=2, masked=0, total=2)
    assert audit.signals["vague"] == Tally(n=0, readable=1, masked=1, total=2)


def test_run_without_a_readable_reason_is_null_and_says_why_never_zero() -> None:
    audit = run(linked([{"reason": FieldState.WITHHELD}] * 3), AuditOptions())
    assert set(audit.signals.values()) == {None}
    assert audit.families == {"immigration": None}
    missing = {item.what for item in audit.not_measurable}
    assert {f"signal:{signal.value}" for signal in Signal} <= missing
    assert {"family:immigration", "finding:immigration_purpose", "pathway:side"} <= missing
    finding = next(item for item in audit.findings if item.id == "immigration_purpose")
    assert (finding.count, finding.severity, finding.rows) == (None, Severity.INFO, None)
    assert finding.claim.startswith("not measurable: ")


def test_run_every_lead_is_found_zero_or_not_measurable() -> None:
    audit = run(linked(ROWS), AuditOptions())
    assert [finding.id for finding in audit.findings] == [lead.id for lead in LEADS]
    for finding in audit.findings:
        listed = NotMeasurable(f"finding:{finding.id}", finding.claim.removeprefix("not measurable: "))
        assert (finding.count is None) == (listed in audit.not_measurable)
        if not finding.count:
            assert finding.severity is Severity.INFO


def test_run_without_any_row_measures_nothing_and_does_not_fail() -> None:
    audit = run(linked([]), AuditOptions())
    assert (audit.rows, audit.searches, audit.exposures) == (0, 0, 0)
    assert audit.families == {"immigration": None}
    assert audit.facts["first_at"] is None
    assert {finding.count for finding in audit.findings} == {None}
    assert {item.why for item in audit.not_measurable} == {NO_SEARCH}
    assert {figure.not_measurable for figure in audit.figures.values()} == {NO_SEARCH}
    page = render(audit)
    assert "so nothing was tested" in page
    assert "none of the tests found anything" not in page


def test_run_of_rows_on_disk_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    record = linked(ROWS)
    expected = as_document(run(record, AuditOptions()))
    monkeypatch.setattr("gatehouse.audit.run.IN_MEMORY_ROWS", 0)
    with audited(record, AuditOptions()) as (audit, _):
        assert as_document(audit) == expected
        finding = next(each for each in audit.findings if each.id == "immigration_purpose")
        assert finding.rows is not None
        assert finding.rows.collect().rows() == [("audit.csv", 2)]


def test_run_examples_are_the_first_rows_of_up_to_three_agencies() -> None:
    rows: list[Row] = [{}, *({"reason": "FBI", "org": f"{name} TX PD"} for name in ("A", "A", "B", "C", "D"))]
    audit = run(linked(rows), AuditOptions())
    assert audit.examples == {"federal_other": tuple(Cite("audit.csv", row) for row in (3, 5, 6))}
    assert as_document(audit)["examples"]["federal_other"][0] == {"file": "audit.csv", "row": 3}


def test_run_facts_and_times() -> None:
    rows: list[Row] = [{}, {"searched_at": NOON + timedelta(days=1)}]
    audit = run(linked(rows), AuditOptions())
    assert audit.facts == {
        "first_at": "2025-06-02T17:00:00Z",
        "last_at": "2025-06-03T17:00:00Z",
        "organizations": 1,
        "states": 1,
        "officers": None,
        "readable": 2,
    }


def test_run_file_of_nothing_but_copies_has_a_period() -> None:
    rows: list[Row] = [{}, {"file": 1, "search": 0, "tier": LinkTier.EVENT}]
    audit = run(linked(rows, files=[file_facts(), file_facts(path="b.csv")]), AuditOptions())
    first, copy = audit.files
    assert (copy.searches, copy.first_at, copy.last_at) == (0, first.first_at, first.last_at)
    assert copy.first_at is not None


def test_run_knows_an_invented_input() -> None:
    assert run(linked([{}], files=[file_facts(path="x/SYNTHETIC_a.csv")]), AuditOptions()).synthetic
    marked: Row = {"moderation": MARKER}
    assert run(linked([marked]), AuditOptions()).synthetic
    assert not run(linked([{"reason": "synthetic drugs"}]), AuditOptions()).synthetic


def test_inputs_sha256_depends_on_contents_and_owners_not_on_names_or_order() -> None:
    def of(*files: tuple[str, str | None]) -> str:
        facts = [file_facts(path="same.csv", owner=owner) for _, owner in files]
        renamed = [
            type(fact)(path, fact.sha256, fact.layout, 0, 0, fact.exported, fact.owner)
            for fact, (path, _) in zip(facts, files, strict=True)
        ]
        return inputs_sha256(linked([], files=renamed))

    assert of(("a.csv", OWNER), ("b.csv", None)) == of(("c.csv", None), ("d.csv", OWNER))
    assert of(("a.csv", OWNER)) != of(("a.csv", None))
    assert of(("a.zip!one.csv", OWNER)) != of(("a.zip!two.csv", OWNER))


def test_document_has_the_keys_of_the_contract() -> None:
    document = as_document(run(linked(ROWS), AuditOptions()))
    assert {
        "files",
        "rows",
        "searches",
        "exposures",
        "signals",
        "families",
        "pathways",
        "findings",
        "not_measurable",
        "inputs_sha256",
        "lexicon_sha256",
        "pack",
    } <= set(document)
    assert {"path", "sha256", "owner", "layout", "rows", "rejects", "duplicates", "non_search"} <= set(
        document["files"][0]
    )
    assert document["families"]["immigration"] == {"n": 1, "readable": 2, "masked": 1, "total": 3}
    assert document["pathways"]["back"]["n"] is None
    finding = next(item for item in document["findings"] if item["id"] == "immigration_purpose")
    assert finding["evidence"] == [{"file": "audit.csv", "row": 2}]
    assert set(document["pack"]) == {"version", "sha256"}


def test_document_names_no_person_and_no_plate() -> None:
    rows: list[Row] = [
        {"officer": "Invented Person", "plate": "INVENT1", "searched_at": NOON + timedelta(days=day % 3)}
        for day in range(12)
    ]
    text = str(as_document(run(linked(rows), AuditOptions())))
    assert "Invented Person" not in text and "INVENT1" not in text
    assert "officer 1" in text and "plate 1" in text
    assert SEARCHER in text
