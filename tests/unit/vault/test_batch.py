"""What cameras hand in: the signed bytes, and each line's read or refusal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.model import Read
from gatehouse.model.batch import LONGEST_LINE, LONGEST_TEXT, SignedBatch
from gatehouse.vault.batch import ReadRefusal, Rejected, count_lines, parse_batch

AT = datetime(2026, 11, 23, 16, 4, 5, 678901, UTC)
LEAST = {"captured_at": "2026-11-23T16:04:05.678901Z", "plate": "TEST123"}


def reads_of(body: bytes) -> list[Read | Rejected]:
    return [each if isinstance(each, Rejected) else each.read("gate-1") for each in parse_batch(body)]


def parsed(*lines: Any) -> list[Read | Rejected]:
    body = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return reads_of(body)


def test_signed_message_names_camera_number_and_body() -> None:
    batch = SignedBatch("gate-1", 7, b"a body", b"")
    digest = sha256(b"a body").hexdigest().encode()
    assert batch.message == b"gatehouse-batch/1\ngate-1\n7\n" + digest + b"\n"
    assert repr(batch) == "SignedBatch(camera='gate-1', number=7)"


def test_whole_line_gives_a_read() -> None:
    image = "ab" * 32
    line = {**LEAST, "plate": "tëst".replace("ë", "e") + " 1-23", "state": "IL", "confidence": 1}
    line |= {"state_confidence": 0.25, "image": image, "lane": 2}
    assert parsed(line) == [Read("gate-1", AT, "test 1-23", "TEST123", 1, "IL", 0.25, image)]


def test_least_line_gives_a_read_that_knows_no_more() -> None:
    nulls = {"state": None, "confidence": None, "state_confidence": None, "image": None}
    expected = Read("gate-1", AT, "TEST123", "TEST123")
    assert parsed(LEAST, {**LEAST, **nulls}) == [expected, expected]


@pytest.mark.parametrize(
    "text",
    ["2026-11-23T16:04:05.678901Z", "2026-11-23T10:04:05.678901-06:00", "2026-11-23T16:04:05.678901999Z"],
)
def test_times_in_any_zone_become_utc(text: str) -> None:
    (read,) = parsed({**LEAST, "captured_at": text})
    assert isinstance(read, Read)
    assert (read.captured_at, read.captured_at.tzinfo) == (AT, UTC)


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff",
        b"[" * 3000,
        {},
        {"plate": "TEST123"},
        {"captured_at": LEAST["captured_at"]},
        {**LEAST, "plate": None},
        {**LEAST, "plate": 123},
        {**LEAST, "captured_at": None},
        {**LEAST, "captured_at": "2026-11-23"},
        {**LEAST, "captured_at": "2026-11-23T16:04:05"},
        {**LEAST, "captured_at": "2026-02-30T16:04:05Z"},
        {**LEAST, "captured_at": "0001-01-01T00:00:00+14:00"},
        {**LEAST, "captured_at": 1_763_000_000},
        {**LEAST, "confidence": 1.01},
        {**LEAST, "confidence": -0.01},
        {**LEAST, "confidence": True},
        {**LEAST, "confidence": "0.5"},
        {**LEAST, "state_confidence": 2},
        b'{"captured_at": "2026-11-23T16:04:05Z", "plate": "TEST123", "confidence": NaN}',
        {**LEAST, "state": "Illinois"},
        {**LEAST, "state": "il"},
        {**LEAST, "state": 5},
        {**LEAST, "image": "ab"},
        {**LEAST, "image": "AB" * 32},
        b'{"captured_at": "2026-11-23T16:04:05Z", "plate": "\\ud800"}',
    ],
)
def test_line_of_another_form_is_malformed(line: Any) -> None:
    assert parsed(line) == [Rejected(1, ReadRefusal.MALFORMED)]


@pytest.mark.parametrize("plate", ["", "-", "TEST12345678", "T?ST", "ТЕСТ", "A" * (LONGEST_TEXT + 1)])
def test_text_that_is_no_plate_is_told_from_a_malformed_line(plate: str) -> None:
    assert parsed({**LEAST, "plate": plate}) == [Rejected(1, ReadRefusal.NO_PLATE)]


def test_long_line_is_not_read() -> None:
    assert parsed({**LEAST, "x": "y" * LONGEST_LINE}) == [Rejected(1, ReadRefusal.TOO_LARGE)]


def test_one_bad_line_leaves_the_others_and_is_named_by_its_number() -> None:
    found = parsed(LEAST, b"", b"{", b"  ", LEAST, {**LEAST, "plate": "?"})
    assert [type(each) for each in found] == [Read, Rejected, Read, Rejected]
    assert found[1::2] == [Rejected(3, ReadRefusal.MALFORMED), Rejected(6, ReadRefusal.NO_PLATE)]


@given(st.binary(max_size=400))
def test_any_bytes_give_as_many_answers_as_lines(body: bytes) -> None:
    found = reads_of(body)
    assert len(found) == count_lines(body)
    assert all(isinstance(each, Rejected) for each in found)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {"captured_at": st.just(LEAST["captured_at"]) | _json, "plate": st.just("TEST123") | _json},
        optional=dict.fromkeys(("state", "confidence", "state_confidence", "image"), _json),
    )
)
def test_any_values_give_a_read_in_bounds_or_a_refusal(line: dict[str, Any]) -> None:
    (found,) = parsed(line)
    if isinstance(found, Read):
        assert found.captured_at == AT
        assert all(share is None or 0 <= share <= 1 for share in (found.confidence, found.state_confidence))
        assert found.state is None or len(found.state) == 2
