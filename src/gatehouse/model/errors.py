"""Errors for people: what, where, expected, got, and what to do.

Error
+-- BadUse              exit 2: the command was asked for something it cannot mean
+-- BadInput            exit 3: a file or document cannot be read as what it should be
+-- VerificationFailed  exit 4: a proof, signature or hash does not hold
+-- PartUnavailable     exit 5: a needed part (a file, a service, a program) is missing
"""

from __future__ import annotations

from typing import ClassVar


class Error(Exception):
    """A failure that a person can act on.

    `what` says what happened; `where` names the file, row or option; `expected` and `got` quote both
    sides; `hint` is the next step. None of them may hold a plate, a person's name or a free-text reason.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        expected: str | None = None,
        got: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.expected = expected
        self.got = got
        self.hint = hint

    def __str__(self) -> str:
        """Join the parts into one line for logs."""
        parts = [self.what]
        if self.where:
            parts.append(f"in {self.where}")
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.got:
            parts.append(f"got {self.got}")
        if self.hint:
            parts.append(f"next: {self.hint}")
        return "; ".join(parts)

    def as_document(self) -> dict[str, str | None]:
        """Return the error as the JSON object that `--json` commands print."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "where": self.where,
            "expected": self.expected,
            "got": self.got,
            "next": self.hint,
        }


class BadUse(Error):
    """The command line or a call asks for something that has no meaning."""

    exit_code = 2


class BadInput(Error):
    """A file or document cannot be read as what it should be."""

    exit_code = 3


class VerificationFailed(Error):
    """A proof, signature or hash does not hold."""

    exit_code = 4


class PartUnavailable(Error):
    """A part that the command needs is missing or does not answer."""

    exit_code = 5
