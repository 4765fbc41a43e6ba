from __future__ import annotations

import re
from dataclasses import replace

import pytest

from gatehouse.audit.document import Figure, Table
from gatehouse.audit.report.charts import CHARTS
from gatehouse.audit.report.svg import Drawing
from tests.unit.audit.report.page_parser import Element, parse
from tests.unit.audit.report.sample_figures import LONG_NAME, figures

FIGURES = figures()


def draw(id: str, *rows: tuple[str | int | float | None, ...], **changes: object) -> Drawing:
    figure = FIGURES[id]
    table = Table(figure.table.columns[: len(rows[0])], rows)
    changed: Figure = replace(figure, table=table, **changes)  # type: ignore[arg-type]
    return CHARTS[id](changed)


def marks(drawing: Drawing, class_: str) -> list[Element]:
    return [
        element for element in parse(str(drawing.wide)).all() if element.attributes.get("class") == class_
    ]


def words(drawing: Drawing) -> list[str]:
    return [element.text for element in parse(str(drawing.wide)).all("text")]


@pytest.mark.parametrize("id", sorted(CHARTS))
def test_chart_of_every_figure_is_the_same_each_time(id: str) -> None:
    assert CHARTS[id](FIGURES[id]) == CHARTS[id](figures()[id])


@pytest.mark.parametrize("id", sorted(CHARTS))
def test_chart_coordinates_have_one_decimal_at_most(id: str) -> None:
    drawing = CHARTS[id](FIGURES[id])
    numbers = re.findall(r"\d+\.(\d+)", re.sub(r"<title.*?</title>|<desc.*?</desc>", "", str(drawing.wide)))
    assert {len(decimals) for decimals in numbers} <= {1}


class TestTimeline:
    def points(self, drawing: Drawing) -> list[int]:
        return [line.attributes["d"].count("L") + 1 for line in marks(drawing, "line")]

    def test_timeline_without_breaks_draws_one_line(self) -> None:
        rows = (("2025-01", 10), ("2025-02", 20), ("2025-03", 15))
        assert self.points(draw("searches_over_time", *rows, breaks=())) == [3]

    def test_timeline_panel_name_is_never_cut_within_its_number(self) -> None:
        figure = replace(
            FIGURES["searches_over_time"],
            table=Table(
                ("period", "searches", "immigration"), (("2025-01", 9_000, 910), ("2025-02", 9_100, 720))
            ),
            breaks=(),
        )
        narrow = parse(str(CHARTS["searches_over_time"](figure).narrow))
        names = [mark.text for mark in narrow.all("text") if mark.attributes.get("class") == "panel"]
        assert names == ["All searches: at most 9,100 in 2025-02", "Immigration-labeled: at most 910"]

    def test_timeline_draws_no_line_across_a_missing_period(self) -> None:
        rows = (("2025-01", 10), ("2025-02", 20), ("2025-04", 15), ("2025-05", 15))
        drawing = draw("searches_over_time", *rows, breaks=())
        assert self.points(drawing) == [2, 2]
        assert ("gap", "no rows, or not measurable") in drawing.legend
        assert len(marks(drawing, "gap")) == 1

    def test_timeline_draws_no_line_across_a_break_between_periods(self) -> None:
        rows = (("2025-01", 10), ("2025-02", 20), ("2025-03", 15), ("2025-04", 15))
        drawing = draw("searches_over_time", *rows, breaks=(("2025-03-01", "names are blank"),))
        assert self.points(drawing) == [2, 2]
        assert "A: 2025-03-01, names are blank" in drawing.notes

    @pytest.mark.parametrize("period", ["2025-03-17", "2025-03"])
    def test_timeline_leaves_a_period_alone_that_a_break_divides(self, period: str) -> None:
        rows = tuple((f"2025-0{month}", 10) for month in range(1, 6))
        drawing = draw("searches_over_time", *rows, breaks=((period, "names are blank"),))
        assert self.points(drawing) == [2, 2]
        assert len(marks(drawing, "stem")) == 1

    def test_timeline_of_days_breaks_before_the_day(self) -> None:
        rows = tuple((f"2025-{day}", 10) for day in ("02-26", "02-27", "02-28", "03-01", "03-02"))
        drawing = draw("searches_over_time", *rows, breaks=(("2025-03-01", "names are blank"),))
        assert self.points(drawing) == [3, 2]

    def test_timeline_names_the_peak(self) -> None:
        rows = (("2025-01", 10), ("2025-02", 20), ("2025-03", 20))
        drawing = draw("searches_over_time", *rows, breaks=())
        assert drawing.headline == "2025-02 has the most searches: 20"
        assert "All searches: at most 20 in 2025-02" in words(drawing)

    def test_timeline_of_days_says_on_which_day(self) -> None:
        drawing = draw("searches_over_time", ("2025-02-26", 10), ("2025-02-27", 20), breaks=())
        assert "All searches: at most 20 on 2025-02-27" in words(drawing)
        alone = draw("searches_over_time", ("2025-02-26", 10), breaks=())
        assert alone.headline.replace("\N{NO-BREAK SPACE}", " ") == "All 10 searches fall on 2025-02-26"

    def test_timeline_of_a_signal_that_is_not_readable_says_so(self) -> None:
        figure = FIGURES["searches_over_time"]
        table = Table(("period", "searches", "vague"), (("2025-01", 5, None), ("2025-02", 6, None)))
        assert "Vague: not measurable" in words(CHARTS[figure.id](replace(figure, table=table, breaks=())))

    def test_timeline_of_one_period_draws_a_stem_and_no_line(self) -> None:
        drawing = draw("searches_over_time", ("2025-01", 1), breaks=())
        assert self.points(drawing) == []
        assert len(marks(drawing, "stem")) == 1


class TestOrganizations:
    def test_bars_begin_at_zero_and_are_as_long_as_their_counts(self) -> None:
        drawing = draw("top_organizations", ("A PD", "IL", "police", 100, 0), ("B PD", "TX", "police", 50, 0))
        bars = marks(drawing, "bar")
        assert len({bar.attributes["x"] for bar in bars}) == 1
        longer, shorter = (float(bar.attributes["width"]) for bar in bars)
        assert longer == 2 * shorter

    @pytest.mark.parametrize(
        ("names", "headline"),
        [(["A PD"], "All 9 searches are by A PD"), (["A PD", "B PD"], "A PD searched most: 9 searches")],
    )
    def test_headline_compares_only_where_there_are_several(self, names: list[str], headline: str) -> None:
        drawing = draw("top_organizations", *((name, "IL", "police", 9, 0) for name in names))
        assert drawing.headline.replace("\N{NO-BREAK SPACE}", " ") == headline

    def test_one_marked_search_among_thousands_is_seen(self) -> None:
        drawing = draw("top_organizations", ("A PD", "IL", "police", 90_000, 1))
        assert [mark.attributes["width"] for mark in marks(drawing, "mark")] == ["2"]
        assert "90,000, of them 1" in words(drawing)

    def test_no_mark_is_said_in_words_and_not_in_the_legend(self) -> None:
        drawing = draw("top_organizations", ("A PD", "IL", "police", 9, 0))
        assert drawing.legend == (("bar", "searches"),)
        assert drawing.notes == ("No readable reason of these organizations is an immigration reason.",)

    def test_long_name_is_broken_and_cut_in_the_picture_and_whole_in_the_tooltip(self) -> None:
        drawing = draw("top_organizations", (LONG_NAME, "OK", "other_public", 9, None))
        assert words(drawing)[:2] == [
            "Tri-County Regional Auto Theft and",
            "Vehicular Crimes Task Force of th…",
        ]
        assert f"{LONG_NAME}: 9\N{NO-BREAK SPACE}searches" in str(drawing.wide)
        assert drawing.legend == (("bar", "searches"),)


class TestMap:
    def test_map_shades_states_and_hatches_those_without_searchers(self) -> None:
        drawing = draw("states", ("IL", 3, 12_000, 0), ("TX", 1, 40, 0))
        shades = {
            element.children[0].text.split(":")[0]: element.attributes["class"]
            for element in parse(str(drawing.wide)).all("path")
        }
        assert (shades["Illinois"], shades["Texas"], shades["Ohio"]) == ("state s5", "state s2", "state gap")
        assert len(shades) == 51
        assert drawing.headline == "Searchers come from 2 states; the most searches, 12,000, from Illinois"

    def test_map_of_one_state_says_that_every_searcher_is_from_there(self) -> None:
        drawing = draw("states", ("FL", 1, 7_273, 0))
        assert drawing.headline.replace("\N{NO-BREAK SPACE}", " ") == (
            "Every searcher whose state is known is from Florida: 7,273 searches"
        )

    def test_map_counts_what_it_cannot_show(self) -> None:
        drawing = draw("states", ("IL", 3, 12_000, 0), (None, 2, 40, 0), ("PR", 1, 2, None))
        assert (
            "Not on the map: 42\N{NO-BREAK SPACE}searches by 3\N{NO-BREAK SPACE}organizations"
            in drawing.notes[1]
        )

    def test_map_of_unknown_states_only_is_hatched_throughout(self) -> None:
        drawing = draw("states", (None, 2, 40, 0))
        assert drawing.headline == "No searching organization's state is known"
        assert len(marks(drawing, "state gap")) == 51 + 9


class TestHours:
    def test_hour_without_a_row_has_no_searches(self) -> None:
        drawing = draw("hours", (2, 14, 7), unit="America/Chicago")
        assert len(marks(drawing, "s0")) == 167
        assert drawing.headline == "Searches are most frequent on Wednesdays, 14:00 to 14:59: 7"
        assert drawing.notes == ("Time zone: America/Chicago. Classes: equal steps of 2.",)


class TestNetworks:
    def test_headline_is_the_highest_bound_that_half_of_the_searches_reach(self) -> None:
        drawing = draw("networks", (1, 9, 40), (10, 99, 30), (100, None, 30))
        assert drawing.headline.replace("\N{NO-BREAK SPACE}", " ") == (
            "60 of 100 searches (60.0 %) reached 10 networks or more"
        )

    @pytest.mark.parametrize(
        ("rows", "headline"),
        [
            (((0, 0, 0), (1, 1, 60), (2, None, 40)), "60 of 100 searches (60.0 %) reached 1 network"),
            (((1, 9, 60), (10, None, 40)), "60 of 100 searches (60.0 %) reached 1 to 9 networks"),
        ],
    )
    def test_headline_is_how_many_stay_narrow_where_half_of_the_searches_do(
        self, rows: tuple[tuple[int | None, ...], ...], headline: str
    ) -> None:
        assert draw("networks", *rows).headline.replace("\N{NO-BREAK SPACE}", " ") == headline

    def test_bars_stand_on_zero(self) -> None:
        drawing = draw("networks", (1, 9, 40), (10, None, 20))
        bottoms = {float(b.attributes["y"]) + float(b.attributes["height"]) for b in marks(drawing, "bar")}
        assert len(bottoms) == 1


class TestFunnel:
    def test_funnel_names_outliers_and_draws_the_rest_once(self) -> None:
        rows = (
            ("A PD", 1_000, 10, 0.01, 0.01, 0.0, 0.02, 0),
            ("B PD", 1_000, 10, 0.01, 0.01, 0.0, 0.02, 0),
            ("C PD", 2_000, 400, 0.2, 0.2, 0.18, 0.22, 1),
        )
        drawing = draw("funnel", *rows)
        assert [mark.attributes["d"].count("M") for mark in marks(drawing, "dots faint")] == [1]
        assert "C PD" in words(drawing)
        assert drawing.headline == "1 of 3\N{NO-BREAK SPACE}organizations stands out"

    def test_funnel_long_name_stands_in_two_lines_where_the_page_is_narrow(self) -> None:
        others = tuple((f"{n} PD", 1_000 + n, 10, 0.01, 0.01, 0.0, 0.02, 0) for n in range(40))
        high = ("Marrowmere County Regional Task Force", 300, 120, 0.4, 0.4, 0.3, 0.5, 1)
        narrow = parse(str(draw("funnel", *others, high).narrow))
        labels = [mark.text for mark in narrow.all("text") if mark.attributes.get("class") == "label"]
        assert len(labels) == 2
        assert " ".join(labels) == high[0]

    def test_funnel_without_a_flagged_search_is_drawn(self) -> None:
        rows = tuple(
            (f"{name} PD", 100 * n, 0, 0.0, 0.0, 0.0, 0.0, 0) for n, name in enumerate("ABC", start=1)
        )
        assert "No rate of 3" in draw("funnel", *rows).headline

    def test_names_of_outliers_in_one_place_do_not_cover_each_other(self) -> None:
        rows = tuple((f"Agency {n} PD", 1_000 + n, 500, 0.5, 0.5, 0.4, 0.6, 1) for n in range(9))
        drawing = draw("funnel", *rows, ("Z PD", 90_000, 100, 0.001, 0.001, 0.0, 0.002, 0))
        labels = marks(drawing, "label")
        spots = {(label.attributes["x"], label.attributes["y"]) for label in labels}
        assert 1 < len(labels) == len(spots)
