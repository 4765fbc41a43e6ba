"""`gatehouse read` on a rendered clip of traffic: each vehicle is told once, with the text of its plate."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from training.scenes.traffic import RATE, Lane, Traffic

from gatehouse.cli import main

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def clip() -> Traffic:
    """Return 8 seconds of three lanes: a beam hides plates, one lane halts, and the second half is night."""
    lanes = (Lane(-3.3, 18.0, 1.6, (3.0, 0.8)), Lane(0.0, 17.0, 1.5), Lane(3.3, -16.0, 1.7))
    return Traffic(4, seconds=8, lanes=lanes, night=0.5)


@pytest.fixture(scope="module")
def recording(clip: Traffic, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("clip") / "traffic.mp4", clip, clip.size)


@pytest.fixture(autouse=True)
def models(reference: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_MODELS", str(reference / "recognition" / "models"))


def written(path: Path, frames: Iterable[np.typing.NDArray[np.uint8]], size: tuple[int, int]) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), RATE, size)
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_read_recording_tells_each_vehicle_once_and_draws_its_best_frame(
    clip: Traffic, recording: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", str(recording), "--json", "--draw", str(tmp_path / "boxes")]) == 0
    found = lines(capfd)
    assert len(clip.passings) >= 5
    told = sorted(each["plates"][0]["plate"] for each in found)
    assert told == sorted(each.text.replace("O", "0") for each in clip.passings)
    truth = {each.text.replace("O", "0"): each for each in clip.passings}
    for line in found:
        assert list(line) == ["source", "frame", "time", "plates", "started", "ended", "frames_seen"]
        (plate,) = line["plates"]
        passing = truth[plate["plate"]]
        assert passing.first <= line["frame"] <= passing.last
        assert line["time"] == pytest.approx(line["frame"] / RATE)
        assert line["started"] <= line["time"] <= line["ended"]
        assert plate["candidates"][0]["plate"] == plate["plate"]
    assert len(list((tmp_path / "boxes").iterdir())) == len(found)


def test_read_frames_tells_every_frame(
    clip: Traffic, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    middle = (clip.passings[0].first + clip.passings[0].last) // 2
    path = written(tmp_path / "short.mp4", islice(clip, middle, middle + 3), clip.size)
    assert main(["read", str(path), "--json", "--frames", "--single"]) == 0
    found = lines(capfd)
    assert [(each["frame"], each["time"]) for each in found] == [(0, 0.0), (1, 0.04), (2, 0.08)]
    assert all(list(each) == ["source", "frame", "time", "plates"] for each in found)
