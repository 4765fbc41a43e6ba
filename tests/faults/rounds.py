"""How often the tests of a node kill something, and when they do it next."""

from __future__ import annotations

import os
import time

from tests.faults.node_outcomes import NodeOutcomes

ROUNDS = int(os.environ.get("GATEHOUSE_KILLS", "8"))


def await_answers(outcomes: NodeOutcomes) -> None:
    """Return once another search has been answered, and another batch taken in."""
    answers, batches, until = len(outcomes.answered), outcomes.batches, time.monotonic() + 60
    while len(outcomes.answered) == answers or outcomes.batches == batches:
        assert not outcomes.broken
        assert time.monotonic() < until
        time.sleep(0.01)
