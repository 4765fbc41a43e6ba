"""What the doctor finds, in a sound node and in others."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.findings import Found, Level
from gatehouse.node.config import load_config
from gatehouse.node.doctor import examine
from tests.unit.ledger.logs import Clock, database
from tests.unit.node.founded import ALDER, START, copied, custodian
from tests.unit.node.running import made_node, opened_node


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_node(tmp_path_factory.mktemp("node"))


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    folder = copied(template, tmp_path / "node")
    folder.chmod(0o700)
    return folder


def found(folder: Path, clock: Clock | None = None) -> list[Found]:
    return list(examine(load_config(folder), clock=clock or Clock(START)))


def bad(folder: Path, clock: Clock | None = None) -> list[tuple[str, int]]:
    return [(each.check, each.exit_code) for each in found(folder, clock) if each.level is Level.BAD]


def test_doctor_finds_nothing_bad_in_a_sound_node_closed_or_running(folder: Path) -> None:
    assert bad(folder) == []
    with opened_node(folder, Clock(START)):
        checks = found(folder)
    assert {each.check for each in checks} == {
        "permissions",
        "keys",
        "ledger",
        "registry",
        "vault",
        "reads",
        "images",
        "space",
        "address",
    }
    assert not [each for each in checks if each.level is Level.BAD]
    assert all(each.next for each in checks if each.level is Level.NOTE)


def edit_a_row(folder: Path) -> None:
    with database(folder / "ledger" / "log.sqlite") as connection:
        connection.execute("UPDATE registry_entry SET at = at + 1 WHERE entry = 1")


def edit_the_rulebook(folder: Path) -> None:
    (pack,) = (folder / "packs").iterdir()
    (pack / "pack.toml").write_text('version = "1"\n')


def take_another_domain(folder: Path) -> None:
    path = folder / "node.toml"
    path.write_text(path.read_text().replace('domain = "localhost"', 'domain = "alder.example.org"'))


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (lambda folder: folder.chmod(0o755), [("permissions", 3)]),
        (lambda folder: (folder / "ledger" / "kek").chmod(0o640), [("permissions", 3)]),
        (lambda folder: (folder / "keys" / "marks.key").unlink(), [("keys", 5)]),
        (lambda folder: (folder / "keys" / "accounts.key").unlink(), [("keys", 5)]),
        (lambda folder: (folder / "leads" / "kek").unlink(), [("keys", 5)]),
        (lambda folder: (folder / "vault" / "root").unlink(), [("vault", 5)]),
        (lambda folder: (folder / "reads.sqlite").unlink(), [("reads", 5)]),
        (lambda folder: shutil.rmtree(folder / "packs"), [("registry", 5)]),
        (edit_a_row, [("registry", 4)]),
        (edit_the_rulebook, [("registry", 3)]),
        (take_another_domain, [("address", 3)]),
    ],
)
def test_doctor_finds_what_is_wrong(
    folder: Path, harm: Callable[[Path], None], expected: list[tuple[str, int]]
) -> None:
    harm(folder)
    assert bad(folder) == expected


def test_doctor_finds_a_clock_that_is_behind_the_record(folder: Path) -> None:
    assert bad(folder, Clock(START - timedelta(seconds=59))) == []
    assert bad(folder, Clock(START - timedelta(seconds=61))) == [("ledger", 5)]


def test_doctor_finds_a_ledger_that_was_set_back(folder: Path) -> None:
    older = folder.with_name("older")
    shutil.copytree(folder, older)
    with opened_node(folder, Clock(START)) as node:
        node.registry.offboard("alder-pd.o1", by=custodian(ALDER, 1))
    shutil.copyfile(older / "ledger" / "log.sqlite", folder / "ledger" / "log.sqlite")
    assert ("ledger", 4) in bad(folder)
