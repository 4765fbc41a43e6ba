from __future__ import annotations

from training.evaluate_detector import recalls

from gatehouse.capture import Box, Detection

PLATE = Box(10, 10, 40, 20)


def test_recalls_surest_box_elsewhere_counts_for_the_five_surest_only() -> None:
    found = [([Detection(PLATE, 0.4), Detection(Box(100, 100, 40, 20), 0.9)], PLATE)]
    assert recalls(found) == {"plates": 1, "top1": 0.0, "top5": 1.0, "overlap": 0.0}


def test_recalls_loose_box_and_nothing_seen_are_misses() -> None:
    found = [([Detection(Box(10, 10, 40, 45), 0.9)], PLATE), ([], PLATE)]
    assert recalls(found) == {"plates": 2, "top1": 0.0, "top5": 0.0, "overlap": 0.2222}


def test_recalls_sixth_box_counts_no_more() -> None:
    elsewhere = [Detection(Box(100.0 * at, 100, 40, 20), 0.9) for at in range(1, 6)]
    assert recalls([([*elsewhere, Detection(PLATE, 0.4)], PLATE)])["top5"] == 0.0
