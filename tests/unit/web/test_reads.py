"""POST /reads: what a batch must be, what is told of it, and what is counted."""

from __future__ import annotations

import gzip
import zlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, cast

import httpx
import pytest
from anyio import CapacityLimiter
from starlette.applications import Starlette

from gatehouse.model import PartUnavailable
from gatehouse.model.batch import LARGEST_BODY, SignedBatch
from gatehouse.node.errors import Busy
from gatehouse.vault.batch import ReadRefusal
from gatehouse.web.api import reads
from gatehouse.web.metrics import Metrics
from gatehouse.web.ports import Site
from gatehouse.web.routing import route
from tests.unit.web.nodes import Browser, Taken

BODY = b'{"captured_at": "2026-11-23T16:04:05Z", "plate": "TEST 123"}\n'
# Without a time, so that a test has one name.
PACKED = gzip.compress(BODY, mtime=0)
SIGNATURE = b64encode(b"\x01" * 64).decode()
HEADERS = {"gatehouse-camera": "cam-1", "gatehouse-batch": "7", "gatehouse-signature": SIGNATURE}


class Intake:
    """A node that only takes reads in."""

    def __init__(self) -> None:
        self.batches: list[SignedBatch] = []
        self.answer: Taken | Exception = Taken(accepted=1)

    def ingest(self, batch: SignedBatch) -> Taken:
        self.batches.append(batch)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Gate:
    """The route alone."""

    def __init__(self) -> None:
        self.intake = Intake()
        self.metrics = Metrics()
        site = cast("Site", self.intake)
        made = route(reads.endpoint(self.metrics), site, self.metrics, CapacityLimiter(4))
        self.browser = Browser(Starlette(routes=[made]), origin=None)

    def send(self, body: bytes = BODY, **changed: str | None) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in changed.items()}
        headers = {name: value for name, value in (HEADERS | named).items() if value is not None}
        return self.browser.post("/reads", content=body, headers=headers)

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics._registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_batch_is_handed_to_the_node_as_it_was_signed(gate: Gate) -> None:
    found = gate.send()
    assert (found.status_code, found.json()) == (
        200,
        {"camera": "cam-1", "number": 7, "duplicate": False, "accepted": 1, "refused": {}},
    )
    assert gate.intake.batches == [SignedBatch("cam-1", 7, BODY, b"\x01" * 64)]


def test_packed_batch_is_the_same_batch(gate: Gate) -> None:
    assert gate.send(PACKED, content_encoding="gzip").status_code == 200
    assert gate.intake.batches[0].body == BODY


def test_refused_reads_are_told_and_counted_by_reason(gate: Gate) -> None:
    gate.intake.answer = Taken(
        accepted=3, refused={ReadRefusal.EXPIRED: 2, ReadRefusal.CLOCK_AHEAD: 1, ReadRefusal.MALFORMED: 0}
    )
    assert gate.send().json()["refused"] == {"expired": 2, "clock_ahead": 1}
    assert gate.counted("gatehouse_reads_accepted_total") == 3
    assert gate.counted("gatehouse_reads_refused_total", reason="expired") == 2
    assert gate.counted("gatehouse_batches_total", outcome="taken") == 1


def test_batch_sent_again_is_told_to_be_had(gate: Gate) -> None:
    gate.intake.answer = Taken(duplicate=True)
    found = gate.send()
    assert (found.status_code, found.json()["duplicate"]) == (200, True)
    assert gate.counted("gatehouse_batches_total", outcome="duplicate") == 1


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (ReadRefusal.BAD_SIGNATURE, 401),
        (ReadRefusal.CAMERA_UNKNOWN, 401),
        (ReadRefusal.CAMERA_SUSPENDED, 403),
        (ReadRefusal.CAMERA_RETIRED, 403),
    ],
)
def test_camera_that_may_not_send_is_refused_and_its_reads_counted(
    gate: Gate, reason: ReadRefusal, status: int
) -> None:
    gate.intake.answer = Taken(refused={reason: 5})
    found = gate.send()
    assert (found.status_code, found.json()["got"]) == (status, reason.value.replace("_", " "))
    assert gate.counted("gatehouse_reads_refused_total", reason=reason.value) == 5
    assert gate.counted("gatehouse_batches_total", outcome="refused") == 1


def test_node_that_is_busy_says_when_to_come_again(gate: Gate) -> None:
    gate.intake.answer = Busy(4)
    found = gate.send()
    assert (found.status_code, found.headers["retry-after"]) == (429, "4")
    assert gate.counted("gatehouse_batches_total", outcome="busy") == 1


def test_store_that_fails_is_no_refusal_of_the_batch(gate: Gate) -> None:
    gate.intake.answer = PartUnavailable("the read store failed")
    found = gate.send()
    assert (found.status_code, found.headers["retry-after"]) == (503, "10")


@pytest.mark.parametrize(
    "changed",
    [
        {"gatehouse_camera": None},
        {"gatehouse_camera": "c" * 129},
        {"gatehouse_batch": None},
        {"gatehouse_batch": "0"},
        {"gatehouse_batch": "-1"},
        {"gatehouse_batch": "1.0"},
        {"gatehouse_batch": "9" * 16},
        {"gatehouse_batch": "9" * 5000},
        {"gatehouse_signature": None},
        {"gatehouse_signature": "no base64"},
        {"gatehouse_signature": b64encode(b"\x01" * 63).decode()},
    ],
)
def test_batch_without_its_headers_is_refused_unread(gate: Gate, changed: Mapping[str, Any]) -> None:
    assert gate.send(**changed).status_code == 400
    assert gate.intake.batches == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no gzip",
        PACKED[:-1],
        PACKED + b"x",
        PACKED + PACKED,
        zlib.compress(BODY),
    ],
    ids=["empty", "text", "cut off", "more behind", "two members", "zlib"],
)
def test_what_is_no_whole_gzip_is_refused(gate: Gate, body: bytes) -> None:
    assert gate.send(body, content_encoding="gzip").status_code == 400
    assert gate.intake.batches == []


def test_other_packings_are_refused(gate: Gate) -> None:
    assert gate.send(content_encoding="br").status_code == 415
    assert gate.send(content_encoding="gzip, gzip").status_code == 415


def test_body_that_is_too_large_is_refused(gate: Gate) -> None:
    assert gate.send(b"x" * (LARGEST_BODY + 1)).status_code == 413
    assert gate.send(content_length=str(LARGEST_BODY + 1)).status_code == 413
    assert gate.intake.batches == []


def test_largest_body_is_taken(gate: Gate) -> None:
    assert gate.send(gzip.compress(b" " * LARGEST_BODY, 1), content_encoding="gzip").status_code == 200
    assert len(gate.intake.batches[0].body) == LARGEST_BODY


def test_bomb_is_not_unpacked(gate: Gate) -> None:
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1024 * 1024)
    bomb = b"".join(packer.compress(zeros) for _ in range(512)) + packer.flush()
    assert len(bomb) < LARGEST_BODY
    assert gate.send(bomb, content_encoding="gzip").status_code == 413
    assert gate.intake.batches == []


def test_more_bodies_than_memory_holds_are_told_to_come_again(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "IN_MEMORY", 1_000)
    gate = Gate()
    found = gate.send(b"x" * 1_001)
    assert (found.status_code, found.headers["retry-after"]) == (429, "2")
    # What one request held is free again for the next.
    assert [gate.send(b"x" * 1_000).status_code for _ in range(3)] == [200, 200, 200]
