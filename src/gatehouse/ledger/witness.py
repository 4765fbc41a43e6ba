"""A witness by C2SP tlog-witness: it cosigns a checkpoint only if the log has grown from the one before.

For each log it keeps the latest checkpoint that it has cosigned. To compare with that one, to sign and to
store the new one is one transaction of SQLite (WAL, synchronous=FULL), durable before anybody sees the
cosignature. So of two requests that would fork a log, in whatever threads or processes, one is refused.

A witness that has lost its state could cosign a fork. So `Witness.open` never makes a state, a state belongs
to one key for good, and a witness without its state needs a new key.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Final, Literal, Self

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.clock import CLOCK_TOLERANCE_SECONDS
from gatehouse.ledger.encoding import from_base64, from_decimal
from gatehouse.ledger.errors import (
    InvalidCheckpoint,
    InvalidNote,
    InvalidProof,
    InvalidSignature,
    UntrustedNote,
)
from gatehouse.ledger.merkle import EMPTY_ROOT, HASH_BYTES, verify_consistency
from gatehouse.ledger.note import COSIGNATURE, Note, NoteSigner, open_note, split_note
from gatehouse.ledger.origins import Origins
from gatehouse.ledger.witness_state import create_state, open_state, unavailable
from gatehouse.model import BadUse, PartUnavailable

# tlog-witness bounds the proof; a note has a hundred signatures at most.
MOST_PROOF_LINES: Final = 63
LARGEST_REQUEST: Final = 65_536
# Of each kind. A line bears the log's own signature, so only the log itself could fill this; what it leaves
# unproven, as many as it likes, takes no place from the proof of a split view.
MOST_EVIDENCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with: an HTTP status, a text and its media type."""

    status: int
    body: str
    media_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A checkpoint that its log has signed and the witness has refused, and the one it stood `against`.

    A `split_view` proves two trees of one size. An `unproven` one came without a proof that holds, which may
    be the fault of whoever sent it.
    """

    origin: str
    kind: Literal["split_view", "unproven"]
    note: str
    against: str
    seen_at: int


@dataclass(frozen=True, slots=True)
class _Request:
    old: int
    proof: list[bytes]
    note: str
    origin: str


@dataclass(frozen=True, slots=True)
class _Latest:
    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""
    cosigned_at: int = 0


class _Refused(Exception):
    """Ends a transaction with an answer; `keep` says whether what it wrote stays."""

    def __init__(self, answer: Answer, *, keep: bool = False) -> None:
        super().__init__(answer.body)
        self.answer = answer
        self.keep = keep


class Witness:
    """A witness with its key, the logs it knows and its state. All threads may share one."""

    def __init__(
        self,
        database: sqlite3.Connection,
        *,
        signer: NoteSigner,
        origins: Origins,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._signer = signer
        self._origins = dict(origins)
        self._clock = clock
        self._lock = Lock()

    @classmethod
    def create(cls, path: Path, *, signer: NoteSigner) -> None:
        """Make the state of a new witness, never over another file; its key MUST NOT have cosigned before."""
        if signer.kind != COSIGNATURE:
            raise BadUse("a witness signs with a cosignature key", got=f"kind {signer.kind:#04x}")
        create_state(path, vkey=signer.vkey)

    @classmethod
    def open(
        cls, path: Path, *, signer: NoteSigner, origins: Origins, clock: Callable[[], float] = time.time
    ) -> Self:
        """Open the state that `create` made for this very key; there is no other way to a witness."""
        database = open_state(path, vkey=signer.vkey)
        return cls(database, signer=signer, origins=origins, clock=clock)

    @property
    def vkey(self) -> str:
        """Return the key that checks its cosignatures."""
        return self._signer.vkey

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer `POST add-checkpoint` as tlog-witness says; 200 only once the new state is durable."""
        try:
            request = _read_request(body)
            keys = self._origins.get(request.origin)
            if keys is None:
                raise _Refused(Answer(404, "the origin is unknown\n"))
            note = _trusted(request.note, keys)
            checkpoint = _read_checkpoint(note.text)
            if request.old > checkpoint.size:
                raise _Refused(Answer(400, "the old size is above the checkpoint's\n"))
            with self._transaction():
                return self._cosign(request, note, checkpoint)
        except _Refused as refused:
            return refused.answer

    def checkpoint(self, origin_hash: str) -> Answer:
        """Answer `GET <hex sha256(origin)>/checkpoint` with the latest note that was cosigned."""
        for origin in self._origins:
            if sha256(origin.encode()).hexdigest() == origin_hash:
                with self._lock, unavailable():
                    latest = self._latest(origin)
                if latest.note:
                    return Answer(200, latest.note)
        return Answer(404, "no checkpoint of this log was cosigned\n")

    def evidence(self) -> list[Evidence]:
        """Return the checkpoints that were refused, the oldest first."""
        with self._lock, unavailable():
            rows = self._database.execute(
                "SELECT origin, kind, note, against, seen_at FROM evidence ORDER BY seen_at, origin, size"
            ).fetchall()
        return [Evidence(*row) for row in rows]

    def close(self) -> None:
        """Let go of the state."""
        with self._lock:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _cosign(self, request: _Request, note: Note, checkpoint: Checkpoint) -> Answer:
        latest = self._latest(request.origin)
        if checkpoint.size == latest.size and checkpoint.root != latest.root:
            self._keep("split_view", request, checkpoint, latest)
        if request.old != latest.size:
            raise _Refused(Answer(409, f"{latest.size}\n", "text/x.tlog.size"), keep=True)
        try:
            verify_consistency(
                size1=latest.size,
                size2=checkpoint.size,
                root1=latest.root,
                root2=checkpoint.root,
                proof=request.proof,
            )
        except InvalidProof as error:
            if checkpoint.size != latest.size:
                self._keep("unproven", request, checkpoint, latest)
            raise _Refused(Answer(422, f"{error.what}\n"), keep=True) from error
        at = self._time(latest)
        line = self._signer.line(note.text, at=at)
        # Only what was verified is handed on: other lines could be anything.
        cosigned = f"{note.text}\n{''.join(each.line for each in note.signatures)}{line}"
        self._database.execute(
            "INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?, ?)",
            (request.origin, checkpoint.size, checkpoint.root, cosigned, at),
        )
        cosigned_now = (request.origin, checkpoint.size, checkpoint.root)
        self._database.execute(
            "DELETE FROM evidence WHERE origin = ? AND size = ? AND root = ?", cosigned_now
        )
        # What could not be shown to fit is another tree of the very size that has been cosigned now.
        self._database.execute(
            "UPDATE evidence SET kind = 'split_view', against = ?"
            " WHERE origin = ? AND size = ? AND root != ? AND kind = 'unproven'",
            (cosigned, *cosigned_now),
        )
        return Answer(200, line)

    def _time(self, latest: _Latest) -> int:
        now = int(self._clock())
        if now < latest.cosigned_at - CLOCK_TOLERANCE_SECONDS:
            raise PartUnavailable(
                "the witness's clock has run back",
                expected=f"at least {latest.cosigned_at}",
                got=str(now),
                hint="correct the clock; nothing is cosigned until then",
            )
        return max(now, latest.cosigned_at)

    def _latest(self, origin: str) -> _Latest:
        row = self._database.execute(
            "SELECT size, root, note, cosigned_at FROM latest WHERE origin = ?", (origin,)
        ).fetchone()
        return _Latest(*row) if row else _Latest()

    def _keep(self, kind: str, request: _Request, checkpoint: Checkpoint, latest: _Latest) -> None:
        (held,) = self._database.execute("SELECT count(*) FROM evidence WHERE kind = ?", (kind,)).fetchone()
        if held < MOST_EVIDENCE:
            self._database.execute(
                "INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
                " SET kind = excluded.kind, note = excluded.note, against = excluded.against,"
                " seen_at = excluded.seen_at"
                " WHERE excluded.kind = 'split_view' AND evidence.kind = 'unproven'",
                (
                    request.origin,
                    checkpoint.size,
                    checkpoint.root,
                    kind,
                    request.note,
                    latest.note,
                    int(self._clock()),
                ),
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, unavailable():
            # IMMEDIATE takes the write lock before the read, so that no other process can come between.
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except _Refused as refused:
                self._database.execute("COMMIT" if refused.keep else "ROLLBACK")
                raise
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            try:
                self._database.execute("COMMIT")
            except sqlite3.Error:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise


def _read_request(body: bytes) -> _Request:
    try:
        if len(body) > LARGEST_REQUEST:
            raise ValueError("the request is too long")
        head, blank, note = body.decode().partition("\n\n")
        first, *lines = head.split("\n")
        proof = [from_base64(line) for line in lines]
        if not blank or not first.startswith("old ") or len(lines) > MOST_PROOF_LINES:
            raise ValueError("the request is malformed")
        if any(len(each) != HASH_BYTES for each in proof):
            raise ValueError("a hash has the wrong length")
        text, _ = split_note(note)
        origin = text.split("\n")[0]
        if not origin:
            raise ValueError("the checkpoint has no origin")
        return _Request(from_decimal(first.removeprefix("old ")), proof, note, origin)
    except (ValueError, InvalidNote) as error:
        raise _Refused(Answer(400, "the request is malformed\n")) from error


def _trusted(note: str, keys: tuple[str, ...]) -> Note:
    try:
        return open_note(note, keys=list(keys))
    except (UntrustedNote, InvalidSignature) as error:
        raise _Refused(Answer(403, f"{error.what}\n")) from error


def _read_checkpoint(text: str) -> Checkpoint:
    try:
        return Checkpoint.parse(text)
    except InvalidCheckpoint as error:
        # The only unsound value that has a status of its own: a root that the empty tree cannot have.
        status = 422 if error.expected == EMPTY_ROOT.hex() else 400
        raise _Refused(Answer(status, f"{error.what}\n")) from error
