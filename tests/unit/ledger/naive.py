"""The tree of RFC 6962, section 2.1, word for word: slow, recursive, and sharing nothing with the program."""

from __future__ import annotations

import hashlib


class NaiveTree:
    """A list of entries and what the RFC's definitions say of it; usable as `Subtrees`."""

    def __init__(self, entries: list[bytes]) -> None:
        self.entries = entries
        self._known: dict[tuple[int, int], bytes] = {}

    def mth(self, first: int, end: int) -> bytes:
        """Return MTH(D[first:end])."""
        if first == end:
            return hashlib.sha256(b"").digest()
        if (first, end) not in self._known:
            if end - first == 1:
                found = hashlib.sha256(b"\x00" + self.entries[first]).digest()
            else:
                middle = first + _largest_power_of_two_below(end - first)
                found = hashlib.sha256(b"\x01" + self.mth(first, middle) + self.mth(middle, end)).digest()
            self._known[first, end] = found
        return self._known[first, end]

    def leaf(self, index: int) -> bytes:
        """Return the hash of entry `index`."""
        return self.mth(index, index + 1)

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first `size` entries, of all without one."""
        return self.mth(0, len(self.entries) if size is None else size)

    def path(self, index: int, size: int) -> list[bytes]:
        """Return PATH(index, D[0:size])."""
        return self._path(index, 0, size)

    def proof(self, size1: int, size2: int) -> list[bytes]:
        """Return PROOF(size1, D[0:size2]); no proof where one of the trees is empty or both are the same."""
        return [] if size1 in (0, size2) else self._subproof(size1, 0, size2, True)

    def subtree(self, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree over leaves [index << level, (index + 1) << level)."""
        assert (index + 1) << level <= len(self.entries), "no complete subtree"
        return self.mth(index << level, (index + 1) << level)

    def _path(self, index: int, first: int, end: int) -> list[bytes]:
        if end - first == 1:
            return []
        middle = first + _largest_power_of_two_below(end - first)
        if index < middle:
            return [*self._path(index, first, middle), self.mth(middle, end)]
        return [*self._path(index, middle, end), self.mth(first, middle)]

    def _subproof(self, size1: int, first: int, end: int, whole: bool) -> list[bytes]:
        if size1 == end:
            return [] if whole else [self.mth(first, end)]
        middle = first + _largest_power_of_two_below(end - first)
        if size1 <= middle:
            return [*self._subproof(size1, first, middle, whole), self.mth(middle, end)]
        return [*self._subproof(size1, middle, end, False), self.mth(first, middle)]


def numbered(count: int) -> list[bytes]:
    """Return entries that differ."""
    return [b"entry %d" % number for number in range(count)]


def flips(value: bytes) -> list[bytes]:
    """Return the value with each of its bits changed, one at a time."""
    whole = int.from_bytes(value, "big")
    return [(whole ^ (1 << bit)).to_bytes(len(value), "big") for bit in range(len(value) * 8)]


def _largest_power_of_two_below(width: int) -> int:
    found = 1
    while found * 2 < width:
        found *= 2
    return found
