from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gatehouse.audit.report import svg


def test_element_escapes_text_and_attributes() -> None:
    made = svg.element("text", "a < b & c", class_='x" onload="y')
    assert made == '<text class="x&#34; onload=&#34;y">a &lt; b &amp; c</text>'


def test_element_leaves_out_absent_attributes_and_fixes_decimals() -> None:
    assert svg.element("rect", x=1.04, y=-0.01, stroke_width=2, fill=None) == (
        '<rect x="1" y="0" stroke-width="2"/>'
    )


def test_dots_on_one_spot_are_drawn_once() -> None:
    assert svg.dots([(1, 2), (1.01, 2.04), (3, 4)], class_="dots") == '<path d="M1 2h0M3 4h0" class="dots"/>'


def test_picture_is_an_image_with_title_and_description() -> None:
    made = svg.picture("c", 10, 20, [], title="Most in May", description="One bar.")
    assert made == (
        '<svg viewBox="0 0 10 20" role="img" aria-labelledby="c-title c-desc">'
        '<title id="c-title">Most in May</title><desc id="c-desc">One bar.</desc></svg>'
    )


@given(st.text(max_size=200), st.floats(40, 900), st.integers(1, 3))
def test_wrap_of_any_text_fits_the_room(content: str, room: float, lines: int) -> None:
    rows = svg.wrap(content, 14, room, lines)
    assert 1 <= len(rows) <= lines
    assert all(svg.text_width(row, 14) <= max(room, 4 * 14 * svg.CHARACTER_WIDTH) for row in rows)


def test_wrap_marks_what_it_cuts() -> None:
    assert svg.wrap("Lower Salt Fork Valley Task Force", 10, 100, 2) == [
        "Lower Salt Fork",
        "Valley Task For\N{HORIZONTAL ELLIPSIS}",
    ]
