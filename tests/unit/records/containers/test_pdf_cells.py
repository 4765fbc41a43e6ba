"""How the pieces of a cell join."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.records.containers.pdf.cells import begins_time, begins_uuid, is_uuid, join
from gatehouse.records.containers.pdf.fit import ColumnFit, Line, learn_fit

# A typewriter's page: every character is 5 points wide.
WIDTH = 5.0


def lines(*texts: str) -> list[Line]:
    return [Line(text, WIDTH * len(text), WIDTH) for text in texts]


def fit(*cells: Sequence[Line]) -> ColumnFit:
    return learn_fit(cells)


class TestJoin:
    @pytest.mark.parametrize(
        ("texts", "joined"),
        [
            ((), ""),
            (("bolo",), "bolo"),
            (("stolen", "vehicle"), "stolen vehicle"),
            (("theft -", "auto"), "theft - auto"),
            (("hit-", "and-run"), "hit-and-run"),
            (
                ("11/13/2025, 10:00:17 PM", "UTC", "11/14/2025, 10:00:17 AM", "UTC"),
                "11/13/2025, 10:00:17 PM UTC\n11/14/2025, 10:00:17 AM UTC",
            ),
            (
                ("11/13/20", "25,", "10:00:17", "PM UTC", "11/14/2025,", "10:00:17 A", "M UTC"),
                "11/13/2025, 10:00:17 PM UTC\n11/14/2025, 10:00:17 AM UTC",
            ),
            (("11/14/2025, 09:53:36", "AM UTC"), "11/14/2025, 09:53:36 AM UTC"),
            (("2025-06-18T00:02:04Z", "2025-06-19T00:02:04Z"), "2025-06-18T00:02:04Z\n2025-06-19T00:02:04Z"),
            (
                ("11/13/2025, 10:00:17 PM UTC to", "11/14/2025, 10:00:17 AM UTC"),
                "11/13/2025, 10:00:17 PM UTC to 11/14/2025, 10:00:17 AM UTC",
            ),
        ],
    )
    def test_join_undoes_what_the_width_did(self, texts: tuple[str, ...], joined: str) -> None:
        assert join(lines(*texts), ColumnFit(width=400.0)) == joined

    @given(st.uuids(), st.lists(st.integers(1, 35), max_size=4))
    def test_join_of_a_uuid_cut_anywhere_is_the_uuid(self, value: uuid.UUID, cuts: list[int]) -> None:
        text = str(value)
        edges = [0, *sorted(set(cuts)), len(text)]
        pieces = [text[start:end] for start, end in itertools.pairwise(edges)]
        assert join(lines(*pieces), ColumnFit(width=400.0)) == text
        assert begins_uuid(pieces[0])
        assert is_uuid(text)

    @given(st.lists(st.text("abcXYZ", min_size=1, max_size=8), min_size=1, max_size=8))
    def test_join_of_words_on_lines_of_their_own_keeps_every_word(self, words: list[str]) -> None:
        assert join(lines(*words), ColumnFit(width=400.0)) == " ".join(words)


class TestFit:
    def test_number_that_fills_its_column_goes_on(self) -> None:
        assert join(lines("25-0001", "234"), fit(lines("25-0001", "234"))) == "25-0001234"

    def test_word_that_fills_its_column_goes_on_with_a_short_rest(self) -> None:
        assert join(lines("Investigatio", "n"), fit(lines("Investigatio", "n"))) == "Investigation"

    def test_word_seen_whole_elsewhere_stays_a_word(self) -> None:
        known = fit(lines("vehicle", "lot"), lines("stolen", "vehicle"))
        assert join(lines("vehicle", "lot"), known) == "vehicle lot"

    def test_broken_word_is_known_by_where_it_stands_whole(self) -> None:
        known = fit(lines("abandoneda", "nimal"), lines("an abandonedanimal"))
        assert known.width == 18 * WIDTH
        assert known.glue(*lines("abandoneda", "nimal")) == " ", "there was room for more"
        narrow = ColumnFit(10 * WIDTH, known.whole)
        assert narrow.glue(*lines("abandoneda", "nimal")) == ""

    def test_name_that_fills_its_column_keeps_its_space(self) -> None:
        known = fit(lines("Okaview", "County", "SO"))
        assert join(lines("Okaview", "County", "SO"), known) == "Okaview County SO"


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("11/14/2025, 09:53:36", True),
        ("1/4/25", True),
        ("2025-06-18T00:02:04Z", True),
        ("11/14/", True),
        ("AM UTC", False),
        ("2025, 09:53", False),
        ("09:53:36", False),
    ],
)
def test_time_begins_with_its_date(text: str, begins: bool) -> None:
    assert begins_time(text) is begins
