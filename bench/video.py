"""Measure how well and how fast passes are read from a recording, and where the time goes.

    .venv/bin/python -m bench.video                  a rendered clip of 60 s of 1080p, with each set of models
    .venv/bin/python -m bench.video --seed 9 --seconds 120

The clip is rendered from its seed with its truth (training/scenes/traffic.py), written as MPEG-4, and read as
`gatehouse read` does: decoded in one thread, looked at in another, on two cores. A pass is right where a
vehicle's plate is told with its text (O as 0) while it is in the picture; a plate told again is counted as
twice. Model files are the reference folder's (GATEHOUSE_REFERENCE, else ../shared) and the package's own.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
from training.scenes.traffic import RATE, Passing, Traffic

from gatehouse.capture import Recognizer
from gatehouse.capture.models import ModelSet, Part, find_models, packaged
from gatehouse.capture.passes import Pass, PassReader
from gatehouse.capture.sources import ahead, open_source

ROOT = Path(__file__).resolve().parent.parent
OUT = Path(__file__).resolve().parent / "out"
CORES = 2


class Clock:
    """Sums the time that calls of named parts take; a call's time is that of its thread's wall clock."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.spent[name] += time.perf_counter() - began

    def watch(self, thing: Any, method: str, name: str) -> None:
        """Time each call of a thing's method."""
        called = getattr(thing, method)

        def timed(*given: Any, **named: Any) -> Any:
            with self.part(name):
                return called(*given, **named)

        setattr(thing, method, timed)


def recorded(clip: Traffic, path: Path) -> None:
    """Write a clip as MPEG-4, if it is not there."""
    if path.exists():
        return
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(".part.mp4")
    writer = cv2.VideoWriter(str(part), cv2.VideoWriter.fourcc(*"mp4v"), RATE, clip.size)
    for frame in clip:
        writer.write(frame)
    writer.release()
    part.rename(path)


def decoding(path: Path) -> float:
    """Return the seconds that decoding a recording takes by itself."""
    began = time.perf_counter()
    for _ in open_source(str(path)):
        pass
    return time.perf_counter() - began


def watched(path: Path, models: ModelSet, *, gated: bool, threads: int) -> tuple[list[Pass], dict[str, Any]]:
    """Read a recording; returns its passes and where the time went."""
    clock = Clock()
    full = Recognizer.open(models, threads=threads)
    quick = Recognizer.open(models, single=True, threads=threads).reader
    clock.watch(full.detector, "detect", "detector")
    clock.watch(full.reader, "read", "careful reading")
    clock.watch(quick, "read", "quick reading")
    reader = PassReader(full, quick=quick, gated=gated)
    if reader.gate is not None:
        clock.watch(reader.gate, "moved", "motion gate")
    frames = 0
    found = []
    began, cpu = time.perf_counter(), time.process_time()
    for frame in ahead(open_source(str(path))):
        frames += 1
        with clock.part("all that follows decoding"):
            found += reader.feed(frame)
    found += reader.finish()
    wall = time.perf_counter() - began
    return found, {
        "frames": frames,
        "seconds": round(wall, 2),
        "frames_per_second": round(frames / wall, 1),
        "processor_ms_per_frame": round((time.process_time() - cpu) / frames * 1000, 1),
        "ms_per_frame": {name: round(spent / frames * 1000, 2) for name, spent in clock.spent.items()},
        "counts": {name: getattr(reader.counts, name) for name in reader.counts.__slots__},
    }


def scored(found: list[Pass], passings: tuple[Passing, ...]) -> dict[str, Any]:
    """Return how many vehicles were told once and right, twice, wrongly, or not."""
    truth = {fold(each.text): each for each in passings}
    told: dict[str, int] = defaultdict(int)
    wrong = []
    for each in found:
        text = fold(each.plate.text)
        there = truth.get(text)
        if there is not None and there.first <= each.frame <= there.last:
            told[text] += 1
        else:
            wrong.append(text)
    once = sum(count == 1 for count in told.values())
    return {
        "vehicles": len(truth),
        "once_and_right": once,
        "share": round(100 * once / len(truth), 1),
        "twice": sum(count > 1 for count in told.values()),
        "wrong": wrong,
        "not_told": sorted(truth.keys() - told.keys()),
    }


def fold(text: str) -> str:
    return text.replace("O", "0")


def sets() -> dict[str, ModelSet]:
    """Return the sets of models that are here: upstream's, and the package's own."""
    found = {}
    folder = Path(os.environ.get("GATEHOUSE_REFERENCE", ROOT.parent / "shared")) / "recognition" / "models"
    if folder.is_dir():
        found["upstream"] = find_models(folder)
    if {each.part for each in packaged()} >= {Part.DETECTOR, Part.READER}:
        found["own"] = find_models(environment={"XDG_CACHE_HOME": str(OUT / "no models")})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--threads", type=int, default=CORES)
    parser.add_argument("--only", choices=["upstream", "own"], help="one set of models")
    parser.add_argument("--ungated", action="store_true", help="without the motion gate")
    given = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    clip = Traffic(given.seed, seconds=given.seconds)
    path = OUT / f"traffic-{given.seed}-{given.seconds:g}.mp4"
    recorded(clip, path)
    results: dict[str, Any] = {"gated": not given.ungated}
    results |= {"decoding_ms_per_frame": round(decoding(path) / clip.frames * 1000, 2)}
    for name, models in sets().items():
        if given.only in (None, name):
            found, spent = watched(path, models, gated=not given.ungated, threads=given.threads)
            results[name] = scored(found, clip.passings) | spent
    document = json.dumps({"seed": given.seed, "seconds": given.seconds} | results, indent=2)
    (OUT / "video.json").write_text(document + "\n", encoding="utf-8")
    print(document)


if __name__ == "__main__":
    main()
