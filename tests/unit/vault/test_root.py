"""The root's file, and what is left of it wherever its replacement is cut off."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from gatehouse.model import BadInput, BadUse
from gatehouse.vault.errors import RootMissing
from gatehouse.vault.root import create_root, install_root, prepare_root, root_id, settle


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "root"


def left(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def test_root_is_drawn_into_a_private_file(path: Path) -> None:
    root = create_root(path)
    assert len(root) == 32
    assert path.read_text("ascii") == root.hex() + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert settle(path, root_id(root)) == root
    with pytest.raises(BadUse):
        create_root(path)


def test_replacing_leaves_the_fresh_root_alone(path: Path) -> None:
    create_root(path)
    fresh = prepare_root(path)
    install_root(path)
    assert left(path) == ["root"]
    assert settle(path, root_id(fresh)) == fresh


def test_old_root_is_overwritten_before_it_is_unlinked(path: Path) -> None:
    old = create_root(path)
    with path.open("rb") as held:
        prepare_root(path)
        install_root(path)
        assert old.hex().encode() not in held.read()


def test_fresh_root_that_never_came_into_force_is_destroyed(path: Path) -> None:
    old = create_root(path)
    prepare_root(path)
    assert settle(path, root_id(old)) == old
    assert left(path) == ["root"]


@pytest.mark.parametrize("linked", [False, True])
def test_fresh_root_that_is_named_is_installed(path: Path, linked: bool) -> None:
    create_root(path)
    fresh = prepare_root(path)
    if linked:
        path.with_name("root.old").hardlink_to(path)
    with path.open("rb") as held:
        assert settle(path, root_id(fresh)) == fresh
        assert bytes.fromhex(path.read_text("ascii")) == fresh
        assert held.read() != path.read_bytes()
    assert left(path) == ["root"]


def test_old_root_that_was_left_over_is_destroyed(path: Path) -> None:
    root = create_root(path)
    create_root(path.with_name("root.old"))
    assert settle(path, root_id(root)) == root
    assert left(path) == ["root"]


def test_old_name_of_the_root_in_force_is_only_unlinked(path: Path) -> None:
    root = create_root(path)
    path.with_name("root.old").hardlink_to(path)
    assert settle(path, root_id(root)) == root
    assert left(path) == ["root"]


def test_root_that_is_lost_after_it_was_named_is_found_in_waiting(path: Path) -> None:
    create_root(path)
    fresh = prepare_root(path)
    path.unlink()
    assert settle(path, root_id(fresh)) == fresh
    assert left(path) == ["root"]


def test_destruction_that_was_cut_off_is_finished(path: Path) -> None:
    root = create_root(path)
    path.with_name("root.old").write_bytes(os.urandom(65))
    path.with_name("root.old").chmod(0o600)
    assert settle(path, root_id(root)) == root
    assert left(path) == ["root"]


def test_root_of_another_database_opens_nothing_and_is_left(path: Path) -> None:
    root = create_root(path)
    for named in (root_id(bytes(32)), b""):
        with pytest.raises(RootMissing, match="is another's") as refusal:
            settle(path, named)
        assert refusal.value.got == root_id(root).hex()
        assert root.hex() not in str(refusal.value)
    assert path.read_text("ascii") == root.hex() + "\n"


def test_root_that_is_gone_is_missing(path: Path) -> None:
    with pytest.raises(RootMissing) as refusal:
        settle(path, root_id(bytes(32)))
    assert refusal.value.got == "no root"


def test_old_root_alone_brings_nothing_back(path: Path) -> None:
    """What is left of a destruction must not open a database that was set back."""
    create_root(path)
    old = create_root(path.with_name("root.old"))
    with pytest.raises(RootMissing):
        settle(path, root_id(old))


def test_root_that_others_may_read_is_refused(path: Path) -> None:
    root = create_root(path)
    path.chmod(0o640)
    with pytest.raises(BadInput, match="not private"):
        settle(path, root_id(root))
