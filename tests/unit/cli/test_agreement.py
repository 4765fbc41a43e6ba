"""`gatehouse agreement`: two custodians with their own factors, and nobody else."""

from __future__ import annotations

import io
import json
import time
from base64 import b32decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from gatehouse.model import Agency, AgencyKind, Officer, Role
from gatehouse.node.config import load_config
from gatehouse.node.making import create_node
from gatehouse.node.node import Node
from tests.unit.cli.test_node import Shell

PASSWORD = "correct horse battery staple"
ALDER = Agency("alder-pd", "Alder Police Department", "IL", AgencyKind.POLICE)
SHARING = {"owner": "alder-pd", "shares": True}
RULE = {"owner": "alder-pd", "retention_minutes": 43_200}


def code(secret: str) -> str:
    key = b32decode(secret.replace(" ", "").upper() + "=" * (-len(secret.replace(" ", "")) % 8))
    return TOTP(key, 6, SHA1(), 30).generate(time.time()).decode()


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def node(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Make a node whose two custodians have signed up, with the secrets of their authenticators."""
    folder = tmp_path / "node"
    people = [
        Officer(f"alder-pd.c{number}", "alder-pd", f"Custodian {number}", frozenset({Role.CUSTODIAN}))
        for number in (1, 2)
    ]
    create_node(folder, origin="ledger.example.org/alder", operator=ALDER, custodians=people)
    secrets = {}
    with Node.open(load_config(folder), background=False) as opened:
        enrollment = opened.accounts.enrollment
        for number, person in enumerate(people, 1):
            token = enrollment.invite(person.id, by=()).token
            secret = enrollment.open(token).secret
            enrollment.with_code(token, login=f"custodian{number}", password=PASSWORD, code=code(secret))
            secrets[f"custodian{number}"] = secret
    return folder, secrets


@pytest.fixture
def factors(
    node: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], tuple[str, str]]:
    """Put password and next one-time code of a custodian on standard input, and return the option."""
    used: dict[str, str] = {}

    def typed(login: str) -> tuple[str, str]:
        # A code is good for once, that of enrolling included: the next step's is taken before its time.
        secret = node[1][login].replace(" ", "")
        key = b32decode(secret.upper() + "=" * (-len(secret) % 8))
        found = TOTP(key, 6, SHA1(), 30).generate(time.time() + 30 * (1 + (login in used))).decode()
        used[login] = found
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n{found}\n"))
        return "--login", login

    return typed


def written(folder: Path, rule: dict[str, Any]) -> Path:
    path = folder / "rule.json"
    path.write_text(json.dumps(rule))
    return path


def test_rule_proposed_and_approved_by_two_custodians_is_in_force(
    shell: Shell, node: tuple[Path, dict[str, str]], factors: Callable[[str], tuple[str, str]], tmp_path: Path
) -> None:
    folder, rule = node[0], written(tmp_path, RULE)
    words = ("agreement", "propose", folder, rule, "--kind", "owner")
    proposed = shell.json(*words, *factors("custodian1"))
    assert (proposed["state"], proposed["loosens"], proposed["ready_at"]) == ("proposed", True, None)
    listed = shell.json("agreement", "list", folder)
    assert [each["change"] for each in listed["changes"]] == [proposed["change"]]
    approved = shell.json("agreement", "approve", folder, proposed["change"], *factors("custodian2"))
    assert approved["state"] == "in_force"
    assert approved["approved_by"] == "alder-pd.c2"
    assert shell.words("agreement", "list", folder) == "No owner shares with anyone.\n"


def test_loosening_without_a_backtest_is_refused(
    shell: Shell, node: tuple[Path, dict[str, str]], factors: Callable[[str], tuple[str, str]], tmp_path: Path
) -> None:
    rule = written(tmp_path, SHARING)
    words = ("agreement", "propose", node[0], rule, "--kind", "sharing", *factors("custodian1"))
    assert "needs a published backtest" in shell.json(*words, code=2)["what"]


def test_change_without_the_right_factors_is_refused(
    shell: Shell, node: tuple[Path, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = written(tmp_path, RULE)
    words = ("agreement", "propose", node[0], rule, "--kind", "owner", "--login", "custodian1")
    for typed, says in (
        (f"{PASSWORD}\n000000\n", "does not fit"),
        ("wrong\n000000\n", "does not fit"),
        ("", "nobody has signed in"),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code_ = 2 if not typed else None
        found = json.loads(_any_code(shell, *words))
        assert says in found["what"]
        assert code_ is None or found["error"] == "BadUse"


def _any_code(shell: Shell, *words: object) -> str:
    from gatehouse.cli import main

    shell._captured.readouterr()
    assert main([*(str(each) for each in words), "--json"]) != 0
    return shell._captured.readouterr().out


@pytest.mark.parametrize(
    ("kind", "rule", "exit_code", "says"),
    [
        ("treaty", RULE, 2, "no such kind of rule"),
        ("owner", {"owner": "alder-pd"}, 3, "what is said of the owner does not fit"),
    ],
)
def test_rule_that_is_none_is_refused_before_anybody_signs_in(
    shell: Shell, tmp_path: Path, kind: str, rule: dict[str, Any], exit_code: int, says: str
) -> None:
    path = written(tmp_path, rule)
    words = ("agreement", "propose", tmp_path, path, "--kind", kind, "--login", "x")
    assert says in shell.json(*words, code=exit_code)["what"]
