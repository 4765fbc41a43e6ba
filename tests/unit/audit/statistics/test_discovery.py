"""Many tests at once: the published example, and simulated false-discovery rates."""

from __future__ import annotations

import numpy as np
import pytest

from gatehouse.audit.statistics import (
    adjusted_p_values,
    benjamini_hochberg,
    false_positive_note,
)
from gatehouse.model import BadUse


class TestBenjaminiHochberg:
    # The worked example of Benjamini and Hochberg 1995, section 4.2.
    published = (
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
        *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    )

    def test_benjamini_hochberg_published_example_finds_four(self) -> None:
        assert benjamini_hochberg(self.published, 0.05).tolist() == [True] * 4 + [False] * 11

    def test_benjamini_hochberg_any_order_gives_the_same_discoveries(self) -> None:
        order = np.random.default_rng(3).permutation(15)
        shuffled = np.array(self.published)[order]
        assert benjamini_hochberg(shuffled).tolist() == benjamini_hochberg(self.published)[order].tolist()

    def test_adjusted_p_values_small_case_matches_hand_calculation(self) -> None:
        assert adjusted_p_values([0.04, 0.01, 0.03]).tolist() == pytest.approx([0.04, 0.03, 0.04])

    def test_adjusted_p_values_no_tests_gives_none(self) -> None:
        assert adjusted_p_values([]).tolist() == []

    def test_benjamini_hochberg_simulated_holds_the_false_discovery_rate(self) -> None:
        from scipy.special import ndtr

        generator = np.random.default_rng(20250611)
        shares, powers = [], []
        for _ in range(400):
            z = generator.normal(size=200)
            z[:40] += 3.0
            found = benjamini_hochberg(ndtr(-z), 0.1)
            shares.append(found[40:].sum() / max(found.sum(), 1))
            powers.append(found[:40].mean())
        # The expected share is q times the share of true null hypotheses: 0.1 * 160 / 200.
        assert float(np.mean(shares)) == pytest.approx(0.08, abs=0.01)
        assert float(np.mean(powers)) > 0.7

    def test_adjusted_p_values_outside_the_unit_interval_are_refused(self) -> None:
        with pytest.raises(BadUse, match="between 0 and 1"):
            adjusted_p_values([0.2, 1.2])


class TestNotes:
    def test_false_positive_note_large_record_counts_them(self) -> None:
        assert false_positive_note(12_000_000) == (
            "If the classification were wrong on 0.1 % of the searches, "
            "about 12,000 of 12,000,000 would be flagged in error."
        )

    def test_false_positive_note_small_record_says_fewer_than_one(self) -> None:
        assert false_positive_note(300) == (
            "If the classification were wrong on 0.1 % of the searches, "
            "fewer than one of 300 would be flagged in error."
        )
