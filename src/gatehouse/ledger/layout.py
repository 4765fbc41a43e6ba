"""Where the parts of a log lie and how entries are bundled, by C2SP tlog-tiles.

A hash tile of level L holds up to 256 consecutive hashes of subtrees of 256^L leaves; an entry bundle up to
256 consecutive entries. The last tile of a level may be partial: its path says how wide it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from gatehouse.ledger.errors import InvalidTile
from gatehouse.model import BadInput, BadUse

TILE = 256
LEVEL_BITS = 8
LARGEST_ENTRY = 65_535
HIGHEST_LEVEL = 63
CHECKPOINT = "checkpoint"

# Seven groups of digits number more tiles than 2^63 entries have.
_PATH = re.compile(
    r"tile/(?P<level>entries|[0-9]{1,2})/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class Resource:
    """A hash tile (`level` 0 to 63) or an entry bundle (`kind` entries, `level` 0) of `width` members."""

    kind: Literal["tile", "entries"]
    level: int
    index: int
    width: int = TILE

    @property
    def path(self) -> str:
        """Return the path below the log's prefix."""
        name = str(self.level) if self.kind == "tile" else "entries"
        partial = "" if self.width == TILE else f".p/{self.width}"
        return f"tile/{name}/{_number(self.index)}{partial}"

    @property
    def first(self) -> int:
        """Return the first member's place among those of its level."""
        return self.index * TILE

    @property
    def end(self) -> int:
        """Return the place after the last member's."""
        return self.first + self.width


def tile_path(level: int, index: int, width: int = TILE) -> str:
    """Return the path of a hash tile."""
    return _checked(Resource("tile", level, index, width)).path


def entries_path(index: int, width: int = TILE) -> str:
    """Return the path of an entry bundle."""
    return _checked(Resource("entries", 0, index, width)).path


def parse_path(path: str) -> Resource:
    """Read a path; one that tlog-tiles does not know, or writes otherwise, is `BadInput`."""
    match = _PATH.fullmatch(path)
    if match is not None:
        index = int(match["index"].replace("x", "").replace("/", ""))
        width = int(match["width"] or TILE)
        kind: Literal["tile", "entries"] = "entries" if match["level"] == "entries" else "tile"
        level = 0 if kind == "entries" else int(match["level"])
        found = Resource(kind, level, index, width)
        # Leading zeros, a partial tile of full width, and a level without meaning have no other spelling.
        if level <= HIGHEST_LEVEL and width <= TILE and found.path == path:
            return found
    raise BadInput("no tile lies there", where=path, expected="a path by C2SP tlog-tiles")


def tiles(size: int, *, since: int = 0) -> Iterator[Resource]:
    """Yield the tiles and bundles of a tree of `size` leaves: full ones, and the partial one of each level.

    With `since`, those that the tree of `since` leaves did not have. Bundles come first, then levels upward.
    """
    for kind in ("entries", "tile"):
        level = 0
        while (members := size >> (LEVEL_BITS * level)) > 0:
            before = since >> (LEVEL_BITS * level)
            if members != before:
                for index in range(before // TILE, members // TILE):
                    yield _resource(kind, level, index, TILE)
                if members % TILE:
                    yield _resource(kind, level, members // TILE, members % TILE)
            level += 1
            if kind == "entries":
                break


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Return entries one after the other, each behind its length as two bytes."""
    for each in entries:
        if len(each) > LARGEST_ENTRY:
            raise BadUse(
                "the entry is too long for a log",
                expected=f"at most {LARGEST_ENTRY} bytes",
                got=f"{len(each)} bytes",
            )
    return b"".join(len(each).to_bytes(2, "big") + each for each in entries)


def decode_bundle(data: bytes, *, count: int | None = None) -> list[bytes]:
    """Return the entries of a bundle; a torn one, or one of another count, is `InvalidTile`."""
    entries, at, end = [], 0, len(data)
    while at < end:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if start > end or at > end:
            raise InvalidTile("the entry bundle is cut off", expected=f"{at} bytes", got=f"{end} bytes")
        entries.append(data[start:at])
    if count is not None and len(entries) != count:
        raise InvalidTile(
            "the entry bundle has another count", expected=f"{count} entries", got=f"{len(entries)}"
        )
    return entries


def _resource(kind: str, level: int, index: int, width: int) -> Resource:
    return Resource("entries" if kind == "entries" else "tile", level, index, width)


def _checked(resource: Resource) -> Resource:
    if not (0 <= resource.level <= HIGHEST_LEVEL and resource.index >= 0 and 1 <= resource.width <= TILE):
        raise BadUse("no such tile can be", got=f"{resource.level}, {resource.index}, {resource.width}")
    return resource


def _number(index: int) -> str:
    """Return a number in groups of three digits, all but the last behind an x: `x001/x234/067`."""
    groups = [f"{index % 1000:03d}"]
    while (index := index // 1000) > 0:
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups))
