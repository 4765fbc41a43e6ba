"""The order in which a reader meets findings."""

from __future__ import annotations

from itertools import permutations

import pytest

from gatehouse.audit.document import Confidence, Finding, Severity, gravest_first


def finding(severity: Severity, confidence: Confidence, name: str = "") -> Finding:
    return Finding(
        id=name or f"{severity}-{confidence}",
        title="",
        count=1,
        severity=severity,
        confidence=confidence,
        claim="",
        may_say="",
        may_not_say="",
        innocent_explanations=(),
        evidence=(),
    )


SORTED = [
    finding(Severity.HIGH, Confidence.MEDIUM),
    finding(Severity.HIGH, Confidence.LOW),
    finding(Severity.MEDIUM, Confidence.HIGH),
    finding(Severity.INFO, Confidence.HIGH),
]


@pytest.mark.parametrize("order", list(permutations(SORTED)))
def test_gravest_first_puts_severity_before_confidence(order: tuple[Finding, ...]) -> None:
    assert gravest_first(order) == SORTED


def test_gravest_first_keeps_the_order_of_equals() -> None:
    equals = [finding(Severity.LOW, Confidence.LOW, name) for name in "cab"]
    assert gravest_first(equals) == equals
