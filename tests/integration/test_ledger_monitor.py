"""`gatehouse ledger monitor` over HTTP: a published log and its witnesses on loopback."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from gatehouse.cli import ledger_monitor, main
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.settings import Folder
from gatehouse.ledger.witness import Witness
from gatehouse.ledger.witness_server import serving
from tests.unit.cli.ledgers import ORIGIN
from tests.unit.ledger.published import PACK, witness_signer


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def published(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback, as any web server would, and give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def append(ledger: Path, *agencies: str) -> None:
    with Ledger.open(ledger) as opened:
        for agency in agencies:
            opened.append("hotlist:hit:raised", agency=agency, fields={}, pack=PACK)


def monitor(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> Any:
    assert main(["ledger", "monitor", *map(str, arguments), "--json"]) == code
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger"
    Ledger.create(path, origin=ORIGIN)
    append(path, "alder-pd", "birch-pd")
    return path


@pytest.fixture
def witness(tmp_path: Path, ledger: Path) -> Iterator[str]:
    """Serve a witness that cosigns the ledger, and give the line that a policy has for it."""
    signer = witness_signer("w1")
    Witness.create(tmp_path / "w1.db", signer=signer)
    keys = tuple(Folder(ledger).policy().log_keys)
    with (
        Witness.open(tmp_path / "w1.db", signer=signer, origins={ORIGIN: keys}) as opened,
        serving(opened) as url,
    ):
        yield f"witness w1 {signer.vkey} {url}"


def policy(ledger: Path, *witnesses: str, quorum: str) -> None:
    (key,) = Folder(ledger).policy().log_keys
    lines = [f"log {key}", *witnesses, f"quorum {quorum}", ""]
    (ledger / "policy").write_text("\n".join(lines), "utf-8")


def test_monitor_follows_a_log_over_http_and_finds_its_fork(
    capsys: pytest.CaptureFixture[str], ledger: Path, tmp_path: Path
) -> None:
    fork = shutil.copytree(ledger, tmp_path / "fork")
    append(ledger, "alder-pd")
    append(fork, "cedar-pd", "cedar-pd")
    (key,) = Folder(ledger).policy().log_keys
    shown = tmp_path / "shown"
    shown.symlink_to(ledger / "public")
    with published(shown) as url:
        given = [url, "--key", key, "--state", tmp_path / "state"]
        first = monitor(capsys, *given)
        append(ledger, "birch-pd")
        second = monitor(capsys, *given)
        shown.unlink()
        shown.symlink_to(fork / "public")
        third = monitor(capsys, *given, code=4)
    assert (first["size"], first["read"], first["findings"]) == (3, 3, [])
    assert (second["size"], second["read"], second["agencies"]) == (4, 1, 2)
    assert [each["kind"] for each in third["findings"]] == ["split_view"]
    assert third["findings"][0]["evidence"][1] == (fork / "public/checkpoint").read_text("utf-8")


def test_monitor_with_a_policy_asks_the_witnesses_and_names_the_silent(
    capsys: pytest.CaptureFixture[str], ledger: Path, tmp_path: Path, witness: str
) -> None:
    dead = f"witness w2 {witness_signer('w2').vkey} http://127.0.0.1:9"
    no_address = f"witness w3 {witness_signer('w3').vkey}"
    policy(ledger, witness, dead, no_address, quorum="w1")
    append(ledger, "alder-pd")
    with published(ledger / "public") as url:
        given = [url, "--policy", ledger / "policy", "--state", tmp_path / "state"]
        report = monitor(capsys, *given)
        assert main(["ledger", "monitor", *map(str, given)]) == 0
    assert report["witnesses"] == [{"name": "w1", "size": 3}]
    assert report["not_measurable"] == [
        {"what": "what witness w2 holds", "why": "cannot be reached: ConnectError"},
        {"what": "what witness w3 holds", "why": "the policy gives it no address"},
    ]
    assert capsys.readouterr().out == (
        f"{ORIGIN}: 3 entries of 2 agencies, 0 of them new\n"
        "witness w1 has cosigned 3 entries\n"
        "not measurable: what witness w2 holds: cannot be reached: ConnectError\n"
        "not measurable: what witness w3 holds: the policy gives it no address\n"
        "Nothing was found.\n"
    )


def test_monitor_finds_that_the_witnesses_are_shown_another_book(
    capsys: pytest.CaptureFixture[str], ledger: Path, tmp_path: Path, witness: str
) -> None:
    fork = shutil.copytree(ledger, tmp_path / "fork")
    policy(fork, witness, quorum="w1")
    append(fork, "cedar-pd")
    append(ledger, "alder-pd", "alder-pd")
    policy(ledger, witness, quorum="none")
    with published(ledger / "public") as url:
        given = [url, "--policy", ledger / "policy", "--state", tmp_path / "state"]
        (finding,) = monitor(capsys, *given, code=4)["findings"]
    assert (finding["kind"], finding["what"]) == (
        "split_view",
        "the log has signed a tree that it never grew from",
    )
    assert finding["evidence"][1] == (fork / "public/checkpoint").read_text("utf-8")


def test_monitor_that_watches_tells_of_a_witness_that_falls_silent(
    capsys: pytest.CaptureFixture[str], ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = witness_signer("w1")
    Witness.create(tmp_path / "w1.db", signer=signer)
    keys = tuple(Folder(ledger).policy().log_keys)
    with ExitStack() as running:
        opened = running.enter_context(
            Witness.open(tmp_path / "w1.db", signer=signer, origins={ORIGIN: keys})
        )
        policy(ledger, f"witness w1 {signer.vkey} {running.enter_context(serving(opened))}", quorum="w1")
        append(ledger, "alder-pd")
        looks: list[str] = []

        def sleep(_: float) -> None:
            looks.append(capsys.readouterr().out)
            if len(looks) == 2:
                running.close()
            if len(looks) == 4:
                raise KeyboardInterrupt

        monkeypatch.setattr(ledger_monitor, "time", SimpleNamespace(sleep=sleep))
        given = ["ledger", "monitor", str(ledger), "--state", str(tmp_path / "state"), "--watch", "1"]
        assert main(given) == 130
    first = f"{ORIGIN}: 3 entries of 2 agencies"
    assert looks == [
        f"{first}, 3 of them new\nwitness w1 has cosigned 3 entries\nNothing was found.\n",
        "",
        f"{first}, 0 of them new\n"
        "not measurable: what witness w1 holds: cannot be reached: ConnectError\n"
        "Nothing was found.\n",
        "",
    ]
