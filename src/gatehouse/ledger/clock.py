"""How far two clocks may be apart before one of them is wrong, and not slow or fast."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gatehouse.model import PartUnavailable

# A clock may be corrected by a little. Log, witness and monitor allow the same, so that what one takes for a
# sound time no other refuses.
CLOCK_TOLERANCE: Final = timedelta(seconds=60)
CLOCK_TOLERANCE_SECONDS: Final = CLOCK_TOLERANCE.seconds


class ClocksDisagree(PartUnavailable):
    """A witness's time is too far from ours, and without its cosignature the policy is not met."""
