"""A generated day: cars on plausible routes past the cameras of each town. The seed is fixed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

SEED: Final = 20261123
CARS: Final = 320
_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Passing:
    """A car before a camera."""

    camera: str
    at: datetime
    plate: str
    state: str
    image: str | None = None

    def as_read(self) -> dict[str, Any]:
        """Return the read as a camera hands it in."""
        return {
            "captured_at": self.at.isoformat().replace("+00:00", "Z"),
            "plate": self.plate,
            "state": self.state,
            "confidence": 0.97,
            "state_confidence": 0.93,
            "image": self.image,
        }


def day_of(towns: Mapping[str, Sequence[str]], start: datetime, span: timedelta) -> list[Passing]:
    """Return the reads of a day, in the order of time; `towns` has the cameras of each state's town.

    Each car makes two to four trips past one to three cameras of its town, minutes apart, most of them in the
    morning and the late afternoon of the span.
    """
    chance = random.Random(SEED)  # noqa: S311  # a story has to come out alike
    found = []
    for number in range(CARS):
        state = chance.choice(list(towns))
        plate = _plate(chance, number)
        for _ in range(chance.randint(2, 4)):
            at = start + span * min(0.95, max(0.0, chance.gauss(chance.choice((0.2, 0.7)), 0.12)))
            cameras = list(towns[state])
            for camera in chance.sample(cameras, chance.randint(1, len(cameras))):
                found.append(Passing(camera, at, plate, state))
                at += timedelta(minutes=chance.uniform(2, 9))
    return sorted(found, key=lambda each: each.at)


def _plate(chance: random.Random, number: int) -> str:
    """Return a plate of seven signs that no other car of the day has, and none that the story is about."""
    letters = "".join(chance.choice(_LETTERS) for _ in range(3))
    return f"Z{letters}{number:03d}"
