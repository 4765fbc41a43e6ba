"""What the door allows in an hour or a day, and how long it waits. A node's configuration sets them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers count searches, but for `candidates`, which counts plates that patterns may mean."""

    signature_age: timedelta = timedelta(minutes=5)
    # Review: how long the assigned supervisors have, and the officer after them, from the request on.
    review: timedelta = timedelta(hours=24)
    # An officer's candidates in one case within 24 hours, and that many times as many in all cases together:
    # case numbers can be invented.
    candidates: int = 5_000
    cases: int = 4
    officer_hour: int = 120
    agency_hour: int = 3_000
    # Exigency: when the paper is due after the answer.
    paper: timedelta = timedelta(hours=48)
    # Marks for supervisors.
    same_plate: int = 3
    same_plate_within: timedelta = timedelta(days=30)
    volume: int = 40
    volume_ratio: int = 4
    hours_known: int = 30
    hours_apart: int = 4
    history: timedelta = timedelta(days=90)
