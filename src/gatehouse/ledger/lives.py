"""Which intents have come to no outcome, as far as the entries' clear parts show it.

An entry shows an agency and a state, not which search it belongs to. So per agency and stage the outcomes are
set against the oldest intents first: that many intents at least are without an outcome. The true number can
be higher, never lower, and no intent that has its outcome is ever counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeAlias

from gatehouse.model import SEARCH_STEPS, SearchState

SUBJECTS: Final = frozenset({"search:plate", "hotlist:entry"})
# The stage that a person has to end, who may take hours.
REVIEW: Final = str(SearchState.REVIEW_PENDING)

# A stage is named after the states that begin it; these are ended by the same states.
_Begun = dict[frozenset[SearchState], list[str]]
Key: TypeAlias = tuple[str, str, str]


def _stages() -> tuple[dict[str, str], dict[str, str]]:
    """Return the stage that each state begins, and the one that it ends, from the model's steps."""
    begun: _Begun = {}
    for state, following in SEARCH_STEPS.items():
        begun.setdefault(following, []).append(str(state))
    names = {following: "|".join(states) for following, states in begun.items()}
    begins = {state: names[following] for following, states in begun.items() for state in states}
    ends = {str(state): name for following, name in names.items() for state in following}
    return begins, ends


_BEGINS, _ENDS = _stages()


@dataclass(frozen=True, slots=True)
class Overdue:
    """At least `count` intents of an agency have waited since `since` (Unix seconds) or longer."""

    agency: str
    subject: str
    stage: str
    count: int
    since: int


@dataclass(slots=True)
class Lives:
    """The intents under way: per agency, subject and stage, how many were known by when, the oldest first."""

    waiting: dict[Key, deque[tuple[int, int]]] = field(default_factory=dict)

    def take(self, agency: str, event: str, known_by: int) -> str | None:
        """Take an entry that was known by a time; return the stage that it ends without any intent, if so."""
        subject, _, state = event.rpartition(":")
        if subject not in SUBJECTS:
            return None
        missing = None
        if (stage := _ENDS.get(state)) is not None and not self._end((agency, subject, stage)):
            missing = stage
        if (stage := _BEGINS.get(state)) is not None:
            queue = self.waiting.setdefault((agency, subject, stage), deque())
            if queue and queue[-1][0] >= known_by:
                queue[-1] = (queue[-1][0], queue[-1][1] + 1)
            else:
                queue.append((known_by, 1))
        return missing

    def overdue(self, *, now: int, seconds: int, review_seconds: int) -> Iterator[Overdue]:
        """Yield where intents have waited longer than `seconds`, or `review_seconds` for a person."""
        for (agency, subject, stage), queue in sorted(self.waiting.items()):
            limit = review_seconds if stage == REVIEW else seconds
            late = [(known_by, count) for known_by, count in queue if now - known_by > limit]
            if late:
                yield Overdue(agency, subject, stage, sum(count for _, count in late), late[0][0])

    def as_document(self) -> dict[str, list[list[int]]]:
        """Return what a state file holds."""
        return {
            " ".join(key): [list(each) for each in queue]
            for key, queue in sorted(self.waiting.items())
            if queue
        }

    @classmethod
    def from_document(cls, document: Mapping[str, list[list[int]]]) -> Lives:
        """Read what `as_document` wrote."""
        found = cls()
        for name, queue in document.items():
            agency, subject, stage = name.split(" ")
            found.waiting[agency, subject, stage] = deque((known_by, count) for known_by, count in queue)
        return found

    def _end(self, key: Key) -> bool:
        queue = self.waiting.get(key)
        if not queue:
            return False
        known_by, count = queue.popleft()
        if count > 1:
            queue.appendleft((known_by, count - 1))
        elif not queue:
            del self.waiting[key]
        return True


def known_by(hour: str, now: int) -> int:
    """Return when an entry existed for certain: at the end of its hour, or when it was read."""
    began = datetime.fromisoformat(hour).astimezone(UTC)
    return min(now, int(began.timestamp()) + 3600)
