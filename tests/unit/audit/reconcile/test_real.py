"""Reconciliation of real exports with copies of them that were changed in known ways."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from gatehouse.audit.document import Cite
from gatehouse.audit.reconcile import Change, Comparison, Outcome, reconcile
from gatehouse.model import LinkTier
from gatehouse.records import Input, import_files

pytestmark = pytest.mark.shared

AUDIT = "okaloosa-fl-organization-audit.csv"
OWNER = "Okaloosa County FL SO"


def compare(*inputs: Input) -> Comparison:
    [comparison] = reconcile(import_files(inputs)).comparisons
    return comparison


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.reader(stream))


def save(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    return path


def days(rows: list[list[str]]) -> list[str]:
    """Return each record's day as the file writes it, `11/14/2025`."""
    at = rows[0].index("Search_Time")
    return ["", *(row[at].split(",")[0] for row in rows[1:])]


Altered = tuple[Comparison, list[int], list[int], list[int]]


@pytest.fixture(scope="module")
def altered(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Altered:
    """Mask 40 reasons, drop 15 rows of a busy day and all of another; return what was done, by row."""
    original = reference / "records" / AUDIT
    rows = read(original)
    of_day = days(rows)
    spread = sorted(set(of_day[1:]), key=lambda day: (day[6:], day[:5]))
    # Local days of Florida: what is dropped lies well inside a UTC day, which one row of it then ends.
    gone_day, thinned_day = spread[len(spread) // 3], spread[len(spread) // 2]
    dropped = [n for n, day in enumerate(of_day) if day == thinned_day][3:33:2]
    gone = [n for n, day in enumerate(of_day) if day == gone_day]
    reason = rows[0].index("Reason")
    readable = [n for n, row in enumerate(rows) if n and row[reason].strip().isalpha() and n % 7 == 0]
    masked = [n for n in readable if n not in dropped and n not in gone][:40]
    later = [list(row) for row in rows]
    for n in masked:
        later[n][reason] = "REDACTED"
    leave_out = {*dropped, *gone}
    path = tmp_path_factory.mktemp("productions") / "later.csv"
    save(path, [row for n, row in enumerate(later) if n not in leave_out])
    comparison = compare(Input(str(original), OWNER), Input(str(path), OWNER))
    return comparison, dropped, gone, masked


class TestTwoProductionsOfOneMonth:
    def test_reconcile_dropped_rows_of_a_covered_day_are_exactly_the_missing_ones(
        self, altered: Altered
    ) -> None:
        comparison, dropped, gone, _ = altered
        assert len(dropped) == 15
        assert [cite.row for cite in comparison.a.missing] == [n + 1 for n in dropped]
        assert comparison.a.outcomes[Outcome.MISSING] == 15
        assert comparison.a.outcomes[Outcome.NOT_COVERED] == len(gone) > 0
        assert Outcome.MISSING not in comparison.b.outcomes
        assert comparison.b.outcomes == {Outcome.MATCHED: comparison.b.rows}

    def test_reconcile_masked_cells_are_exactly_the_differences(self, altered: Altered) -> None:
        comparison, _, _, masked = altered
        assert len(masked) == 40
        assert (comparison.differing, comparison.masked_later) == (40, 40)
        assert [(cell.field, cell.change, cell.n) for cell in comparison.cells] == [
            ("reason", Change.MASKED, 40)
        ]
        assert [pair.a.row for pair in comparison.evidence] == [n + 1 for n in masked]
        assert comparison.matched[LinkTier.ID] == 40

    def test_reconcile_without_ids_finds_the_same(
        self, reference: Path, tmp_path: Path, altered: Altered
    ) -> None:
        _, dropped, _, _ = altered
        rows = read(reference / "records" / AUDIT)
        first = save(tmp_path / "first.csv", [row[1:] for row in rows])
        second = save(tmp_path / "second.csv", [row[1:] for n, row in enumerate(rows) if n not in dropped])
        comparison = compare(Input(str(first), OWNER), Input(str(second), OWNER))
        left_over = comparison.a.outcomes[Outcome.MISSING] + comparison.a.outcomes.get(Outcome.DUPLICATE, 0)
        assert left_over == 15
        assert {cite.row - 1 for cite in comparison.a.missing} <= set(dropped)
        assert comparison.differing == 0

    def test_reconcile_a_file_with_itself_finds_nothing(self, reference: Path) -> None:
        path = Input(str(reference / "records" / AUDIT), OWNER)
        comparison = compare(path, path)
        assert comparison.a.outcomes == comparison.b.outcomes == {Outcome.MATCHED: comparison.a.rows}
        assert comparison.differing == 0


class TestPortalCopies:
    def test_reconcile_consecutive_weekly_copies_have_no_omission(self, reference: Path) -> None:
        copies: dict[str, list[Path]] = defaultdict(list)
        for path in sorted((reference / "records" / "portals").glob("*.csv")):
            copies[path.name.split("__")[0]].append(path)
        agencies = [name for name, paths in sorted(copies.items()) if len(paths) > 1][::4]
        matched = by_hour = 0
        for name in agencies:
            for earlier, later in pairwise(copies[name]):
                comparison = compare(Input(str(earlier), name), Input(str(later), name))
                assert (comparison.a.missing, comparison.b.missing) == ((), ()), (earlier.name, later.name)
                matched += sum(comparison.matched.values())
                by_hour += comparison.matched.get(LinkTier.PORTAL_HOUR, 0)
        assert len(agencies) >= 8
        assert matched > 5_000
        assert by_hour > 50

    def test_reconcile_row_taken_out_of_a_portal_is_missing(self, reference: Path, tmp_path: Path) -> None:
        original = reference / "records" / "portals" / "antioch-ca-pd__2026-04-15__search_audit.csv"
        rows = read(original)
        middle = len(rows) // 2
        altered = save(tmp_path / "altered.csv", rows[:middle] + rows[middle + 1 :])
        comparison = compare(Input(str(original), "Antioch CA PD"), Input(str(altered), "Antioch CA PD"))
        assert comparison.a.missing == (Cite(str(original), middle + 1),)
        assert Outcome.MISSING not in comparison.b.outcomes


def test_reconcile_portal_made_of_an_audit_lacks_nothing_and_explains_the_rest(
    reference: Path, tmp_path: Path
) -> None:
    audit = reference / "records" / AUDIT
    rows = read(audit)
    header = rows[0]
    reason, at, networks = (
        header.index(name) for name in ("Reason", "Search_Time", "Total_Networks_Searched")
    )
    seen: set[tuple[str, str]] = set()
    published = [["id", "userId", "searchDate", "networkCount", "reason"]]
    for n, row in enumerate(rows[1:]):
        time = datetime.strptime(row[at], "%m/%d/%Y, %I:%M:%S %p UTC")
        if (key := (f"{time:%Y-%m-%dT%H}", row[reason])) not in seen:
            seen.add(key)
            published.append(
                [f"portal-{n}", "***", f"{time:%Y-%m-%dT%H:%M:%S}.123Z", row[networks], row[reason]]
            )
    portal = save(tmp_path / "search_audit.csv", published)
    comparison = compare(Input(str(portal), OWNER), Input(str(audit), OWNER))
    assert comparison.a.outcomes == {Outcome.MATCHED: len(published) - 1}
    assert set(comparison.b.outcomes) == {Outcome.MATCHED, Outcome.COLLAPSED, Outcome.NOT_COVERED}
    assert comparison.differing == 0
