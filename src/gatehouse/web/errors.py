"""What is wrong with a request as a request, whatever it asks for.

Error
+-- RequestRefused   its `status` is an HTTP status of 400 to 499
"""

from __future__ import annotations

from collections.abc import Sequence

from gatehouse.model import BadInput


class RequestRefused(BadInput):
    """A request cannot be answered as it came. `faults` are places in its body or query, if it is that."""

    def __init__(
        self,
        status: int,
        what: str,
        *,
        expected: str | None = None,
        got: str | None = None,
        hint: str | None = None,
        faults: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(what, expected=expected, got=got, hint=hint)
        self.status = status
        self.faults = tuple(faults)
