"""Measure an exported reader on labeled pictures: exact, exact with O read as 0, characters, by height.

    python -m training.evaluate characters.onnx --crops us-crops --photos plates/us

`--crops` is a folder of plate crops with `groundtruth.csv` (file, state, plate); `--photos` one of photos,
each with a tab-separated `file x y w h PLATE` beside it, read with the box padded 10 % a side. The same code
runs in the tests of the exported file: it needs ONNX Runtime alone.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.labels import BLANK, decode, folded

PAD: Final = 0.1
HEIGHTS: Final = (0, 20, 30, 40, 60, 100, 10_000)


@dataclass(frozen=True, slots=True)
class Sample:
    """A plate cut out of a picture: its gray pixels, what it bears, its height in pixels (not padded)."""

    crop: NDArray[np.uint8]
    plate: str
    height: int


@dataclass(frozen=True, slots=True)
class Read:
    """What the reader made of a sample; `confidence` is the least probability among its characters."""

    text: str
    confidence: float


def crops(folder: Path) -> Iterator[Sample]:
    """Yield the samples of a folder of crops."""
    with (folder / "groundtruth.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            gray = _gray(folder / row["file"])
            yield Sample(gray, row["plate"].upper(), gray.shape[0])


def photos(folder: Path) -> Iterator[Sample]:
    """Yield the samples of a folder of photos."""
    for label in sorted(folder.glob("*.txt")):
        for line in label.read_text(encoding="utf-8").splitlines():
            name, *box, plate = line.split("\t")
            x, y, width, height = map(int, box)
            gray = _gray(folder / name)
            across, down = int(width * PAD), int(height * PAD)
            cut = gray[max(0, y - down) : y + height + down, max(0, x - across) : x + width + across]
            yield Sample(cut, plate.upper(), height)


def _gray(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise FileNotFoundError(path)
    return image.astype(np.uint8)


def prepared(crop: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
    """Bring a gray crop to the network's (width, height), mean 0 and a spread of about 1."""
    way = cv2.INTER_AREA if crop.shape[1] > size[0] else cv2.INTER_LINEAR
    values = cv2.resize(crop, size, interpolation=way).astype(np.float32)
    normal: NDArray[np.float32] = (values - values.mean()) / (values.std() + 4)
    return normal


def probabilities(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Turn logits over the last axis into probabilities."""
    scaled = logits / temperature
    raised = np.exp(scaled - scaled.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)  # type: ignore[no-any-return] # numpy's division


def best(shares: NDArray[np.float32]) -> Read:
    """Read one plate's probabilities (steps x classes) greedily."""
    steps = shares.argmax(-1).tolist()
    # A character that lasts several steps is as sure as its surest one.
    peaks: list[float] = []
    for at, step in enumerate(steps):
        if step == BLANK:
            continue
        if at and steps[at - 1] == step:
            peaks[-1] = max(peaks[-1], float(shares[at, step]))
        else:
            peaks.append(float(shares[at, step]))
    return Read(decode(steps), min(peaks, default=0.0))


def distance(a: str, b: str) -> int:
    """Count the edits between two texts (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1]


def infer(model: Path, samples: Sequence[Sample]) -> NDArray[np.float32]:
    """Run a model over samples; returns their logits, n x steps x classes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    size = (given.shape[3], given.shape[2])
    chunks = [
        session.run(
            None, {given.name: np.stack([prepared(s.crop, size) for s in samples[at : at + 64]])[:, None]}
        )[0]
        for at in range(0, len(samples), 64)
    ]
    return np.concatenate(chunks)


def score(samples: Sequence[Sample], reads: Sequence[Read]) -> dict[str, Any]:
    """Compare reads with what the plates bear; shares are in percent."""
    right = np.array([read.text == sample.plate for read, sample in zip(reads, samples, strict=True)])
    same = np.array([folded(r.text) == folded(s.plate) for r, s in zip(reads, samples, strict=True)])
    edits = sum(distance(folded(r.text), folded(s.plate)) for r, s in zip(reads, samples, strict=True))
    heights = np.array([sample.height for sample in samples])
    sure = np.array([read.confidence for read in reads])
    bands = {}
    for low, high in itertools.pairwise(HEIGHTS):
        inside = (heights >= low) & (heights < high)
        if inside.any():
            bands[f"{low}-{high}px"] = {"plates": int(inside.sum()), "exact_folded": _percent(same[inside])}
    kept = {}
    for least in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        inside = sure >= least
        kept[str(least)] = {
            "kept": _percent(inside),
            "precision": _percent(same[inside]) if inside.any() else None,
        }
    return {
        "plates": len(samples),
        "exact": _percent(right),
        "exact_folded": _percent(same),
        "characters": round(1 - edits / sum(len(s.plate) for s in samples), 4),
        "by_height": bands,
        "abstaining": kept,
    }


def _percent(share: NDArray[np.bool_]) -> float:
    return round(float(share.mean()) * 100, 1)


def calibrated(logits: NDArray[np.float32], samples: Sequence[Sample]) -> float:
    """Find the temperature whose confidences agree best (log loss) with which plates were read right."""
    best_temperature, least = 1.0, np.inf
    for temperature in np.geomspace(0.6, 5, 30):
        loss = 0.0
        for shares, sample in zip(probabilities(logits, float(temperature)), samples, strict=True):
            read = best(shares)
            sure = min(max(read.confidence, 1e-4), 1 - 1e-4)
            loss -= np.log(sure if folded(read.text) == folded(sample.plate) else 1 - sure)
        if loss < least:
            best_temperature, least = float(temperature), loss
    return round(best_temperature, 3)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--crops", type=Path, help="also calibrates the temperature, unless one is given")
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--temperature", type=float)
    parser.add_argument("--failures", action="store_true", help="list what was read wrong")
    chosen = parser.parse_args()
    temperature = chosen.temperature
    for kind, folder, load in (("crops", chosen.crops, crops), ("photos", chosen.photos, photos)):
        if folder is None:
            continue
        samples = list(load(folder))
        logits = infer(chosen.model, samples)
        if temperature is None:
            temperature = calibrated(logits, samples) if kind == "crops" else 1.0
        reads = [best(shares) for shares in probabilities(logits, temperature)]
        print(json.dumps({kind: score(samples, reads), "temperature": temperature}, indent=1))
        if chosen.failures:
            for read, sample in zip(reads, samples, strict=True):
                if folded(read.text) != folded(sample.plate):
                    print(f"{sample.plate:10} {read.text:10} {read.confidence:.2f} {sample.height}px")


if __name__ == "__main__":
    main()
