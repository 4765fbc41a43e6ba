"""An entry on its way into the log, between the thread that waits for it and the one that commits it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from gatehouse.ledger.committer import Apply, Head, NotRecorded, OutcomeUnknown, Own, Position
from gatehouse.ledger.errors import InvalidEntry
from gatehouse.ledger.growing import GrowingTree, Proofs
from gatehouse.ledger.layout import LARGEST_ENTRY
from gatehouse.ledger.note import NoteSigner
from gatehouse.model import Error

Make = Callable[[Position], bytes]


@dataclass(frozen=True, slots=True)
class State:
    """A durable state of a log, a tree that reaches at least as far, and the proofs of what is published."""

    head: Head
    tree: GrowingTree
    proofs: Proofs


class Committed(NamedTuple):
    """Where an entry stands (`at`), and the state in which it became durable."""

    at: int
    leaf: bytes
    state: State


class Pending:
    """One append. The committing thread settles it once; any thread may wait for that."""

    __slots__ = ("_error", "_found", "_settled", "agency", "apply", "make", "new_key")

    def __init__(
        self,
        make: bytes | Make,
        *,
        agency: str | None = None,
        apply: Apply | Own | None = None,
        new_key: NoteSigner | None = None,
    ) -> None:
        self.make = make
        self.agency = agency
        self.apply = apply
        self.new_key = new_key
        self._found: Committed | None = None
        self._error: BaseException | None = None
        # A bare lock is what threads wait for at the least cost; it opens once.
        self._settled = threading.Lock()
        self._settled.acquire()

    @property
    def settled(self) -> bool:
        """Return whether the outcome is known."""
        return self._found is not None or self._error is not None

    def settle(self, found: Committed) -> None:
        """Let whoever waits know that the entry is durable."""
        self._found = found
        self._settled.release()

    def fail(self, error: BaseException) -> None:
        """Let whoever waits know that it is not."""
        self._error = error
        self._settled.release()

    def wait(self) -> Committed:
        """Return when the entry is durable; else raise why it is not.

        What the caller's own functions raised comes back as it was; `NotRecorded` and `OutcomeUnknown` tell
        of the log.
        """
        with self._settled:
            pass
        if self._found is not None:
            return self._found
        error = self._error
        if isinstance(error, NotRecorded | OutcomeUnknown):
            # Several threads share it, and each raise would add to its traceback.
            raise type(error)(
                error.what, where=error.where, got=error.got, hint=error.hint
            ) from error.__cause__
        assert error is not None
        raise error


def checked(entry: bytes) -> bytes:
    """Return an entry that a log can hold; a longer one is `InvalidEntry`."""
    if len(entry) > LARGEST_ENTRY:
        raise InvalidEntry(
            "the log cannot hold the entry",
            expected=f"at most {LARGEST_ENTRY} bytes",
            got=f"{len(entry)} bytes",
        )
    return entry


def not_recorded(error: Exception) -> NotRecorded:
    """Return what an append raises when the log could not record it."""
    return NotRecorded(
        "the entry is not on the record",
        got=said(error),
        hint=error.hint if isinstance(error, Error) else None,
    )


def outcome_unknown(error: Exception) -> OutcomeUnknown:
    """Return what an append raises when nobody can say yet whether the log has recorded it."""
    look = "open the log again and look for the entry before it is given once more"
    return OutcomeUnknown(
        "the entry may be on the record",
        got=said(error),
        hint=f"{error.hint}; then {look}" if isinstance(error, Error) and error.hint else look,
    )


def said(error: Exception) -> str:
    """Return what an error says but for its next step, which stands apart."""
    if isinstance(error, Error):
        return str(Error(error.what, where=error.where, expected=error.expected, got=error.got))
    return str(error) or type(error).__name__
