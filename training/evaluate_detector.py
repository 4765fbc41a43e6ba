"""Measure an exported detector on labeled photos: is the surest box, or one of the five surest, the plate?

    python -m training.evaluate_detector training/out/plates.onnx --photos plates/eu

`--photos` is a folder of photos, each with a tab-separated `file x y w h PLATE` beside it; a box counts from
an intersection over union of 0.5. Only one plate of each photo is labeled, so that false detections are not
counted.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gatehouse.capture import Box, Detection
from gatehouse.capture.detect_heatmap import Heatmap

ENOUGH: Final = 0.5
_FEW: Final = 5


def photos(folder: Path) -> Iterator[tuple[NDArray[np.uint8], Box]]:
    """Yield photos (BGR) with the box of their labeled plate."""
    for label in sorted(folder.glob("*.txt")):
        for line in label.read_text(encoding="utf-8").splitlines():
            name, *box, _ = line.split("\t")
            image = cv2.imread(str(folder / name))
            if image is None:
                raise FileNotFoundError(folder / name)
            x, y, width, height = map(float, box)
            yield image.astype(np.uint8), Box(x, y, width, height)


def recalls(found: Sequence[tuple[Sequence[Detection], Box]]) -> dict[str, float]:
    """Return the shares of plates found by the surest box and by the five surest, and their mean overlap."""
    overlaps = [
        [each.box.iou(plate) for each in sorted(seen, key=lambda one: -one.score)[:_FEW]] or [0.0]
        for seen, plate in found
    ]
    return {
        "plates": len(overlaps),
        "top1": round(float(np.mean([each[0] >= ENOUGH for each in overlaps])), 4),
        "top5": round(float(np.mean([max(each) >= ENOUGH for each in overlaps])), 4),
        "overlap": round(float(np.mean([each[0] for each in overlaps])), 4),
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--longest", type=int, nargs="+", default=[416], help="pixels of the longer side")
    chosen = parser.parse_args()
    for longest in chosen.longest:
        detector = Heatmap(chosen.model, threads=1, longest=longest, least=0.01)
        found = [(detector.detect(image), plate) for image, plate in photos(chosen.photos)]
        print(json.dumps({"longest": longest, **recalls(found)}))


if __name__ == "__main__":
    main()
