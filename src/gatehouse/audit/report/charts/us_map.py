"""Who searched, by state: a choropleth of the United States in one hue.

Geometry: us-atlas 3.0.1 (ISC), prepared by `tools/us_states.py`. Territories and organizations whose state
the name does not tell are not on the map; a note counts them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from gatehouse.audit.document import Figure
from gatehouse.audit.report.charts.frame import whole
from gatehouse.audit.report.numbers import count, plural, searches
from gatehouse.audit.report.scales import Classes, classes_by_factor
from gatehouse.audit.report.svg import Drawing, element, group, line, picture, rect, text

# The data is 975 wide; the names beside the coast need a little more.
WIDTH = 1000.0
# Where the states too small for their own two letters are named: north of New York, and off the coast.
CALL_OUTS = {
    "VT": (838.0, 94.0),
    "NH": (868.0, 74.0),
    "MA": (950.0, 168.0),
    "RI": (950.0, 192.0),
    "CT": (950.0, 216.0),
    "NJ": (950.0, 240.0),
    "DE": (950.0, 264.0),
    "MD": (950.0, 288.0),
    "DC": (950.0, 312.0),
}


@dataclass(frozen=True, slots=True)
class State:
    """One state's outline and the point for its label."""

    name: str
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Geometry:
    """The map: its size and the states by USPS code."""

    width: float
    height: float
    states: dict[str, State]


@cache
def geometry() -> Geometry:
    """Read the map data that comes with the package."""
    source = files("gatehouse.audit.report").joinpath("data/us-states.json").read_text(encoding="utf-8")
    data = json.loads(source)
    return Geometry(
        data["width"],
        data["height"],
        {
            code: State(state["name"], state["path"], *state["label"])
            for code, state in data["states"].items()
        },
    )


def draw(figure: Figure) -> Drawing:
    """Draw `state, organizations, searches, immigration` rows, the state as its USPS code."""
    found = {str(row[0]): (whole(row[1]), whole(row[2])) for row in figure.table.rows if row[0] is not None}
    shown = {code: value for code, value in found.items() if code in geometry().states}
    classes = classes_by_factor([searched for _, searched in shown.values()])
    elsewhere = [row for row in figure.table.rows if row[0] not in shown]
    ranked = sorted(shown.items(), key=lambda item: (-item[1][1], item[0]))[:3]
    headline = "No searching organization's state is known"
    if ranked:
        top, (_, most) = ranked[0]
        name = geometry().states[top].name
        headline = (
            f"Every searcher whose state is known is from {name}: {searches(most)}"
            if len(shown) == 1
            else f"Searchers come from {len(shown)} states; the most searches, {count(most)}, from {name}"
        )
    description = f"A map of the United States; {len(shown)} states have searching organizations."
    if ranked:
        names = (f"{geometry().states[code].name} {count(value[1])}" for code, value in ranked)
        description += f" Most: {', '.join(names)}."
    legend = [("gap", "no organization of this state recognized in the record")]
    legend += [(f"s{n}", label) for n, label in enumerate(classes.labels(), start=1)]
    notes = [f"Searches by organizations of each state. Classes: {classes.words}."]
    if elsewhere:
        notes.append(
            f"Not on the map: {searches(sum(whole(row[2]) for row in elsewhere))} by "
            f"{plural(sum(whole(row[1]) for row in elsewhere), 'organization')} outside the "
            "states or whose state the name does not tell."
        )
    return Drawing(
        headline=headline,
        wide=picture(
            f"chart-{figure.id}",
            WIDTH,
            geometry().height,
            [*_outlines(shown, classes), *_labels(shown, classes)],
            title=headline,
            description=description,
        ),
        description=description,
        legend=tuple(legend),
        notes=tuple(notes),
    )


def _shade(code: str, shown: dict[str, tuple[int, int]], classes: Classes) -> str:
    return f"s{classes(shown[code][1])}" if code in shown else "gap"


def _tooltip(code: str, shown: dict[str, tuple[int, int]]) -> str:
    name = geometry().states[code].name
    if code not in shown:
        return f"{name}: no organization recognized"
    organizations, searched = shown[code]
    return f"{name}: {searches(searched)} by {plural(organizations, 'organization')}"


def _outlines(shown: dict[str, tuple[int, int]], classes: Classes) -> list[Markup]:
    return [
        element(
            "path",
            element("title", _tooltip(code, shown)),
            d=state.path,
            class_=f"state {_shade(code, shown, classes)}",
        )
        for code, state in geometry().states.items()
    ]


def _labels(shown: dict[str, tuple[int, int]], classes: Classes) -> list[Markup]:
    """Name each state inside its outline, or beside the coast where there is no room."""
    labels = [
        text(state.x, state.y + 5, code, class_=f"on-{_shade(code, shown, classes)}", anchor="middle")
        for code, state in geometry().states.items()
        if code not in CALL_OUTS and code != "HI"
    ]
    hawaii = geometry().states["HI"]
    labels.append(text(hawaii.x - 22, hawaii.y + 8, "HI", class_="on-gap", anchor="end"))
    for code, (x, y) in CALL_OUTS.items():
        state, shade = geometry().states[code], _shade(code, shown, classes)
        northern = y < state.y - 20
        labels.append(
            line(state.x, state.y, x + 8 if northern else x - 3, y + 9 if northern else y, class_="leader")
        )
        labels.append(rect(x, y - 8, 16, 16, class_=f"state {shade}", title=_tooltip(code, shown)))
        labels.append(
            text(
                x - 4 if northern else x + 21,
                y + 5,
                code,
                class_="on-gap",
                anchor="end" if northern else None,
            )
        )
    return [group(labels, class_="map-labels")]
