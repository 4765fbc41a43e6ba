"""Train the character reader: a small convolutional network with a CTC head, on rendered plates alone.

    python -m training.ocr cache --part 0 --plates 20000     # render clean plates once
    python -m training.ocr train --minutes 60 --threads 1    # again to go on from the last checkpoint

Everything is written under `training/out`. Training can be stopped at any time: it goes on from `ocr.pt`,
whose learning rate follows a cosine over the minutes asked for (`--fresh` starts anew).
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from training.labels import BLANK, CLASSES, decode, encode
from training.render import degrade, render_plate
from training.render.degrade import placed

OUT: Final = Path(__file__).resolve().parent / "out"
WIDTH: Final = 128
HEIGHT: Final = 48
CACHED: Final = (160, 80)
_EMA: Final = 0.997
_GENTLE: Final = 300
# Most states' serials leave these out or bear them seldom: the share of plates with one that is taken.
_SELDOM: Final = {"Z": 0.4, "I": 0.6, "Q": 0.6}


class Block(nn.Sequential):
    """A convolution, batch normalization, and a rectifier."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: tuple[int, int],
        *,
        stride: tuple[int, int] = (1, 1),
        pad: tuple[int, int] = (1, 1),
    ) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=pad, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Reader(nn.Module):
    """From normalized gray crops, N x 1 x 48 x 128, to logits, N x 32 x 37 (the last is CTC's blank)."""

    def __init__(self) -> None:
        super().__init__()
        self.eyes = nn.Sequential(
            Block(1, 24, (5, 5), stride=(2, 2), pad=(2, 2)),
            Block(24, 48, (3, 3), stride=(2, 2)),
            Block(48, 64, (3, 3)),
            nn.MaxPool2d((2, 1)),
            Block(64, 96, (3, 3)),
            Block(96, 112, (3, 3)),
            Block(112, 160, (6, 1), pad=(0, 0)),
        )
        self.near = Block(160, 160, (1, 5), pad=(0, 2))
        self.whole = nn.Conv2d(160, 160, 1)
        self.far = Block(160, 160, (1, 5), pad=(0, 2))
        self.drop = nn.Dropout(0.1)
        self.out = nn.Conv2d(160, len(CLASSES) + 1, 1)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Read crops."""
        x = self.eyes(crops)
        x = x + self.near(x)
        # What all of the plate has in common (its die, its size) helps to tell each character.
        x = x + functional.relu(self.whole(x.mean(3, keepdim=True)))
        x = x + self.far(x)
        return self.out(self.drop(x)).squeeze(2).permute(0, 2, 1)


def normalized(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bring a crop to mean 0 and a spread of about 1."""
    values = gray.astype(np.float32)
    return (values - values.mean()) / (values.std() + 4)


def cache(part: int, plates: int) -> None:
    """Render clean plates into `plates-PART.npy`; the texts of those done stand in `plates-PART.txt`."""
    OUT.mkdir(exist_ok=True)
    rng = np.random.default_rng([part, 7])
    images = np.lib.format.open_memmap(
        OUT / f"plates-{part}.npy", "w+", np.uint8, (plates, CACHED[1], CACHED[0], 3)
    )
    with (OUT / f"plates-{part}.txt").open("w", encoding="utf-8") as texts:
        for at in range(plates):
            plate = render_plate(rng)
            images[at] = cv2.resize(plate.image, CACHED, interpolation=cv2.INTER_AREA)
            texts.write(f"{plate.text}\t{plate.state or ''}\n")
            if at % 500 == 499:
                texts.flush()


class Plates(torch.utils.data.IterableDataset[tuple[torch.Tensor, list[str]]]):
    """Endless batches of cached plates, each degraded anew; the first `gentle` ones are only placed."""

    def __init__(self, batch: int, seed: int, *, gentle: int = 0) -> None:
        self.batch = batch
        self.gentle = gentle
        self.seed = seed

    def __iter__(self) -> Any:
        """Yield (crops, texts)."""
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        rng = np.random.default_rng(self.seed)
        for number in range(1 << 30):
            if number % 40 == 0:
                parts = self._parts()
                sizes = np.array([len(texts) for _, texts in parts], float)
            crops = np.empty((self.batch, 1, HEIGHT, WIDTH), np.float32)
            chosen = []
            for at in range(self.batch):
                images, texts = parts[int(rng.choice(len(parts), p=sizes / sizes.sum()))]
                row = _row(rng, texts)
                if number < self.gentle:
                    crop = placed(rng, cv2.cvtColor(images[row], cv2.COLOR_BGR2GRAY), (WIDTH, HEIGHT))
                else:
                    crop = degrade(rng, images[row], size=(WIDTH, HEIGHT))
                crops[at, 0] = normalized(crop)
                chosen.append(texts[row])
            yield torch.from_numpy(crops), chosen

    def _parts(self) -> list[tuple[NDArray[np.uint8], list[str]]]:
        parts = []
        for path in sorted(OUT.glob("plates-*.npy")):
            # The last line may be half written while plates are still being rendered.
            lines = path.with_suffix(".txt").read_text(encoding="utf-8").split("\n")[:-1]
            if len(lines) >= 500:
                parts.append((np.load(path, mmap_mode="r"), [line.split("\t")[0] for line in lines]))
        if not parts:
            raise SystemExit("no plates are cached: run `python -m training.ocr cache` first")
        return parts


def _row(rng: np.random.Generator, texts: Sequence[str]) -> int:
    """Draw a plate, one with characters that real plates seldom bear less often."""
    while True:
        row = int(rng.integers(len(texts)))
        if rng.random() < math.prod(share for seldom, share in _SELDOM.items() if seldom in texts[row]):
            return row


def _averaged(average: nn.Module, net: nn.Module, step: int) -> None:
    keep = min(_EMA, step / (step + 20))
    with torch.no_grad():
        for kept, new in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - keep)
            else:
                kept.copy_(new)


def train(
    *, minutes: float, threads: int, batch: int, rate: float, fresh: bool, init: Path | None, seed: int
) -> None:
    """Train for some minutes, from the last checkpoint where there is one."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = Reader().to(device, memory_format=torch.channels_last)
    average = copy.deepcopy(net).eval()
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.01)
    step, spent = 0, 0.0
    kept = OUT / "ocr.pt"
    if init is not None:
        weights = torch.load(init, map_location=device)["average"]
        net.load_state_dict(weights)
        average.load_state_dict(weights)
    elif kept.exists() and not fresh:
        saved = torch.load(kept, map_location=device)
        net.load_state_dict(saved["net"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        step, spent = saved["step"], saved["spent"]
    print(f"{sum(p.numel() for p in net.parameters())} parameters, {device}, from step {step}", flush=True)
    # CTC breaks out of blanks sooner on clear plates.
    plates = Plates(batch, seed + step, gentle=max(0, _GENTLE - step) if init is None else 0)
    loader = torch.utils.data.DataLoader(plates, batch_size=None, num_workers=1, prefetch_factor=8)
    running, began, saved_at = 0.0, time.monotonic() - spent, time.monotonic()
    waited = 0.0
    batches = iter(loader)
    while (share := (time.monotonic() - began) / (minutes * 60)) < 1:
        asked = time.monotonic()
        crops, texts = next(batches)
        waited += time.monotonic() - asked
        warm = min(1.0, (step + 1) / 200)
        for group in optimizer.param_groups:
            group["lr"] = rate * warm * (0.49 * (1 + math.cos(math.pi * share)) + 0.02)
        net.train()
        logits = (
            net(crops.to(device, memory_format=torch.channels_last)).float().log_softmax(-1).permute(1, 0, 2)
        )
        targets = torch.tensor([index for text in texts for index in encode(text)])
        lengths = torch.tensor([len(text) for text in texts])
        loss = functional.ctc_loss(
            logits.cpu(),
            targets,
            torch.full((len(texts),), logits.shape[0]),
            lengths,
            blank=BLANK,
            zero_infinity=True,
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call] # torch's own
        nn.utils.clip_grad_norm_(net.parameters(), 5)
        optimizer.step()
        step += 1
        _averaged(average, net, step)
        running = loss.item() if running == 0 else 0.98 * running + 0.02 * loss.item()
        if step % 100 == 0 or step in (5, 20):
            line = {
                "step": step,
                "minutes": round((time.monotonic() - began) / 60, 2),
                "loss": round(running, 4),
                "waited": round(waited, 1),
            }
            print(json.dumps(line), flush=True)
        if time.monotonic() - saved_at > 90:
            _save(kept, net, average, optimizer, step, time.monotonic() - began)
            saved_at = time.monotonic()
    _save(kept, net, average, optimizer, step, time.monotonic() - began)


def _save(path: Path, net: nn.Module, average: nn.Module, optimizer: Any, step: int, spent: float) -> None:
    """Write a checkpoint so that a stop in the middle leaves the one before."""
    partial = path.with_suffix(".partial")
    torch.save(
        {
            "net": net.state_dict(),
            "average": average.state_dict(),
            "optimizer": optimizer.state_dict(),
            "step": step,
            "spent": spent,
        },
        partial,
    )
    partial.replace(path)


def read(net: nn.Module, crops: Sequence[NDArray[np.uint8]]) -> list[str]:
    """Read gray crops of the network's size."""
    batch = torch.from_numpy(np.stack([normalized(crop) for crop in crops])[:, None])
    with torch.no_grad():
        return [decode(row) for row in net(batch).argmax(-1).tolist()]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    caching = commands.add_parser("cache", help="render clean plates")
    caching.add_argument("--part", type=int, default=0)
    caching.add_argument("--plates", type=int, default=20_000)
    training = commands.add_parser("train", help="train, or go on")
    training.add_argument("--minutes", type=float, default=240)
    training.add_argument("--threads", type=int, default=1)
    training.add_argument("--batch", type=int, default=96)
    training.add_argument("--rate", type=float, default=2e-3)
    training.add_argument("--seed", type=int, default=1)
    training.add_argument("--fresh", action="store_true", help="leave an earlier checkpoint aside")
    training.add_argument("--init", type=Path, help="start from these weights with a new learning rate")
    chosen = parser.parse_args()
    if chosen.command == "cache":
        cache(chosen.part, chosen.plates)
    else:
        train(
            minutes=chosen.minutes, threads=chosen.threads, batch=chosen.batch, rate=chosen.rate,
            fresh=chosen.fresh, init=chosen.init, seed=chosen.seed,
        )  # fmt: skip


if __name__ == "__main__":
    main()
