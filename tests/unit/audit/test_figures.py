"""The data behind the charts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gatehouse.audit.document import Cite
from gatehouse.audit.figures import figures
from gatehouse.model import FieldState
from tests.unit.audit.builders import EXPORTED, FEDERAL, NOON, SEARCHER, Row, file_facts, ground


def test_figures_of_a_short_record_are_by_day() -> None:
    rows: list[Row] = [{"reason": "immigration"}, {}, {"searched_at": NOON + timedelta(days=1)}]
    figure = figures(ground(rows))["searches_over_time"]
    assert figure.table.columns == ("period", "searches", "immigration")
    assert figure.table.rows == (("2025-06-02", 2, 1), ("2025-06-03", 1, 0))


def test_figures_of_a_long_record_are_by_month() -> None:
    rows: list[Row] = [{"searched_at": NOON + timedelta(days=30 * month)} for month in range(5)]
    figure = figures(ground(rows))["searches_over_time"]
    assert (figure.unit, len(figure.table.rows)) == ("UTC month", 4)
    assert [row[:2] for row in figure.table.rows] == [
        ("2025-06", 1),
        ("2025-07", 1),
        ("2025-08", 2),
        ("2025-09", 1),
    ]


def test_figures_of_organizations_and_states() -> None:
    rows: list[Row] = [{}, {"reason": "immigration"}, {"org": FEDERAL}, {"org": FieldState.WITHHELD}]
    drawn = figures(ground(rows))
    assert drawn["top_organizations"].table.rows[0] == (SEARCHER, "TX", "police", 2, 1)
    assert drawn["states"].table.rows == (("TX", 1, 2, 1), (None, 1, 1, 0))
    assert drawn["states"].note == "Of 1 search the searcher is not named."


def test_figures_hours_are_local_to_the_searcher() -> None:
    figure = figures(ground([{}]))["hours"]
    assert (figure.unit, figure.table.rows, figure.note) == ("America/Chicago", ((0, 12, 1),), "")


def test_figures_hours_say_whose_time_zone_is_not_certain() -> None:
    figure = figures(ground([{"org": "Tarrinholt TN PD"}, {}]))["hours"]
    assert figure.note == (
        "The hours of 1 agency whose name does not tell the zone within the state are those of most people "
        "there."
    )


def test_figures_networks_stand_in_their_classes() -> None:
    rows: list[Row] = [{"networks": reached} for reached in (0, 1, 9, 6_000, 83_345)]
    table = figures(ground(rows))["networks"].table
    assert [row for row in table.rows if row[2]] == [(0, 0, 1), (1, 1, 1), (2, 9, 1), (6_000, None, 2)]


def test_figures_that_the_record_cannot_support_say_why() -> None:
    facts = [file_facts(exported=EXPORTED - {"networks", "org"}, owner=None)]
    drawn = figures(ground([{"reason": FieldState.WITHHELD, "searched_at": FieldState.EMPTY}], files=facts))
    why = {name: figure.not_measurable for name, figure in drawn.items()}
    assert all(why.values()), why
    assert why["networks"] == "no file says how many networks a search reached"


def test_figures_funnel_of_two_agencies_is_no_comparison() -> None:
    figure = figures(ground([{}] * 30 + [{"org": FEDERAL}] * 30))["funnel"]
    assert figure.not_measurable == "2 named agencies have 30 readable searches, and a comparison needs 3"


def test_figures_cite_the_first_search_and_the_first_flagged_one_of_every_row() -> None:
    rows: list[Row] = [
        {},
        {"reason": "immigration"},
        {"org": FEDERAL, "reason": "immigration", "networks": 700},
    ]
    drawn = figures(ground(rows))
    two, three, four = (Cite("audit.csv", row) for row in (2, 3, 4))
    assert drawn["top_organizations"].table.cites == ((two, three), (four,))
    assert drawn["states"].table.cites == ((two, three), (four,))
    assert drawn["searches_over_time"].table.cites == ((two,),)
    assert drawn["hours"].table.cites == ((two,),)
    reached = drawn["networks"].table
    cites = {row[0]: cite for row, cite in zip(reached.rows, reached.cites, strict=True) if cite}
    assert cites == {10: (two,), 500: (four,)}


def test_figures_by_month_keep_the_day_of_a_break() -> None:
    first = datetime(2025, 10, 1, 12, tzinfo=UTC)
    rows: list[Row] = [{"searched_at": first + timedelta(days=day)} for day in range(120)]
    figure = figures(ground(rows))["searches_over_time"]
    assert figure.unit == "UTC month"
    assert [period for period, _ in figure.breaks] == ["2025-12-17"]
