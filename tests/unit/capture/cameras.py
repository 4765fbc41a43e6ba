"""Cameras on loopback: MJPEG over HTTP, and RTSP with JPEG over RTP (RFC 2435) in the same connection."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import cv2
import numpy as np

# Frames a second, far more than a camera's: what cannot be kept must be dropped.
RATE = 100
_BOUNDARY = b"next"
Serve = Callable[[socket.socket, Event], None]


def jpeg(shade: int) -> bytes:
    """Return a picture of 64 x 48 in one shade of gray."""
    return cv2.imencode(".jpg", np.full((48, 64, 3), shade, np.uint8))[1].tobytes()


@contextmanager
def camera(serve: Serve, port: int = 0) -> Iterator[int]:
    """Answer connections in turn on a loopback port, given or drawn, until the block ends."""
    done = Event()
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.settimeout(0.05)

        def run() -> None:
            while not done.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(2.0)
                    try:
                        serve(connection, done)
                    except OSError:
                        # The other side has left, which it may.
                        continue

        thread = Thread(target=run)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            done.set()
            thread.join()


def mjpeg(shade: int, *, most: int | None = None) -> Serve:
    """Serve MJPEG over HTTP, `most` pictures a connection."""
    picture = jpeg(shade)

    def serve(connection: socket.socket, done: Event) -> None:
        _request(connection)
        connection.sendall(
            b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=" + _BOUNDARY + b"\r\n\r\n"
        )
        head = b"--%s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
        for _ in _times(most, done):
            connection.sendall(head % (_BOUNDARY, len(picture)) + picture + b"\r\n")

    return serve


def rtsp(shade: int, *, most: int | None = None) -> Serve:
    """Serve RTSP 1.0 with RTP in the same connection (RFC 2326, section 10.12)."""
    described = (
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=control:one\r\n"
    )
    tables, scan = _parts(jpeg(shade))

    def serve(connection: socket.socket, done: Event) -> None:
        while True:
            request = _request(connection)
            method, number = request.split(b" ", 1)[0], _header(request, b"CSeq")
            more, body = b"", b""
            if method == b"OPTIONS":
                more = b"Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
            elif method == b"DESCRIBE":
                more, body = b"Content-Type: application/sdp\r\n", described
            elif method == b"SETUP":
                more = b"Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
            elif method == b"PLAY":
                more = b"Session: 1\r\n"
            connection.sendall(
                b"RTSP/1.0 200 OK\r\nCSeq: %s\r\n%sContent-Length: %d\r\n\r\n%s"
                % (number, more, len(body), body)
            )
            if method == b"PLAY":
                break
        for place in _times(most, done):
            connection.sendall(_packet(place, tables, scan))

    return serve


def _packet(place: int, tables: bytes, scan: bytes) -> bytes:
    """Return a picture as one RTP packet, framed for the RTSP connection."""
    rtp = struct.pack(">BBHII", 0x80, 0x80 | 26, place & 0xFFFF, place * 90_000 // RATE, 1)
    # Type 1 is 4:2:0, quality 255 that the tables follow; sizes are in blocks of eight pixels.
    main = struct.pack(">BBBBBBBB", 0, 0, 0, 0, 1, 255, 64 // 8, 48 // 8)
    packet = rtp + main + struct.pack(">BBH", 0, 0, len(tables)) + tables + scan
    return struct.pack(">BBH", 0x24, 0, len(packet)) + packet


def _parts(picture: bytes) -> tuple[bytes, bytes]:
    """Return the two quantization tables and the entropy-coded data of a JPEG."""
    tables, at = b"", 2
    while picture[at + 1] != 0xDA:
        (length,) = struct.unpack(">H", picture[at + 2 : at + 4])
        if picture[at + 1] == 0xDB:
            tables += picture[at + 5 : at + 2 + length]
        at += 2 + length
    (length,) = struct.unpack(">H", picture[at + 2 : at + 4])
    assert len(tables) == 128
    return tables, picture[at + 2 + length : -2]


def _times(most: int | None, done: Event) -> Iterator[int]:
    place = 0
    while not done.is_set() and (most is None or place < most):
        yield place
        place += 1
        time.sleep(1 / RATE)


def _request(connection: socket.socket) -> bytes:
    found = b""
    while not found.endswith(b"\r\n\r\n"):
        if not (more := connection.recv(4096)):
            raise ConnectionError("the other side has left")
        found += more
    return found


def _header(request: bytes, name: bytes) -> bytes:
    return next(each.split(b":", 1)[1].strip() for each in request.split(b"\r\n") if each.startswith(name))
