"""`gatehouse vault`: a vault of one's own, apart from any node."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli import main
from gatehouse.law import Pack
from tests.unit.ledger.made import log_key, witness_key


class Shell:
    """Runs commands in this process and returns what they print."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured

    def words(self, *words: object, code: int = 0) -> str:
        self._captured.readouterr()
        assert main(["vault", *(str(each) for each in words)]) == code, self._captured.readouterr()
        return self._captured.readouterr().out

    def json(self, *words: object, code: int = 0) -> Any:
        return json.loads(self.words(*words, "--json", code=code))


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy"
    path.write_text(f"log {log_key().vkey}\nwitness w {witness_key(1).vkey}\nquorum w\n")
    return path


@pytest.fixture
def vault(shell: Shell, policy: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "vault"
    shell.words("init", folder, "--policy", policy, "--retention", "alder-pd=43200")
    shell.words("certificates", tmp_path / "tls", "--host", "127.0.0.1")
    (tmp_path / "tls" / "vault").rename(folder / "tls")
    return folder


def bad(shell: Shell, folder: Path, *, code: int) -> list[str]:
    checks = shell.json("doctor", folder, code=code)["checks"]
    return [each["check"] for each in checks if each["level"] == "bad"]


def test_init_goes_by_the_rulebook_that_comes_with_gatehouse(
    shell: Shell, policy: Path, tmp_path: Path
) -> None:
    said = shell.json("init", tmp_path / "vault", "--policy", policy, "--name", "vault-2")
    assert said == {"folder": str(tmp_path / "vault"), "name": "vault-2", "pack": Pack.load().id.sha256}
    assert shell.json("counters", tmp_path / "vault", "--day", "2026-11-02")["name"] == "vault-2"


@pytest.mark.parametrize("retention", ["alder-pd", "=60", "alder-pd=", "alder-pd=-1", "alder-pd=30d"])
def test_init_with_a_retention_that_is_none_leaves_nothing(
    shell: Shell, policy: Path, tmp_path: Path, retention: str
) -> None:
    refused = shell.json("init", tmp_path / "vault", "--policy", policy, "--retention", retention, code=2)
    assert refused["where"] == "--retention"
    assert not (tmp_path / "vault").exists()


def test_init_without_a_log_to_trust_is_bad_use(shell: Shell, policy: Path, tmp_path: Path) -> None:
    policy.write_text("quorum none\n")
    refused = shell.json("init", tmp_path / "vault", "--policy", policy, code=2)
    assert refused["what"] == "the policy trusts no log"


def test_certificates_say_where_each_side_is_and_until_when(shell: Shell, tmp_path: Path) -> None:
    said = shell.json("certificates", tmp_path / "tls", "--host", "vault.example.org", "--days", 30)
    assert (said["vault"], said["node"]) == (str(tmp_path / "tls/vault"), str(tmp_path / "tls/node"))
    assert set(said) == {"vault", "node", "until"}


def test_doctor_says_that_a_new_vault_is_sound(shell: Shell, vault: Path) -> None:
    found = shell.json("doctor", vault)
    assert found["sound"] is True
    assert {each["check"] for each in found["checks"]} == {"terms", "permissions", "keys", "certificates"}
    # A folder of a test lies on one disk.
    assert [each["check"] for each in found["checks"] if each["level"] == "note"] == ["keys"]


def trust_no_witness(folder: Path) -> None:
    (folder / "policy").write_text(f"log {log_key().vkey}\nquorum none\n")


def test_doctor_notes_that_a_log_alone_is_trusted(shell: Shell, vault: Path) -> None:
    trust_no_witness(vault)
    said = shell.words("doctor", vault)
    assert "note terms: no witness has to cosign" in said


def be_ahead(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "keys.sqlite")) as connection, connection:
        connection.execute("UPDATE vault SET seen = 4000000000000000")


def be_due(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "keys.sqlite")) as connection, connection:
        connection.execute("INSERT INTO shelf VALUES (1, x'00')")


@pytest.mark.parametrize(
    ("harm", "expected", "code"),
    [
        (lambda folder: (folder / "vault.toml").write_text("[serve\n"), ["terms"], 3),
        (lambda folder: (folder / "policy").unlink(), ["terms"], 2),
        (lambda folder: (folder / "root").chmod(0o640), ["permissions"], 3),
        (lambda folder: (folder / "root").unlink(), ["keys"], 5),
        (lambda folder: (folder / "keys.sqlite").unlink(), ["keys"], 5),
        (lambda folder: (folder / "keys.sqlite").write_bytes(b"no database" * 100), ["keys"], 5),
        (be_ahead, ["keys"], 5),
        (be_due, ["keys"], 5),
        (lambda folder: (folder / "tls" / "key.pem").unlink(), ["certificates"], 5),
        (lambda folder: (folder / "tls" / "authority.pem").write_text("none"), ["certificates"], 5),
    ],
)
def test_doctor_finds_what_is_wrong(
    shell: Shell, vault: Path, harm: Callable[[Path], object], expected: list[str], code: int
) -> None:
    harm(vault)
    assert bad(shell, vault, code=code) == expected


def test_counters_of_a_day_are_written_as_the_monitor_reads_them(
    shell: Shell, vault: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(vault / "keys.sqlite")) as connection, connection:
        row = ("ledger.example.org/alder", 7, "2026-11-02", "alder-pd", "search:plate:released")
        connection.execute("INSERT INTO counted (log, entry, day, agency, event) VALUES (?, ?, ?, ?, ?)", row)
    output = tmp_path / "counted.json"
    said = shell.json("counters", vault, "--day", "2026-11-02", "-o", output)
    assert said["counts"] == [{"agency": "alder-pd", "event": "search:plate:released", "count": 1}]
    assert json.loads(output.read_bytes()) == said
    assert shell.words("counters", vault, "--day", "2026-11-02").split() == [
        "1",
        "search:plate:released",
        "alder-pd",
    ]
    assert shell.words("counters", vault, "--day", "2026-11-03") == "Nothing was let out on 2026-11-03.\n"


@pytest.mark.parametrize("words", [("serve",), ("doctor",), ("counters", "--day", "2026-11-02")])
def test_command_about_no_vault_says_so(shell: Shell, tmp_path: Path, words: tuple[str, ...]) -> None:
    name, *options = words
    code = 5 if name == "counters" else 2
    said = shell.words(name, tmp_path, *options, "--json", code=code)
    assert "vault" in said and str(tmp_path) in said
