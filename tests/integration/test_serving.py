"""Serving as a process: TLS of the node's own, the demonstration left running, and its end by a signal."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from gatehouse.ledger.log import now
from gatehouse.model import BadInput
from gatehouse.node.config import load_config
from gatehouse.node.making import create_node
from gatehouse.node.node import Node
from gatehouse.vault.certificates import make_certificates, side
from gatehouse.web.serve import serve
from tests.unit.node.founded import ALDER, ORIGIN, custodian

# The demonstration's node listens where its settings say, and a test takes a free port.
DEMO = """
import sys
from pathlib import Path
from gatehouse.cli import main, node
serve = node.serve
def elsewhere(folder, **more):
    settings = Path(folder, "node.toml")
    settings.write_text(settings.read_text().replace("port = 8443\\n", "port = 0\\n"))
    return serve(folder, **more)
node.serve = elsewhere
sys.exit(main(sys.argv[1:]))
"""
ANSWER = {"host": "localhost:8443"}


@contextmanager
def running(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process with nothing to read from, which MUST have ended when the block does."""
    with subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def address(process: subprocess.Popen[str]) -> str:
    """Return where a process says that it listens."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith('{"url"'):
            return str(json.loads(line)["url"])
    assert process.stderr is not None
    raise AssertionError(process.stderr.read())


@pytest.fixture
def tls(tmp_path: Path) -> Path:
    """Return a folder of certificates."""
    folder = tmp_path / "tls"
    make_certificates(folder, hosts=["127.0.0.1"], lasting=timedelta(hours=1), at=datetime.now(UTC))
    return folder


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """Return the folder of a node."""
    custodians = [custodian(ALDER, number) for number in (1, 2)]
    create_node(tmp_path / "node", origin=ORIGIN, operator=ALDER, custodians=custodians, clock=now)
    return tmp_path / "node"


def with_tls(node: Path, **settings: Path) -> None:
    config = node / "node.toml"
    lines = "".join(f'{name} = "{path}"\n' for name, path in settings.items())
    text = config.read_text()
    assert text.count("port = 8443\n") == 1
    config.write_text(text.replace("port = 8443\n", f"port = 0\n{lines}"))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_node_with_a_certificate_answers_over_tls_and_ends_by_a_signal(
    node: Path, tls: Path, tmp_path: Path, how: signal.Signals
) -> None:
    own = side(tls, "vault")
    with_tls(node, tls_certificate=own.certificate, tls_key=own.key)
    trusted = ssl.create_default_context(cafile=side(tls, "node").authority)
    with running(["-m", "gatehouse", "node", "serve", str(node), "--json"], tmp_path) as process:
        url = address(process)
        assert url.startswith("https://")
        with httpx.Client(verify=trusted, trust_env=False) as client:
            assert client.get(f"{url}/healthz", headers=ANSWER).status_code == 200
        with httpx.Client(trust_env=False) as stranger, pytest.raises(httpx.ConnectError):
            stranger.get(f"{url}/healthz", headers=ANSWER)
        process.send_signal(how)
        rest, logs = process.communicate(timeout=30)
        assert (rest, "Traceback" in logs) == ("", False)
        assert process.returncode in (0, 130)
        assert '"event": "node closed"' in logs
    with Node.open(load_config(node), background=False):
        pass


@pytest.mark.parametrize("case", ["no file", "no certificate", "another's key", "text", "a key alone"])
def test_bad_files_for_tls_are_refused_before_anybody_is_told_of_an_address(
    tls: Path, tmp_path: Path, case: str
) -> None:
    vault, other = side(tls, "vault"), side(tls, "node")
    (tmp_path / "text.pem").write_text("no certificate at all\n")
    certificate, key = {
        "no file": (tmp_path / "absent.pem", vault.key),
        "no certificate": (vault.key, vault.key),
        "another's key": (vault.certificate, other.key),
        "text": (tmp_path / "text.pem", vault.key),
        "a key alone": (None, vault.key),
    }[case]
    told: list[str] = []
    with pytest.raises(BadInput, match="TLS") as refused:
        serve(Starlette(), port=0, certificate=certificate, key=key, ready=told.append)
    assert told == []
    assert refused.value.exit_code == 3


def test_demonstration_stays_up_until_it_is_told_to_end(tmp_path: Path) -> None:
    with running(["-c", DEMO, "demo", "-o", "story", "--serve", "--json"], tmp_path) as process:
        url = address(process)
        with httpx.Client(trust_env=False) as client:
            assert client.get(f"{url}/healthz", headers=ANSWER).status_code == 200
        process.send_signal(signal.SIGINT)
        _, logs = process.communicate(timeout=30)
        assert process.returncode in (0, 130)
        assert "Traceback" not in logs
    with Node.open(load_config(tmp_path / "story" / "node"), background=False) as node:
        assert node.ledger.log.size >= 128
