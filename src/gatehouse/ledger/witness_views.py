"""What witnesses have cosigned last, held to the log that a monitor follows.

A log can deceive its readers or its witnesses, not both together: whoever compares them sees two histories.
The log publishes only what was cosigned, so a witness may be ahead of it for as long as the log waits for
the others, and no longer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from gatehouse.ledger.errors import UntrustedNote
from gatehouse.ledger.monitor import Monitor
from gatehouse.ledger.policy import Policy, WitnessAddress
from gatehouse.ledger.source import Source
from gatehouse.model import Error

# Longer than a log waits for the answers of its witnesses.
PATIENCE_SECONDS: Final = 10
_PAUSE_SECONDS: Final = 1.0


class Silent(Protocol):
    """A witness that has shown nothing, and why."""

    @property
    def name(self) -> str:
        """Return its name in the policy."""
        ...

    @property
    def why(self) -> str:
        """Return why."""
        ...


class Witnesses(Protocol):
    """Who is asked: `gatehouse.ledger.witness_client.Witnesses`."""

    @property
    def policy(self) -> Policy:
        """Return whom to ask, and whose cosignatures count."""
        ...

    def latest(self, origin: str) -> tuple[dict[str, str], Sequence[Silent]]:
        """Return the note that each witness cosigned last for a log, unchecked, and who showed none."""
        ...


def ask_witnesses(
    monitor: Monitor,
    source: Source,
    witnesses: Witnesses,
    *,
    patience: float = PATIENCE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Hold what each witness of a policy has cosigned last to a log that the monitor has followed.

    A log that still shows less than a witness holds after `patience` seconds is behind. A witness that shows
    nothing, or nothing that it has cosigned, is left open in the report.
    """
    if monitor.origin is None:
        monitor.leave_open("what the witnesses hold", "no log has been followed yet")
        return
    notes, silent = witnesses.latest(monitor.origin)
    for each in silent:
        monitor.leave_open(f"what witness {each.name} holds", each.why)
    held: dict[str, str] = {}
    newest = 0
    for witness in witnesses.policy.witnesses:
        note = notes.get(witness.name)
        if note is None:
            continue
        try:
            newest = max(newest, _size(monitor, note, witness))
        except Error as error:
            monitor.leave_open(
                f"what witness {witness.name} holds", f"what it shows does not count: {error.what}"
            )
        else:
            held[witness.name] = note
    waited = 0.0
    while newest > monitor.size and waited < patience:
        sleep(_PAUSE_SECONDS)
        waited += _PAUSE_SECONDS
        monitor.follow(source)
    for name, note in held.items():
        monitor.witnessed(source, name, note)


def _size(monitor: Monitor, note: str, witness: WitnessAddress) -> int:
    """Return the size of a checkpoint that the log has signed and the witness has cosigned, or raise."""
    opened = monitor.open(note)
    signed = {(each.name, each.key_id) for each in opened.note.signatures}
    if (witness.key.name, witness.key.key_id) not in signed:
        raise UntrustedNote(
            "the witness itself has not cosigned it",
            expected=witness.key.name,
            got=", ".join(sorted(name for name, _ in signed)),
        )
    return opened.checkpoint.size
