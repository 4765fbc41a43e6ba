"""Ways for a camera, or for whoever pretends to be one, to break the intake by what it sends over HTTP."""

from __future__ import annotations

import gzip
import json
import re
import resource
import socket
import zlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gatehouse.model.batch import LARGEST_BODY, MOST_READS, signed_message
from gatehouse.node.node import Node
from gatehouse.web import bodies
from gatehouse.web.app import create_app
from gatehouse.web.serve import serving
from tests.unit.ledger.logs import Clock
from tests.unit.node.founded import ALDER, START, camera, custodian
from tests.unit.node.running import CAMERA, KEY, made_node, opened_node, read

OTHER = camera(ALDER, 2)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
AT = START + timedelta(hours=1)
NO_PLATES = ("", " ", "ЖЖЖ", "💥" * 9, "\u202e", "A" * 65)
HEAD = (
    b"POST /reads HTTP/1.1\r\nhost: localhost:8443\r\ngatehouse-camera: c\r\ngatehouse-batch: 1\r\n"
    b"gatehouse-signature: " + b64encode(bytes(64)) + b"\r\n"
)
# Far more than one batch needs, far less than what the bodies here would unpack to.
MEMORY = 128 * 1024 * 1024


@dataclass(slots=True)
class Gate:
    """A node that serves, and a camera that knows its address."""

    node: Node
    url: str
    client: httpx.Client

    def send(
        self,
        body: bytes,
        number: int | None = None,
        *,
        camera: str = CAMERA.id,
        key: Ed25519PrivateKey = KEY,
        plain: bytes | None = None,
        **more: str,
    ) -> httpx.Response:
        """Send a body, signed as `plain` if that is another."""
        number = self.next if number is None else number
        signature = key.sign(signed_message(camera, number, body if plain is None else plain))
        headers = {
            "gatehouse-camera": camera,
            "gatehouse-batch": str(number),
            "gatehouse-signature": b64encode(signature).decode(),
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        found = self.client.post("/reads", content=body, headers=headers)
        if found.status_code != 200:
            problem = found.json()
            assert found.headers["content-type"] == "application/problem+json"
            assert problem["title"]
            assert found.status_code < 500, problem
        return found

    @property
    def next(self) -> int:
        """Return the number that the camera's next batch has."""
        return self.node.reads.last_batch(CAMERA.id) + 1

    def counted(self) -> dict[str, float]:
        """Return how many reads were refused for each reason."""
        text = self.client.get("/metrics").text
        found = re.findall(r'^gatehouse_reads_refused_total\{reason="(\w+)"\} (\S+)$', text, re.MULTILINE)
        return {reason: float(number) for reason, number in found if float(number)}

    def is_well(self) -> None:
        """Check that the intake takes a sound batch still."""
        assert self.send(lines(read("TEST123", AT))).json()["accepted"] == 1


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """One node for all: what one of these sends must not spoil it for the next."""
    folder = made_node(tmp_path_factory.mktemp("swamped") / "node")
    with opened_node(folder, Clock(AT)) as node:
        public = OTHER_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        node.registry.add_camera(replace(OTHER, key=public), by=custodian(ALDER, 1))
        with (
            serving(create_app(node)) as url,
            httpx.Client(base_url=url, headers={"host": "localhost:8443"}, timeout=60) as client,
        ):
            yield Gate(node, url, client)


def lines(*reads: Any) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in reads)


def test_swell_when_unpacked(gate: Gate) -> None:
    packer = zlib.compressobj(1, wbits=31)
    zeros = bytes(1024 * 1024)
    bomb = b"".join(packer.compress(zeros) for _ in range(256)) + packer.flush()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert gate.send(bomb, content_encoding="gzip").status_code == 413
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < MEMORY
    gate.is_well()


@pytest.mark.parametrize(
    ("encoding", "status"), [("br", 415), ("gzip, gzip", 415), ("deflate", 415), ("gzip", 400)]
)
def test_name_another_packing_than_the_bodys(gate: Gate, encoding: str, status: int) -> None:
    assert gate.send(lines(read("TEST123", AT)), content_encoding=encoding).status_code == status
    gate.is_well()


def test_cut_off_what_is_packed(gate: Gate) -> None:
    plain = lines(read("TEST123", AT))
    packed = gzip.compress(plain, mtime=0)
    for end in range(len(packed)):
        assert gate.send(packed[:end], plain=plain, content_encoding="gzip").status_code == 400
    assert gate.send(packed, plain=plain, content_encoding="gzip").json()["accepted"] == 1


def test_send_without_end(gate: Gate) -> None:
    place = urlsplit(gate.url)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    chunk = b"40000\r\n" + bytes(0x40000) + b"\r\n"
    # The node hangs up, whatever else is sent; it would drain a body without end otherwise.
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=30) as endless:
        endless.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n")
        with pytest.raises(ConnectionError):
            for _ in range(100 * LARGEST_BODY // len(chunk)):
                endless.sendall(chunk)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < MEMORY
    gate.is_well()


def test_drip(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies.read_body, "__kwdefaults__", {"seconds": 0.5, "arrived": None})
    place = urlsplit(gate.url)
    assert place.hostname is not None
    sockets = []
    for _ in range(20):
        slow = socket.create_connection((place.hostname, place.port or 0), timeout=30)
        slow.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\nx\r\n")
        sockets.append(slow)
    # Those who wait hold up nobody.
    gate.is_well()
    for slow in sockets:
        with slow:
            assert slow.recv(65_536).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (b"{}\n" * MOST_READS, {"malformed": MOST_READS}),
        (b"{}\n" * 1_000_000, {"too_large": 1_000_000}),
        (b"\n" * 49_999 + lines(read("TEST123", AT)), {}),
        (b'{"captured_at": "' + b"x" * 1_000_000 + b'"}\n', {"too_large": 1}),
        (b"[" * 4_000 + b"\n" + b'{"a":' * 800 + b"\n", {"malformed": 2}),
        (b'{"captured_at": NaN, "plate": NaN}\n{"confidence": Infinity}\n', {"malformed": 2}),
        (b"\xff\xfe\n\x00\n", {"malformed": 2}),
        (b'"\\ud800"\n{"captured_at": 1, "plate": "\\ud800"}\n', {"malformed": 2}),
        (lines(*(read(each, AT) for each in NO_PLATES)), {"no_plate": len(NO_PLATES)}),
        (lines(read("TEST123", AT + timedelta(seconds=61))), {"clock_ahead": 1}),
        (lines(read("TEST123", datetime.fromisoformat("9999-12-31T23:59:59.999999Z"))), {"clock_ahead": 1}),
        (lines(read("TEST123", AT - timedelta(days=400))), {"expired": 1}),
        (
            lines(*(read("TEST123", AT - timedelta(hours=1)) for _ in range(1_000))),
            {"implausible_rate": 1_000 - CAMERA.peak},
        ),
    ],
    ids=[
        "many empty objects",
        "a million lines",
        "empty lines",
        "a line of a megabyte",
        "deep",
        "no numbers",
        "no text",
        "half a sign",
        "no plates",
        "ahead",
        "the end of time",
        "long over",
        "all at once",
    ],
)
def test_fill_a_batch_with_what_is_no_read(gate: Gate, body: bytes, refused: dict[str, int]) -> None:
    before = gate.counted()
    found = gate.send(body)
    assert (found.status_code, found.json()["refused"]) == (200, refused)
    assert {reason: gate.counted()[reason] - before.get(reason, 0) for reason in refused} == refused
    gate.is_well()


def test_send_as_much_as_one_may(gate: Gate) -> None:
    body = (b" " * 4_095 + b"\n") * (LARGEST_BODY // 4_096)
    assert gate.send(body).json()["refused"] == {}
    # The answer arrives, though bytes are under way that nobody reads any more.
    assert [gate.send(body + b" ").status_code for _ in range(10)] == [413] * 10
    assert [gate.send(body * 2).status_code for _ in range(3)] == [413] * 3
    gate.is_well()


def test_speak_for_another_camera(gate: Gate) -> None:
    body, before = lines(read("TEST123", AT)), gate.counted()
    last = gate.node.reads.last_batch(CAMERA.id)
    assert gate.send(body, key=STRANGER).status_code == 401
    assert gate.send(body, key=OTHER_KEY).status_code == 401
    assert gate.send(body, camera="alder-pd.cam9").status_code == 401
    assert gate.send(body + b"\n", plain=body).status_code == 401
    after = gate.counted()
    assert [after[each] - before.get(each, 0) for each in ("bad_signature", "camera_unknown")] == [3, 1]
    # None of them has used up a number.
    assert gate.node.reads.last_batch(CAMERA.id) == last
    gate.is_well()


def test_send_again_and_out_of_order(gate: Gate) -> None:
    first = gate.next
    told = [
        gate.send(lines(read("TEST123", AT)), number).json()
        for number in (first + 4, first + 4, first + 2, first)
    ]
    assert [(each["accepted"], each["duplicate"]) for each in told] == [(1, False), *[(0, True)] * 3]
    assert gate.node.reads.last_batch(CAMERA.id) == first + 4
    # A number that leaps to the end leaves no more for its camera, and all for the others.
    body = lines(read("TEST123", AT))
    assert gate.send(body, 2**53 - 1, camera=OTHER.id, key=OTHER_KEY).json()["accepted"] == 1
    assert gate.send(body, 6, camera=OTHER.id, key=OTHER_KEY).json()["duplicate"]
    gate.is_well()
