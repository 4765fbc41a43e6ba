"""Train the plate detector: centers and boxes at a quarter of the picture's scale, on rendered scenes alone.

    python -m training.detector --minutes 240 --threads 1       # again to go on from the last checkpoint

Plates are those that `training.ocr cache` rendered. The network is fully convolutional: it learns from
scenes of 320 x 192 pixels and runs on pictures of any size that 32 divides. Everything is written under
`training/out`; the learning rate follows a cosine over the minutes asked for.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Iterator
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from training.ocr import OUT, Block, _averaged, _save
from training.render import RenderedPlate
from training.scenes import render_scene

SIZE: Final = (320, 192)
STRIDE: Final = 4
# Distances to a box's edges are learned as the logarithm of their ratio to this many pixels.
REACH: Final = 8.0
_CORNERS: Final = np.zeros((4, 2), np.float32)
_KEPT_SCENES: Final = 5000
# Long plates are rare in the cache, and a box twice too short finds none of them.
_EUROPEAN: Final = 0.25


class Detector(nn.Module):
    """From pictures, N x 3 x H x W (BGR, -1 to 1), to logits of centers and distances to the box's edges.

    The output is N x 5 x H/4 x W/4: the logit that a plate's middle is in this cell, then the logarithms of
    the distances from the cell's middle to the box's left, top, right and bottom edges, over `REACH`.
    """

    def __init__(self) -> None:
        super().__init__()

        def down(inputs: int, outputs: int) -> Block:
            return Block(inputs, outputs, (3, 3), stride=(2, 2))

        def same(width: int) -> Block:
            return Block(width, width, (3, 3))

        self.stem = down(3, 16)
        self.quarter, self.quarter_more = down(16, 32), same(32)
        self.eighth, self.eighth_more = down(32, 56), same(56)
        self.sixteenth, self.sixteenth_more = down(56, 88), same(88)
        self.last, self.last_more = down(88, 112), same(112)
        self.to_sixteenth = Block(112, 88, (1, 1), pad=(0, 0))
        self.to_eighth = Block(88, 56, (1, 1), pad=(0, 0))
        self.to_quarter = Block(56, 32, (1, 1), pad=(0, 0))
        self.sixteenth_join, self.eighth_join = same(88), same(56)
        self.center = nn.Sequential(Block(32, 40, (3, 3)), nn.Conv2d(40, 1, 1))
        self.box = nn.Sequential(Block(32, 40, (3, 3)), nn.Conv2d(40, 4, 1))
        for head, start in ((self.center, -4.6), (self.box, 0.0)):
            nn.init.normal_(head[1].weight, std=0.01)
            nn.init.constant_(head[1].bias, start)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Look for plates."""
        quarter = self.quarter(self.stem(pictures))
        quarter = quarter + self.quarter_more(quarter)
        eighth = self.eighth(quarter)
        eighth = eighth + self.eighth_more(eighth)
        sixteenth = self.sixteenth(eighth)
        sixteenth = sixteenth + self.sixteenth_more(sixteenth)
        last = self.last(sixteenth)
        last = last + self.last_more(last)
        sixteenth = self.sixteenth_join(sixteenth + _doubled(self.to_sixteenth(last)))
        eighth = self.eighth_join(eighth + _doubled(self.to_eighth(sixteenth)))
        quarter = quarter + _doubled(self.to_quarter(eighth))
        return torch.cat([self.center(quarter), self.box(quarter)], 1)


def _doubled(x: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


def boxes(distances: torch.Tensor) -> torch.Tensor:
    """Turn learned distances, N x 4 x h x w, into corners x1, y1, x2, y2 in pixels of the picture."""
    height, width = distances.shape[2:]
    x = (torch.arange(width, device=distances.device, dtype=torch.float32) + 0.5) * STRIDE
    y = (torch.arange(height, device=distances.device, dtype=torch.float32) + 0.5) * STRIDE
    reach = distances.clamp(-4, 4).exp() * REACH
    return torch.stack(
        [x - reach[:, 0], y[:, None] - reach[:, 1], x + reach[:, 2], y[:, None] + reach[:, 3]], 1
    )


def targets(
    plates: NDArray[np.float32], size: tuple[int, int] = SIZE
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the heat of centers, h x w, and per cell its weight and its plate's corners, 5 x h x w.

    `plates` is N x 4 corners in pixels. Only cells near a plate's middle have a weight, and 1 at the middle.
    """
    width, height = size[0] // STRIDE, size[1] // STRIDE
    heat, near = np.zeros((height, width), np.float32), np.zeros((5, height, width), np.float32)
    x, y = np.arange(width)[None] + 0.5, np.arange(height)[:, None] + 0.5
    for x1, y1, x2, y2 in plates / STRIDE:
        middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
        spread_x, spread_y = max(0.6, (x2 - x1) * 0.15), max(0.5, (y2 - y1) * 0.15)
        column = min(width - 1, max(0, int(middle_x)))
        row = min(height - 1, max(0, int(middle_y)))
        bell = np.exp(
            -((x - column - 0.5) ** 2 / (2 * spread_x**2) + (y - row - 0.5) ** 2 / (2 * spread_y**2))
        ).astype(np.float32)
        heat = np.maximum(heat, bell)
        closer = (bell > 0.4) & (bell > near[0])
        near[:, closer] = np.array([0, x1, y1, x2, y2], np.float32)[:, None] * STRIDE
        near[0, closer] = bell[closer]
        heat[row, column] = 1
    return heat, near


def box_loss(got: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return per cell 1 - IoU and a penalty for middles that lie apart, in the manner of DIoU.

    Boxes are N x 4 x h x w, corners x1, y1, x2, y2.
    """
    shared = (torch.minimum(got[:, 2:], wanted[:, 2:]) - torch.maximum(got[:, :2], wanted[:, :2])).clamp(
        min=0
    )
    overlap = shared.prod(1)
    areas = [(each[:, 2:] - each[:, :2]).prod(1) for each in (got, wanted)]
    iou = overlap / (areas[0] + areas[1] - overlap).clamp(min=1e-6)
    hull = torch.maximum(got[:, 2:], wanted[:, 2:]) - torch.minimum(got[:, :2], wanted[:, :2])
    apart = (got[:, :2] + got[:, 2:] - wanted[:, :2] - wanted[:, 2:]) / 2
    # Each axis has its own measure: plates are flat, and a row too many costs more than a column.
    return 1 - iou + (apart / hull.clamp(min=1)).square().sum(1)


def loss(out: torch.Tensor, heat: torch.Tensor, near: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the focal loss of the centers and the loss of the boxes."""
    sure = torch.sigmoid(out[:, 0]).clamp(1e-4, 1 - 1e-4)
    middle = (heat == 1).float()
    missed = middle * (1 - sure) ** 2 * sure.log()
    false = (1 - middle) * (1 - heat) ** 4 * sure**2 * (1 - sure).log()
    centers = -(missed + false).sum() / middle.sum().clamp(min=1)
    weight = near[:, 0]
    placed = (box_loss(boxes(out[:, 1:]), near[:, 1:]) * weight).sum() / weight.sum().clamp(min=1)
    return centers, placed


class Scenes(torch.utils.data.IterableDataset[tuple[torch.Tensor, ...]]):
    """Endless batches of scenes: some rendered, the others earlier ones again.

    `anew` is the share that is rendered; `again` mirrors, moves and relights the others.
    """

    def __init__(self, batch: int, seed: int, *, anew: float) -> None:
        self.batch = batch
        self.seed = seed
        self.anew = anew

    def __iter__(self) -> Iterator[tuple[torch.Tensor, ...]]:
        """Yield (pictures N x H x W x 3 as bytes, heat, near)."""
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        worker = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker is not None else 0])
        parts = _plates()

        def plate(chance: np.random.Generator) -> RenderedPlate:
            images, lines, long = parts[int(chance.integers(len(parts)))]
            european = len(long) > 0 and chance.random() < _EUROPEAN
            row = int(chance.choice(long)) if european else int(chance.integers(len(lines)))
            text, state = lines[row].split("\t")
            return RenderedPlate(np.array(images[row]), text, state or None, _CORNERS)

        kept: list[tuple[NDArray[np.uint8], NDArray[np.float32]]] = []
        while True:
            chosen = []
            for _ in range(self.batch):
                if len(kept) < self.batch or rng.random() < self.anew:
                    scene = render_scene(rng, size=SIZE, plate=plate)
                    corners = np.array([each.box for each in scene.plates], np.float32).reshape(-1, 4)
                    one = (scene.image, corners)
                    if len(kept) < _KEPT_SCENES:
                        kept.append(one)
                    else:
                        kept[int(rng.integers(_KEPT_SCENES))] = one
                else:
                    one = again(rng, *kept[int(rng.integers(len(kept)))])
                chosen.append((one[0], *targets(one[1])))
            yield tuple(torch.from_numpy(np.stack(each)) for each in zip(*chosen, strict=True))


def again(
    rng: np.random.Generator, image: NDArray[np.uint8], plates: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return a scene mirrored, scaled, moved and relit; plates that leave the picture are dropped."""
    height, width = image.shape[:2]
    scale = float(np.exp(rng.normal(0, 0.2)))
    turn = -1.0 if rng.random() < 0.5 else 1.0
    shift = [rng.normal(0, 0.08) * width, rng.normal(0, 0.08) * height]
    matrix = np.array(
        [
            [scale * turn, 0, width / 2 * (1 - scale * turn) + shift[0]],
            [0, scale * rng.uniform(0.9, 1.1), 0],
        ]
    )
    matrix[1, 2] = height / 2 * (1 - matrix[1, 1]) + shift[1]
    changed = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    lit = changed * (rng.uniform(0.7, 1.3) * rng.uniform(0.9, 1.1, 3)) + rng.uniform(-20, 20)
    x = np.sort(plates[:, [0, 2]] * matrix[0, 0] + matrix[0, 2], 1)
    y = np.sort(plates[:, [1, 3]] * matrix[1, 1] + matrix[1, 2], 1)
    whole = (x[:, 1] - x[:, 0]) * (y[:, 1] - y[:, 0])
    x, y = np.clip(x, 0, width), np.clip(y, 0, height)
    seen = (x[:, 1] - x[:, 0]) * (y[:, 1] - y[:, 0]) > 0.55 * whole
    moved = np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], 1)[seen]
    return np.clip(lit, 0, 255).astype(np.uint8), moved.astype(np.float32)


def _plates() -> list[tuple[NDArray[np.uint8], list[str], list[int]]]:
    """Return cached plates with their lines, and which rows are of no state: those of European shape."""
    parts = []
    for path in sorted(OUT.glob("plates-*.npy")):
        # The last line may be half written while plates are still being rendered.
        lines = path.with_suffix(".txt").read_text(encoding="utf-8").split("\n")[:-1]
        if len(lines) >= 500:
            long = [row for row, line in enumerate(lines) if line.endswith("\t")]
            parts.append((np.load(path, mmap_mode="r"), lines, long))
    if not parts:
        raise SystemExit("no plates are cached: run `python -m training.ocr cache` first")
    return parts


def as_input(pictures: torch.Tensor) -> torch.Tensor:
    """Turn bytes, N x H x W x 3, into the network's input."""
    return pictures.permute(0, 3, 1, 2).float() / 128 - 1


def train(
    *,
    minutes: float,
    threads: int,
    workers: int,
    batch: int,
    rate: float,
    anew: float,
    fresh: bool,
    seed: int,
) -> None:
    """Train for some minutes, from the last checkpoint where there is one."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = Detector().to(device, memory_format=torch.channels_last)
    average = copy.deepcopy(net).eval()
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.01)
    step, spent = 0, 0.0
    kept = OUT / "detector.pt"
    if kept.exists() and not fresh:
        saved = torch.load(kept, map_location=device)
        net.load_state_dict(saved["net"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        step, spent = saved["step"], saved["spent"]
    print(f"{sum(p.numel() for p in net.parameters())} parameters, {device}, from step {step}", flush=True)
    scenes = Scenes(batch, seed + step, anew=anew)
    loader = torch.utils.data.DataLoader(scenes, batch_size=None, num_workers=workers, prefetch_factor=4)
    running, began, saved_at = [0.0, 0.0], time.monotonic() - spent, time.monotonic()
    waited = 0.0
    batches: Iterator[Any] = iter(loader)
    while (share := (time.monotonic() - began) / (minutes * 60)) < 1:
        asked = time.monotonic()
        pictures, heat, near = (each.to(device) for each in next(batches))
        waited += time.monotonic() - asked
        warm = min(1.0, (step + 1) / 100)
        for group in optimizer.param_groups:
            group["lr"] = rate * warm * (0.49 * (1 + math.cos(math.pi * share)) + 0.02)
        net.train()
        # On processors without bfloat16 it costs ten times as much as it saves.
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            out = net(as_input(pictures).contiguous(memory_format=torch.channels_last))
        centers, placed = loss(out.float(), heat, near)
        optimizer.zero_grad(set_to_none=True)
        (centers + 2 * placed).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 10)
        optimizer.step()
        step += 1
        _averaged(average, net, step)
        for at, value in enumerate((centers.item(), placed.item())):
            running[at] = value if step == 1 or running[at] == 0 else 0.97 * running[at] + 0.03 * value
        if step % 50 == 0 or step in (5, 20):
            line = {
                "step": step,
                "minutes": round((time.monotonic() - began) / 60, 2),
                "centers": round(running[0], 3),
                "boxes": round(running[1], 3),
                "waited": round(waited, 1),
            }
            print(json.dumps(line), flush=True)
        if time.monotonic() - saved_at > 60:
            _save(kept, net, average, optimizer, step, time.monotonic() - began)
            saved_at = time.monotonic()
    _save(kept, net, average, optimizer, step, time.monotonic() - began)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=240)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that render scenes")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--anew", type=float, default=0.4, help="share of scenes that are rendered anew")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="leave an earlier checkpoint aside")
    chosen = parser.parse_args()
    train(
        minutes=chosen.minutes, threads=chosen.threads, workers=chosen.workers, batch=chosen.batch,
        rate=chosen.rate, anew=chosen.anew, fresh=chosen.fresh, seed=chosen.seed,
    )  # fmt: skip


if __name__ == "__main__":
    main()
