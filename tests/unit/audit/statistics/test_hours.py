"""Hours of officers: simulated agencies of every variety, with a fixed seed."""

from __future__ import annotations

import numpy as np
import pytest

from gatehouse.audit.statistics import (
    MINIMUM_SEARCHES,
    unusual_hours,
)
from gatehouse.model import BadUse


class TestUnusualHours:
    @staticmethod
    def day_shift(
        generator: np.random.Generator, officers: int
    ) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
        weights = np.array([0.2] * 6 + [6.0] * 14 + [0.4] * 4)
        return generator.multinomial(200, weights / weights.sum(), size=officers)

    def test_unusual_hours_one_officer_at_night_is_found_alone(self) -> None:
        counts = self.day_shift(np.random.default_rng(1), 40)
        counts[7] = 0
        counts[7, 3] = 50
        tests = unusual_hours(counts, [0] * 40)
        assert [i for i, test in enumerate(tests) if test.outlier] == [7]
        assert (tests[7].quiet, tests[7].total) == (50, 50)
        assert 3 in tests[7].quiet_hours
        assert tests[7].expected < 0.05

    def test_unusual_hours_a_night_shift_is_no_outlier(self) -> None:
        counts = self.day_shift(np.random.default_rng(1), 40)
        counts[:8] = np.roll(counts[:8], 12, axis=1)
        assert not any(test.outlier for test in unusual_hours(counts, [0] * 40))

    def test_unusual_hours_another_agencys_night_is_its_own(self) -> None:
        generator = np.random.default_rng(4)
        day, night = self.day_shift(generator, 20), np.roll(self.day_shift(generator, 20), 12, axis=1)
        together = unusual_hours(np.vstack([day, night]), [0] * 20 + [1] * 20)
        assert not any(test.outlier for test in together)

    def test_unusual_hours_too_few_peers_or_searches_are_not_tested(self) -> None:
        counts = self.day_shift(np.random.default_rng(1), 12)
        assert {test.p_value for test in unusual_hours(counts[:9], [0] * 9)} == {None}
        counts[0] = 0
        counts[0, 2] = MINIMUM_SEARCHES - 1
        tests = unusual_hours(counts, [0] * 12)
        assert [test.p_value is None for test in tests] == [True] + [False] * 11

    def test_unusual_hours_nobody_gives_nothing(self) -> None:
        assert unusual_hours(np.zeros((0, 24), dtype=np.int64), []) == []

    def test_unusual_hours_unpaired_agencies_are_refused(self) -> None:
        with pytest.raises(BadUse, match="one row of counts an officer"):
            unusual_hours(np.zeros((2, 24), dtype=np.int64), [0])

    def test_unusual_hours_one_of_twelve_with_office_hours_is_found(self) -> None:
        # Nobody else searches at night at all: the variety of this agency is the one officer's own.
        weights = np.array([0.0] * 6 + [1, 4, 10, 12, 14, 12, 9, 12, 13, 10, 7, 2] + [0.2] * 2 + [0.0] * 4)
        generator = np.random.default_rng(5)
        sizes = [163, 201, 341, 158, 73, 240, 178, 1075, 224, 194, 163, 320]
        counts = np.stack([generator.multinomial(size, weights / weights.sum()) for size in sizes])
        counts[4] = 0
        counts[4, 1:4] = (22, 26, 25)
        tests = unusual_hours(counts, [0] * 12)
        assert [i for i, test in enumerate(tests) if test.outlier] == [4]
        assert (tests[4].quiet, tests[4].total) == (73, 73)

    # How alike officers are: the sum of the Dirichlet distribution from which each draws a day of their own.
    @pytest.mark.parametrize("alike", [500, 100, 30, 8])
    @pytest.mark.parametrize(("agencies", "officers"), [(1, 12), (1, 40), (20, 15)])
    def test_unusual_hours_officers_of_one_kind_hold_the_false_discovery_rate(
        self, agencies: int, officers: int, alike: float
    ) -> None:
        weights = np.array([0.2] * 6 + [6.0] * 14 + [0.4] * 4)
        generator = np.random.default_rng(29)
        wrong, runs = 0, 40 if agencies == 1 else 10
        for _ in range(runs):
            days = generator.dirichlet(alike * weights / weights.sum(), size=agencies * officers)
            sizes = np.floor(np.exp(generator.uniform(np.log(30), np.log(600), len(days)))).astype(int)
            counts = np.stack([generator.multinomial(n, day) for n, day in zip(sizes, days, strict=True)])
            tests = unusual_hours(counts, np.repeat(np.arange(agencies), officers).tolist())
            wrong += any(test.outlier for test in tests)
        # 5 % of 40 runs are 2; at most 5 are seen in 97 of 100 such experiments.
        assert wrong <= (5 if runs == 40 else 2)

    def test_unusual_hours_a_shift_that_every_agency_has_is_no_outlier(self) -> None:
        # One officer in twenty works nights, so many agencies have just one, like others.
        weights = np.array([0.2] * 6 + [6.0] * 14 + [0.4] * 4)
        generator = np.random.default_rng(31)
        turned = np.where(generator.random(40 * 15) < 0.05, 12, 0)
        counts = np.stack(
            [generator.multinomial(150, np.roll(weights, turn) / weights.sum()) for turn in turned]
        )
        tests = unusual_hours(counts, np.repeat(np.arange(40), 15).tolist())
        assert not any(test.outlier for test in tests)

    def test_unusual_hours_fewer_than_half_in_quiet_hours_is_no_outlier(self) -> None:
        counts = self.day_shift(np.random.default_rng(1), 40)
        counts[7, 3] = 150
        test = unusual_hours(counts, [0] * 40)[7]
        assert test.adjusted is not None and test.adjusted < 0.001
        assert not test.outlier
