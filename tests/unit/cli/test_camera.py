"""`gatehouse camera` as a user runs it."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gatehouse.capture.adapters.foreign import ForeignRead, Skip
from gatehouse.capture.agent.agent import Agent
from gatehouse.capture.agent.folder import CameraFolder
from gatehouse.capture.agent.queue import ReadQueue
from gatehouse.cli import main
from gatehouse.cli.camera_agents import Feeding
from gatehouse.model import PartUnavailable
from gatehouse.model.batch import signed_message
from tests.loopback import Quiet, listening
from tests.unit.capture.adapters.payloads import as_bytes, openalpr_group
from tests.unit.capture.agent.cameras import Told
from tests.unit.cli.ledgers import GATEHOUSE

CAMERA = "alder-pd.cam7"
AT = "2026-11-24T16:00:00Z"
SECRET = "a secret of a test"


class Shell:
    """Runs `gatehouse camera` here and reads what it prints."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured

    def json(self, *arguments: object, code: int = 0) -> Any:
        assert main(["camera", *map(str, arguments), "--json"]) == code
        return json.loads(self._captured.readouterr().out)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def folder(tmp_path: Path, shell: Shell) -> Path:
    shell.json("enrol", tmp_path / "cam7", "--camera", CAMERA)
    return tmp_path / "cam7"


@contextmanager
def node() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Take every batch, and keep it with its headers."""
    taken: list[tuple[dict[str, str], bytes]] = []

    class Node(Quiet):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((dict(self.headers), body))
            told = {"accepted": body.count(b"\n"), "refused": {}, "duplicate": False}
            content = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with listening(Node) as url:
        yield url, taken


@contextmanager
def running(*arguments: object) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """Run a command until the block ends, and give the first line that it prints."""
    command = [str(GATEHOUSE), "camera", *map(str, arguments), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline()), process
        finally:
            if process.poll() is None:
                process.kill()


def test_enrol_makes_a_key_that_only_its_owner_reads(tmp_path: Path, shell: Shell) -> None:
    told = shell.json("enrol", tmp_path / "cam7", "--camera", CAMERA)

    assert list(told) == ["camera", "key"]
    assert (told["camera"], len(bytes.fromhex(told["key"]))) == (CAMERA, 32)
    assert stat.S_IMODE((tmp_path / "cam7" / "camera.pem").stat().st_mode) == 0o600
    again = shell.json("enrol", tmp_path / "cam7", "--camera", CAMERA, code=2)
    assert again["what"] == "there is something already"


def test_enrol_refuses_what_is_no_id(tmp_path: Path, shell: Shell) -> None:
    assert shell.json("enrol", tmp_path / "c", "--camera", "a b", code=2)["where"] == "--camera"
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "where"),
    [
        (["run", "clip.mp4", "--node", "https://n.example.org", "--dir", "."], 2, "--began"),
        (
            ["run", "rtsp://c", "--node", "https://n", "--dir", ".", "--began", "2026-11-24T16:00:00Z"],
            2,
            "--began",
        ),
        (["run", "clip.mp4", "--node", "https://n", "--dir", ".", "--began", "yesterday"], 2, "--began"),
        (["run", "rtsp://c", "--node", "https://n", "--dir", "nothing"], 3, "nothing"),
        (["run", "rtsp://c", "--node", "http://n.example.org", "--dir", "FOLDER"], 2, "--node"),
        (["run", "rtsp://c", "--node", "https://n", "--dir", "FOLDER", "--tell", "here"], 2, "--tell"),
        (["frigate", "--broker", "here", "--node", "https://n", "--camera", "a=FOLDER"], 2, "--broker"),
        (["frigate", "--broker", "h:1", "--node", "https://n", "--camera", "FOLDER"], 2, "--camera"),
    ],
)
def test_what_cannot_be_meant_is_said(
    folder: Path, shell: Shell, arguments: list[str], code: int, where: str
) -> None:
    told = shell.json(*(each.replace("FOLDER", str(folder)) for each in arguments), code=code)

    assert told["where"] == where


def test_webhook_hands_in_what_other_readers_read_and_ends_in_order(folder: Path, tmp_path: Path) -> None:
    word = tmp_path / "secret"
    word.write_text(SECRET + "\n", "utf-8")
    word.chmod(0o600)
    now = time.time_ns() // 1_000_000
    group = openalpr_group(epoch_start=now, epoch_end=now, best_uuid=f"AGENT1-1234-{now}")
    with listening(Quiet) as free:
        port = free.rpartition(":")[2]
    with (
        node() as (url, taken),
        running(
            "webhook",
            *("--listen", f"127.0.0.1:{port}", "--secret-file", word, "--node", url),
            *("--camera", f"1234={folder}"),
        ) as (told, process),
        httpx.Client(trust_env=False) as client,
    ):
        assert (told["cameras"], told["node"]) == ([CAMERA], url)
        answer = posted(client, f"http://127.0.0.1:{port}/openalpr/{SECRET}", as_bytes(group))
        assert answer.json() == {"taken": 1, "skipped": {}}
        until(lambda: taken)
        assert client.get(f"{told['tells']}/healthz").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0

    ((headers, body),) = taken
    assert headers["Gatehouse-Camera"] == CAMERA
    key = Ed25519PublicKey.from_public_bytes(CameraFolder.open(folder).signer().public_key())
    signature = b64decode(headers["Gatehouse-Signature"])
    key.verify(signature, signed_message(CAMERA, int(headers["Gatehouse-Batch"]), body))
    read = json.loads(body)
    assert datetime.fromisoformat(read.pop("captured_at")) == datetime.fromtimestamp(now / 1_000, UTC)
    assert read == {
        "plate": "TEST55",
        "state": "MO",
        "confidence": 0.929,
        "state_confidence": 0.5728,
        "image": None,
    }


def test_read_for_which_the_queue_has_no_room_is_not_called_kept(folder: Path) -> None:
    with closing(ReadQueue(CameraFolder.open(folder).queue, camera=CAMERA, most=1)) as queue:
        agent = Agent(queue, Told(()), CameraFolder.open(folder).signer(), keep=timedelta(days=1))
        bridge = Feeding({"gate": agent}, "gate", Event()).bridge()
        first = ForeignRead("gate", "event-1", datetime(2026, 11, 24, 12, tzinfo=UTC), "TEST55")

        assert bridge.take([first]) == (1, {})
        with pytest.raises(PartUnavailable, match="queue is full"):
            bridge.take([replace(first, event="event-2")])
        assert bridge.take([first]) == (0, {Skip.REPEAT: 1})


def posted(client: httpx.Client, url: str, content: bytes) -> httpx.Response:
    """Post something as soon as anybody listens."""
    end = time.monotonic() + 20
    while True:
        try:
            return client.post(url, content=content)
        except httpx.ConnectError:
            assert time.monotonic() < end, "nobody listens"
            time.sleep(0.05)


def until(true: Callable[[], object]) -> None:
    """Wait for something that another process brings about."""
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)
