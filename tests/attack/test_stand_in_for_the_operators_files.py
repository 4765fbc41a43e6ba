"""A pipe, a device, a folder or a dead link in place of what a ledger reads before it signs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gatehouse.ledger.errors import Rollback
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.fsck import fsck
from gatehouse.ledger.settings import Folder
from gatehouse.model import BadInput, Error, PartUnavailable
from tests.unit.ledger.folders import ORIGIN, PACK, THAT_DAY
from tests.unit.ledger.logs import Clock

Replace = Callable[[Path], None]

# Relative links, which lead to the same place whatever the folder is called.
WITHOUT_END: dict[str, Replace] = {
    "pipe": os.mkfifo,
    "zeros": lambda place: place.symlink_to("/dev/zero"),
    "folder": lambda place: place.mkdir(),
}
DEAD: dict[str, Replace] = {
    "dangling": lambda place: place.symlink_to("gone"),
    "looping": lambda place: place.symlink_to(place.name),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "ledger"
    Ledger.create(made, origin=ORIGIN, at=THAT_DAY)
    with Ledger.open(made, clock=Clock(THAT_DAY)) as ledger:
        ledger.append("search:plate:requested", agency="alder-pd", fields={}, pack=PACK)
    return made


def put(place: Path, instead: Replace) -> None:
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    instead(place)


@pytest.mark.parametrize("name", ["public/checkpoint", "policy", "ledger.toml"])
@pytest.mark.parametrize("kind", WITHOUT_END)
def test_hold_up_the_operator(path: Path, name: str, kind: str) -> None:
    put(path / name, WITHOUT_END[kind])
    with pytest.raises(BadInput, match="no regular file") as refused:
        Ledger.open(path)
    assert refused.value.where == str(path / name)


@pytest.mark.parametrize("name", ["public/checkpoint", "public"])
@pytest.mark.parametrize("kind", DEAD)
def test_hide_what_was_exported_from_a_log_that_was_set_back(path: Path, name: str, kind: str) -> None:
    older = (path / "log.sqlite").read_bytes()
    with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
        ledger.append("search:plate:requested", agency="alder-pd", fields={}, pack=PACK)
    (path / "log.sqlite").write_bytes(older)
    with pytest.raises(Rollback):
        Ledger.open(path)
    put(path / name, DEAD[kind])
    with pytest.raises(PartUnavailable):
        Ledger.open(path)
    with pytest.raises(Error):
        fsck(path / "log.sqlite", exported=path / "public")
    with Folder(path).view() as view:
        assert view.size == 1


def test_nothing_exported_yet_is_no_attack(path: Path) -> None:
    shutil.rmtree(path / "public")
    with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
        assert ledger.log.size == 1
    assert (path / "public/checkpoint").is_file()
