"""WCAG 2.2 contrast of the style sheet's tokens, in both themes (1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

CSS = files("gatehouse.audit.report").joinpath("report.css").read_text(encoding="utf-8")
TEXT = [
    *(
        (name, ground)
        for name in ("ink", "muted", "accent", "deny", "review")
        for ground in ("paper", "panel")
    ),
    *((f"on-s{step}", f"s{step}") for step in range(1, 6)),
]
GRAPHICS = [("bar", "paper"), ("mark", "paper"), ("muted", "paper"), ("review", "paper")]


def themes() -> dict[str, dict[str, str]]:
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", CSS, re.S)[:2]
    )
    return {"light": light, "dark": {**light, **dark}}


def luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_and_white_is_21() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_on_its_ground_is_readable(theme: str, text: str, ground: str) -> None:
    tokens = themes()[theme]
    assert contrast(tokens[text], tokens[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), GRAPHICS)
def test_marks_on_their_ground_are_visible(theme: str, mark: str, ground: str) -> None:
    tokens = themes()[theme]
    assert contrast(tokens[mark], tokens[ground]) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_classes_of_the_sequential_hue_go_one_way(theme: str) -> None:
    tokens = themes()[theme]
    steps = [luminance(tokens[f"s{step}"]) for step in range(6)]
    assert steps in (sorted(steps), sorted(steps, reverse=True))
