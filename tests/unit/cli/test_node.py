"""`gatehouse node` and `gatehouse config`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from gatehouse.cli import main
from gatehouse.ledger.fsck import fsck
from gatehouse.node.config import Config, keys_of

INIT = (
    *("--origin", "ledger.example.org/alder", "--agency", "alder-pd", "--name", "Alder Police Department"),
    *("--state", "IL", "--kind", "police"),
)
CUSTODIANS = ("--custodian", "alder-pd.c1=Custodian One", "--custodian", "alder-pd.c2=Custodian Two")


class Shell:
    """Runs commands in this process and returns what they print."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured

    def words(self, *words: object, code: int = 0) -> str:
        self._captured.readouterr()
        assert main([str(each) for each in words]) == code, self._captured.readouterr()
        return self._captured.readouterr().out

    def json(self, *words: object, code: int = 0) -> Any:
        return json.loads(self.words(*words, "--json", code=code))


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("made") / "node"
    command = [sys.executable, "-m", "gatehouse", "node", "init", str(folder), *INIT, *CUSTODIANS, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return folder, json.loads(done.stdout)


def test_init_prints_the_key_and_one_invitation_for_each_custodian(
    made: tuple[Path, dict[str, Any]],
) -> None:
    folder, said = made
    assert said["origin"] == "ledger.example.org/alder"
    assert said["vkey"] in (folder / "ledger" / "policy").read_text()
    assert [each["officer"] for each in said["invitations"]] == ["alder-pd.c1", "alder-pd.c2"]
    assert len({each["token"] for each in said["invitations"]}) == 2
    assert oct(folder.stat().st_mode & 0o777) == "0o700"


def test_operator_invites_a_person_of_the_registry_and_nobody_else(
    shell: Shell, made: tuple[Path, dict[str, Any]]
) -> None:
    folder, said = made
    invited = shell.json("node", "invite", folder, "alder-pd.c2")
    assert invited["officer"] == "alder-pd.c2"
    assert invited["token"] not in {each["token"] for each in said["invitations"]}
    assert "no such person" in shell.json("node", "invite", folder, "alder-pd.c9", code=3)["what"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((*INIT, "--custodian", "alder-pd.c1=Custodian One"), "two people"),
        ((*INIT, "--custodian", "alder-pd.c1", "--custodian", "alder-pd.c2=B"), "an id and a name"),
        (("--state", "XX", *INIT[:-4], *INIT[-2:], *CUSTODIANS), "not on the list"),
    ],
)
def test_init_of_what_no_node_can_be_leaves_nothing(
    shell: Shell, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    refused = shell.json("node", "init", tmp_path / "node", *words, code=2)
    assert says in refused["what"]
    assert not (tmp_path / "node").exists()


def test_doctor_says_that_a_new_node_is_sound_and_what_could_be_better(
    shell: Shell, made: tuple[Path, dict[str, Any]]
) -> None:
    found = shell.json("node", "doctor", made[0])
    assert found["sound"] is True
    assert {each["check"] for each in found["checks"] if each["level"] == "note"} == {"ledger", "vault"}
    assert "no witness cosigns" in shell.words("node", "doctor", made[0])


def test_doctor_of_no_node_is_bad_use(shell: Shell, tmp_path: Path) -> None:
    assert "holds no node" in shell.json("node", "doctor", tmp_path, code=2)["what"]


def test_backup_and_restore_bring_a_node_back(
    shell: Shell, made: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, backup, keys = made[0], tmp_path / "backup", tmp_path / "keys"
    done = shell.json("node", "backup", folder, "-o", backup, "--keys", keys)
    assert done["origin"] == "ledger.example.org/alder"
    again = tmp_path / "again"
    assert (
        "say what the world has seen"
        in shell.json("node", "restore", backup, again, "--keys", keys, code=2)["what"]
    )
    put = shell.json(
        "node", "restore", backup, again, "--keys", keys, "--seen", folder / "ledger/public/checkpoint"
    )
    assert put == done
    again.chmod(0o700)
    assert shell.json("node", "doctor", again)["sound"] is True


def test_config_show_lists_every_key_with_its_default(shell: Shell) -> None:
    keys = shell.json("config", "show")["keys"]
    assert [each["key"] for each in keys] == [each.name for each in keys_of(Config())]
    assert {
        name: next(each for each in keys if each["key"] == "http.port")[name]
        for name in ("key", "value", "default")
    } == {"key": "http.port", "value": 8443, "default": 8443}


def test_config_show_prints_toml_that_says_the_same(shell: Shell, tmp_path: Path) -> None:
    import tomllib

    said = tomllib.loads(shell.words("config", "show"))
    for key in keys_of(Config()):
        table, _, name = key.name.partition(".")
        value = list(key.value) if isinstance(key.value, tuple) else key.value
        assert said.get(table, {}).get(name) == value


def test_config_show_of_a_file_with_an_unknown_key_names_it(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "node.toml").write_text("[http]\nprt = 1\n")
    refused = shell.json("config", "show", tmp_path, code=3)
    assert refused["where"] == "node.toml, http.prt"


def test_serve_answers_and_ends_on_sigterm_with_everything_in_place(
    made: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    import shutil

    folder = tmp_path / "node"
    shutil.copytree(made[0], folder)
    text = (folder / "node.toml").read_text().replace("port = 8443", "port = 0")
    (folder / "node.toml").write_text(text)
    process = subprocess.Popen(
        [sys.executable, "-m", "gatehouse", "node", "serve", str(folder), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        url, people = told["url"], told["people"]
        assert people == "http://localhost:8443"
        with urlopen(f"{url}/healthz") as answer:
            assert answer.status == 200
    finally:
        process.send_signal(signal.SIGTERM)
        _, logs = process.communicate(timeout=60)
    assert process.returncode == 0, logs
    events = [json.loads(line)["event"] for line in logs.splitlines()]
    assert (events[0], events[-1]) == ("node opened", "node closed")
    # Nothing waits in a write-ahead log, and the world sees all of it: what was there, and what upkeep adds.
    assert not list(folder.rglob("*-wal"))
    assert fsck(folder / "ledger" / "log.sqlite", exported=folder / "ledger" / "public").size >= 3
