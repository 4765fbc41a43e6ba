"""Whatever another reader sends, a parser gives reads that can be ones, or says why there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.capture.adapters import frigate, openalpr, platerecognizer
from gatehouse.capture.adapters.foreign import LARGEST_PAYLOAD, ForeignRead, Found, Skip
from tests.unit.capture.adapters.payloads import (
    form,
    frigate_event,
    frigate_update,
    openalpr_group,
    openalpr_results,
    picture,
    recognition,
)

Parse = Callable[[bytes], Found]
MEDIA = form({}, None)[1]
FORMS: dict[str, tuple[Parse, dict[str, Any]]] = {
    "frigate-update": (lambda sent: frigate.parse(sent, topic="f/tracked_object_update"), frigate_update()),
    "frigate-event": (lambda sent: frigate.parse(sent, topic="f/events"), frigate_event()),
    "openalpr-group": (openalpr.parse, openalpr_group()),
    "openalpr-results": (lambda sent: openalpr.parse(sent, frames=True), openalpr_results()),
    "platerecognizer": (platerecognizer.parse, recognition()),
    "platerecognizer-form": (
        lambda sent: platerecognizer.parse(
            form({}, picture(64, 48))[0].replace(b"{}", sent), media_type=MEDIA, zone=UTC
        ),
        recognition(),
    ),
}
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=True),
    st.text(max_size=70),
    st.sampled_from(["us-", "-1562681121543", "1e400", "\ud800", "2021-13-01", "0001-01-01T00:00+23:59"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def check(found: Found) -> None:
    assert found
    for each in found:
        if isinstance(each, Skip):
            continue
        assert isinstance(each, ForeignRead)
        assert each.camera
        assert each.event
        assert each.plate.strip()
        assert datetime(2000, 1, 1, tzinfo=UTC) <= each.captured_at < datetime(2200, 1, 1, tzinfo=UTC)
        assert each.confidence is None or 0 <= each.confidence <= 1
        assert each.state is None or (each.state.isupper() and len(each.state) == 2)
        assert each.state_confidence is None or 0 <= each.state_confidence <= 1
        assert each.image is None or each.image.startswith(b"\xff\xd8")


def places(told: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value of a document."""
    inside: list[tuple[Any, Any]] = []
    if isinstance(told, dict):
        inside = list(told.items())
    elif isinstance(told, list):
        inside = list(enumerate(told))
    return [path, *(place for key, value in inside for place in places(value, (*path, key)))][
        0 if path else 1 :
    ]


def changed(told: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    """Return a document with another value at a place."""
    copy: Any = json.loads(json.dumps(told))
    at = copy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return dict(copy)


@pytest.mark.parametrize("name", FORMS)
@given(data=st.data())
def test_message_with_any_value_anywhere_is_a_read_or_says_why(name: str, data: st.DataObject) -> None:
    parse, told = FORMS[name]
    for _ in range(data.draw(st.integers(1, 3))):
        told = changed(told, data.draw(st.sampled_from(places(told))), data.draw(VALUES))

    check(parse(json.dumps(told).encode()))


@pytest.mark.parametrize("name", FORMS)
@given(payload=st.binary(max_size=200))
def test_any_bytes_give_no_read_and_say_why(name: str, payload: bytes) -> None:
    check(FORMS[name][0](payload))


@given(payload=st.binary(max_size=300), media=st.text(max_size=80))
def test_any_form_under_any_media_type_gives_no_read_and_says_why(payload: bytes, media: str) -> None:
    check(platerecognizer.parse(payload, media_type=f"multipart/form-data; boundary={media}"))
    check(platerecognizer.parse(b"--a\r\n" + payload, media_type="multipart/form-data; boundary=a"))


@pytest.mark.parametrize("name", [name for name in FORMS if name != "platerecognizer-form"])
@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", Skip.MALFORMED),
        (b"[" * 10_000, Skip.MALFORMED),
        (b"null", Skip.MALFORMED),
        (b" " * (LARGEST_PAYLOAD + 1), Skip.TOO_LARGE),
    ],
    ids=["empty", "deep", "null", "large"],
)
def test_message_that_is_no_object_says_why(name: str, payload: bytes, why: Skip) -> None:
    assert FORMS[name][0](payload) == [why]
