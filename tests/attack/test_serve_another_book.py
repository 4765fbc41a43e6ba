"""Ways to serve a log that is not the one that was signed, each of which verification must name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gatehouse.ledger.errors import (
    InvalidCheckpoint,
    InvalidEntry,
    InvalidNote,
    InvalidSignature,
    InvalidTile,
    LogCorrupt,
    Rollback,
    UntrustedNote,
    VerificationError,
)
from gatehouse.ledger.layout import encode_bundle
from gatehouse.ledger.source import NotServed, open_source
from gatehouse.ledger.verify import Verified, verify
from tests.unit.ledger.published import Book, Tree, log_signer

SIZE = 600
LAST = "tile/entries/002.p/88"


@pytest.fixture(scope="module")
def tree() -> Tree:
    book = Book()
    for number in range(SIZE // 2):
        book.add("search:plate:requested", agency=f"agency-{number % 5}")
        book.add("search:plate:denied", agency=f"agency-{number % 5}")
    return book.tree()


@pytest.fixture(scope="module")
def published(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tree.publish(tmp_path_factory.mktemp("log"))


@pytest.fixture
def log(published: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "log"))


def check(log: Path) -> Verified:
    with open_source(log) as source:
        return verify(source, keys=[log_signer().vkey])


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_the_log_that_was_signed_is_found_whole(log: Path) -> None:
    assert check(log).leaves == SIZE


def test_alter_one_byte_of_any_part(log: Path) -> None:
    for path in sorted(each for each in log.rglob("*") if each.is_file()):
        size = path.stat().st_size
        for at in {0, 1, 2, size // 2, size - 1}:
            flip(path, at)
            with pytest.raises(VerificationError):
                check(log)
            flip(path, at)
    check(log)


def test_rewrite_an_entry_and_every_tile_above_it(log: Path, tree: Tree) -> None:
    entries = list(tree.entries)
    entries[300] = entries[300].replace(b"requested", b"denied")
    changed = Tree.of(entries)
    changed.publish(log)
    (log / "checkpoint").write_text(tree.checkpoint())
    with pytest.raises((LogCorrupt, InvalidEntry)):
        check(log)
    # Without an agency's chain to break only the root is left to tell.
    entries = list(tree.entries)
    entries[-1] = entries[-1].replace(b"denied", b"failed")
    changed = Tree.of(entries)
    changed.publish(log)
    (log / "checkpoint").write_text(tree.checkpoint())
    with pytest.raises(LogCorrupt) as caught:
        check(log)
    assert (caught.value.expected, caught.value.got) == (tree.root().hex(), changed.root().hex())


def test_drop_an_entry_and_sign_the_rest(tmp_path: Path, tree: Tree) -> None:
    entries = [*tree.entries[:100], *tree.entries[101:]]
    with pytest.raises(InvalidEntry, match="entries of an agency are missing"):
        check(Tree.of(entries).publish(tmp_path))


def test_reorder_entries_and_sign_them(tmp_path: Path, tree: Tree) -> None:
    entries = list(tree.entries)
    entries[10], entries[11] = entries[11], entries[10]
    with pytest.raises(InvalidEntry):
        check(Tree.of(entries).publish(tmp_path))


def test_set_the_clock_back_and_sign(tmp_path: Path) -> None:
    book = Book()
    book.add("search:plate:requested", agency="a", hours=2)
    book.add("search:plate:requested", agency="b", hours=1)
    with pytest.raises(Rollback, match="clock has run back"):
        check(book.tree().publish(tmp_path))


def test_sign_with_an_unknown_key(log: Path, tree: Tree) -> None:
    (log / "checkpoint").write_text(tree.checkpoint(signers=[log_signer("unknown")]))
    with pytest.raises(UntrustedNote):
        check(log)


def test_alter_the_signed_size_or_root(log: Path, tree: Tree) -> None:
    note = tree.checkpoint()
    for forged in (note.replace("\n600\n", "\n599\n"), note.replace("\n600\n", "\n601\n")):
        (log / "checkpoint").write_text(forged)
        with pytest.raises(InvalidSignature):
            check(log)


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("\n", "\r\n"),
        lambda note: note[:-1],
        lambda note: note + "\n",
        lambda note: note.replace("\n\n", "\n"),
        lambda note: "",
        lambda note: note.replace("\n600\n", "\n0600\n"),
        lambda note: "\ufeff" + note,
    ],
)
def test_spell_a_checkpoint_otherwise(log: Path, tree: Tree, change: object) -> None:
    assert callable(change)
    (log / "checkpoint").write_bytes(change(tree.checkpoint()).encode())
    with pytest.raises((InvalidNote, InvalidSignature, InvalidCheckpoint)):
        check(log)


def test_truncate_a_tile_or_a_bundle(log: Path) -> None:
    for name in ("tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", LAST):
        whole = (log / name).read_bytes()
        for size in (0, 1, 31, len(whole) // 2, len(whole) - 1):
            (log / name).write_bytes(whole[:size])
            with pytest.raises(InvalidTile):
                check(log)
        (log / name).write_bytes(whole)
    check(log)


def test_add_bytes_to_a_tile_or_a_bundle(log: Path) -> None:
    for name in ("tile/0/001", "tile/1/000.p/2", "tile/entries/001", LAST):
        whole = (log / name).read_bytes()
        for more in (b"\0", b"\0\0", bytes(32), b"\0\1x"):
            (log / name).write_bytes(whole + more)
            with pytest.raises(InvalidTile):
                check(log)
        (log / name).write_bytes(whole)


def test_serve_a_tile_that_does_not_match_its_bundle(log: Path, tree: Tree) -> None:
    (log / "tile/0/001").write_bytes((log / "tile/0/000").read_bytes())
    with pytest.raises(InvalidTile, match="does not fit the entries") as caught:
        check(log)
    assert caught.value.where == "tile/0/001, hash 256 of level 0"
    assert caught.value.expected == tree.subtree(0, 256).hex()
    assert caught.value.got == tree.subtree(0, 0).hex()


def test_serve_the_bundle_of_another_place(log: Path) -> None:
    shutil.copy(log / "tile/entries/000", log / "tile/entries/001")
    with pytest.raises(VerificationError):
        check(log)


def test_leave_a_part_out(log: Path) -> None:
    for name in ("tile/0/001", "tile/1/000.p/2", "tile/entries/001", LAST, "checkpoint"):
        moved = log / "aside"
        (log / name).rename(moved)
        with pytest.raises(NotServed) as caught:
            check(log)
        assert caught.value.expected == name
        moved.rename(log / name)


def test_serve_beyond_the_checkpoint(log: Path, tree: Tree) -> None:
    more = Tree.of([*tree.entries, b"not yet signed"])
    for path in ("tile/entries/002.p/89", "tile/0/002.p/89"):
        (log / path).write_bytes(more.part(path))
        with pytest.raises(InvalidTile, match="lies beyond the checkpoint"):
            check(log)
        (log / path).unlink()
    (log / "tile/0/x001").mkdir()
    (log / "tile/0/x001/000").write_bytes(bytes(8192))
    with pytest.raises(InvalidTile, match="lies beyond the checkpoint"):
        check(log)


def test_hang_a_reader_on_a_pipe(log: Path) -> None:
    for name in ("tile/0/001", "checkpoint"):
        (log / name).unlink()
        os.mkfifo(log / name)
        with pytest.raises(NotServed):
            check(log)
        (log / name).unlink()


def test_give_an_entry_a_length_that_swallows_the_next(log: Path, tree: Tree) -> None:
    first, second, *rest = tree.entries[512:]
    merged = encode_bundle([first + len(second).to_bytes(2, "big") + second, *rest])
    (log / LAST).write_bytes(merged)
    with pytest.raises(InvalidTile, match="another count"):
        check(log)
