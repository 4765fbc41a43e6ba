"""A camera's reads, and a node that answers as it is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gatehouse.capture.agent.folder import CameraFolder
from gatehouse.capture.agent.queue import ReadQueue
from gatehouse.capture.agent.reads import CameraRead
from gatehouse.capture.agent.uplink import Outcome, Taken
from gatehouse.model.batch import SignedBatch

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
CAMERA = "alder-pd.cam7"


def read_of(number: int, at: datetime = AT) -> CameraRead:
    return CameraRead(at + timedelta(seconds=number), f"TEST{number}", 0.9, "IL", 0.5)


def folder_of(path: Path) -> CameraFolder:
    return CameraFolder.create(path / "cam7", camera=CAMERA)


def queue_of(folder: CameraFolder, **more: Any) -> ReadQueue:
    return ReadQueue(folder.queue, camera=folder.camera, **more)


def plates_of(batch: SignedBatch | None) -> list[str]:
    assert batch is not None
    return [json.loads(line)["plate"] for line in batch.body.splitlines()]


class Told:
    """Answers with what it is told, then takes everything; keeps what it was sent."""

    def __init__(self, answers: Sequence[Outcome] = ()) -> None:
        self.answers = list(answers)
        self.sent: list[SignedBatch] = []

    def send(self, batch: SignedBatch) -> Outcome:
        self.sent.append(batch)
        return self.answers.pop(0) if self.answers else Taken(len(plates_of(batch)), {}, duplicate=False)
