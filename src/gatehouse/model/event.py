"""What the book records: the states of a search, of a hotlist entry and of a hit, and how they may follow."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class SearchState(StrEnum):
    """Where a search or a hotlist entry stands. `requested` is recorded before anything is decided."""

    REQUESTED = "requested"
    DENIED = "denied"
    REVIEW_PENDING = "review_pending"
    PERMITTED = "permitted"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
    RELEASED = "released"
    FAILED = "failed"


class StandingState(StrEnum):
    """What becomes of a hotlist entry after its release: it stands until it ends or expires."""

    RENEWED = "renewed"  # a second person or an order lets it go on
    REVISED = "revised"  # decided again, since the rules have changed
    ENDED = "ended"


class ListState(StrEnum):
    """What is recorded of the lists that hotlist entries come from."""

    SOURCE_SET = "source_set"  # who is responsible for a source, and whether it is authoritative
    REPLACED = "replaced"
    CHANGED = "changed"


class HitState(StrEnum):
    """Where a hit of a hotlist entry stands."""

    RAISED = "raised"
    PLATE_CONFIRMED = "plate_confirmed"
    REFUTED = "refuted"
    ORIGIN_CONFIRMED = "origin_confirmed"
    CLOSED = "closed"


class LogEvent(StrEnum):
    """What a log records about itself."""

    KEY_ROTATED = "log:key:rotated"
    DAY_KEY_DESTROYED = "log:day_key:destroyed"
    COUNTERS_PUBLISHED = "log:counters:published"


# What may follow a state; nothing follows the others.
SEARCH_STEPS: Mapping[SearchState, frozenset[SearchState]] = MappingProxyType(
    {
        SearchState.REQUESTED: frozenset(
            {SearchState.DENIED, SearchState.REVIEW_PENDING, SearchState.PERMITTED}
        ),
        SearchState.REVIEW_PENDING: frozenset(
            {SearchState.APPROVED, SearchState.REFUSED, SearchState.EXPIRED}
        ),
        SearchState.PERMITTED: frozenset({SearchState.RELEASED, SearchState.FAILED}),
        SearchState.APPROVED: frozenset({SearchState.RELEASED, SearchState.FAILED}),
    }
)
# The outcomes: each request must come to one of them.
SEARCH_ENDS = frozenset(SearchState) - SEARCH_STEPS.keys()
