"""Having committed checkpoints cosigned: one thread asks the witnesses for the newest, again and again.

While witnesses are asked, more is committed; the next question covers all of it. A checkpoint is asked for
only when it is durable.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from gatehouse.ledger import merkle
from gatehouse.ledger.clock import ClocksDisagree
from gatehouse.ledger.committer import StoredCheckpoint
from gatehouse.ledger.errors import VerificationError
from gatehouse.ledger.note import open_note, split_note
from gatehouse.ledger.pending import State
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.writer import Publish

# How long to wait after a failure, the first time and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0


class CosignedNote(Protocol):
    """A checkpoint with the signature lines of log and witnesses."""

    @property
    def checkpoint(self) -> str:
        """Return the note."""
        ...


class Witnesses(Protocol):
    """Who is asked: `gatehouse.ledger.witness_client.Witnesses`."""

    @property
    def policy(self) -> Policy:
        """Return what a published checkpoint must bear."""
        ...

    def collect(self, checkpoint: str, *, proof: Callable[[int], list[bytes]]) -> CosignedNote:
        """Return the note with cosignatures that satisfy the policy, or raise.

        `proof` returns the proof that the tree of a size begins the checkpoint's.
        """
        ...


class Asking:
    """The thread that asks. `failure` is why the policy was not met the last time, if it was not."""

    def __init__(self, witnesses: Witnesses, publish: Callable[[Publish], None], state: State) -> None:
        self._witnesses = witnesses
        self._publish = publish
        self._changed = threading.Condition()
        # Witnesses are asked one question at a time.
        self._turn = threading.Lock()
        self._state = state
        self._closed = False
        # The last checkpoint that was held to the policy, and whether it satisfies it.
        self._judged: tuple[str, bool] | None = None
        self.failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="ledger-witnesses", daemon=True)
        self._thread.start()

    def announce(self, state: State) -> None:
        """Take note of a durable state."""
        with self._changed:
            self._state = state
            self._changed.notify()

    def met(self, checkpoint: StoredCheckpoint) -> bool:
        """Return whether a checkpoint bears what the policy asks for now, whatever it asked for before."""
        judged = self._judged
        if judged is None or judged[0] != checkpoint.note:
            policy = self._witnesses.policy
            try:
                found = policy.met_by(open_note(checkpoint.note, keys=policy.keys))
            except VerificationError:
                # Nobody whom the policy names has signed it; the witnesses' refusal will say more.
                found = False
            judged = self._judged = checkpoint.note, found
        return judged[1]

    def covers(self, state: State, size: int) -> bool:
        """Return whether the first `size` entries are published with what the policy asks for now."""
        published = state.head.published
        return published.size >= size and self.met(published)

    def check_clock(self) -> None:
        """Raise `ClocksDisagree` if too few witnesses cosign, and one of them for its time."""
        state, keys = self._state, self._witnesses.policy.log_keys
        try:
            bare = open_note(state.head.newest.note, keys=keys)
            # Without the cosignatures of before, which would meet the policy at any time.
            self._collected(state, f"{bare.text}\n{''.join(each.line for each in bare.signatures)}")
        except ClocksDisagree:
            raise
        except Exception:
            # Whoever is silent says nothing of the time; `failure` tells why nothing is cosigned.
            return

    def close(self) -> None:
        """End the thread, once a question under way is answered."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            with self._changed:
                while not self._closed and self.covers(self._state, self._state.head.newest.size):
                    self._changed.wait()
                if self._closed:
                    return
                state = self._state
            try:
                self._publish(self._ask(state))
                self.failure, pause = None, _FIRST_PAUSE
            except Exception as error:
                # Whatever it was, entries stay without receipts until it is over; callers are told of it.
                self.failure = error
            with self._changed:
                if self.failure is not None:
                    self._changed.wait_for(lambda: self._closed, pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                else:
                    # Not to be asked for again while it is being committed.
                    self._changed.wait_for(partial(self._published, state), _LONGEST_PAUSE)

    def _ask(self, state: State) -> Publish:
        newest = state.head.newest
        note = self._collected(state, newest.note)
        policy = self._witnesses.policy
        policy.check(open_note(note, keys=policy.keys))
        before = {each.line for each in split_note(newest.note)[1]}
        lines = tuple(each.line for each in split_note(note)[1] if each.line not in before)
        return Publish(replace(newest, note=note), lines)

    def _collected(self, state: State, note: str) -> str:
        whole = state.head.newest.size
        with self._turn:
            return self._witnesses.collect(
                note, proof=lambda size: merkle.consistency_proof(state.tree, size1=size, size2=whole)
            ).checkpoint

    def _published(self, asked: State) -> bool:
        return self._closed or self.covers(self._state, asked.head.newest.size)
