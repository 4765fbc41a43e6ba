from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gatehouse.capture.fetching import fetch
from gatehouse.capture.models import Model, Part
from gatehouse.model import PartUnavailable, VerificationFailed

DATA = bytes(range(256)) * 400


@dataclass
class Publisher:
    """A server on the loopback interface: what it sends, where it stops, and what it was asked for."""

    data: bytes = DATA
    stops_after: int | None = None
    knows_ranges: bool = True
    status: int | None = None
    asked: list[str | None] = field(default_factory=list)
    port: int = 0

    def model(self) -> Model:
        digest = hashlib.sha256(DATA).hexdigest()
        url = f"http://127.0.0.1:{self.port}/weights.onnx"
        return Model("weights.onnx", Part.READER, "any", url, len(DATA), digest, "MIT", "for a test")


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    served = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            served.asked.append(asked)
            if served.status is not None:
                self.send_error(served.status)
                return
            start = 0
            if asked is not None and served.knows_ranges:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
            body = served.data[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if served.stops_after is None else body[: served.stops_after])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


def test_fetch_file_is_put_in_place_whole(publisher: Publisher, tmp_path: Path) -> None:
    told: list[int] = []
    assert fetch(publisher.model(), tmp_path / "new", advance=told.append) is True
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["weights.onnx"]
    assert (tmp_path / "new" / "weights.onnx").read_bytes() == DATA
    assert sum(told) == len(DATA)


def test_fetch_file_that_is_there_asks_nobody(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "weights.onnx").write_bytes(DATA)
    assert fetch(publisher.model(), tmp_path) is False
    assert publisher.asked == []


def test_fetch_wrong_file_that_is_there_is_replaced(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "weights.onnx").write_bytes(b"damaged")
    assert fetch(publisher.model(), tmp_path) is True
    assert (tmp_path / "weights.onnx").read_bytes() == DATA


def test_fetch_connection_that_breaks_goes_on_where_it_stopped(publisher: Publisher, tmp_path: Path) -> None:
    publisher.stops_after = 1000
    with pytest.raises(PartUnavailable, match="cannot be fetched"):
        fetch(publisher.model(), tmp_path)
    assert not (tmp_path / "weights.onnx").exists()
    publisher.stops_after = None
    told: list[int] = []
    assert fetch(publisher.model(), tmp_path, advance=told.append) is True
    assert publisher.asked == [None, "bytes=1000-"]
    assert sum(told) == len(DATA)


def test_fetch_server_without_ranges_begins_anew(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "weights.onnx.part").write_bytes(DATA[:500])
    publisher.knows_ranges = False
    assert fetch(publisher.model(), tmp_path) is True
    assert (tmp_path / "weights.onnx").read_bytes() == DATA


@pytest.mark.parametrize("data", [DATA[:-1] + b"x", DATA + b"x", b"x" * len(DATA)])
def test_fetch_other_bytes_are_refused_and_removed(publisher: Publisher, tmp_path: Path, data: bytes) -> None:
    publisher.data = data
    with pytest.raises(VerificationFailed, match="not the model file"):
        fetch(publisher.model(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_fetch_draft_of_other_bytes_is_removed(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "weights.onnx.part").write_bytes(b"x" * len(DATA))
    with pytest.raises(VerificationFailed, match="not the model file"):
        fetch(publisher.model(), tmp_path)
    assert fetch(publisher.model(), tmp_path) is True


def test_fetch_server_that_refuses_is_unavailable(publisher: Publisher, tmp_path: Path) -> None:
    publisher.status = 404
    with pytest.raises(PartUnavailable, match="cannot be fetched") as raised:
        fetch(publisher.model(), tmp_path)
    assert raised.value.got == "status 404"


def test_fetch_file_that_nobody_publishes_is_unavailable(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(PartUnavailable, match="not published"):
        fetch(replace(publisher.model(), url=None), tmp_path)
