"""Checkpoints by C2SP tlog-checkpoint: a log's name, its size and its root, signed by its key."""

from __future__ import annotations

from dataclasses import dataclass

from gatehouse.ledger.encoding import from_base64, from_decimal, to_base64
from gatehouse.ledger.errors import InvalidCheckpoint
from gatehouse.ledger.merkle import EMPTY_ROOT, HASH_BYTES
from gatehouse.ledger.note import Note, open_note
from gatehouse.model import BadUse


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: `origin` names it, `root` is the hash of its first `size` entries."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a line that would be read as several."""
        if any("\n" in line for line in (self.origin, *self.extensions)):
            raise BadUse("a line of a checkpoint holds a newline")

    @property
    def text(self) -> str:
        """Return the text that is signed."""
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint, which has one spelling; else `InvalidCheckpoint`."""
        lines = text.removesuffix("\n").split("\n")
        try:
            origin, size, root, *extensions = lines
            found = cls(origin, from_decimal(size), from_base64(root), tuple(extensions))
        except ValueError as error:
            raise InvalidCheckpoint(
                "the text is no checkpoint", expected="a name, a size and a root, a line each", got=str(error)
            ) from error
        if not origin or not all(extensions) or len(found.root) != HASH_BYTES or found.text != text:
            raise InvalidCheckpoint(
                "the text is no checkpoint",
                expected="a name, a root of 32 bytes, no empty line",
                got=f"{len(lines)} lines, a root of {len(found.root)} bytes",
            )
        if found.size == 0 and found.root != EMPTY_ROOT:
            raise InvalidCheckpoint(
                "the empty tree has another root", expected=EMPTY_ROOT.hex(), got=found.root.hex()
            )
        return found


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint that trusted keys have signed, and `raw`, the note as it came."""

    checkpoint: Checkpoint
    note: Note
    raw: str


def open_checkpoint(note: str | bytes, *, keys: list[str], origin: str | None = None) -> SignedCheckpoint:
    """Return the checkpoint of a note that at least one of the keys (vkeys) has signed.

    With `origin`, one of another log is `InvalidCheckpoint`.
    """
    opened = open_note(note, keys=keys)
    found = Checkpoint.parse(opened.text)
    if origin is not None and found.origin != origin:
        raise InvalidCheckpoint("the checkpoint is another log's", expected=origin, got=found.origin)
    return SignedCheckpoint(found, opened, note if isinstance(note, str) else note.decode())
