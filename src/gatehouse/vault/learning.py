"""What the vault has seen on the record: cameras, and how long owners keep reads.

Each is kept with the entry that says it, and the newest entry counts, whoever shows an older one again. It is
durable before it counts. What nobody has shown, the vault does not know, and takes no reads for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from gatehouse.ledger.policy import Policy
from gatehouse.model import CameraStatus
from gatehouse.vault.database import Database
from gatehouse.vault.enrollment import Enrolled, check_enrollment, follow
from gatehouse.vault.errors import NotPermitted
from gatehouse.vault.protocol import Learned, Shown
from gatehouse.vault.retention import Keeping, RetentionClass
from gatehouse.vault.rules import Ruled, check_rule
from gatehouse.vault.spent import check_day

_CAMERA = "id, owner, key, status, peak, since, log, entry"


class Learning:
    """The cameras and retentions that are known. Safe to use from several threads.

    `bound` says how long the vault's keeper lets an owner's reads be kept: the shorter of both counts.
    """

    def __init__(
        self,
        database: Database,
        *,
        policy: Callable[[], Policy],
        bound: Callable[[str], Keeping | None],
    ) -> None:
        self._database = database
        self._policy = policy
        self._bound = bound
        self._cameras: dict[str, Enrolled] = {}
        with database.locked() as connection:
            rows = connection.execute("SELECT owner, minutes, log, entry FROM owner_rule").fetchall()
        self._rules = {owner: Ruled(owner, *rest) for owner, *rest in rows}

    def enroll(self, shown: Shown) -> bool:
        """Take a camera as an entry has it; return False where a newer one, or this one, is known."""
        policy = self._policy()
        recorded, found = check_enrollment(shown, policy=policy)
        with self._database.transaction() as connection:
            check_day(connection, recorded)
            known = _stored(connection, found.id)
            if known is not None and _one_log(known, found, policy):
                if found.entry <= known.entry:
                    return False
                found = follow(known, found, event=recorded.leaf.event)
            connection.execute(
                f"INSERT OR REPLACE INTO camera ({_CAMERA}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # own names
                (
                    found.id,
                    found.owner,
                    found.key,
                    str(found.status),
                    found.peak,
                    found.since,
                    found.log,
                    found.entry,
                ),
            )
        # Read again when it is next asked for: another thread may have stored a newer one by now.
        self._cameras.pop(found.id, None)
        return True

    def retain(self, *, proposed: Shown, in_force: Shown, approved: Shown | None) -> bool:
        """Take an owner's retention as a change has it; return False where a newer one, or this, is known."""
        policy = self._policy()
        shown = check_rule(proposed=proposed, in_force=in_force, approved=approved, policy=policy)
        ruled = shown.ruled
        # What is in memory changes under the database's lock, so that of two at once the newer one stays.
        with self._database.locked():
            with self._database.transaction() as connection:
                check_day(connection, shown.in_force)
                known = self._rules.get(ruled.owner)
                if known is not None and _one_log(known, ruled, policy):
                    if ruled.entry <= known.entry:
                        return False
                    shown.check_longer(known)
                connection.execute(
                    "INSERT OR REPLACE INTO owner_rule (owner, log, entry, minutes) VALUES (?, ?, ?, ?)",
                    (ruled.owner, ruled.log, ruled.entry, ruled.minutes),
                )
            self._rules[ruled.owner] = ruled
        return True

    def learned(self) -> Learned:
        """Return by which entries cameras and retentions are known."""
        with self._database.locked() as connection:
            cameras = dict(connection.execute("SELECT id, entry FROM camera").fetchall())
            owners = dict(connection.execute("SELECT owner, entry FROM owner_rule").fetchall())
        return Learned(cameras, owners)

    def camera(self, camera: str) -> Enrolled | None:
        """Return a camera that is known, None of any other."""
        found = self._cameras.get(camera)
        if found is None:
            with self._database.locked() as connection:
                found = _stored(connection, camera)
                if found is not None:
                    self._cameras[camera] = found
        return found

    def keeping(self, owner: str) -> Keeping | None:
        """Return how long what comes in for an owner is kept; None where record or bound says nothing."""
        bound, ruled = self._bound(owner), self._rules.get(owner)
        if bound is None or ruled is None or ruled.minutes is None:
            return None
        return _shorter(bound, ruled.minutes)

    def limit(self, owner: str) -> Keeping | None:
        """Return how long what is there of an owner may last, by what is known; None where nothing is."""
        bound, ruled = self._bound(owner), self._rules.get(owner)
        if ruled is None or ruled.minutes is None:
            return bound
        return Keeping(RetentionClass(ruled.minutes)) if bound is None else _shorter(bound, ruled.minutes)


def _shorter(bound: Keeping, minutes: int) -> Keeping:
    return bound if bound.retention.minutes <= minutes else Keeping(RetentionClass(minutes))


def _stored(connection: sqlite3.Connection, camera: str) -> Enrolled | None:
    row = connection.execute(f"SELECT {_CAMERA} FROM camera WHERE id = ?", (camera,)).fetchone()  # noqa: S608  # own names
    if row is None:
        return None
    named, owner, key, status, *rest = row
    return Enrolled(named, owner, key, CameraStatus(status), *rest)


def _one_log(known: Enrolled | Ruled, found: Enrolled | Ruled, policy: Policy) -> bool:
    """Return whether both are of one log; a second log takes over only once the first is trusted no more."""
    if known.log == found.log:
        return True
    if known.log in {each.key.name for each in policy.logs}:
        raise NotPermitted(
            "this is known from another log", where=f"entry {found.entry}", expected=known.log, got=found.log
        )
    return False
