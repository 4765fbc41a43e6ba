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

# States too small for their own two letters are named beside the coast, from north to south.
CALL_OUTS = ("VT", "NH", "MA", "RI", "CT", "NJ", "DE", "MD", "DC")
CALL_OUT_X, CALL_OUT_Y, CALL_OUT_STEP = 915.0, 214.0, 25.0


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
    description = f"A map of the United States; {len(shown)} states have searching organizations."
    ranked = sorted(shown.items(), key=lambda item: (-item[1][1], item[0]))[:3]
    if ranked:
        names = (f"{geometry().states[code].name} {count(value[1])}" for code, value in ranked)
        description += f" Most: {', '.join(names)}."
    legend = [("gap", "no organization of this state recognized in the record")]
    legend += [(f"s{n}", label) for n, label in enumerate(classes.labels(), start=1)]
    notes = [f"Searches by organizations of each state. Classes: {classes.words}."]
    if elsewhere:
        notes.append(
            f"Not on the map: {searches(sum(whole(row[2]) for row in elsewhere))} by "
            f"{plural(sum(whole(row[1]) for row in elsewhere), 'organization')} outside the states or whose state "
            "the name does not tell."
        )
    return Drawing(
        wide=picture(
            f"chart-{figure.id}",
            geometry().width,
            geometry().height,
            [*_outlines(shown, classes), *_labels(shown, classes)],
            title=figure.title,
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
    for index, code in enumerate(CALL_OUTS):
        state, y = geometry().states[code], CALL_OUT_Y + CALL_OUT_STEP * index
        labels.append(line(state.x, state.y, CALL_OUT_X - 2, y, class_="leader"))
        labels.append(
            rect(
                CALL_OUT_X,
                y - 8,
                16,
                16,
                class_=f"state {_shade(code, shown, classes)}",
                title=_tooltip(code, shown),
            )
        )
        labels.append(text(CALL_OUT_X + 22, y + 5, code, class_="on-gap"))
    return [group(labels, class_="map-labels")]
