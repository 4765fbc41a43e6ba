"""What the entries' clear parts must show as a log is read: each agency's unbroken chain, and hours in order.

An agency's entries are numbered from 0 without gaps, each names the hash of the one before, and no entry of
the log has an earlier hour than the one before it. An entry of another schema (a log may hold any bytes) has
no chain; it is counted as foreign and never taken for a leaf.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Final, NamedTuple

from gatehouse.ledger.commitment import FIELDS
from gatehouse.ledger.entry import AGENCY, SCHEMA, read_entry
from gatehouse.ledger.errors import InvalidEntry, Rollback, VerificationError

# Whatever claims to be a leaf is held to it, also in a version that is not known here.
_CLAIM: Final = b'"schema":"' + SCHEMA.partition("/")[0].encode()
_HASH_DIGITS: Final = 64


class Clear(NamedTuple):
    """What an entry shows; hashes as it spells them."""

    agency: str
    event: str
    hour: str
    previous: str | None
    sequence: int


class LastLeaf(NamedTuple):
    """Where an agency's chain stands: its last sequence and the hash of that leaf (hex)."""

    sequence: int
    leaf: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A leaf that does not follow the one before: `kind` is gap, fork or clock."""

    kind: str
    index: int
    agency: str
    error: VerificationError


class Chains:
    """The chains of a log as far as it was read."""

    def __init__(
        self,
        *,
        agencies: Mapping[str, LastLeaf] | None = None,
        hour: str = "",
        leaves: int = 0,
        foreign: int = 0,
    ) -> None:
        self.agencies: dict[str, LastLeaf] = dict(agencies or {})
        self.hour = hour
        self.leaves = leaves
        self.foreign = foreign
        self._reader = ClearReader()

    def follow(
        self, index: int, entry: bytes, leaf_hash: bytes, *, latest: str | None = None
    ) -> tuple[Clear | None, Broken | None]:
        """Take the next entry: what it shows (None of a foreign one), and how it breaks what came before.

        Goes on from the entry as it is, so that what follows is held to it: a clock that runs back is one
        fault. An hour beyond `latest` is not believed and holds nothing that follows. What claims to be a
        leaf and is none is `InvalidEntry`.
        """
        if _CLAIM not in entry:
            self.foreign += 1
            return None, None
        try:
            clear = self._reader.read(entry)
        except InvalidEntry as error:
            error.where = f"entry {index}"
            raise
        broken = None
        before = self.agencies.get(clear.agency)
        if before is None:
            if clear.sequence:
                broken = self._gap(index, clear, 0)
        elif clear.sequence != before.sequence + 1:
            broken = self._gap(index, clear, before.sequence + 1)
        elif clear.previous != before.leaf:
            broken = Broken(
                "fork",
                index,
                clear.agency,
                InvalidEntry(
                    "an entry does not follow its agency's last one",
                    where=f"entry {index}, agency {clear.agency}",
                    expected=f"previous {before.leaf}",
                    got=f"previous {clear.previous}",
                ),
            )
        if clear.hour < self.hour and broken is None:
            broken = Broken(
                "clock",
                index,
                clear.agency,
                Rollback(
                    "the log's clock has run back",
                    where=f"entry {index}",
                    expected=f"{self.hour} or later",
                    got=clear.hour,
                ),
            )
            self.hour = clear.hour
        if clear.hour > self.hour and (latest is None or clear.hour <= latest):
            self.hour = clear.hour
        self.leaves += 1
        self.agencies[clear.agency] = LastLeaf(clear.sequence, leaf_hash.hex())
        return clear, broken

    def check(self, index: int, entry: bytes, leaf_hash: bytes) -> None:
        """Take the next entry, and raise if it breaks what came before."""
        _, broken = self.follow(index, entry, leaf_hash)
        if broken is not None:
            raise broken.error

    def _gap(self, index: int, clear: Clear, expected: int) -> Broken:
        missing = clear.sequence > expected
        return Broken(
            "gap" if missing else "fork",
            index,
            clear.agency,
            InvalidEntry(
                "entries of an agency are missing" if missing else "an agency's sequence runs back",
                where=f"entry {index}, agency {clear.agency}",
                expected=f"sequence {expected}",
                got=f"sequence {clear.sequence}",
            ),
        )


class ClearReader:
    """Reads what entries show, as strictly as `read_entry` and several times as fast.

    An entry in the ordinary form needs two looks: at the commitments, whose keys and widths never change, and
    at the rest by a pattern. Whatever is not ordinary, and the first entry with each event, goes through
    `read_entry`, which alone says what a leaf is; tests hold the two to each other.
    """

    def __init__(self) -> None:
        # Events and hours that `read_entry` has accepted.
        self._known: set[bytes] = set()

    def read(self, entry: bytes) -> Clear:
        """Return what a leaf shows; what is no leaf is `InvalidEntry`."""
        start = entry.find(_OPEN)
        end = start + len(_OPEN) + _BLOCK.size
        if start > 0 and len(entry) > end:
            block = entry[end - _BLOCK.size : end]
            # The quote that ends the agency stays, so that nothing after the block can be read as part of it.
            rest = _REST.fullmatch(entry[: start + 1] + entry[end:])
            if (
                rest is not None
                and _BLOCK.unpack(block) == _KEYS
                and block.translate(_HEX_TO_ZERO) == _ZEROED
            ):
                agency, event, hour, previous, sequence = rest.groups()
                if event in self._known and hour in self._known:
                    return Clear(
                        agency.decode(), event.decode(), hour.decode(), previous.decode(), int(sequence)
                    )
        leaf = read_entry(entry)
        hour = leaf.hour.strftime("%Y-%m-%dT%H:%M:%SZ")
        self._known |= {leaf.event.encode(), hour.encode()}
        previous = None if leaf.previous is None else leaf.previous.hex()
        return Clear(leaf.agency, leaf.event, hour, previous, leaf.sequence)


_OPEN: Final = b'","commitments":{'
_SPELLED: Final = [f'"{field}":"'.encode() for field in FIELDS]
# The block between the braces: each key with its punctuation, then 64 digits that are skipped.
_KEYS: Final = (_SPELLED[0], *(b'",' + key for key in _SPELLED[1:]), b'"')
_BLOCK: Final = Struct("".join(f"{len(key)}s{_HASH_DIGITS}x" for key in _KEYS[:-1]) + "1s")
# Turns the digits and nothing else into zeros; the letters among them in keys are held by `_KEYS`.
_HEX_TO_ZERO: Final = bytes.maketrans(b"0123456789abcdef", b"0" * 16)
_ZEROED: Final = (b"0" * _HASH_DIGITS).join(_KEYS).translate(_HEX_TO_ZERO)
# An entry without that block. A null `previous` or `pack`, and a first sequence, are not ordinary.
_REST: Final = re.compile(
    rb'\{"agency":"(?P<agency>'
    + AGENCY.encode()
    + rb')"\},"event":"(?P<event>[a-z0-9_:]{1,64})","hour":"(?P<hour>[0-9T:Z-]{20})"'
    rb',"pack":"[0-9a-f]{64}","previous":"(?P<previous>[0-9a-f]{64})","schema":"'
    + re.escape(SCHEMA.encode())
    + rb'","sequence":(?P<sequence>[1-9][0-9]{0,14})\}'
)
