"""Frigate's messages through a real broker: Mosquitto, started on the loopback for these tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Thread

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from gatehouse.capture.adapters.bridge import Bridge
from gatehouse.capture.adapters.foreign import Skip
from gatehouse.capture.adapters.mqtt import Broker, FrigateListener
from gatehouse.model import PartUnavailable
from tests.conftest import missing_part
from tests.unit.capture.adapters.keeping import Camera
from tests.unit.capture.adapters.payloads import as_bytes, frigate_event, frigate_update

UPDATE, EVENTS = "frigate/tracked_object_update", "frigate/events"
SECONDS = 20


def until(true: Callable[[], object]) -> None:
    """Wait for something that a message brings about."""
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


@dataclass(slots=True)
class Mosquitto:
    """A broker that asks for a user and a password, and can be ended and started again."""

    folder: Path
    program: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self.program, "-c", str(self.folder / "mosquitto.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._answers)

    def _answers(self) -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(SECONDS)

    @property
    def broker(self) -> Broker:
        return Broker("127.0.0.1", self.port, "gatehouse-test", username="reader", password="a test's")

    @contextmanager
    def publisher(self) -> Iterator[Callable[[str, object], None]]:
        """Publish as Frigate does where its quality of service is 1."""
        client = Client(CallbackAPIVersion.VERSION2, client_id="frigate")
        client.username_pw_set("reader", "a test's")
        client.connect("127.0.0.1", self.port)
        client.loop_start()

        def publish(topic: str, told: object) -> None:
            content = told if isinstance(told, bytes) else as_bytes(told)
            client.publish(topic, content, qos=1).wait_for_publish(SECONDS)

        try:
            yield publish
        finally:
            client.disconnect()
            client.loop_stop()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    found = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        missing_part("Mosquitto", "install Debian's package mosquitto")
    assert found is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "reader", "a test's"], check=True)
    passwords.chmod(0o600)
    lines = (
        f"listener {port} 127.0.0.1",
        "allow_anonymous false",
        f"password_file {passwords}",
        "persistence true",
        f"persistence_location {tmp_path}/",
        "user root",
    )
    (tmp_path / "mosquitto.conf").write_text("\n".join(lines) + "\n", "utf-8")
    server = Mosquitto(tmp_path, found, port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@dataclass(slots=True)
class Source:
    """A listener on a thread, the reads it hands on, and the states that it tells."""

    camera: Camera = field(default_factory=Camera)
    states: list[tuple[bool, str]] = field(default_factory=list)

    @property
    def plates(self) -> list[str]:
        return [read.plate for read in self.camera.reads]

    @contextmanager
    def listening(self, broker: Broker, *, bridge: Bridge | None = None) -> Iterator[Bridge]:
        bridge = bridge or Bridge({"driveway_cam": self.camera.take})
        stop = Event()
        listener = FrigateListener(
            broker, bridge, on_state=lambda up, why: self.states.append((up, why)), wait=0.05
        )
        thread = Thread(target=listener.run, args=(stop,))
        thread.start()
        try:
            until(lambda: any(up for up, _ in self.states))
            yield bridge
        finally:
            stop.set()
            thread.join(SECONDS)
            assert not thread.is_alive()


def test_plates_of_both_topics_are_taken_once_and_the_rest_is_counted(mosquitto: Mosquitto) -> None:
    source = Source()
    with source.listening(mosquitto.broker) as bridge, mosquitto.publisher() as publish:
        publish(UPDATE, frigate_update())
        publish(EVENTS, frigate_event())
        publish(EVENTS, frigate_event(recognized_license_plate="TEST128"))
        publish(EVENTS, frigate_event(recognized_license_plate=None))
        publish(UPDATE, frigate_update(type="face"))
        publish(UPDATE, b"{")
        publish(UPDATE, frigate_update(camera="garage"))
        until(lambda: bridge.taken + bridge.skipped.total() == 7)

    assert source.plates == ["TEST123", "TEST128"]
    assert bridge.skipped == {
        Skip.REPEAT: 1,
        Skip.NO_PLATE: 1,
        Skip.OTHER_KIND: 1,
        Skip.MALFORMED: 1,
        Skip.OTHER_CAMERA: 1,
    }


def test_what_was_published_while_nobody_listened_comes_after(mosquitto: Mosquitto) -> None:
    source = Source()
    with source.listening(mosquitto.broker):
        pass
    with mosquitto.publisher() as publish:
        publish(UPDATE, frigate_update())
    with source.listening(mosquitto.broker):
        until(lambda: source.camera.reads)

    assert source.plates == ["TEST123"]


def test_read_that_could_not_be_kept_is_told_again_until_it_is(mosquitto: Mosquitto) -> None:
    source = Source()
    source.camera.full = True
    with source.listening(mosquitto.broker), mosquitto.publisher() as publish:
        publish(UPDATE, frigate_update())
        until(lambda: (False, "the reads could not be kept: the disk is full") in source.states)
        assert not source.camera.reads
        source.camera.full = False
        until(lambda: source.camera.reads)

    assert source.plates == ["TEST123"]


def test_broker_that_goes_away_is_told_and_found_again(mosquitto: Mosquitto) -> None:
    source = Source()
    with source.listening(mosquitto.broker):
        mosquitto.stop()
        until(lambda: source.states[-1][0] is False)
        mosquitto.start()
        until(lambda: source.states[-1][0] is True)
        with mosquitto.publisher() as publish:
            publish(UPDATE, frigate_update())
            until(lambda: source.camera.reads)

    assert source.plates == ["TEST123"]


def test_frigate_that_goes_away_is_told(mosquitto: Mosquitto) -> None:
    source = Source()
    with source.listening(mosquitto.broker), mosquitto.publisher() as publish:
        publish("frigate/available", b"offline")
        until(lambda: source.states[-1] == (False, "Frigate says that it is not online"))
        publish("frigate/available", b"online")
        until(lambda: source.states[-1] == (True, "Frigate says that it is online"))


def test_login_that_the_broker_refuses_is_said_at_once(mosquitto: Mosquitto) -> None:
    listener = FrigateListener(
        replace(mosquitto.broker, password="another"), Bridge({}), on_state=lambda up, why: None
    )

    with pytest.raises(PartUnavailable, match="refuses the login"):
        listener.run(Event())
