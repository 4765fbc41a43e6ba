"""Ways for a web server to keep a reader waiting, fill its memory, or send it elsewhere."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from threading import Event

import pytest

from gatehouse.ledger.errors import InvalidNote, InvalidTile
from gatehouse.ledger.source import NotServed, Web, open_source
from gatehouse.ledger.verify import verify
from gatehouse.model import BadInput, BadUse, PartUnavailable
from tests.loopback import Quiet, listening
from tests.unit.ledger.published import Tree, log_signer

Answers = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def served(answer: Answers) -> Iterator[str]:
    """Run a web server that answers each GET with what a test says."""

    class Handler(Quiet):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    with listening(Handler) as url:
        yield f"{url}/log/"


def send(to: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    to.send_response(status)
    for name, value in {"content-length": str(len(body)), **headers}.items():
        to.send_header(name.replace("_", "-"), value)
    to.end_headers()
    to.wfile.write(body)


def publishing(tree: Tree) -> Answers:
    """Return the answers of an honest server."""

    def answer(to: BaseHTTPRequestHandler) -> None:
        path = to.path.removeprefix("/log/")
        if path == "checkpoint":
            send(to, tree.checkpoint().encode())
            return
        try:
            data = tree.part(path)
        except (BadInput, IndexError):
            send(to, b"", 404)
            return
        if path.startswith("tile/entries/"):
            send(to, gzip.compress(data), content_encoding="gzip")
        else:
            send(to, data)

    return answer


def fetched(answer: Answers, path: str = "tile/0/000.p/3", *, seconds: float = 5.0) -> bytes:
    with served(answer) as url, Web(url, seconds=seconds) as source:
        return source.fetch(path)


def test_an_honest_server_is_read_whole() -> None:
    tree = Tree.counted(600)
    with served(publishing(tree)) as url, open_source(url) as source:
        found = verify(source, keys=[log_signer().vkey])
    assert (found.checkpoint.size, found.foreign, found.parts) == (600, 600, 7)


def test_drop_a_partial_tile_for_the_full_one() -> None:
    # The server has grown since its checkpoint was read, and serves no old partial tiles: that is allowed.
    tree = Tree.counted(512)
    asked = []

    def answer(to: BaseHTTPRequestHandler) -> None:
        path = to.path.removeprefix("/log/")
        asked.append(path)
        if path == "checkpoint":
            send(to, tree.checkpoint(300).encode())
        elif "001.p/" in path:
            send(to, b"", 404)
        else:
            send(to, tree.part(path))

    with served(answer) as url, open_source(url) as source:
        assert verify(source, keys=[log_signer().vkey]).checkpoint.size == 300
    assert {"tile/0/001", "tile/entries/001"} <= set(asked)


@pytest.mark.parametrize("path", ["tile/0/000.p/3", "tile/entries/000.p/3", "tile/0/000"])
def test_serve_nothing(path: str) -> None:
    with pytest.raises(NotServed) as caught:
        fetched(lambda to: send(to, b"gone", 404), path)
    assert (caught.value.expected, caught.value.exit_code) == (path, 4)


def test_drip_a_byte_at_a_time() -> None:
    ended = Event()

    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.send_header("content-length", "96")
        to.end_headers()
        while not ended.wait(0.02):
            to.wfile.write(b"x")
            to.wfile.flush()

    try:
        with pytest.raises(PartUnavailable, match="took too long"):
            # Each byte comes well within the time; only the whole does not.
            fetched(answer, "tile/0/000.p/255", seconds=0.4)
    finally:
        ended.set()


def test_drip_the_headers() -> None:
    ended = Event()

    def answer(to: BaseHTTPRequestHandler) -> None:
        to.wfile.write(b"HTTP/1.1 200 OK\r\nx-filler: ")
        while not ended.wait(0.02):
            to.wfile.write(b"x")
            to.wfile.flush()

    try:
        with pytest.raises(PartUnavailable, match="took too long"):
            fetched(answer, seconds=0.4)
    finally:
        ended.set()


def test_never_answer() -> None:
    ended = Event()

    def answer(to: BaseHTTPRequestHandler) -> None:
        ended.wait(20)

    try:
        with pytest.raises(PartUnavailable):
            fetched(answer, seconds=0.3)
    finally:
        ended.set()


def test_serve_more_than_the_path_allows() -> None:
    for path, most in (("tile/0/000.p/3", 96), ("tile/0/000", 8192), ("tile/entries/000.p/1", 65_537)):
        with pytest.raises(InvalidTile, match="more bytes than can be") as caught:
            fetched(lambda to, most=most: send(to, b"x" * (most + 1)), path)  # type: ignore[misc]
        assert caught.value.expected == f"at most {most}"


def test_serve_without_end() -> None:
    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.send_header("connection", "close")
        to.end_headers()
        while True:
            to.wfile.write(b"x" * 65_536)

    with pytest.raises(InvalidTile, match="more bytes than can be"):
        fetched(answer)
    with served(answer) as url, open_source(url) as source, pytest.raises(InvalidNote):
        source.checkpoint()


def test_serve_a_gzip_bomb() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    with pytest.raises(InvalidTile, match="more bytes than can be"):
        fetched(lambda to: send(to, bomb, content_encoding="gzip"), "tile/entries/000")


def test_serve_gzip_that_makes_nothing() -> None:
    empty = gzip.compress(b"") * 10_000
    with pytest.raises(InvalidTile):
        fetched(lambda to: send(to, empty, content_encoding="gzip"), "tile/0/000.p/1")


_ZIPPED = gzip.compress(bytes(96))


@pytest.mark.parametrize(
    "body", [b"no gzip", _ZIPPED[:-4], _ZIPPED + b"x", b""], ids=["none", "cut", "tail", "empty"]
)
def test_serve_broken_gzip(body: bytes) -> None:
    with pytest.raises(InvalidTile):
        fetched(lambda to: send(to, body, content_encoding="gzip"))


def test_break_off() -> None:
    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.send_header("content-length", "96")
        to.end_headers()
        to.wfile.write(bytes(50))
        to.close_connection = True

    with pytest.raises(PartUnavailable, match="cannot be read from its address"):
        fetched(answer)


@pytest.mark.parametrize("status", [204, 206, 301, 401, 500, 503])
def test_answer_with_another_status(status: int) -> None:
    with pytest.raises(PartUnavailable, match="no usable answer"):
        fetched(lambda to: send(to, b"", status))


def test_answer_in_another_encoding() -> None:
    with pytest.raises(PartUnavailable, match="no usable answer"):
        fetched(lambda to: send(to, b"x", content_encoding="br"))


def test_send_a_reader_to_another_host() -> None:
    seen = []

    def elsewhere(to: BaseHTTPRequestHandler) -> None:
        seen.append(to.path)
        send(to, bytes(96))

    with served(elsewhere) as other:
        for location in (other, "http://localhost:9/x", "https://127.0.0.1/x", "//elsewhere.example/x"):
            with pytest.raises(PartUnavailable, match="another host"):
                fetched(lambda to, at=location: send(to, b"", 302, location=at))  # type: ignore[misc]
    assert seen == []


@pytest.mark.parametrize("location", ["http://xn--zzzzzz999999/x", "http://xn--a/", "http://a:b/"])
def test_send_a_reader_to_a_host_that_cannot_be(location: str) -> None:
    with pytest.raises(PartUnavailable, match="cannot be read from its address"):
        fetched(lambda to: send(to, b"", 302, location=location))


def test_send_a_reader_in_circles() -> None:
    with pytest.raises(PartUnavailable, match="in circles"):
        fetched(lambda to: send(to, b"", 302, location=to.path))


def test_send_a_reader_on_within_the_host() -> None:
    def answer(to: BaseHTTPRequestHandler) -> None:
        if to.path.startswith("/moved/"):
            send(to, bytes(96))
        else:
            send(to, b"", 302, location="/moved/here")

    assert fetched(answer) == bytes(96)


@pytest.mark.parametrize("url", ["http://", "https:///log", "http://user:secret@log.example/"])
def test_hide_a_password_in_an_address(url: str) -> None:
    with pytest.raises(BadUse, match="without a password") as caught:
        open_source(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://xn--zzzzzz999999/", "http://xn--a/", "http://a:b/", "http://\0/"])
def test_name_a_host_that_cannot_be(url: str) -> None:
    with pytest.raises(BadUse, match="and a host"):
        open_source(url)


@pytest.mark.parametrize("path", ["../checkpoint", "tile/0/../../secret", "/etc/passwd", "tile/0/000?x"])
def test_ask_for_what_is_no_part_of_a_log(path: str) -> None:
    seen = []
    with pytest.raises(BadInput):
        fetched(lambda to: seen.append(to.path), path)
    assert seen == []
