"""Cross-tabulations: what is told, what is not, and that nothing left out can be worked out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gatehouse.web.portal.suppression import LEAST, Table, cross_table


class TestCrossTable:
    def test_cross_table_large_counts_and_zeros_are_told(self) -> None:
        assert cross_table({("a", "x"): 5, ("b", "y"): 9}) == Table(
            ("a", "b"), ("x", "y"), ((5, 0), (0, 9)), (5, 9), (5, 9)
        )

    def test_cross_table_small_count_takes_others_with_it(self) -> None:
        found = cross_table({("a", "x"): 4, ("a", "y"): 7, ("b", "x"): 8, ("b", "y"): 6})
        assert found.cells == ((None, None), (None, None))
        assert (found.row_totals, found.column_totals, found.total) == ((11, 14), (12, 13), 25)

    def test_cross_table_nothing_gives_an_empty_table(self) -> None:
        assert cross_table({}) == Table((), (), (), (), ())
        assert not cross_table({}).suppressed

    @given(
        st.dictionaries(
            st.tuples(st.sampled_from("abc"), st.sampled_from("wxyz")), st.integers(1, 12), min_size=1
        )
    )
    def test_cross_table_no_line_lacks_exactly_one_of_several(
        self, counts: dict[tuple[str, str], int]
    ) -> None:
        found = cross_table(counts)
        columns = list(zip(*found.cells, strict=True))
        for line in (*found.cells, *columns):
            missing = sum(cell is None for cell in line)
            assert missing != 1 or len(line) == 1
        assert all(cell is None or cell == 0 or cell >= LEAST for line in found.cells for cell in line)
        assert found.total == sum(counts.values())
