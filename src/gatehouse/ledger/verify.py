"""Checking a published log whole: its entries, its tiles, its signatures and the chains of its agencies.

The tree is rebuilt from the entry bundles, in one pass and bounded memory. Then nothing that was served is
taken on trust but the keys: the rebuilt tiles must be the served ones byte for byte, and the rebuilt root the
one that was signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gatehouse.ledger.chains import Chains
from gatehouse.ledger.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint
from gatehouse.ledger.errors import (
    InvalidCheckpoint,
    InvalidEntry,
    InvalidTile,
    LogCorrupt,
    Rollback,
    SplitView,
    UntrustedNote,
)
from gatehouse.ledger.layout import LEVEL_BITS, TILE, Resource, decode_bundle, parse_path, tiles
from gatehouse.ledger.merkle import HASH_BYTES
from gatehouse.ledger.note import ED25519, Note, VerifierKey, split_note
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.rebuild import Rebuilt, leaf_hashes
from gatehouse.ledger.source import Source
from gatehouse.model import BadInput, BadUse

# Called with the entries read so far and the entries in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Verified:
    """A log that was found whole.

    `signers` are the names whose signatures were checked, none if no key was given; `agencies` says how many
    entries each has; `foreign` entries are no leaves; `older` counts partial tiles of earlier sizes that lie
    about and fit, `unknown` files that no reader of the log would ask for.
    """

    checkpoint: Checkpoint
    raw: str
    signers: tuple[str, ...]
    since: int | None
    agencies: Mapping[str, int]
    leaves: int
    foreign: int
    parts: int
    older: int = 0
    unknown: int = 0

    def as_document(self) -> dict[str, object]:
        """Return the result as the JSON object that `--json` prints."""
        return {
            "origin": self.checkpoint.origin,
            "size": self.checkpoint.size,
            "root": self.checkpoint.root.hex(),
            "signers": list(self.signers),
            "since": self.since,
            "agencies": dict(sorted(self.agencies.items())),
            "leaves": self.leaves,
            "foreign": self.foreign,
            "parts": self.parts,
            "older": self.older,
            "unknown": self.unknown,
        }


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count: keys (vkeys), and what a policy asks for beyond them."""

    keys: tuple[str, ...] = ()
    policy: Policy | None = None

    @classmethod
    def of(cls, keys: Sequence[str] | None, policy: Policy | None) -> Trust | None:
        """Return what to trust; None, which trusts nobody, only for `keys` None without a policy."""
        if keys is None and policy is None:
            return None
        known = dict.fromkeys([*(keys or ()), *(policy.keys if policy else ())])
        if not known:
            raise BadUse("a checkpoint is checked against a key", expected="a log's vkey", got="none")
        return cls(tuple(known), policy)

    def open(self, note: str, *, origin: str | None = None) -> SignedCheckpoint:
        """Return the checkpoint of a note that its own log's key has signed, or raise.

        The key's name MUST be the checkpoint's origin: a log that is trusted for its own entries could
        otherwise speak for another's, and be taken for a split view of it.
        """
        opened = open_checkpoint(note, keys=list(self.keys), origin=origin)
        signed = {(each.name, each.key_id) for each in opened.note.signatures}
        logs = [key for key in map(VerifierKey.parse, self.keys) if key.kind == ED25519]
        if not any((key.name, key.key_id) in signed for key in logs):
            # A cosignature says that a witness has seen the checkpoint, not whose it is.
            raise UntrustedNote(
                "no log's key that is trusted has signed",
                expected=" or ".join(key.name for key in logs) or "a log's key",
                got=", ".join(sorted(name for name, _ in signed)),
            )
        _own(opened, logs)
        return opened

    def check(self, opened: SignedCheckpoint) -> None:
        """Hold a checkpoint to the policy, if there is one, whatever keys are trusted beside it."""
        if self.policy is not None:
            self.policy.check(opened.note)
            _own(opened, [each.key for each in self.policy.logs])


def verify(
    source: Source,
    *,
    keys: Sequence[str] | None,
    policy: Policy | None = None,
    since: str | None = None,
    only_leaves: bool = False,
    progress: Progress | None = None,
) -> Verified:
    """Check all of a published log, or raise what does not hold.

    `keys` are vkeys of the log and of witnesses; None, without a policy, checks the tree and no signature.
    `since` is an older note of the same log: the log MUST begin with what that signed. With `only_leaves` an
    entry that is no leaf is refused; otherwise such entries are counted.
    """
    trust = Trust.of(keys, policy)
    raw = source.checkpoint()
    checkpoint, note = _opened(raw, trust)
    older = None if since is None else _older(since, trust, checkpoint)
    chains = Chains()
    parts = _rebuild(source, checkpoint, chains, older, only_leaves, progress)
    left, unknown = leftovers(source, checkpoint, trust)
    return Verified(
        checkpoint,
        raw,
        tuple(dict.fromkeys(each.name for each in note.signatures)) if note else (),
        None if older is None else older.size,
        {agency: position.sequence + 1 for agency, position in chains.agencies.items()},
        chains.leaves,
        chains.foreign,
        parts,
        left,
        unknown,
    )


def in_order(size: int) -> Iterator[Resource]:
    """Yield the parts of a tree as rebuilding it needs them.

    That is each bundle, then the tiles that it completes, and the partial tiles last.
    """
    for index in range(size // TILE):
        yield Resource("entries", 0, index)
        level, done = 0, index
        while True:
            yield Resource("tile", level, done)
            if (done + 1) % TILE:
                break
            level, done = level + 1, done // TILE
    if size % TILE:
        yield Resource("entries", 0, size // TILE, size % TILE)
    yield from (each for each in tiles(size) if each.kind == "tile" and each.width != TILE)


def _opened(raw: str, trust: Trust | None) -> tuple[Checkpoint, Note | None]:
    if trust is None:
        return Checkpoint.parse(split_note(raw)[0]), None
    opened = trust.open(raw)
    trust.check(opened)
    return opened.checkpoint, opened.note


def _own(opened: SignedCheckpoint, logs: Sequence[VerifierKey]) -> None:
    """Refuse a checkpoint that none of the keys under its origin's name has signed."""
    signed = {(each.name, each.key_id) for each in opened.note.signatures}
    names = {key.name for key in logs if (key.name, key.key_id) in signed}
    if opened.checkpoint.origin not in names:
        raise InvalidCheckpoint(
            "the checkpoint is not of the log whose key has signed",
            expected=" or ".join(sorted(names)),
            got=opened.checkpoint.origin,
        )


def _older(note: str, trust: Trust | None, now: Checkpoint) -> Checkpoint:
    older = (
        Checkpoint.parse(split_note(note)[0])
        if trust is None
        else trust.open(note, origin=now.origin).checkpoint
    )
    if older.origin != now.origin:
        raise InvalidCheckpoint(
            "the older checkpoint is another log's", expected=now.origin, got=older.origin
        )
    if older.size > now.size:
        raise Rollback(
            "the log is shorter than it was", expected=f"at least {older.size} entries", got=str(now.size)
        )
    return older


def _rebuild(
    source: Source,
    checkpoint: Checkpoint,
    chains: Chains,
    older: Checkpoint | None,
    only_leaves: bool,
    progress: Progress | None,
) -> int:
    """Hold every part to the tree, and return how many there were."""
    size, rebuilt, count = checkpoint.size, Rebuilt(), 0
    served = zip(in_order(size), source.fetch_each(each.path for each in in_order(size)), strict=True)
    if older is not None and older.size == 0:
        older = None
    while rebuilt.size < size:
        bundle, data = next(served)
        entries = _entries(bundle, data)
        hashes = leaf_hashes(entries)
        for index, (entry, hashed) in enumerate(zip(entries, hashes, strict=True), bundle.first):
            chains.check(index, entry, hashed)
        if only_leaves and chains.foreign:
            raise InvalidEntry("an entry is no leaf", where=bundle.path, expected="leaves", got="other bytes")
        if older is not None and older.size <= bundle.end:
            _same_beginning(older, rebuilt.root(hashes[: older.size - bundle.first]))
            older = None
        count += 1
        for tile, made in rebuilt.add(hashes):
            count += _same_tile(tile, made, *next(served))
        if progress is not None:
            progress(rebuilt.size, size)
    for tile, made in rebuilt.partial():
        count += _same_tile(tile, made, *next(served))
    if rebuilt.root() != checkpoint.root:
        raise LogCorrupt(
            "the entries lead to another root than the signed one",
            where=f"the first {size} entries",
            expected=checkpoint.root.hex(),
            got=rebuilt.root().hex(),
        )
    return count


def _entries(bundle: Resource, data: bytes) -> list[bytes]:
    try:
        return decode_bundle(data, count=bundle.width)
    except InvalidTile as error:
        error.where = bundle.path
        raise


def _same_beginning(older: Checkpoint, root: bytes) -> None:
    if root != older.root:
        raise SplitView(
            "the log does not begin with what it signed before",
            where=f"the first {older.size} entries",
            expected=older.root.hex(),
            got=root.hex(),
            hint="keep both checkpoints: together with the log's key they prove that history was changed",
        )


def _same_tile(tile: Resource, made: bytes, asked: Resource, served: bytes) -> int:
    # INVARIANT: what was asked for is what the tree gives next; `in_order` and `Rebuilt` agree by test.
    assert tile == asked, (tile, asked)
    if served == made:
        return 1
    if len(served) != len(made):
        raise InvalidTile(
            "a hash tile has the wrong length",
            where=tile.path,
            expected=f"{len(made)} bytes",
            got=f"{len(served)} bytes",
        )
    at = next(at for at in range(len(made)) if made[at] != served[at]) // HASH_BYTES * HASH_BYTES
    member = tile.first + at // HASH_BYTES
    raise InvalidTile(
        "a hash tile does not fit the entries",
        where=f"{tile.path}, hash {member} of level {tile.level}",
        expected=made[at : at + HASH_BYTES].hex(),
        got=served[at : at + HASH_BYTES].hex(),
    )


def leftovers(source: Source, checkpoint: Checkpoint, trust: Trust | None) -> tuple[int, int]:
    """Check what else lies in a directory: partial tiles of earlier sizes must fit, nothing may lie beyond.

    Returns how many such tiles there are, and how many files that are no part of a log. A log that
    grows while it is read may have more by now, as far as its checkpoint of now says.
    """
    older = unknown = 0
    size, full = checkpoint.size, (Resource("tile", 0, -1), b"")
    for path in source.listing() or ():
        try:
            part = parse_path(path)
        except BadInput:
            unknown += 1
            continue
        members = checkpoint.size >> (LEVEL_BITS * part.level)
        if part.end > members:
            if part.end > size >> (LEVEL_BITS * part.level):
                size = max(size, _opened(source.checkpoint(), trust)[0].size)
            if part.end > size >> (LEVEL_BITS * part.level):
                raise InvalidTile(
                    "a part lies beyond the checkpoint",
                    where=path,
                    expected=f"parts of {size} entries",
                    got=f"member {part.end - 1} of level {part.level}",
                    hint="if the log was being exported, check again",
                )
        elif part.width != TILE:
            whole = Resource(part.kind, part.level, part.index, min(TILE, members - part.first))
            if whole != part:
                if full[0] != whole:
                    full = (whole, source.fetch(whole.path))
                older += _same_start(part, source.fetch(path), full[1])
    return older, unknown


def _same_start(part: Resource, data: bytes, whole: bytes) -> int:
    fits = (
        len(data) == part.width * HASH_BYTES
        if part.kind == "tile"
        else len(_entries(part, data)) == part.width
    )
    if not fits or not whole.startswith(data):
        raise InvalidTile(
            "a part that was left from an earlier size does not fit",
            where=part.path,
            expected=f"the first {part.width} members of what the log serves now",
            got="other bytes",
        )
    return 1
