"""A node whose vault runs in another process: `gatehouse vault serve` on the loopback, with mutual TLS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gatehouse.cli import main
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.log import now
from gatehouse.model import CameraStatus, SearchState
from gatehouse.node.bodies import Kind, OwnerBody
from gatehouse.node.change import ChangeState
from gatehouse.node.config import load_config
from gatehouse.node.intake import IngestResult
from gatehouse.node.making import create_node
from gatehouse.node.node import Node
from gatehouse.vault.batch import ReadRefusal
from gatehouse.vault.errors import VaultUnreachable
from gatehouse.vault.protocol import Learned
from tests.unit.node.founded import ALDER, ORIGIN, custodian
from tests.unit.node.running import CAMERA, KEY, OFFICER, PLATE, asked, batch, sign

MONTH = 30 * 24 * 60
PORT = "port = 8470"


@dataclass(slots=True)
class Rooms:
    """The folders of a node and of its vault, and the process that runs the vault."""

    node: Path
    vault: Path
    process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Run the vault, and return its address."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gatehouse", "vault", "serve", str(self.vault), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        return str(json.loads(self.process.stdout.readline())["url"])

    def end(self, how: signal.Signals) -> int:
        """Send the vault a signal, and return how it ended."""
        assert self.process is not None and self.process.stdout is not None
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.process = None
        return code

    def reword(self, old: str, new: str) -> None:
        """Change what the vault goes by, as its custodian does."""
        path = self.vault / "vault.toml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    @contextmanager
    def opened(self) -> Iterator[Node]:
        with Node.open(load_config(self.node), background=False) as node:
            yield node


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    """A node that was founded while its vault ran; the vault runs on."""
    made = Rooms(tmp_path / "node", tmp_path / "vault")
    tls = tmp_path / "tls"
    assert main(["vault", "certificates", str(tls), "--host", "127.0.0.1"]) == 0
    # The ledger's key is known once the node is made; its address once the vault runs.
    settings = "[vault]\nurl = 'https://127.0.0.1:8470'\n"
    create_node(
        made.node,
        origin=ORIGIN,
        operator=ALDER,
        custodians=[custodian(ALDER, n) for n in (1, 2)],
        config=settings,
    )
    (tls / "node").rename(made.node / "vault-tls")
    policy = made.node / "ledger" / "policy"
    words = ["vault", "init", str(made.vault), "--policy", str(policy), "--retention", f"alder-pd={MONTH}"]
    assert main(words) == 0
    (tls / "vault").rename(made.vault / "tls")
    made.reword(PORT, "port = 0")
    try:
        url = made.start()
        made.reword("port = 0", f"port = {url.rpartition(':')[2]}")
        config = made.node / "node.toml"
        config.write_text(config.read_text().replace("https://127.0.0.1:8470", url))
        with made.opened() as node:
            by, second = custodian(ALDER, 1), custodian(ALDER, 2)
            body = OwnerBody(owner="alder-pd", retention_minutes=MONTH)
            node.changes.approve(node.changes.propose(Kind.OWNER, body, by=by).id, by=second)
            public = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            node.registry.add_camera(replace(CAMERA, key=public), by=by)
            node.registry.add_officer(OFFICER, by=by)
        yield made
    finally:
        if made.process is not None:
            made.end(signal.SIGKILL)


def events(node: Node) -> list[str]:
    """Return the events of searches, in the order of the record."""
    log = node.ledger.log
    found = (read_entry(log.entry(at)).event for at in range(log.size))
    return [each for each in found if each.startswith("search:")]


def test_node_seals_searches_and_releases_through_a_vault_elsewhere(
    rooms: Rooms, capsys: pytest.CaptureFixture[str]
) -> None:
    with rooms.opened() as node:
        at = now()
        assert node.ingest(batch(1, at, PLATE, "OTHER99")) == IngestResult(2, {})
        search = asked(now())
        answer = node.door.ask(search, signed=sign(search, now()))
        assert (answer.state, [each.read.plate for each in answer.reads]) == (SearchState.RELEASED, [PLATE])
        assert events(node) == ["search:plate:requested", "search:plate:permitted", "search:plate:released"]
    assert not (rooms.node / "vault").exists()
    capsys.readouterr()
    day = datetime.now(UTC).date()
    # The process has the vault open, and is not disturbed.
    assert main(["vault", "counters", str(rooms.vault), "--day", str(day), "--json"]) == 0
    counted = json.loads(capsys.readouterr().out)["counts"]
    for each in (day, day - timedelta(days=1)):
        if not counted:
            main(["vault", "counters", str(rooms.vault), "--day", str(each), "--json"])
            counted = json.loads(capsys.readouterr().out)["counts"]
    assert counted == [{"agency": "alder-pd", "event": "search:plate:released", "count": 1}]


def test_search_while_the_vault_is_killed_fails_with_a_sentence_on_the_record(rooms: Rooms) -> None:
    with rooms.opened() as node:
        assert node.ingest(batch(1, now(), PLATE)).accepted == 1
        assert rooms.end(signal.SIGKILL) == -signal.SIGKILL
        search = asked(now())
        answer = node.door.ask(search, signed=sign(search, now()))
        assert (answer.state, answer.reads) == (SearchState.FAILED, ())
        assert answer.failure is not None
        assert answer.failure.sentence == (
            "A part of the network did not answer, and an answer without it would not be whole."
        )
        assert events(node)[-2:] == ["search:plate:permitted", "search:plate:failed"]
        with pytest.raises(VaultUnreachable):
            node.ingest(batch(2, now(), PLATE))
        # What was sealed before the kill is found after it, and the batch that was not taken can come again.
        rooms.start()
        assert node.ingest(batch(2, now(), PLATE)).accepted == 1
        search = asked(now())
        assert len(node.door.ask(search, signed=sign(search, now())).reads) == 2


def test_vault_goes_by_the_record_up_to_its_own_file(rooms: Rooms) -> None:
    with rooms.opened() as node:
        assert node.ingest(batch(1, now(), PLATE)).accepted == 1
        by = custodian(ALDER, 1)
        shorter = OwnerBody(owner="alder-pd", retention_minutes=2)
        assert node.changes.propose(Kind.OWNER, shorter, by=by).state is ChangeState.IN_FORCE
        camera = node.registry.camera(CAMERA.id)
        node.registry.change_camera(replace(camera, status=CameraStatus.SUSPENDED), by=by)
        rule, entries = node.registry.view.newest(Kind.OWNER, "alder-pd"), node.registry.view.enrollments
        assert rule is not None
        assert node.background.run_now("showing")
        learned = node.vault.learned()
        assert learned == Learned({CAMERA.id: entries[CAMERA.id][-1]}, {"alder-pd": rule.entry})
        refused = node.ingest(batch(2, now(), PLATE))
        assert refused == IngestResult(0, {ReadRefusal.CAMERA_SUSPENDED: 1})
        # Whoever asks the vault past the node's own records learns no more.
        assert node.vault.seal(batch(2, now(), PLATE), received_at=now()).rows == []
        assert rooms.end(signal.SIGTERM) == 0
        rooms.start()
        assert node.vault.learned() == learned


def test_vault_goes_by_its_own_file_whatever_the_node_says(rooms: Rooms) -> None:
    with rooms.opened() as node:
        assert node.ingest(batch(1, now(), PLATE)).accepted == 1
        rooms.reword('"alder-pd"', '"birch-so"')
        refused = node.ingest(batch(2, now(), PLATE))
        assert refused == IngestResult(0, {ReadRefusal.NO_RETENTION: 1})
        rooms.reword('"birch-so"', '"alder-pd"')
        pack = node.registry.pack_sha256.hex()
        rooms.reword(pack, "0" * 64)
        search = asked(now())
        answer = node.door.ask(search, signed=sign(search, now()))
        assert (answer.state, answer.reads) == (SearchState.FAILED, ())
        assert events(node)[-1] == "search:plate:failed"
        rooms.reword("0" * 64, pack)
        search = asked(now())
        assert len(node.door.ask(search, signed=sign(search, now())).reads) == 1


def test_vault_ends_in_order_on_sigterm_and_both_doctors_say_how_it_stands(
    rooms: Rooms, capsys: pytest.CaptureFixture[str]
) -> None:
    def level(words: list[str], check: str) -> list[str]:
        capsys.readouterr()
        main([*words, "--json"])
        found = json.loads(capsys.readouterr().out)["checks"]
        return [each["level"] for each in found if each["check"] == check]

    assert level(["node", "doctor", str(rooms.node)], "vault") == ["good"]
    assert level(["vault", "doctor", str(rooms.vault)], "certificates") == ["good", "good"]
    assert rooms.end(signal.SIGTERM) == 0
    assert level(["node", "doctor", str(rooms.node)], "vault") == ["bad"]
    assert not list(rooms.vault.glob("*-wal"))
