"""A camera's agent that is killed at any point loses no read that it has kept, and hands in none twice.

`GATEHOUSE_KILLS=50` kills it 50 times.
"""

from __future__ import annotations

import json
import os
import random
import socket
import time
from contextlib import closing
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from threading import Event, Thread

import pytest

from gatehouse.capture.agent.agent import Agent
from gatehouse.capture.agent.queue import ReadQueue
from gatehouse.capture.agent.reads import CameraRead
from gatehouse.capture.agent.uplink import Uplink
from gatehouse.model.batch import SignedBatch
from gatehouse.node.intake import IngestResult
from gatehouse.web.app import create_app
from gatehouse.web.serve import serving
from tests.faults.node_load import CAMERAS, FIRST, KEYS, Running, make, open_node
from tests.faults.rounds import ROUNDS

ID = CAMERAS[0].id
YEARS = timedelta(days=3650)


def read_of(number: int) -> CameraRead:
    """Return a read that no other is: one a second, as many as its camera can have."""
    return CameraRead(FIRST + timedelta(seconds=number), f"T{number:06}")


def agent_of(folder: Path, uplink: Uplink) -> tuple[Agent, ReadQueue]:
    """Return an agent with the key that the node knows."""
    queue = ReadQueue(folder / "queue.sqlite", camera=ID)
    return Agent(queue, uplink, Key(), keep=YEARS, first_wait=0.01, gather=0.001), queue


class Key:
    """The camera's key, as the node's registry has it."""

    uri = "test:"

    def sign(self, message: bytes) -> bytes:
        return KEYS[ID].sign(message)

    def public_key(self) -> bytes:
        return KEYS[ID].public_key().public_bytes_raw()


def film(folder: str, url: str, first: int, told: Connection) -> None:
    """Take reads for as long as it lives, and tell each that is kept."""
    agent, _ = agent_of(Path(folder), Uplink(url))
    Thread(target=agent.run, args=(Event(),), daemon=True).start()
    number = first
    while True:
        agent.take(read_of(number))
        os.write(told.fileno(), number.to_bytes(4, "big"))
        number += 1
        time.sleep(0.002)


def test_kill_a_camera_at_random_points_loses_and_repeats_no_read(
    folder: Path, processes: ForkServerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    more = f'[accounts]\ndomain = "localhost"\n[http]\nhost = "127.0.0.1"\nport = {port}\nurl = "{url}"\n'
    make(folder / "node", more=more)
    (folder / "camera").mkdir(mode=0o700)
    chance, kept, stored = random.Random(7), set[str](), list[str]()
    with open_node(folder / "node", Running(time.time())) as node:
        ingest = node.ingest

        def noted(batch: SignedBatch) -> IngestResult:
            found = ingest(batch)
            if not found.duplicate:
                assert not found.refused
                stored.extend(json.loads(line)["plate"] for line in batch.body.splitlines())
            # Now and then the answer is lost on its way.
            if chance.random() < 0.3:
                raise ConnectionResetError
            return found

        monkeypatch.setattr(node, "ingest", noted)
        with serving(create_app(node), port=port):
            first = 0
            for _ in range(ROUNDS):
                reading, writing = processes.Pipe(duplex=False)
                child = processes.Process(target=film, args=(str(folder / "camera"), url, first, writing))
                child.start()
                writing.close()
                assert reading.poll(60), "the camera keeps nothing"
                time.sleep(chance.random() * 0.3)
                child.kill()
                child.join()
                told = _all(reading)
                kept |= {read_of(number).plate for number in told}
                # One more may have been kept and not told.
                first = max(told) + 2
            uplink = Uplink(url)
            agent, queue = agent_of(folder / "camera", uplink)
            stop = Event()
            thread = Thread(target=agent.run, args=(stop,))
            thread.start()
            assert agent.drain(60)
            stop.set()
            thread.join()
            counts = queue.counts()
            queue.close()
            uplink.close()

    assert len(stored) == len(set(stored)), "a read was handed in twice"
    assert kept <= set(stored), "a read that was kept was lost"
    assert len(set(stored) - kept) <= ROUNDS
    assert (counts.overflow, counts.expired) == (0, 0)


def _all(reading: Connection) -> list[int]:
    """Return what a process told before it ended; a word that was cut off tells nothing."""
    data = b""
    while part := os.read(reading.fileno(), 65_536):
        data += part
    return [int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data) - len(data) % 4, 4)]
