"""Train a classifier of the plate's state on rendered plates, and measure it on real crops.

    python -m training.state train --minutes 8
    python -m training.state measure --crops us-crops

Its plates are those that `training.ocr cache` rendered. It goes into the package only when it tells 70 % of
real plates; what it reaches stands in docs/recognition.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from training.ocr import OUT, Block
from training.render.states import designs

WIDTH: Final = 112
HEIGHT: Final = 56
_CHECKPOINT: Final = OUT / "state.pt"


class Classifier(nn.Sequential):
    """From pictures, N x 3 x 56 x 112 (BGR, -1 to 1), to logits of the states in the order of their codes."""

    def __init__(self, states: int) -> None:
        super().__init__(
            Block(3, 24, (5, 5), stride=(2, 2), pad=(2, 2)),
            Block(24, 48, (3, 3), stride=(2, 2)),
            Block(48, 64, (3, 3)),
            Block(64, 96, (3, 3), stride=(2, 2)),
            Block(96, 128, (3, 3)),
            # Where a name or a picture stands is half of what tells states apart.
            nn.AdaptiveAvgPool2d((3, 5)),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(128 * 15, states),
        )


def states() -> list[str]:
    """Return the codes of the states that have designs, sorted."""
    return sorted(designs())


def varied(rng: np.random.Generator, plate: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """See a clean plate (BGR) as a crop of it might show it: moved, tilted, lit, blurred, with noise."""
    height, width = plate.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) + rng.uniform(-0.05, 0.05, 2)
    corners = (corners - 0.5) * rng.uniform(0.88, 1.06, 2) + 0.5 + rng.normal(0, 0.015, (4, 2))
    matrix = cv2.getPerspectiveTransform(source, (corners * [WIDTH, HEIGHT]).astype(np.float32))
    image = cv2.warpPerspective(
        plate, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 1.1)))
    lit = image.astype(np.float32) * rng.uniform(0.55, 1.2) * rng.uniform(0.88, 1.12, 3)
    if rng.random() < 0.15:
        lit = lit * 0.3 + lit.mean(2, keepdims=True) * 0.7
    lit = (lit - lit.mean()) * rng.uniform(0.6, 1.2) + lit.mean() + rng.uniform(-15, 15)
    lit += rng.standard_normal(lit.shape, np.float32) * rng.uniform(0, 8)
    return np.clip(lit, 0, 255).astype(np.uint8)


def as_input(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """Turn bytes, N x H x W x 3, into the network's input."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 128 - 1


def train(*, minutes: float, threads: int, batch: int, rate: float, seed: int) -> None:
    """Train anew for some minutes, and write the checkpoint."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    codes = states()
    known: list[tuple[NDArray[np.uint8], int]] = []
    for path in sorted(OUT.glob("plates-*.npy")):
        images = np.load(path, mmap_mode="r")
        lines = path.with_suffix(".txt").read_text(encoding="utf-8").split("\n")[:-1]
        for row, line in enumerate(lines):
            if state := line.split("\t")[1]:
                known.append((images[row], codes.index(state)))
    if not known:
        raise SystemExit("no plates are cached: run `python -m training.ocr cache` first")
    net = Classifier(len(codes))
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.05)
    began, step, running = time.monotonic(), 0, 0.0
    while (share := (time.monotonic() - began) / (minutes * 60)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate * (1 - share)
        chosen = [known[int(at)] for at in rng.integers(len(known), size=batch)]
        pictures = as_input(np.stack([varied(rng, np.asarray(image)) for image, _ in chosen]))
        loss = functional.cross_entropy(
            net(pictures), torch.tensor([state for _, state in chosen]), label_smoothing=0.1
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call] # torch's own
        optimizer.step()
        step += 1
        running = loss.item() if step == 1 else 0.98 * running + 0.02 * loss.item()
        if step % 100 == 0:
            print(json.dumps({"step": step, "loss": round(running, 3)}), flush=True)
    torch.save(net.state_dict(), _CHECKPOINT)


def measure(folder: Path) -> dict[str, float]:
    """Return the shares of real crops whose state is the likeliest one, and among the three likeliest."""
    codes = states()
    net = Classifier(len(codes))
    net.load_state_dict(torch.load(_CHECKPOINT))
    net.eval()
    first = third = total = 0
    with (folder / "groundtruth.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            image = cv2.imread(str(folder / row["file"]))
            if image is None:
                raise FileNotFoundError(folder / row["file"])
            small = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.uint8)
            with torch.no_grad():
                order = net(as_input(small[None]))[0].argsort(descending=True).tolist()
            told = [codes[at] for at in order[:3]]
            first += told[0] == row["state"].upper()
            third += row["state"].upper() in told
            total += 1
    return {"plates": total, "first": round(first / total, 4), "among_three": round(third / total, 4)}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train", help="train anew")
    training.add_argument("--minutes", type=float, default=8)
    training.add_argument("--threads", type=int, default=1)
    training.add_argument("--batch", type=int, default=64)
    training.add_argument("--rate", type=float, default=2e-3)
    training.add_argument("--seed", type=int, default=1)
    measuring = commands.add_parser("measure", help="measure the checkpoint on real crops")
    measuring.add_argument("--crops", type=Path, required=True)
    chosen = parser.parse_args()
    if chosen.command == "measure":
        print(json.dumps(measure(chosen.crops)))
    else:
        train(
            minutes=chosen.minutes, threads=chosen.threads, batch=chosen.batch, rate=chosen.rate,
            seed=chosen.seed,
        )  # fmt: skip


if __name__ == "__main__":
    main()
