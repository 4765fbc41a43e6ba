"""What the web asks of a node. `gatehouse.node.Node` is one; tests make small ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from gatehouse.hotlist.hotlists import Hotlists
from gatehouse.ledger.folder import Ledger
from gatehouse.model import Agency, Camera, Officer, Role
from gatehouse.model.batch import SignedBatch
from gatehouse.node.accounts.accounts import Accounts
from gatehouse.node.accounts.oidc import OidcProvider
from gatehouse.node.changes import Changes
from gatehouse.node.health import Health
from gatehouse.node.images import Images
from gatehouse.node.intake import CameraHealth
from gatehouse.node.record import Recorded
from gatehouse.search.door import Door
from gatehouse.search.holding import Holds
from gatehouse.search.registry import OwnerRules
from gatehouse.vault.batch import ReadRefusal


class Ingested(Protocol):
    """How a batch was taken in. `duplicate` says that its number was had before, and nothing was added."""

    @property
    def accepted(self) -> int:
        """Return how many reads were taken in."""
        ...

    @property
    def refused(self) -> Mapping[ReadRefusal, int]:
        """Return how many reads were refused, by reason."""
        ...

    @property
    def duplicate(self) -> bool:
        """Return whether the camera's number was had before."""
        ...


class Intake(Protocol):
    """What the web asks of the intake (`gatehouse.node.intake`)."""

    def health(self, camera: str) -> CameraHealth:
        """Return what a camera has handed in since the node started."""
        ...


class Stored(Protocol):
    """What the web asks of the read store."""

    def last_batch(self, camera: str) -> int:
        """Return the number of the newest batch of a camera, 0 before any."""
        ...


class Registry(Protocol):
    """Who takes part and what is in force (`gatehouse.node.registry`)."""

    def agency(self, agency: str) -> Agency:
        """Return the agency of an id; one that is not registered is `BadInput`."""
        ...

    def agencies(self) -> Sequence[Agency]:
        """Return every agency, in the order of their ids."""
        ...

    def cameras(self, agency: str | None = None) -> Sequence[Camera]:
        """Return the cameras of an agency, or all, in the order of their ids."""
        ...

    def officer(self, officer: str) -> Officer:
        """Return the person of an id, also one who has left; an unknown one is `BadInput`."""
        ...

    def people(self, agency: str, role: Role) -> Sequence[Officer]:
        """Return the active people of an agency who have a role."""
        ...

    def own_rule(self, owner: str) -> OwnerRules:
        """Return what an owner decides beside its terms."""
        ...

    def add_officer(self, officer: Officer, *, by: Officer) -> Recorded:
        """Add a person who is no custodian."""
        ...

    def change_officer(self, officer: Officer, *, by: Officer) -> Recorded:
        """Change the name or the roles of a person."""
        ...

    def add_camera(self, camera: Camera, *, by: Officer) -> Recorded:
        """Add a camera with its key."""
        ...

    def change_camera(self, camera: Camera, *, by: Officer) -> Recorded:
        """Change a camera."""
        ...


class Site(Protocol):
    """A running node as the web needs it."""

    @property
    def accounts(self) -> Accounts:
        """Return the accounts."""
        ...

    @property
    def oidc(self) -> OidcProvider | None:
        """Return the OpenID provider, if people sign in there."""
        ...

    @property
    def door(self) -> Door:
        """Return the door."""
        ...

    @property
    def hotlists(self) -> Hotlists:
        """Return the hotlists."""
        ...

    @property
    def holds(self) -> Holds:
        """Return the evidence holds."""
        ...

    @property
    def registry(self) -> Registry:
        """Return the registry."""
        ...

    @property
    def changes(self) -> Changes:
        """Return the changes of the rules."""
        ...

    @property
    def ledger(self) -> Ledger:
        """Return the ledger."""
        ...

    @property
    def intake(self) -> Intake:
        """Return the intake of reads."""
        ...

    @property
    def images(self) -> Images:
        """Return the pictures of reads."""
        ...

    @property
    def reads(self) -> Stored:
        """Return the read store."""
        ...

    @property
    def clock(self) -> Callable[[], datetime]:
        """Return the node's clock."""
        ...

    def offboard(self, officer: str, *, by: Officer) -> object:
        """End what a person may do, in the registry and in the accounts, for good."""
        ...

    def ingest(self, batch: SignedBatch) -> Ingested:
        """Take a batch of reads in; `Busy` means that nothing of it was taken."""
        ...

    def health(self) -> Sequence[Health]:
        """Return whether each part can do its work; it MUST answer at once."""
        ...
