"""Whether the parts of a node can do their work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a part of the node can do its work, and in one word or two why not."""

    part: str
    ready: bool
    why: str | None = None
