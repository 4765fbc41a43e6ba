"""A whole log checked: what a sound one shows, what may lie about, and how a log is held to its past."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from gatehouse.ledger.errors import (
    InvalidCheckpoint,
    InvalidEntry,
    InvalidTile,
    PolicyNotMet,
    Rollback,
    SplitView,
    UntrustedNote,
)
from gatehouse.ledger.layout import tiles
from gatehouse.ledger.note import add_signatures, sign_note
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.source import open_source
from gatehouse.ledger.verify import Verified, in_order, verify
from gatehouse.model import BadUse, PartUnavailable
from tests.unit.ledger.published import ORIGIN, Book, Tree, log_signer, witness_signer

KEY = log_signer().vkey
GOLDEN = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def check(folder: Path, **more: object) -> Verified:
    with open_source(folder) as source:
        return verify(source, keys=[KEY], **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def book() -> Book:
    made = Book()
    for number in range(300):
        made.add("search:plate:requested", agency=f"agency-{number % 3}", hours=number // 100)
        made.add("search:plate:denied", agency=f"agency-{number % 3}", hours=number // 100)
    return made


class TestSoundLog:
    def test_a_log_of_leaves_is_found_whole(self, tmp_path: Path, book: Book) -> None:
        tree = book.tree()
        told: list[tuple[int, int]] = []
        found = check(
            tree.publish(tmp_path), only_leaves=True, progress=lambda done, size: told.append((done, size))
        )
        assert found.as_document() == {
            "origin": ORIGIN,
            "size": 600,
            "root": tree.root().hex(),
            "signers": [ORIGIN],
            "since": None,
            "agencies": {"agency-0": 200, "agency-1": 200, "agency-2": 200},
            "leaves": 600,
            "foreign": 0,
            "parts": 7,
            "older": 0,
            "unknown": 0,
        }
        assert found.raw == tree.checkpoint()
        assert told == [(256, 600), (512, 600), (600, 600)]

    @pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512, 600])
    def test_every_size_is_found_whole(self, tmp_path: Path, size: int) -> None:
        tree = Tree.counted(size)
        found = check(tree.publish(tmp_path))
        assert (found.checkpoint.size, found.leaves, found.foreign) == (size, 0, size)
        assert found.parts == len(list(tiles(size)))

    @pytest.mark.shared
    @pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
    def test_a_log_of_others_is_found_whole(self, tmp_path: Path, reference: Path, size: int) -> None:
        golden = reference / "ledger" / "vectors" / "golden-log"
        shutil.copytree(golden / "tile", tmp_path / "tile")
        for path in tmp_path.glob("tile/**/0*.p/*"):
            if int(path.name) > size:
                path.unlink()
        shutil.copy(golden / f"checkpoint.{size}", tmp_path / "checkpoint")
        with open_source(tmp_path) as source:
            found = verify(source, keys=[GOLDEN])
        assert (found.checkpoint.size, found.foreign, found.parts) == (size, size, 2)
        assert found.older == 2 * [1, 2, 3, 5, 8].index(size)

    def test_without_a_key_the_tree_is_checked_and_nobody_vouches_for_it(self, tmp_path: Path) -> None:
        tree = Tree.of([b"one"], signer=log_signer("a key that nobody knows"))
        with open_source(tree.publish(tmp_path)) as source:
            assert verify(source, keys=None).signers == ()

    def test_no_key_at_all_is_not_the_same_as_leave_it_unchecked(self, tmp_path: Path) -> None:
        with open_source(Tree.counted(1).publish(tmp_path)) as source, pytest.raises(BadUse):
            verify(source, keys=[])

    @pytest.mark.parametrize("size", [*range(10), 255, 256, 257, 65_535, 65_536, 65_537, 1_000_000])
    def test_parts_come_in_an_order_that_names_each_once(self, size: int) -> None:
        found = [each.path for each in in_order(size)]
        assert len(set(found)) == len(found)
        assert set(found) == {each.path for each in tiles(size)}


class TestEntries:
    def test_a_foreign_entry_is_refused_where_only_leaves_belong(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidEntry, match="no leaf"):
            check(Tree.counted(3).publish(tmp_path), only_leaves=True)

    def test_what_claims_to_be_a_leaf_and_is_none_is_refused(self, tmp_path: Path) -> None:
        entry = Book()
        entry.add("search:plate:requested")
        spaced = entry.entries[0].replace(b'":"', b'": "', 1)
        with pytest.raises(InvalidEntry, match="an entry is no leaf"):
            check(Tree.of([spaced]).publish(tmp_path))


class TestSince:
    @pytest.mark.parametrize("size", [0, 1, 2, 200, 255, 256, 257, 511, 512, 513, 599, 600])
    def test_a_log_that_has_grown_begins_with_what_it_signed(self, tmp_path: Path, size: int) -> None:
        tree = Tree.counted(600)
        found = check(tree.publish(tmp_path), since=tree.checkpoint(size))
        assert found.since == size

    @pytest.mark.parametrize("size", [1, 255, 256, 257, 599, 600])
    def test_another_history_is_a_split_view(self, tmp_path: Path, size: int) -> None:
        before, now = Tree.counted(600, "before"), Tree.counted(600)
        with pytest.raises(SplitView) as caught:
            check(now.publish(tmp_path), since=before.checkpoint(size))
        assert (caught.value.expected, caught.value.got) == (
            before.root(size).hex(),
            now.root(size).hex(),
        )

    def test_a_log_that_has_shrunk_is_a_rollback(self, tmp_path: Path) -> None:
        tree = Tree.counted(9)
        with pytest.raises(Rollback, match="shorter than it was"):
            check(tree.publish(tmp_path, 8), since=tree.checkpoint())

    def test_another_log_s_past_is_refused(self, tmp_path: Path) -> None:
        signer = log_signer(origin="log.example/elsewhere")
        other = Tree.of([b"one"], signer=signer)
        with open_source(Tree.counted(2).publish(tmp_path)) as source, pytest.raises(InvalidCheckpoint):
            verify(source, keys=[KEY, signer.vkey], since=other.checkpoint())

    def test_a_past_that_nobody_signed_is_refused(self, tmp_path: Path) -> None:
        other = Tree.of([b"entry 0"], signer=log_signer("another key"))
        with pytest.raises(UntrustedNote):
            check(Tree.counted(2).publish(tmp_path), since=other.checkpoint())


class TestPolicy:
    def policy(self) -> Policy:
        return Policy.parse(f"log {KEY}\nwitness w {witness_signer().vkey}\nquorum w\n")

    def test_a_quorum_is_asked_for(self, tmp_path: Path) -> None:
        tree = Tree.counted(3)
        tree.publish(tmp_path)
        with open_source(tmp_path) as source, pytest.raises(PolicyNotMet):
            verify(source, keys=None, policy=self.policy())
        text = tree.checkpoint().partition("\n\n")[0] + "\n"
        cosigned = add_signatures(tree.checkpoint(), [witness_signer().line(text, at=1)])
        (tmp_path / "checkpoint").write_text(cosigned)
        with open_source(tmp_path) as source:
            found = verify(source, keys=None, policy=self.policy())
        assert found.signers == (ORIGIN, "witness.example/w1")

    def test_a_witness_alone_vouches_for_nothing(self, tmp_path: Path) -> None:
        tree = Tree.counted(3)
        tree.publish(tmp_path)
        text = tree.checkpoint().partition("\n\n")[0] + "\n"
        (tmp_path / "checkpoint").write_text(sign_note(text, signers=[witness_signer()], at=1))
        with open_source(tmp_path) as source, pytest.raises(UntrustedNote, match="no log's key"):
            verify(source, keys=[KEY, witness_signer().vkey])

    def test_one_log_s_key_does_not_vouch_for_another_log(self, tmp_path: Path) -> None:
        tree = Tree.counted(3)
        tree.publish(tmp_path)
        other = log_signer("other", origin="log.example/elsewhere")
        text = tree.checkpoint().partition("\n\n")[0] + "\n"
        (tmp_path / "checkpoint").write_text(sign_note(text, signers=[other]))
        both = Policy.parse(f"log {KEY}\nlog {other.vkey}\nquorum none\n")
        with open_source(tmp_path) as source, pytest.raises(InvalidCheckpoint, match="not of the log"):
            verify(source, keys=None, policy=both)


class TestLeftovers:
    def test_partial_tiles_of_earlier_sizes_are_counted(self, tmp_path: Path) -> None:
        tree = Tree.counted(600)
        for size in (3, 200, 257, 600):
            tree.publish(tmp_path, size)
        found = check(tmp_path)
        # Of each earlier size a bundle and a tile; of 257 a tile of level 1 too.
        assert (found.older, found.unknown) == (7, 0)

    @pytest.mark.parametrize("path", ["tile/0/000.p/3", "tile/entries/000.p/3", "tile/1/000.p/1"])
    def test_a_partial_tile_that_does_not_fit_is_refused(self, tmp_path: Path, path: str) -> None:
        tree = Tree.counted(600)
        for size in (3, 257, 600):
            tree.publish(tmp_path, size)
        data = bytearray((tmp_path / path).read_bytes())
        data[-1] ^= 1
        (tmp_path / path).write_bytes(data)
        with pytest.raises(InvalidTile, match="left from an earlier size does not fit"):
            check(tmp_path)

    def test_other_files_are_counted(self, tmp_path: Path) -> None:
        Tree.counted(3).publish(tmp_path)
        (tmp_path / "tile" / "0" / ".000.tmp").write_text("half a tile")
        assert check(tmp_path).unknown == 1

    def test_a_link_to_a_folder_is_followed(self, tmp_path: Path) -> None:
        tree = Tree.counted(600)
        log = tree.publish(tmp_path / "log")
        (log / "tile/entries").rename(tmp_path / "elsewhere")
        (log / "tile/entries").symlink_to(tmp_path / "elsewhere")
        assert check(log).older == 0
        (tmp_path / "elsewhere/003").write_bytes(b"junk")
        with pytest.raises(InvalidTile, match="beyond the checkpoint") as caught:
            check(log)
        assert caught.value.where == "tile/entries/003"

    @pytest.mark.parametrize("target", [".", "..", "0", "../../log"])
    def test_a_folder_that_lies_in_two_places_is_refused(self, tmp_path: Path, target: str) -> None:
        log = Tree.counted(3).publish(tmp_path / "log")
        (log / "tile/x001").symlink_to(target)
        with pytest.raises(InvalidTile, match="a folder lies in two places"):
            check(log)

    def test_a_folder_that_cannot_be_read_is_not_passed_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log, real = Tree.counted(3).publish(tmp_path / "log"), os.scandir
        (log / "tile/locked").mkdir()

        def scandir(folder: str | Path) -> object:
            if Path(folder).name == "locked":
                raise PermissionError(errno.EACCES, "Permission denied", str(folder))
            return real(folder)

        monkeypatch.setattr("os.scandir", scandir)
        with pytest.raises(PartUnavailable, match="a folder cannot be read") as caught:
            check(log)
        assert (caught.value.where, caught.value.got) == (f"{log}/tile/locked", "Permission denied")

    def test_a_log_that_grows_while_it_is_read_is_sound(self, tmp_path: Path) -> None:
        tree = Tree.counted(600)
        tree.publish(tmp_path, 300)

        def grow(done: int, size: int) -> None:
            if done == size:
                tree.publish(tmp_path)

        found = check(tmp_path, progress=grow)
        assert found.checkpoint.size == 300
