"""The measures of a reader: what counts as read, how sure it was, and what was kept."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from training.evaluate import (
    Read,
    Sample,
    best,
    calibrated,
    crops,
    distance,
    photos,
    prepared,
    probabilities,
    score,
)
from training.labels import BLANK, CLASSES


def sample(plate: str, height: int = 50) -> Sample:
    return Sample(np.zeros((height, 100), np.uint8), plate, height)


def steps(*pairs: tuple[int, float]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Give each step's class a logit of its own over zeros."""
    logits = np.zeros((len(pairs), len(CLASSES) + 1), np.float32)
    for at, (index, logit) in enumerate(pairs):
        logits[at, index] = logit
    return logits


def test_best_repeated_steps_count_the_surest() -> None:
    shares = probabilities(steps((1, 5), (1, 9), (BLANK, 9), (11, 7)), 1.0)
    read = best(shares)
    assert read.text == "1B"
    assert read.confidence == pytest.approx(float(shares[3, 11]))


def test_best_blanks_alone_read_nothing_with_no_confidence() -> None:
    assert best(probabilities(steps((BLANK, 9)), 1.0)) == Read("", 0.0)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [("", "", 0), ("ABC", "", 3), ("ABC", "ABD", 1), ("ABC", "BC", 1), ("KITTEN", "SITTING", 3)],
)
def test_distance_known_pairs(a: str, b: str, expected: int) -> None:
    assert distance(a, b) == distance(b, a) == expected


def test_prepared_crop_has_mean_zero_whatever_its_light() -> None:
    crop = np.random.default_rng(0).integers(0, 60, (30, 90), np.uint8)
    values = prepared(crop, (128, 48))
    assert values.shape == (48, 128)
    assert float(values.mean()) == pytest.approx(0, abs=1e-4)


def test_score_counts_exact_folded_heights_and_kept() -> None:
    samples = [sample("AB0", 15), sample("XYZ1", 25), sample("Q1", 70)]
    reads = [Read("ABO", 0.95), Read("XYZ1", 0.65), Read("O1", 0.2)]
    result = score(samples, reads)
    assert {key: result[key] for key in ("plates", "exact", "exact_folded", "characters")} == {
        "plates": 3,
        "exact": 33.3,
        "exact_folded": 66.7,
        "characters": 0.8889,
    }
    assert result["by_height"] == {
        "0-20px": {"plates": 1, "exact_folded": 100.0},
        "20-30px": {"plates": 1, "exact_folded": 100.0},
        "60-100px": {"plates": 1, "exact_folded": 0.0},
    }
    assert result["abstaining"]["0.7"] == {"kept": 33.3, "precision": 100.0}


def test_calibrated_overconfident_logits_are_cooled() -> None:
    logits = np.stack([steps((1, 9))] * 10)
    samples = [sample("1")] * 6 + [sample("2")] * 4
    assert calibrated(logits, samples) > 1.5


def test_samples_folders_give_crops_and_padded_boxes(tmp_path: Path) -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "one.png"), image)
    (tmp_path / "groundtruth.csv").write_text("file,state,plate\none.png,oh,abc1\n", encoding="utf-8")
    (tmp_path / "one.txt").write_text("one.png\t50\t40\t100\t40\txyz9\n", encoding="utf-8")
    assert [(s.plate, s.height, s.crop.shape) for s in crops(tmp_path)] == [("ABC1", 100, (100, 200))]
    assert [(s.plate, s.height, s.crop.shape) for s in photos(tmp_path)] == [("XYZ9", 40, (48, 120))]
