"""Measure how well and how fast plates are found and read, beside fast-alpr with the same files.

    .venv/bin/python -m bench.recognition             accuracy, abstention, and time of each image
    .venv/bin/python -m bench.recognition --montage DIR    and pictures of what was read wrong

The data and the model files are the reference folder's (GATEHOUSE_REFERENCE, else ../shared): they are not
part of the project. Whatever was chosen was chosen on `eu` and `us-crops`; `us` is only told. A plate counts
as found where a box has an IoU of 0.3 with its label; its text is compared exactly and with O as 0. Intervals
are Wilson's at 95 %. Both programs use the same files and as many threads, take turns image by image, and are
timed from the decoded image to the texts; the ratio of the totals counts. `own` are the package's models.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gatehouse.capture import Box, Reading, Recognizer, find_models
from gatehouse.capture.models import WEIGHTS, ModelSet, Part, packaged

ROOT = Path(__file__).resolve().parent.parent
OUT = Path(__file__).resolve().parent / "out" / "recognition.json"
HEIGHTS = (0, 30, 40, 60, 1000)
THREADS = 1
# What is kept of the plates where the precision is told.
KEPT = 0.9
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Labeled:
    """A plate whose text is known, in a photograph or (`box` None) as the crop itself."""

    name: str
    image: Image
    plate: str
    box: Box | None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was read of a labeled plate."""

    plate: Labeled
    reading: Reading | None
    found: bool
    height: float

    @property
    def text(self) -> str:
        return "" if self.reading is None else self.reading.text

    @property
    def confidence(self) -> float:
        return 0.0 if self.reading is None else self.reading.confidence

    @property
    def exact(self) -> bool:
        return self.text == self.plate.plate

    @property
    def folded(self) -> bool:
        return fold(self.text) == fold(self.plate.plate)


def fold(text: str) -> str:
    return text.replace("O", "0")


def photographs(folder: Path) -> list[Labeled]:
    """Read photographs with a label a file: name, x, y, width, height, plate."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        name, x, y, width, height, plate = path.read_text("utf-8").splitlines()[0].split("\t")
        image = cv2.imread(str(folder / name))
        assert image is not None, name
        box = Box(float(x), float(y), float(width), float(height))
        found.append(Labeled(name, np.asarray(image, np.uint8), plate.upper(), box))
    return found


def crops(folder: Path) -> list[Labeled]:
    """Read crops of plates."""
    found = []
    with (folder / "groundtruth.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            image = cv2.imread(str(folder / row["file"]))
            assert image is not None, row["file"]
            whole = np.asarray(image, np.uint8)
            found.append(Labeled(row["file"], whole, row["plate"].upper(), None, row["state"].upper()))
    return found


def outcomes(recognizer: Recognizer, plates: Iterable[Labeled]) -> list[Outcome]:
    found = []
    for each in plates:
        if each.box is None:
            height, width = each.image.shape[:2]
            reading = recognizer.reader.read(each.image, [Box(0, 0, width, height)])[0]
            found.append(Outcome(each, reading, True, height))
            continue
        seen = recognizer.look_at_all(each.image)
        best = max(seen, key=lambda one: one.box.iou(each.box), default=None)  # type: ignore[arg-type]
        there = best is not None and best.box.iou(each.box) >= 0.3
        found.append(Outcome(each, best.reading if best and there else None, there, each.box.height))
    return found


def share(right: int, of: int) -> dict[str, Any]:
    """Return a share with its Wilson interval at 95 %, in percent."""
    if not of:
        return {"n": 0, "share": None, "low": None, "high": None}
    z, p = 1.96, right / of
    middle, spread = p + z * z / (2 * of), z * sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = (middle - spread) / (1 + z * z / of), (middle + spread) / (1 + z * z / of)
    return {"n": of, "share": round(100 * p, 1), "low": round(100 * low, 1), "high": round(100 * high, 1)}


def accuracy(of: Sequence[Outcome]) -> dict[str, Any]:
    """Return the shares of plates found and read, and the precision where the least sure are left out."""
    kept = sorted(of, key=lambda each: -each.confidence)[: round(KEPT * len(of))]
    plates = [each.plate.plate for each in of]
    texts = [[one.plate for one in each.reading.candidates] if each.reading else [] for each in of]
    first = sum(each[:1] == [plate] for each, plate in zip(texts, plates, strict=True))
    among = sum(plate in each for each, plate in zip(texts, plates, strict=True))
    return {
        "found": share(sum(each.found for each in of), len(of)),
        "exact": share(sum(each.exact for each in of), len(of)),
        "exact_o_is_0": share(sum(each.folded for each in of), len(of)),
        "first_candidate": share(first, len(of)),
        "among_candidates": share(among, len(of)),
        "precision_at_90_kept": share(sum(each.folded for each in kept), len(kept)),
    }


def abstention(of: Sequence[Outcome], below: float) -> dict[str, Any]:
    kept = [each for each in of if each.confidence >= below]
    return {
        "below": below,
        "kept": share(len(kept), len(of)),
        "precision": share(sum(each.folded for each in kept), len(kept)),
    }


def calibration(of: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return, for ranges of the confidence, how many plates were right in it."""
    edges = (0.0, 0.5, 0.7, 0.9, 0.99, 1.01)
    found = []
    for low, high in pairwise(edges):
        inside = [each for each in of if low <= each.confidence < high]
        found.append({"from": low, **share(sum(each.folded for each in inside), len(inside))})
    return found


def by(of: Sequence[Outcome], key: Callable[[Outcome], str]) -> dict[str, Any]:
    groups: dict[str, list[Outcome]] = {}
    for each in of:
        groups.setdefault(key(each), []).append(each)
    return {
        name: share(sum(each.folded for each in group), len(group)) for name, group in sorted(groups.items())
    }


def tall(outcome: Outcome) -> str:
    low = max(edge for edge in HEIGHTS if edge <= outcome.height)
    high = HEIGHTS[HEIGHTS.index(low) + 1]
    return f"{low:03} to {high - 1} px"


class Peer:
    """fast-alpr as it is shipped, with the same files and threads."""

    def __init__(self, models: ModelSet) -> None:
        import onnxruntime as ort
        from fast_alpr import ALPR  # type: ignore[import-untyped]  # ships no types
        from fast_alpr.default_ocr import DefaultOCR  # type: ignore[import-untyped]  # as above
        from open_image_models.detection.core.yolo_v9.inference import YoloV9Detector

        options = ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        reader = models.readers[-1].name
        inner = YoloV9Detector(
            model_path=models.folder / models.detector.name,
            class_labels=["License Plate"],
            conf_thresh=0.4,
            sess_options=options,
            providers=["CPUExecutionProvider"],
        )

        class Detector:
            def predict(self, frame: Any) -> Any:
                return inner.predict(frame)

        ocr = DefaultOCR(
            model_path=models.folder / reader,
            config_path=models.folder / reader.replace(".onnx", "_plate_config.yaml"),
            sess_options=options,
            providers=["CPUExecutionProvider"],
        )
        self._alpr = ALPR(detector=Detector(), ocr=ocr)

    def look(self, image: Image) -> Any:
        return self._alpr.predict(image)

    def exact(self, plates: Sequence[Labeled]) -> dict[str, Any]:
        right = folded = 0
        for each in plates:
            assert each.box is not None
            best, text = 0.3, ""
            for one in self.look(each.image):
                inner = one.detection.bounding_box
                box = Box(inner.x1, inner.y1, inner.x2 - inner.x1, inner.y2 - inner.y1)
                if box.iou(each.box) >= best and one.ocr is not None:
                    best, text = box.iou(each.box), one.ocr.text
            right += text == each.plate
            folded += fold(text) == fold(each.plate)
        return {"exact": share(right, len(plates)), "exact_o_is_0": share(folded, len(plates))}


def timed(contenders: dict[str, Callable[[Image], object]], images: Sequence[Image]) -> dict[str, Any]:
    """Time contenders in turns, image by image; the last one is what the others are held against."""
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for look in contenders.values():
        look(images[0])
    order = list(contenders.items())
    for image in images:
        # Whoever comes first finds the image cold.
        order.append(order.pop(0))
        for name, look in order:
            begun = time.perf_counter()
            look(image)
            took[name].append(time.perf_counter() - begun)
    peer = took[list(contenders)[-1]]
    return {
        name: {
            "median_ms": round(statistics.median(times) * 1e3, 1),
            "ratio_of_totals": round(sum(times) / sum(peer), 3),
            "median_ratio": round(statistics.median(a / b for a, b in zip(times, peer, strict=True)), 3),
        }
        for name, times in took.items()
    }


def own_models() -> ModelSet:
    """Return the models that come with the package, whatever lies in a cache."""
    detector, reader = (
        next(each for each in packaged() if each.part is part) for part in (Part.DETECTOR, Part.READER)
    )
    return ModelSet(WEIGHTS, detector, (reader,))


def own_accuracy(own: Recognizer, plates: Sequence[Labeled]) -> dict[str, Any]:
    """Return what the package's models reach: as a whole, and the reader by itself on the labels' boxes."""
    whole = outcomes(own, plates)
    figures = {**accuracy(whole), "abstention": abstention(whole, own.abstain_below)}
    if all(each.box is None for each in plates):
        return figures
    boxed = [(each, each.box) for each in plates if each.box is not None]
    right = half = 0
    for each, box in boxed:
        (reading,) = own.reader.read(each.image, [box])
        right += fold(reading.text) == fold(each.plate)
        half += any(one.box.iou(box) >= 0.5 for one in own.detector.detect(each.image)[:1])
    return {
        **figures,
        "reader_on_labels_o_is_0": share(right, len(boxed)),
        "surest_box_iou_half": share(half, len(boxed)),
    }


def montage(of: Sequence[Outcome], path: Path) -> None:
    """Write the plates that were read wrong, with what was read and what is right."""
    tiles = []
    for each in of:
        if each.folded:
            continue
        image = each.plate.image
        if each.plate.box is not None:
            box = each.plate.box.padded(0.3).clipped(image.shape[1], image.shape[0])
            image = image[int(box.y) : int(box.y + box.height), int(box.x) : int(box.x + box.width)]
        tile = np.full((190, 300, 3), 255, np.uint8)
        tile[40:] = cv2.resize(image, (300, 150))
        label = f"{each.text} ({each.confidence:.2f}), label {each.plate.plate}"
        cv2.putText(tile, label, (4, 26), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 160), 1, cv2.LINE_AA)
        tiles.append(tile)
    if not tiles:
        return
    tiles += [np.full((190, 300, 3), 255, np.uint8)] * (-len(tiles) % 4)
    rows = [np.hstack(tiles[start : start + 4]) for start in range(0, len(tiles), 4)]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.vstack(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--montage", type=Path, help="write pictures of failures into this folder")
    parser.add_argument("--no-peer", action="store_true", help="leave fast-alpr and the times out")
    parser.add_argument("--out", type=Path, default=OUT, help="where the figures go")
    chosen = parser.parse_args()
    reference = Path(os.environ.get("GATEHOUSE_REFERENCE", ROOT.parent / "shared")) / "recognition"
    cv2.setNumThreads(THREADS)
    models = find_models(reference / "models")
    several = Recognizer.open(models, threads=THREADS)
    single = Recognizer.open(models, threads=THREADS, single=True)
    own = Recognizer.open(own_models(), threads=THREADS)
    sets = {
        "eu": photographs(reference / "plates" / "eu"),
        "us-crops": crops(reference / "us-crops"),
        "us": photographs(reference / "plates" / "us"),
    }
    figures: dict[str, Any] = {}
    for name, plates in sets.items():
        read = outcomes(several, plates)
        figures[name] = {
            **accuracy(read),
            "abstention": abstention(read, several.abstain_below),
            "calibration": calibration(read),
            "by_height": by(read, tall),
            "single": accuracy(outcomes(single, plates)),
            "own": own_accuracy(own, plates),
        }
        if name == "us-crops":
            figures[name]["by_state"] = by(read, lambda each: each.plate.state or "")
        if chosen.montage is not None:
            montage(read, chosen.montage / f"{name}.png")
    if not chosen.no_peer:
        peer = Peer(models)
        photos = [*sets["eu"], *sets["us"]]
        for name in ("eu", "us"):
            figures[name]["peer"] = peer.exact(sets[name])
        figures["time"] = timed(
            {"several": several.look_at_all, "single": single.look_at_all, "fast-alpr": peer.look},
            [each.image for each in photos],
        )
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
