"""Files put in place: whole or not at all, with the mode that was asked for, and nothing left beside them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from gatehouse.signing.durable import remove_drafts, replace_file, write_draft


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("sync_name", [True, False])
def test_replace_file_puts_the_bytes_in_place_and_leaves_nothing_beside(
    tmp_path: Path, sync_name: bool
) -> None:
    path = tmp_path / "state"
    for data in (b"first", b"", b"third"):
        replace_file(path, data, sync_name=sync_name)
        assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("state", data)]


def test_replace_file_gives_the_mode_that_is_asked_for_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o277)
    try:
        replace_file(tmp_path / "private", b"", mode=0o600)
        os.umask(0o027)
        replace_file(tmp_path / "plain", b"")
    finally:
        os.umask(before)
    assert (mode_of(tmp_path / "private"), mode_of(tmp_path / "plain")) == (0o600, 0o640)


def test_replace_file_that_cannot_be_put_in_place_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/kept").write_bytes(b"kept")
    with pytest.raises(OSError, match="folder"):
        replace_file(tmp_path / "folder", b"new")
    assert [each.name for each in tmp_path.rglob("*")] == ["folder", "kept"]


def test_replace_file_with_drafts_elsewhere_puts_the_bytes_in_place(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    replace_file(tmp_path / "folder/state", b"data", drafts=tmp_path)
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["folder", "state"]
    assert (tmp_path / "folder/state").read_bytes() == b"data"


def test_remove_drafts_removes_drafts_and_nothing_else(tmp_path: Path) -> None:
    kept = {".hidden", ".htaccess.old", "state", "state.0123456789abcdef", ".state.0123456789ABCDEF"}
    for name in kept:
        (tmp_path / name).touch()
    write_draft(tmp_path / "state", b"half")
    write_draft(tmp_path / "001", b"half")
    assert len(list(tmp_path.iterdir())) == len(kept) + 2
    remove_drafts(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == kept


def test_write_draft_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_draft(tmp_path / "state", b"data")
    assert list(tmp_path.iterdir()) == []
