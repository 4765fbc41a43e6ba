"""The reader in the package: that it is the file its table names, and that it reads what it should."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import numpy as np
import pytest
from training.evaluate import Sample, best, crops, infer, probabilities, score
from training.install import WEIGHTS
from training.labels import folded
from training.render import degrade, render_plate

MODEL = WEIGHTS / "characters.onnx"
LARGEST = 8_000_000


def tables() -> dict[str, dict[str, object]]:
    rows = tomllib.loads((WEIGHTS / "weights.toml").read_text(encoding="utf-8"))["model"]
    return {row["name"]: row for row in rows}


def test_weights_files_have_the_size_and_hash_of_their_tables() -> None:
    found = {path.name: path.read_bytes() for path in WEIGHTS.glob("*.onnx")}
    assert {name: (row["bytes"], row["sha256"]) for name, row in tables().items()} == {
        name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in found.items()
    }
    assert sum(map(len, found.values())) < LARGEST


def test_characters_rendered_plates_are_mostly_read() -> None:
    samples = []
    rng = np.random.default_rng(2024)
    for _ in range(60):
        plate = render_plate(rng)
        samples.append(Sample(degrade(rng, plate.image, size=(128, 48)), plate.text, 48))
    reads = [best(shares) for shares in probabilities(infer(MODEL, samples), 1.0)]
    right = sum(folded(r.text) == folded(s.plate) for r, s in zip(reads, samples, strict=True))
    # Degraded at random, some of these cannot be read by anyone.
    assert right >= 36


@pytest.mark.shared
def test_characters_real_crops_are_read_as_the_table_says(reference: Path) -> None:
    row = tables()["characters.onnx"]
    figures, temperature = row["figures"], row["temperature"]
    assert isinstance(figures, dict)
    assert isinstance(temperature, float)
    samples = list(crops(reference / "recognition/us-crops"))
    reads = [best(shares) for shares in probabilities(infer(MODEL, samples), temperature)]
    assert score(samples, reads)["exact_folded"] == pytest.approx(figures["us_crops_exact_folded"], abs=0.6)
