"""One-time codes: the vectors of RFC 6238, the drift, and what is no code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.node.accounts.totp import matching_step, new_secret, provisioning

# RFC 6238, appendix B, SHA-1; codes there have eight digits, of which an authenticator shows the last six.
SECRET = b"12345678901234567890"
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_matching_step_of_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert matching_step(SECRET, code, at=at) == seconds // 30


@pytest.mark.parametrize(
    ("drift", "step"), [(-31, None), (-30, 37037037), (0, 37037037), (59, 37037037), (60, None)]
)
def test_matching_step_drifts_by_one_step_either_way(drift: int, step: int | None) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=1111111110 + drift)
    assert matching_step(SECRET, "050471", at=at) == step


@pytest.mark.parametrize(
    "code", ["", "28708", "2870822", "28708x", "\u0662\u0668\u0667\u0660\u0668\u0662", "-87082"]
)
def test_matching_step_of_what_is_no_code_is_none(code: str) -> None:
    assert matching_step(SECRET, code, at=datetime(1970, 1, 1, 0, 0, 59, tzinfo=UTC)) is None


def test_provisioning_gives_what_authenticators_read() -> None:
    uri, typed = provisioning(SECRET, account="o-1", issuer="Alder PD")
    assert uri == (
        "otpauth://totp/Alder%20PD:o-1?digits=6&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&algorithm=SHA1&issuer=Alder%20PD&period=30"
    )
    assert typed == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def test_new_secret_has_160_bits_and_is_another_each_time() -> None:
    first, second = new_secret(), new_secret()
    assert len(first) == 20 and first != second
