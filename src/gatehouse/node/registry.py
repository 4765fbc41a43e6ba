"""The registry of a node: agencies, people, cameras and the rules in force, changed on the record only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from gatehouse.law import Lexicon, Rulebook
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.folder import Ledger
from gatehouse.model import Agency, BadInput, Camera, CameraStatus, Error, Officer, Role
from gatehouse.node.bodies import AgencyBody, CameraBody, Joining, OfficerBody, PackBody
from gatehouse.node.errors import ChangeRefused, RecordBroken
from gatehouse.node.members import (
    CAMERA_ADDED,
    CAMERA_CHANGED,
    FOUNDED,
    OFFICER_ADDED,
    OFFICER_CHANGED,
    OFFICER_OFFBOARDED,
)
from gatehouse.node.packs import Packs
from gatehouse.node.record import Recorded, RegistryRecord
from gatehouse.node.snapshot import Snapshot, pack_of
from gatehouse.node.view import View
from gatehouse.search.registry import OwnerRules, Owners
from gatehouse.vault.protocol import Shown
from gatehouse.vault.retention import Keeping, RetentionClass

T = TypeVar("T")


class NodeRegistry:
    """Who takes part and what is in force. Threads may share it; answers are immutable.

    It is what follows from the ledger's entries. A record that does not hold together is `RecordBroken`.
    """

    def __init__(self, ledger: Ledger, packs: Packs, *, clock: Callable[[], datetime]) -> None:
        self._record = RegistryRecord(ledger)
        self._packs = packs
        self._clock = clock
        self._lock = threading.RLock()
        self._stale = True
        self._next = 0
        self._view = View()
        # Of a reader that makes a snapshot: a writer may wait for witnesses under the other one.
        self._making = threading.Lock()
        self._current: _Current | None = None
        self._witnessed = 0
        with self._lock:
            self._fresh()

    @property
    def founded(self) -> bool:
        """Return whether the node has an operator."""
        return self._view.operator is not None

    @property
    def operator(self) -> Agency:
        """Return the agency that runs the node."""
        return self.agency(self._view.operator or "")

    @property
    def view(self) -> View:
        """Return what follows from all entries so far; it MUST NOT be changed."""
        return self._view

    @property
    def witnessed(self) -> int:
        """Return how many entries others may rely on, as it was when the node last looked."""
        return self._witnessed

    def shown(self, index: int) -> Shown:
        """Return what shows an entry of the registry to others; it MUST be one of those `witnessed`."""
        return self._record.shown(index)

    @property
    def now(self) -> Snapshot:
        """Return what is in force at this moment."""
        return self._answers().snapshot

    @property
    def rulebook(self) -> Rulebook:
        """Return the rulebook in force."""
        return self._answers().rulebook

    @property
    def lexicon(self) -> Lexicon:
        """Return the lexicon that reads free text."""
        return self._answers().lexicon

    @property
    def pack_sha256(self) -> bytes:
        """Return the hash of the rulebook in force."""
        # Not from a snapshot, which each of many changes would have to make anew.
        return bytes.fromhex(pack_of(self._view, witnessed=self._witnessed).sha256)

    def agency(self, agency: str) -> Agency:
        """Return the agency of an id; one that is not registered is `BadInput`."""
        return _known(self._view.agencies, agency, "agency")

    def officer(self, officer: str) -> Officer:
        """Return the person of an id, also one who is no longer active; an unknown one is `BadInput`."""
        return _known(self._view.officers, officer, "person")

    def camera(self, camera: str) -> Camera:
        """Return the camera of an id; one that is not registered is `BadInput`."""
        return _known(self._view.cameras, camera, "camera")

    def cameras(self, agency: str | None = None) -> Sequence[Camera]:
        """Return the cameras of an agency, or all, in the order of their ids."""
        found = (each for each in self._view.cameras.values() if agency in (None, each.agency))
        return sorted(found, key=lambda each: each.id)

    def agencies(self) -> Sequence[Agency]:
        """Return every agency, in the order of their ids."""
        return sorted(self._view.agencies.values(), key=lambda each: each.id)

    def people(self, agency: str, role: Role) -> Sequence[Officer]:
        """Return the active people of an agency who have a role."""
        return self.now.people(agency, role)

    def owners(self, searcher: Agency) -> Owners:
        """Return every owner of the network for a searcher: the same object until something changes."""
        return self.now.owners(searcher)

    def own_rule(self, owner: str) -> OwnerRules:
        """Return what an owner decides beside its terms."""
        return self.now.own_rule(owner)

    def keeping(self, owner: str) -> Keeping | None:
        """Return how long an owner's reads are kept, None where it has set nothing: none are taken then."""
        retention = self.own_rule(owner).retention
        return None if retention is None else Keeping(RetentionClass.of(retention))

    def found(self, operator: Agency, custodians: Sequence[Officer], *, pack: PackBody) -> Recorded:
        """Begin the registry: the operator with two custodians or more, and the first rulebook."""
        joining = Joining(
            agency=AgencyBody.of(operator), custodians=tuple(OfficerBody.of(each) for each in custodians)
        )
        detail = {"operator": joining.as_json(), "pack": pack.as_json()}
        return self.write(
            FOUNDED, agency=operator.id, detail=detail, pack=bytes.fromhex(pack.sha256), owners=(operator.id,)
        )

    def add_officer(self, officer: Officer, *, by: Officer) -> Recorded:
        """Add a person who is no custodian; those are added by a change (`Changes.propose`)."""
        return self._person(OFFICER_ADDED, officer, by)

    def change_officer(self, officer: Officer, *, by: Officer) -> Recorded:
        """Change the name or the roles of a person; the role of a custodian can only be taken so.

        Nobody gives a role to oneself: a custodian could else search, review and audit alone.
        """
        known = self._view.officers.get(officer.id)
        if known is not None and known.id == by.id and officer.roles - known.roles:
            raise ChangeRefused(
                "nobody gives a role to oneself", got=officer.id, hint="another custodian of the agency does"
            )
        return self._person(OFFICER_CHANGED, officer, by)

    def offboard(self, officer: str, *, by: Officer) -> Recorded:
        """End what a person may do, for good. The id is never used again."""
        return self.write(
            OFFICER_OFFBOARDED, agency=by.agency, detail={"officer": officer, "by": by.id}, officer=by.id
        )

    def add_camera(self, camera: Camera, *, by: Officer) -> Recorded:
        """Add a camera with its key."""
        return self._put_camera(CAMERA_ADDED, camera, by)

    def change_camera(self, camera: Camera, *, by: Officer) -> Recorded:
        """Change a camera: its key, its status, its place. One that was retired stays retired."""
        known = self._view.cameras.get(camera.id)
        if known is not None and known.status is CameraStatus.RETIRED is not camera.status:
            raise ChangeRefused("a camera that was retired stays retired", got=camera.id)
        return self._put_camera(CAMERA_CHANGED, camera, by)

    def _person(self, event: str, officer: Officer, by: Officer) -> Recorded:
        detail: dict[str, Json] = {"officer": OfficerBody.of(officer).as_json(), "by": by.id}
        return self.write(event, agency=by.agency, detail=detail, officer=by.id)

    def _put_camera(self, event: str, camera: Camera, by: Officer) -> Recorded:
        detail: dict[str, Json] = {"camera": CameraBody.of(camera).as_json(), "by": by.id}
        return self.write(event, agency=by.agency, detail=detail, officer=by.id, owners=(camera.agency,))

    def write(
        self,
        event: str,
        *,
        agency: str,
        detail: Mapping[str, Json],
        pack: bytes | None = None,
        officer: str | None = None,
        approver: str | None = None,
        owners: tuple[str, ...] = (),
        first: Callable[[], None] | None = None,
    ) -> Recorded:
        """Put an entry of the registry on the record, if what it says may happen, and let it happen.

        What may not is `ChangeRefused`, and nothing is recorded. `NotWitnessed` means that it is on the
        record: what tightens counts at once, what loosens once witnesses have cosigned. `first` keeps what
        the entry refers to: it is called once the entry may be made, and before it is.
        """
        with self._lock:
            self._fresh()
            trial = self._view.copy()
            trial.pack_tightens = self._packs.tightens
            trial.fold(Recorded(self._next, event, agency, self._clock(), detail))
            if first is not None:
                first()
            # Until the effect is known to have happened, only the record can say whether it has.
            self._stale = True
            done, pending = self._record.append(
                event,
                agency=agency,
                detail=detail,
                pack=pack or self.pack_sha256,
                officer=officer,
                approver=approver,
                owners=owners,
            )
            view = self._view.copy()
            view.fold(done)
            self._take(view, done.index + 1)
        # Nobody else waits for witnesses meanwhile, and what tightens counts already.
        self._record.settled(pending)
        self._witnessed = self._record.witnessed()
        return done

    def refresh(self) -> None:
        """Let what witnesses have cosigned since then count. The node calls it from time to time."""
        with self._lock:
            self._fresh()
        self._witnessed = self._record.witnessed()

    def _fresh(self) -> None:
        """Read the record again after a failure of which nobody knows how far it went."""
        if not self._stale:
            return
        view, last = folded(self._record.load())
        self._take(view, last + 1)

    def _take(self, view: View, after: int) -> None:
        """Make what follows from a view the answers from now on."""
        self._view, self._next, self._stale = view, after, False
        self._witnessed = self._record.witnessed()

    def _answers(self) -> _Current:
        """Return the answers of this moment, made when the first asks after a change."""
        found = self._current
        if found is not None and found.snapshot.of(self._view, self._witnessed):
            return found
        with self._making:
            found, view, witnessed = self._current, self._view, self._witnessed
            if found is not None and found.snapshot.of(view, witnessed):
                return found
            if view.operator is None:
                raise BadInput("the node has no operator yet", hint="make one with `gatehouse node init`")
            snapshot = Snapshot(view, witnessed=witnessed)
            pack = snapshot.pack
            if found is not None and found.snapshot.pack == pack:
                self._current = _Current(snapshot, found.rulebook, found.lexicon)
            else:
                self._current = _Current(snapshot, self._packs.rulebook(pack), self._packs.lexicon(pack))
            return self._current


@dataclass(frozen=True, slots=True)
class _Current:
    """What is in force, with the rulebook and the lexicon that belong to it."""

    snapshot: Snapshot
    rulebook: Rulebook
    lexicon: Lexicon


def folded(
    entries: Iterable[Recorded], *, note: Callable[[View, Recorded], None] | None = None
) -> tuple[View, int]:
    """Return what follows from entries, and the index of the last; one that does not follow is refused.

    `note` is given the view after each entry, which it MUST NOT change.
    """
    view, last = View(), -1
    for entry in entries:
        try:
            view.fold(entry)
        except Error as error:
            raise RecordBroken(
                "an entry of the registry was made past the node: it does not follow from those before",
                where=f"entry {entry.index}",
                got=error.what,
                hint="the node does not start with it; `gatehouse node doctor` says more",
            ) from error
        last = entry.index
        if note is not None:
            note(view, entry)
    return view, last


def _known(found: Mapping[str, T], name: str, what: str) -> T:
    if name not in found:
        raise BadInput(f"there is no such {what}", got=f"{len(name)} characters")
    return found[name]
