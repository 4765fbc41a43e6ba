"""Attempts to change what is on the record: an entry rewritten, dropped, moved, or all of it signed anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gatehouse.ledger.errors import InvalidProof, LogCorrupt, VerificationError
from gatehouse.ledger.fsck import fsck
from gatehouse.ledger.layout import decode_bundle, encode_bundle
from gatehouse.ledger.log import Appended, Log
from gatehouse.ledger.note import split_note
from gatehouse.ledger.source import open_source
from gatehouse.ledger.verify import verify
from tests.unit.ledger.logs import KEY, POLICY, VKEY, FakeWitness, database, filled, made_log, opened
from tests.unit.ledger.naive import numbered

Change = Callable[[list[bytes]], list[bytes]]

CHANGES: dict[str, Change] = {
    "rewrite an entry": lambda entries: [*entries[:7], b"nobody searched", *entries[8:]],
    "rewrite the last entry": lambda entries: [*entries[:-1], b"nobody searched"],
    "drop an entry": lambda entries: [*entries[:7], *entries[8:]],
    "drop the last entry": lambda entries: entries[:-1],
    "add an entry": lambda entries: [*entries[:7], b"somebody searched", *entries[7:]],
    "move an entry": lambda entries: [*entries[:7], entries[8], entries[7], *entries[9:]],
    "empty an entry": lambda entries: [*entries[:7], b"", *entries[8:]],
    "join two entries": lambda entries: [*entries[:7], entries[7] + entries[8], b"", *entries[9:]],
}


class Book:
    """A log with an export, and a receipt that somebody has kept."""

    def __init__(self, folder: Path, size: int) -> None:
        self.path = made_log(folder)
        self.exported = folder / "public"
        self.entries = numbered(size)
        with opened(self.path) as log:
            filled(log, self.entries[:-1])
            self.kept: Appended = log.append(self.entries[-1])
            log.export(self.exported)

    def overwrite(self, entries: list[bytes]) -> None:
        """Put other entries into the database, and nothing else."""
        with database(self.path) as connection:
            connection.execute("DELETE FROM ledger_entry")
            connection.executemany("INSERT INTO ledger_entry VALUES (?, ?)", enumerate(entries))


@pytest.fixture(params=[257, 300])
def book(tmp_path: Path, request: pytest.FixtureRequest) -> Book:
    return Book(tmp_path, request.param)


@pytest.mark.parametrize("change", CHANGES)
def test_change_in_the_database(book: Book, change: str) -> None:
    book.overwrite(CHANGES[change](book.entries))
    with pytest.raises(VerificationError):
        fsck(book.path)
    with pytest.raises(VerificationError):
        fsck(book.path, exported=book.exported)


@pytest.mark.parametrize("change", ["rewrite the last entry", "drop the last entry"])
def test_change_at_the_edge_stops_the_writer(book: Book, change: str) -> None:
    book.overwrite(CHANGES[change](book.entries))
    with pytest.raises(LogCorrupt):
        Log.open(book.path, signer=KEY)


@pytest.mark.parametrize("change", CHANGES)
def test_change_in_an_exported_bundle(book: Book, change: str) -> None:
    bundle = book.exported / "tile/entries/000"
    bundle.write_bytes(encode_bundle(CHANGES[change](decode_bundle(bundle.read_bytes()))))
    with pytest.raises(VerificationError):
        verify(open_source(book.exported), keys=[VKEY])
    with pytest.raises(LogCorrupt, match="other bytes"):
        fsck(book.path, exported=book.exported)


def test_bundles_exchanged_in_the_export(tmp_path: Path) -> None:
    book = Book(tmp_path, 600)
    first, second = book.exported / "tile/entries/000", book.exported / "tile/entries/001"
    data = first.read_bytes(), second.read_bytes()
    first.write_bytes(data[1])
    second.write_bytes(data[0])
    with pytest.raises(VerificationError):
        verify(open_source(book.exported), keys=[VKEY])


@pytest.mark.parametrize("change", CHANGES)
def test_everything_signed_anew_with_the_logs_own_key(book: Book, tmp_path: Path, change: str) -> None:
    """The log's key and its disk are not enough: old receipts, exports and witnesses remember."""
    (tmp_path / "new").mkdir()
    forged = made_log(tmp_path / "new")
    with opened(forged) as log:
        filled(log, CHANGES[change](book.entries))
        while log.size < len(book.entries):
            log.append(b"padding")
        # The forged log is sound in itself.
        fsck(forged, keys=[VKEY], exported=None)
        published = tmp_path / "forged"
        log.export(published)
        verify(open_source(published), keys=[VKEY])
        # Who kept a checkpoint of the true one is not fooled.
        with pytest.raises(VerificationError):
            verify(open_source(published), keys=[VKEY], since=book.kept.receipt.checkpoint)
        # Nor is it written over what was published before.
        with pytest.raises(LogCorrupt, match="beginning of this log"):
            log.export(book.exported)
        index = book.kept.index
        if log.entry(index) != book.entries[index]:
            with pytest.raises(InvalidProof):
                log.receipt(index).verify(book.entries[index], policy=POLICY)
    book.kept.receipt.verify(book.entries[book.kept.index], policy=POLICY)


def test_another_tree_of_the_same_size_before_a_witness(tmp_path: Path) -> None:
    """A log set back to an old copy and written on otherwise gets no cosignature."""
    witness = FakeWitness()
    path = made_log(tmp_path)
    with opened(path, witness=witness) as log:
        log.append(b"first")
    copy = path.read_bytes()
    with opened(path, witness=witness) as log:
        genuine = log.append(b"searched")
    path.write_bytes(copy)
    with opened(path, witness=witness, wait=0.3) as log:
        with pytest.raises(VerificationError, match="too few witnesses"):
            log.append(b"nobody searched")
        assert split_note(log.checkpoint())[0] != split_note(genuine.receipt.checkpoint)[0]
        assert log.checkpoint().splitlines()[1] == "1"
