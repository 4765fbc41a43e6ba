from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from gatehouse.capture.adapters.bridge import Bridge
from gatehouse.capture.adapters.foreign import LARGEST_PAYLOAD, ForeignRead
from gatehouse.capture.adapters.webhook import webhook_app
from gatehouse.model import BadUse
from gatehouse.web.serve import serving
from tests.unit.capture.adapters.keeping import Camera
from tests.unit.capture.adapters.payloads import (
    as_bytes,
    form,
    openalpr_group,
    openalpr_results,
    picture,
    recognition,
)

SECRET = "a secret of a test"
BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def reads() -> list[ForeignRead]:
    return []


@pytest.fixture
def web(reads: list[ForeignRead]) -> Iterator[httpx.Client]:
    camera = Camera()
    camera.reads = reads
    bridge = Bridge({"1234": camera.take, "camera-1": camera.take})
    with (
        serving(webhook_app(bridge, secret=SECRET)) as address,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        yield client


def test_group_is_taken_once(web: httpx.Client, reads: list[ForeignRead]) -> None:
    first = web.post("/openalpr", content=as_bytes(openalpr_group()), headers=BEARER)
    again = web.post("/openalpr", content=as_bytes(openalpr_group()), headers=BEARER)

    assert (first.status_code, first.json()) == (200, {"taken": 1, "skipped": {}})
    assert (again.status_code, again.json()) == (200, {"taken": 0, "skipped": {"repeat": 1}})
    assert [read.plate for read in reads] == ["TEST55"]


def test_form_is_taken_by_a_secret_in_the_path(web: httpx.Client, reads: list[ForeignRead]) -> None:
    body, media = form(recognition(), picture())

    answer = web.post(f"/platerecognizer/{SECRET}", content=body, headers={"Content-Type": media})

    assert (answer.status_code, answer.json()) == (200, {"taken": 1, "skipped": {}})
    assert reads[0].image is not None


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/openalpr", {}),
        ("/openalpr", {"Authorization": "Bearer another"}),
        ("/openalpr", {"Authorization": SECRET}),
        ("/openalpr/another", {}),
        ("/openalpr/" + SECRET, {"Authorization": "Token another"}),
        ("/openalpr/%ff", {}),
    ],
)
def test_whoever_does_not_know_the_secret_hands_in_nothing(
    path: str, headers: dict[str, str], web: httpx.Client, reads: list[ForeignRead]
) -> None:
    answer = web.post(path, content=as_bytes(openalpr_group()), headers=headers)

    assert answer.status_code == 401
    assert not reads


def test_message_that_cannot_be_read_is_refused_and_one_without_a_plate_is_not(web: httpx.Client) -> None:
    bad = web.post("/platerecognizer", content=b"{", headers=BEARER)
    empty = web.post("/platerecognizer", content=as_bytes(recognition(event="other")), headers=BEARER)
    frame = web.post("/openalpr", content=as_bytes(openalpr_results()), headers=BEARER)

    assert (bad.status_code, bad.json()) == (400, {"taken": 0, "skipped": {"malformed": 1}})
    assert (empty.status_code, empty.json()) == (200, {"taken": 0, "skipped": {"other_kind": 1}})
    assert (frame.status_code, frame.json()) == (200, {"taken": 0, "skipped": {"other_form": 1}})


def test_body_without_end_is_refused_before_it_is_read(web: httpx.Client) -> None:
    answer = web.post("/openalpr", content=b" " * (LARGEST_PAYLOAD + 1), headers=BEARER)

    assert answer.status_code == 413


def test_read_that_cannot_be_kept_is_asked_for_again() -> None:
    camera = Camera()
    camera.full = True
    with serving(webhook_app(Bridge({"1234": camera.take}), secret=SECRET)) as address:
        answer = httpx.post(
            f"{address}/openalpr", content=as_bytes(openalpr_group()), headers=BEARER, trust_env=False
        )

    assert (answer.status_code, answer.json()) == (503, {"error": "the disk is full"})
    assert answer.headers["Retry-After"] == "5"


def test_secret_that_keeps_nobody_out_is_refused() -> None:
    with pytest.raises(BadUse, match="too short"):
        webhook_app(Bridge({}), secret="fifteen signs!!")
