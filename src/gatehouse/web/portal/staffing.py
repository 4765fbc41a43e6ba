"""How many people of each agency might search at each time, as the registry's entries say.

What a period of the past is told with must not change when somebody joins or leaves today: the difference
between two portals would single rows out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import datetime
from itertools import islice

from gatehouse.model import Role
from gatehouse.node.record import Recorded
from gatehouse.node.view import View


class Staffing:
    """Counts over time, noted entry by entry."""

    def __init__(self) -> None:
        self._times: dict[str, list[datetime]] = defaultdict(list)
        self._counts: dict[str, list[int]] = defaultdict(list)
        self._searching: set[str] = set()
        self._seen = 0

    def note(self, view: View, entry: Recorded) -> None:
        """Note who may search after an entry of the registry, which the view has folded in."""
        named = entry.detail.get("officer")
        ids = {named.get("id") if isinstance(named, dict) else named}
        ids |= set(islice(view.officers, self._seen, None))
        self._seen = len(view.officers)
        for id in ids:
            officer = view.officers.get(id) if isinstance(id, str) else None
            if officer is None:
                continue
            may = officer.active and Role.OFFICER in officer.roles
            if may is not (officer.id in self._searching):
                (self._searching.add if may else self._searching.discard)(officer.id)
                self._times[officer.agency].append(entry.at)
                self._counts[officer.agency].append(self.now(officer.agency) + (1 if may else -1))

    def now(self, agency: str) -> int:
        """Return how many people of an agency may search after the last entry."""
        return self._counts[agency][-1] if self._counts[agency] else 0

    def at(self, agency: str, moment: datetime) -> int:
        """Return how many people of an agency might search at a moment."""
        place = bisect_right(self._times[agency], moment)
        return self._counts[agency][place - 1] if place else 0
