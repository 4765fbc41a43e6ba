"""What the record says of a camera, from an entry `registry:camera:added` or `…:changed`.

    detail = {"camera": {"id", "agency", "key": hex, "status", "peak", …}, "by"}

The entry stands in the name of the camera's agency, in clear: whoever makes up a camera says to everybody
whose it is meant to be.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.policy import Policy
from gatehouse.model import CameraStatus
from gatehouse.vault.checks import Recorded, check_hour, check_recorded, time_of
from gatehouse.vault.errors import NotPermitted
from gatehouse.vault.protocol import SHOWN_FIELDS, Shown
from gatehouse.vault.sealing import LONGEST_CAMERA
from gatehouse.vault.times import to_microseconds

CAMERA_ADDED = "registry:camera:added"
CAMERA_CHANGED = "registry:camera:changed"
_MOST_PEAK = 60_000
_KEY = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A camera as an entry of a log has it.

    `since` is when the record first had its key (microseconds since 1970), `peak` the most reads a minute.
    """

    id: str
    owner: str
    key: bytes
    status: CameraStatus
    peak: int
    since: int
    log: str
    entry: int


def check_enrollment(shown: Shown, *, policy: Policy) -> tuple[Recorded, Enrolled]:
    """Return an entry that adds or changes a camera, and the camera as it stands there, else raise."""
    recorded = check_recorded(
        shown.entry,
        shown.receipt,
        shown.openings,
        events=(CAMERA_ADDED, CAMERA_CHANGED),
        fields=SHOWN_FIELDS,
        policy=policy,
    )
    at = time_of(recorded.values["at"])
    check_hour(recorded, at)
    found = _read(recorded.values["detail"], recorded, since=to_microseconds(at))
    if found is None:
        raise NotPermitted(
            "an entry names no camera",
            where=f"entry {recorded.index}, `detail`",
            expected="a camera with id, agency, key, status and peak",
            got="another form",
        )
    if found.owner != recorded.leaf.agency:
        raise NotPermitted(
            "an agency enrolls no camera of another",
            where=f"entry {recorded.index}",
            expected=found.owner,
            got=recorded.leaf.agency,
        )
    return recorded, found


def follow(known: Enrolled, found: Enrolled, *, event: str) -> Enrolled:
    """Return a camera that is known as a newer entry has it; what cannot follow is `NotPermitted`."""
    where = f"entry {found.entry}"
    if event != CAMERA_CHANGED:
        raise NotPermitted("an id belongs to one camera for good", where=where, expected=CAMERA_CHANGED)
    if found.owner != known.owner:
        raise NotPermitted(
            "a camera stays with its agency", where=where, expected=known.owner, got=found.owner
        )
    if known.status is CameraStatus.RETIRED and found.status is not CameraStatus.RETIRED:
        raise NotPermitted("a camera that was retired stays retired", where=where, got=str(found.status))
    return dataclasses.replace(found, since=known.since) if found.key == known.key else found


def _read(detail: Json, recorded: Recorded, *, since: int) -> Enrolled | None:
    match detail:
        case {
            "camera": {
                "id": str() as camera,
                "agency": str() as owner,
                "key": str() as key,
                "status": str() as status,
                "peak": int() as peak,
            }
        } if (
            0 < len(camera.encode()) <= LONGEST_CAMERA
            and _KEY.fullmatch(key)
            and status in set(CameraStatus)
            and 1 <= peak <= _MOST_PEAK
        ):
            state = CameraStatus(status)
            return Enrolled(
                camera, owner, bytes.fromhex(key), state, peak, since, recorded.log, recorded.index
            )
    return None
