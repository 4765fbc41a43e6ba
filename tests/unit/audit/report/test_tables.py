from __future__ import annotations

from gatehouse.audit.document import Cite, Table
from gatehouse.audit.report.evidence import Evidence
from gatehouse.audit.report.tables import figure_table, table_view
from tests.unit.audit.report.sample import sample_audit
from tests.unit.audit.report.sample_figures import NETWORK, figures

RATES = ("organization", "officer", "searches", "flagged", "rate", "shrunken", "low", "high", "outlier")
EVIDENCE = Evidence(sample_audit())


def plain(cells: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(cell).replace("\N{NO-BREAK SPACE}", " ") for cell in cells)


def test_rates_stand_on_100_searches_and_are_never_given_under_30() -> None:
    table = Table(
        RATES,
        (
            ("A PD", None, 1_774, 1_201, 0.677, 0.6711, 0.6492, 0.6926, 1),
            ("A PD", "officer 44", 61, 60, 0.9836, 0.8021, 0.7314, 0.8617, 1),
            ("B PD", "officer 9", 12, 12, None, None, None, None, 0),
        ),
    )
    view = table_view(table, EVIDENCE, id="t", caption="c")
    assert [column.label for column in view.columns][4:] == [
        "Rate",
        "Shrunken rate",
        "95 % interval",
        "Outlier",
    ]
    assert [plain(row) for row in view.rows] == [
        ("A PD", "all officers", "1,774", "1,201", "67.7 %", "67.1 %", "64.9 % to 69.3 %", "yes"),
        ("A PD", "officer 44", "61", "60", *["under 100"] * 3, "yes"),
        ("B PD", "officer 9", "12", "12", *["under 30"] * 3, "no"),
    ]


def test_table_with_cites_leads_to_sample_rows() -> None:
    table = Table(
        ("kind", "searches"), (("state_police", None),), ((Cite(NETWORK, 1_204), Cite("gone.csv", 2)),)
    )
    view = table_view(table, EVIDENCE, id="t", caption="c")
    assert view.rows == (
        ("state police", "not measurable", '<a href="#file-1">file 1</a>, row 1,204 and gone.csv, row 2'),
    )


def test_table_too_long_to_print_says_where_the_rest_is() -> None:
    table = Table(("period", "searches"), tuple((f"day {n}", n) for n in range(205)))
    view = table_view(table, EVIDENCE, id="t", caption="c", limit=200)
    assert len(view.rows) == 200
    assert plain((view.note,)) == ("5 more rows in findings.json.",)


def test_week_is_a_table_of_hours_by_weekdays() -> None:
    view = figure_table(figures()["hours"], EVIDENCE)
    assert [column.label for column in view.columns] == [
        "Hour", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]  # fmt: skip
    assert len(view.rows) == 24
    assert view.rows[14][:2] == ("14:00", "1,024")


def test_funnel_table_puts_outliers_first() -> None:
    view = figure_table(figures()["funnel"], EVIDENCE)
    assert [row[-1] for row in view.rows[:5]] == ["yes", "yes", "yes", "yes", "no"]
