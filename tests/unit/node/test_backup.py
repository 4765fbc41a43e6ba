"""Backups: what is in them, what never is, and which are put back."""

from __future__ import annotations

import errno
import json
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.ledger.errors import LogCorrupt, Rollback, UntrustedNote
from gatehouse.model import BadInput, BadUse, SearchState, VerificationFailed
from gatehouse.node.backup import Backup, back_up, restore
from gatehouse.node.config import load_config
from tests.unit.ledger.logs import Clock
from tests.unit.node.founded import ORIGIN, START, copied
from tests.unit.node.running import PLATE, asked, batch, made_node, opened_node, sign

LATER = START + timedelta(hours=1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = made_node(tmp_path_factory.mktemp("node"))
    with opened_node(folder, Clock(LATER)) as node:
        node.ingest(batch(1, LATER, PLATE))
        search = asked(LATER)
        node.door.ask(search, signed=sign(search, LATER))
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return copied(template, tmp_path / "node")


@pytest.fixture
def backup(folder: Path, tmp_path: Path) -> Path:
    back_up(load_config(folder), tmp_path / "backup", secrets=tmp_path / "secrets")
    return tmp_path / "backup"


def test_backup_of_a_running_node_is_put_back_and_goes_on(folder: Path, tmp_path: Path) -> None:
    with opened_node(folder, Clock(LATER)) as node:
        size = node.ledger.log.size
        done = back_up(node.located, tmp_path / "backup", secrets=tmp_path / "secrets")
        assert (done.origin, done.size) == (ORIGIN, size)
    again = tmp_path / "again"
    seen = folder / "ledger" / "public"
    put = restore(tmp_path / "backup", again, secrets=tmp_path / "secrets", seen=seen, clock=Clock(LATER))
    assert put == Backup(ORIGIN, size, done.files)
    with opened_node(again, Clock(LATER)) as node:
        assert node.ledger.log.size == size
        assert node.ledger.openings(size - 3).values["plate"] is not None
        search = asked(LATER)
        answer = node.door.ask(search, signed=sign(search, LATER))
        # The reads are gone with the vault that sealed them, and the search is on the record.
        assert (answer.state, answer.reads) == (SearchState.RELEASED, ())
        assert node.ingest(batch(1, LATER, PLATE)).accepted == 1


def test_backup_holds_no_key_and_no_read(folder: Path, backup: Path, tmp_path: Path) -> None:
    names = {path.relative_to(backup).as_posix() for path in backup.rglob("*") if path.is_file()}
    assert not {name for name in names if name.startswith(("vault", "reads", "keys")) or "root" in name}
    assert "ledger/kek" not in names and "ledger/log.pem" not in names
    secret = [folder / "vault" / "root", folder / "ledger" / "kek", *(folder / "keys").iterdir()]
    held = b"".join(path.read_bytes() for path in backup.rglob("*") if path.is_file())
    for path in secret:
        assert path.read_bytes().strip() not in held
    kept = {path.relative_to(tmp_path / "secrets").as_posix() for path in (tmp_path / "secrets").rglob("*")}
    assert kept == {
        "kek",
        "keys",
        "keys/accounts.key",
        "keys/hotlist.key",
        "keys/marks.key",
        "signers",
        "signers/log.pem",
    }


def test_backup_without_a_place_for_keys_holds_none(folder: Path, tmp_path: Path) -> None:
    back_up(load_config(folder), tmp_path / "backup")
    with pytest.raises(BadInput, match="holds no keys of a node"):
        restore(tmp_path / "backup", tmp_path / "again", secrets=tmp_path / "backup", seen=None)
    assert not (tmp_path / "again").exists()


def test_backup_into_its_own_folder_of_keys_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadUse, match="keys do not belong into the backup"):
        back_up(load_config(folder), tmp_path / "b", secrets=tmp_path / "b" / "k")


def test_backup_that_fails_leaves_nothing_behind(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("gatehouse.node.backup._copy_keys", full)
    with pytest.raises(OSError, match="No space left"):
        back_up(load_config(folder), tmp_path / "backup", secrets=tmp_path / "keys")

    assert not (tmp_path / "backup").exists()
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    ("harm", "error", "says"),
    [
        (lambda b: (b / "ledger" / "log.sqlite").write_bytes(b"x"), VerificationFailed, "was changed"),
        (lambda b: (b / "ledger" / "policy").unlink(), VerificationFailed, "other files than it says"),
        (lambda b: (b / "more").write_bytes(b""), VerificationFailed, "other files than it says"),
        (lambda b: (b / "backup.json").unlink(), BadInput, "no backup of a node"),
        (lambda b: (b / "backup.json").write_text("[1]"), BadInput, "no backup of a node"),
    ],
)
def test_backup_that_was_harmed_is_not_put_back(
    backup: Path, tmp_path: Path, harm: object, error: type[Exception], says: str
) -> None:
    harm(backup)  # type: ignore[operator]
    with pytest.raises(error, match=says):
        restore(backup, tmp_path / "again", secrets=tmp_path / "secrets", seen=None)
    assert not (tmp_path / "again").exists()


def test_backup_that_names_a_file_outside_is_not_put_back(backup: Path, tmp_path: Path) -> None:
    manifest = json.loads((backup / "backup.json").read_text())
    manifest["files"]["../elsewhere"] = "0" * 64
    (backup / "backup.json").write_text(json.dumps(manifest))
    with pytest.raises(BadInput, match="no backup of a node"):
        restore(backup, tmp_path / "again", secrets=tmp_path / "secrets", seen=None)


def test_backup_older_than_what_was_seen_is_not_put_back(folder: Path, backup: Path, tmp_path: Path) -> None:
    with opened_node(folder, Clock(LATER)) as node:
        search = asked(LATER)
        node.door.ask(search, signed=sign(search, LATER))
    with pytest.raises(Rollback):
        restore(backup, tmp_path / "again", secrets=tmp_path / "secrets", seen=folder / "ledger" / "public")
    assert not (tmp_path / "again").exists()


def test_backup_of_another_history_is_not_put_back(template: Path, backup: Path, tmp_path: Path) -> None:
    other = copied(template, tmp_path / "other")
    back_up(load_config(other), tmp_path / "later", secrets=tmp_path / "keys")
    for folder, plate in ((other, "FORK1"), (copied(template, tmp_path / "third"), "FORK2")):
        with opened_node(folder, Clock(LATER)) as node:
            search = asked(LATER, plate)
            node.door.ask(search, signed=sign(search, LATER))
    back_up(load_config(tmp_path / "third"), tmp_path / "forked", secrets=tmp_path / "forked-keys")
    with pytest.raises(LogCorrupt, match="not the beginning"):
        restore(
            tmp_path / "forked",
            tmp_path / "again",
            secrets=tmp_path / "forked-keys",
            seen=other / "ledger" / "public",
        )


def test_checkpoint_of_nobody_shows_nothing(backup: Path, tmp_path: Path) -> None:
    fake = tmp_path / "checkpoint"
    fake.write_text(f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— x AAAA\n", "utf-8")
    with pytest.raises((UntrustedNote, BadInput, VerificationFailed)):
        restore(backup, tmp_path / "again", secrets=tmp_path / "secrets", seen=fake)
    shutil.rmtree(tmp_path / "again", ignore_errors=True)
