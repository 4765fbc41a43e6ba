"""What accounts need from the rest of a node: who somebody is, and where changes of accounts are recorded."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from gatehouse.ledger.canonical import Json
from gatehouse.model import Officer, Role
from gatehouse.node.accounts.errors import NotPermitted


class Officers(Protocol):
    """The people of the registry."""

    def officer(self, id: str) -> Officer:
        """Return a person by id; an unknown one is an `Error`."""


class AccountEvent(StrEnum):
    """What happens to an account and goes on the record."""

    INVITED = "account:officer:invited"
    ENROLLED = "account:officer:enrolled"
    OFFBOARDED = "account:officer:offboarded"
    FACTOR_ADDED = "account:factor:added"
    FACTOR_REMOVED = "account:factor:removed"
    PASSWORD_CHANGED = "account:password:changed"  # noqa: S105  # an event, not a password
    RECOVERY_ASKED = "account:recovery:asked"
    RECOVERY_APPROVED = "account:recovery:approved"
    RECOVERY_CODE_USED = "account:recovery:code_used"
    SUBJECT_LINKED = "account:subject:linked"
    SUBJECT_UNLINKED = "account:subject:unlinked"


class Recorder(Protocol):
    """Puts an event on the record. It returns once the event is durable; if it raises, nothing is changed."""

    def __call__(
        self, event: AccountEvent, *, officer: str, by: tuple[str, ...], detail: Mapping[str, Json]
    ) -> None:
        """Record an event of a person's account. `by` is empty where the operator of the node acts."""


def serving(officers: Officers, id: str) -> Officer:
    """Return a person who serves; one who has left is `NotPermitted`."""
    found = officers.officer(id)
    if not found.active:
        raise NotPermitted("the person has left", where=f"officer {id}")
    return found


def custodian_of(officers: Officers, id: str, *, agency: str) -> Officer:
    """Return a custodian of an agency who serves; anyone else is `NotPermitted`."""
    found = serving(officers, id)
    if Role.CUSTODIAN not in found.roles or found.agency != agency:
        raise NotPermitted(
            "only a custodian of the same agency may do this", where=f"officer {id}", expected="a custodian"
        )
    return found
