"""What a node's answers mean, over a real socket."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gatehouse.capture.agent.uplink import NotNow, Refused, Taken, Uplink, check_node
from gatehouse.model import BadUse
from gatehouse.model.batch import SignedBatch
from tests.loopback import Quiet, listening

BATCH = SignedBatch("alder-pd.cam7", 7, b'{"plate":"TEST1"}\n', b"s" * 64)
TAKEN = {"accepted": 1, "refused": {"expired": 2}, "duplicate": False}


@contextmanager
def answering(
    status: int, told: object, headers: dict[str, str] | None = None
) -> Iterator[tuple[Uplink, Any]]:
    seen: list[Any] = []

    class Node(Quiet):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, dict(self.headers), body))
            content = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    with listening(Node) as url:
        uplink = Uplink(url)
        try:
            yield uplink, seen
        finally:
            uplink.close()


def test_batch_is_posted_with_its_camera_number_and_signature() -> None:
    with answering(200, TAKEN) as (uplink, seen):
        assert uplink.send(BATCH) == Taken(1, {"expired": 2}, duplicate=False)

    ((path, headers, body),) = seen
    assert (path, body) == ("/reads", BATCH.body)
    assert (headers["Gatehouse-Camera"], headers["Gatehouse-Batch"]) == ("alder-pd.cam7", "7")
    assert b64decode(headers["Gatehouse-Signature"]) == b"s" * 64


@pytest.mark.parametrize(
    ("told", "headers"),
    [
        (b'{"accepted": 1, "refused": {}, "duplicate": false' + b" " * 100_000 + b"}", {}),
        (gzip.compress(json.dumps(TAKEN).encode()), {"Content-Encoding": "gzip"}),
    ],
    ids=["endless", "packed"],
)
def test_answer_that_no_node_gives_forgets_nothing(told: bytes, headers: dict[str, str]) -> None:
    with answering(200, told, headers) as (uplink, _):
        assert uplink.send(BATCH) == NotNow("what answered is no node")


def test_large_batch_is_packed() -> None:
    body = b'{"plate":"TEST1"}\n' * 1_000
    with answering(200, TAKEN) as (uplink, seen):
        uplink.send(SignedBatch("c", 1, body, b"s" * 64))

    ((_, headers, sent),) = seen
    assert (headers["Content-Encoding"], gzip.decompress(sent)) == ("gzip", body)


@pytest.mark.parametrize(
    ("status", "told", "headers", "outcome"),
    [
        (429, {}, {"Retry-After": "7"}, NotNow("the node asks to come again (429)", 7.0)),
        (503, {}, {"Retry-After": "99999"}, NotNow("the node asks to come again (503)", 3600.0)),
        (500, b"", {"Retry-After": "soon"}, NotNow("the node asks to come again (500)")),
        (
            403,
            {"got": "camera suspended"},
            {},
            Refused("the node refuses this camera's batches (403: camera suspended)"),
        ),
        (401, {"got": "TEST1 was read"}, {}, Refused("the node refuses this camera's batches (401)")),
        (413, b"<html>", {}, Refused("the node refuses this camera's batches (413)")),
        (
            302,
            b"",
            {"Location": "https://example.org/"},
            Refused("the node refuses this camera's batches (302)"),
        ),
        (200, b"<html>a captive portal</html>", {}, NotNow("what answered is no node")),
        (200, {"accepted": 1}, {}, NotNow("what answered is no node")),
        (200, [], {}, NotNow("what answered is no node")),
    ],
)
def test_other_answers_keep_the_batch(
    status: int, told: object, headers: dict[str, str], outcome: object
) -> None:
    with answering(status, told, headers) as (uplink, _):
        assert uplink.send(BATCH) == outcome


def test_node_that_is_away_is_no_error() -> None:
    with listening(Quiet) as url:
        pass
    uplink = Uplink(url)

    assert uplink.send(BATCH) == NotNow("the node does not answer (ConnectError)")
    uplink.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://node.example.org",
        "ftp://localhost",
        "node.example.org",
        "",
        "https://",
        "https://a/b",
        "http://[::",
    ],
)
def test_address_that_would_show_reads_or_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadUse):
        check_node(url)


@pytest.mark.parametrize(
    "url",
    ["https://node.example.org", "https://node.example.org:8443/", "http://localhost:1", "http://[::1]:1"],
)
def test_address_of_a_node_is_taken(url: str) -> None:
    check_node(url)
