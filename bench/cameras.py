"""What the cameras of a benchmark's network read, and a client process that hands it in over HTTP.

Of 200,000 plates each is as likely as any other, so that one plate stands five times in 1,000,000 reads. A
camera sends one batch, waits for the answer, and sends the next, as cameras must; batches
are made, signed and packed before the clock starts.
"""

from __future__ import annotations

import gzip
import http.client
import random
import threading
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

from bench.network import camera_key, camera_of

from gatehouse.model.batch import SignedBatch, signed_message

PLATES = 200_000
GZIP_LEVEL = 1
# The number that feeds begin with; past days have lower ones.
FIRST = 1_000_000
_CLOCK = [
    f"{hour:02}:{minute:02}:{second:02}" for hour in range(24) for minute in range(60) for second in range(60)
]
_LETTERS = [f"{a}{b}" for a in "ABCDEFGHJKLMNPRSTVWXYZ" for b in "ABCDEFGHJKLMNPRSTVWXYZ"]


@dataclass(frozen=True, slots=True)
class Feed:
    """What a client hands in: batches of `size` reads by each owner's camera, beginning with a number.

    `rate` is how many reads a second all cameras have together; None sends as fast as is answered.
    """

    url: str
    owners: tuple[str, ...]
    first: int
    batches: int
    size: int
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Fed:
    """What became of a feed; `cpu` is the client's own processor time."""

    reads: int
    seconds: float
    cpu: float
    busy: int
    bytes: int


def plate_of(number: int) -> str:
    """Return one of the plates."""
    return f"{_LETTERS[number // 10_000]}{number % 10_000:04}"


def signed_batch(
    chance: random.Random,
    owner: str,
    number: int,
    size: int,
    day: date,
    *,
    between: tuple[int, int] = (0, 86_400),
) -> SignedBatch:
    """Return a batch of an owner's camera, captured between two seconds of a day."""
    seconds = sorted(chance.choices(range(*between), k=size))
    plates = chance.choices(range(PLATES), k=size)
    body = "".join(
        f'{{"captured_at":"{day}T{_CLOCK[second]}.{plate % 1000:03}Z","plate":"{plate_of(plate)}",'
        f'"state":"MO","confidence":0.9{second % 10},"state_confidence":null,"image":null}}\n'
        for second, plate in zip(seconds, plates, strict=True)
    ).encode()
    camera = camera_of(owner)
    return SignedBatch(camera, number, body, camera_key(camera).sign(signed_message(camera, number, body)))


def hand_in(told: Connection, feed: Feed) -> None:
    """Make the batches, say `ready`, wait for a word, hand them in, and tell what became of them."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    chance = random.Random(feed.first)
    queues = []
    for owner in feed.owners:
        queues.append(
            [
                _packed(
                    signed_batch(
                        chance, owner, feed.first + at, feed.size, yesterday, between=_span(feed, at)
                    )
                )
                for at in range(feed.batches)
            ]
        )
    told.send("ready")
    told.recv()
    stop = threading.Event()

    def listen() -> None:
        told.recv()
        stop.set()

    if feed.rate is not None:
        threading.Thread(target=listen, daemon=True).start()
    found: list[tuple[int, int]] = []
    begun, cpu = time.perf_counter(), time.process_time()
    pause = None if feed.rate is None else feed.size * len(feed.owners) / feed.rate
    threads = [
        threading.Thread(
            target=_camera, args=(feed, batches, found, stop, pause, begun + (pause or 0) * at / len(queues))
        )
        for at, batches in enumerate(queues)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    packed = sum(len(body) for batches in queues for body, _ in batches)
    told.send(Fed(sum(reads for reads, _ in found), seconds, cpu, sum(busy for _, busy in found), packed))


Packed = tuple[bytes, dict[str, str]]


def _span(feed: Feed, at: int) -> tuple[int, int]:
    """Return the seconds over which a batch was captured: a read a second, which is a busy camera."""
    begin = (feed.first + at - FIRST) * feed.size % (86_400 - feed.size)
    return begin, begin + feed.size


def _packed(batch: SignedBatch) -> Packed:
    headers = {
        "Gatehouse-Camera": batch.camera,
        "Gatehouse-Batch": str(batch.number),
        "Gatehouse-Signature": b64encode(batch.signature).decode(),
        "Content-Encoding": "gzip",
        "Content-Type": "application/jsonl",
    }
    return gzip.compress(batch.body, GZIP_LEVEL), headers


def _camera(
    feed: Feed,
    batches: Sequence[Packed],
    found: list[tuple[int, int]],
    stop: threading.Event,
    pause: float | None,
    due: float,
) -> None:
    place = urlsplit(feed.url)
    assert place.hostname is not None
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=120)
    reads = busy = 0
    for body, headers in batches:
        if pause is not None:
            if stop.wait(max(0.0, due - time.perf_counter())):
                break
            due += pause
        while True:
            connection.request("POST", "/reads", body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != http.HTTPStatus.TOO_MANY_REQUESTS:
                break
            busy += 1
            time.sleep(float(answer.headers["Retry-After"]))
        if answer.status != http.HTTPStatus.OK or f'"accepted":{feed.size}'.encode() not in text:
            raise SystemExit(f"a batch was not taken whole: {answer.status} {text[:300]!r}")
        reads += feed.size
    connection.close()
    found.append((reads, busy))
