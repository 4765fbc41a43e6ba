"""Sealed openings and day keys: kept for the statute's time, then ended."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from gatehouse.ledger import day_keys
from gatehouse.ledger.commitment import check
from gatehouse.ledger.day_keys import (
    DayKeyDestroyed,
    DayKeyMissing,
    DayKeys,
    create_kek,
    read_kek,
    renew_kek,
)
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.errors import InvalidOpening
from gatehouse.ledger.sealing import BLOCK, OpeningMissing, OpeningStore, seal, unseal
from gatehouse.model import BadInput, BadUse, PartUnavailable
from tests.unit.ledger.entries import AT, searched

DAY = AT.date()
KEK = b"k" * 32


@pytest.fixture
def keys(tmp_path: Path) -> DayKeys:
    return DayKeys(tmp_path / "keys", kek=KEK)


@pytest.fixture
def store(tmp_path: Path, keys: DayKeys) -> OpeningStore:
    return OpeningStore(tmp_path / "openings.sqlite", keys=keys)


class TestStore:
    def test_opening_added_comes_back_and_one_field_is_disclosed(self, store: OpeningStore) -> None:
        entry, openings = searched()
        store.add(openings, index=5, entry=entry)
        assert store.openings(5, entry=entry) == openings
        disclosure = store.open_field("plate", 5, entry=entry)
        assert (disclosure.index, disclosure.value) == (5, "TEST123")
        check(read_entry(entry), disclosure)

    def test_opening_survives_a_new_process(self, store: OpeningStore, keys: DayKeys) -> None:
        entry, openings = searched()
        store.add(openings, index=0, entry=entry)
        again = OpeningStore(store.path, keys=DayKeys(keys.directory, kek=KEK))
        assert again.openings(0, entry=entry) == openings

    def test_opening_within_a_transaction_follows_it(self, store: OpeningStore) -> None:
        entry, openings = searched()
        connection = sqlite3.connect(store.path)
        store.add(openings, index=0, entry=entry, within=connection)
        connection.rollback()
        with pytest.raises(OpeningMissing):
            store.openings(0, entry=entry)
        store.add(openings, index=0, entry=entry, within=connection)
        connection.commit()
        connection.close()
        assert store.openings(0, entry=entry) == openings

    def test_opening_of_another_entry_is_not_taken(self, store: OpeningStore) -> None:
        with pytest.raises(InvalidOpening):
            store.add(searched()[1], index=0, entry=searched()[0])

    def test_index_that_is_taken_is_refused(self, store: OpeningStore) -> None:
        entry, openings = searched()
        store.add(openings, index=0, entry=entry)
        with pytest.raises(BadUse, match="already kept"):
            store.add(openings, index=0, entry=entry)

    def test_destroy_ends_one_agency_and_day_and_counts_its_entries(self, store: OpeningStore) -> None:
        ended = [searched() for _ in range(3)]
        kept = [searched(agency="birch-pd"), searched(at=AT.replace(day=24))]
        for index, (entry, openings) in enumerate(ended + kept):
            store.add(openings, index=index, entry=entry)
        assert store.destroy("alder-pd", DAY) == 3
        for index, (entry, _) in enumerate(ended):
            with pytest.raises(DayKeyDestroyed):
                store.openings(index, entry=entry)
        for index, (entry, openings) in enumerate(kept, len(ended)):
            assert store.openings(index, entry=entry) == openings

    def test_folder_that_is_not_there_is_part_unavailable(self, tmp_path: Path, keys: DayKeys) -> None:
        with pytest.raises(PartUnavailable):
            OpeningStore(tmp_path / "none" / "openings.sqlite", keys=keys)


def test_sealed_length_shows_half_kilobytes_only() -> None:
    lengths = set()
    for reason in ("", "x", "x" * 100):
        entry, openings = searched(fields={"reason": reason})
        sealed = seal(openings, entry=entry, key=KEK)
        assert unseal(sealed, entry=entry, key=KEK) == openings
        lengths.add(len(sealed))
    assert lengths == {12 + BLOCK + 16}


class TestDayKeys:
    def test_key_is_made_once_and_differs_by_agency_and_day(self, keys: DayKeys) -> None:
        first = keys.create("alder-pd", DAY)
        assert keys.create("alder-pd", DAY) == first
        assert DayKeys(keys.directory, kek=KEK).read("alder-pd", DAY) == first
        others = {keys.create("birch-pd", DAY), keys.create("alder-pd", date(2026, 11, 24))}
        assert len({first, *others}) == 3
        assert list(keys.days()) == [
            ("alder-pd", DAY),
            ("alder-pd", date(2026, 11, 24)),
            ("birch-pd", DAY),
        ]

    def test_key_file_is_private_and_does_not_hold_the_key(self, keys: DayKeys) -> None:
        key = keys.create("alder-pd", DAY)
        path = keys.directory / "alder-pd" / "2026-11-23.key"
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o077 == 0
        assert key not in path.read_bytes()
        assert [each.name for each in path.parent.iterdir()] == [path.name]

    @pytest.mark.parametrize("failing", range(5))
    def test_key_counts_only_once_all_above_it_is_on_the_disk(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
    ) -> None:
        # Those of the file, its folder when it is put there, and then all folders.
        synced: list[Path] = []
        fsync, calls = os.fsync, itertools.count()

        def failing_once(descriptor: int) -> None:
            if next(calls) == failing:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            fsync(descriptor)
            synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())

        keys = DayKeys(tmp_path / "keys", kek=KEK)
        agency = keys.directory / "alder-pd"
        monkeypatch.setattr(os, "fsync", failing_once)
        with pytest.raises(PartUnavailable, match="Input/output error"):
            keys.create("alder-pd", DAY)
        assert len(synced) == failing
        keys.create("alder-pd", DAY)
        assert synced[-3:] == [agency, keys.directory, tmp_path]
        done = len(synced)
        keys.create("alder-pd", DAY)
        assert len(synced) == done
        assert [each.name for each in agency.iterdir()] == ["2026-11-23.key"]

    def test_key_that_another_process_left_is_on_the_disk_before_it_counts(
        self, keys: DayKeys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = keys.create("alder-pd", DAY)
        synced: list[Path] = []
        again = DayKeys(keys.directory, kek=KEK)
        monkeypatch.setattr(day_keys, "sync_directory", synced.append)
        assert again.read("alder-pd", DAY) == again.create("alder-pd", DAY) == key
        assert synced == [keys.directory / "alder-pd", keys.directory, keys.directory.parent]

    @pytest.mark.parametrize("done", [0, 1, 2, 3])
    def test_destruction_that_fails_is_told_and_can_be_done_again(
        self, keys: DayKeys, monkeypatch: pytest.MonkeyPatch, done: int
    ) -> None:
        keys.create("alder-pd", DAY)
        calls, fsync = itertools.count(), os.fsync

        def failing(descriptor: int) -> None:
            if next(calls) == done:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            fsync(descriptor)

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", failing)
            with pytest.raises(PartUnavailable, match="Input/output error"):
                keys.destroy("alder-pd", DAY)
        keys.destroy("alder-pd", DAY)
        assert [each.name for each in (keys.directory / "alder-pd").iterdir()] == ["2026-11-23.destroyed"]

    def test_key_missing_is_told_from_key_destroyed(self, keys: DayKeys) -> None:
        with pytest.raises(DayKeyMissing):
            keys.read("alder-pd", DAY)
        with pytest.raises(DayKeyMissing):
            keys.destroy("alder-pd", DAY)
        keys.create("alder-pd", DAY)
        with pytest.raises(DayKeyMissing):
            keys.destroy("alder-pd", date(2026, 11, 22))
        keys.destroy("alder-pd", DAY)
        keys.destroy("alder-pd", DAY)
        with pytest.raises(DayKeyDestroyed):
            keys.read("alder-pd", DAY)
        assert list(keys.days()) == []

    def test_destroyed_day_gets_no_second_key(self, keys: DayKeys) -> None:
        keys.create("alder-pd", DAY)
        keys.destroy("alder-pd", DAY)
        with pytest.raises(DayKeyDestroyed):
            keys.create("alder-pd", DAY)

    def test_key_destroyed_by_another_process_is_not_read_from_memory(self, keys: DayKeys) -> None:
        keys.create("alder-pd", DAY)
        keys.read("alder-pd", DAY)
        DayKeys(keys.directory, kek=KEK).destroy("alder-pd", DAY)
        with pytest.raises(DayKeyDestroyed):
            keys.read("alder-pd", DAY)

    def test_destruction_cut_off_after_its_mark_is_finished(self, keys: DayKeys) -> None:
        keys.create("alder-pd", DAY)
        path = keys.directory / "alder-pd" / "2026-11-23.key"
        path.with_suffix(".destroyed").touch()
        with pytest.raises(DayKeyDestroyed):
            keys.read("alder-pd", DAY)
        keys.destroy("alder-pd", DAY)
        assert not path.exists()

    def test_key_is_overwritten_in_place_before_its_name_goes(self, keys: DayKeys, tmp_path: Path) -> None:
        keys.create("alder-pd", DAY)
        path = keys.directory / "alder-pd" / "2026-11-23.key"
        before = path.read_bytes()
        second_name = tmp_path / "second-name"
        second_name.hardlink_to(path)
        keys.destroy("alder-pd", DAY)
        after = second_name.read_bytes()
        assert len(after) == len(before)
        assert not any(before[at : at + 8] in after for at in range(0, len(before), 8))

    def test_another_kek_or_another_days_file_is_refused(self, keys: DayKeys) -> None:
        keys.create("alder-pd", DAY)
        with pytest.raises(PartUnavailable, match="another key-encryption key"):
            DayKeys(keys.directory, kek=b"x" * 32).read("alder-pd", DAY)
        path = keys.directory / "alder-pd" / "2026-11-23.key"
        shutil.copy(path, path.with_name("2026-11-24.key"))
        with pytest.raises(BadInput, match="another day's"):
            keys.read("alder-pd", date(2026, 11, 24))
        path.write_bytes(b"short")
        with pytest.raises(BadInput, match="expected 68 bytes; got 5 bytes"):
            DayKeys(keys.directory, kek=KEK).read("alder-pd", DAY)


class TestKek:
    def test_kek_created_reads_back_and_is_never_replaced(self, tmp_path: Path) -> None:
        path = tmp_path / "kek"
        kek = create_kek(path)
        assert read_kek(path) == kek
        assert path.stat().st_mode & 0o777 == 0o600
        with pytest.raises(BadUse):
            create_kek(path)
        path.chmod(0o644)
        with pytest.raises(BadInput, match="mode 0644"):
            read_kek(path)

    def test_file_without_a_kek_is_bad_input(self, tmp_path: Path) -> None:
        path = tmp_path / "kek"
        path.write_text("00")
        path.chmod(0o600)
        with pytest.raises(BadInput, match="64 hex digits"):
            read_kek(path)

    def test_renewed_kek_opens_every_key_that_is_left(self, tmp_path: Path) -> None:
        path = tmp_path / "kek"
        old = create_kek(path)
        keys = DayKeys(tmp_path / "keys", kek=old)
        key = keys.create("alder-pd", DAY)
        renew_kek(path, keys)
        assert read_kek(path) != old
        assert DayKeys(keys.directory, kek=read_kek(path)).read("alder-pd", DAY) == key
        assert keys.create("birch-pd", DAY) == DayKeys(keys.directory, kek=read_kek(path)).read(
            "birch-pd", DAY
        )
        assert sorted(each.name for each in tmp_path.iterdir()) == ["kek", "keys"]

    @pytest.mark.parametrize("cut", range(1, 11))
    def test_renewal_cut_off_anywhere_can_be_done_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int
    ) -> None:
        class Cut(BaseException):
            pass

        path = tmp_path / "kek"
        keys = DayKeys(tmp_path / "keys", kek=create_kek(path))
        wanted = {agency: keys.create(agency, DAY) for agency in ("alder-pd", "birch-pd")}
        steps = 0

        def counted(module: object, name: str) -> None:
            original = getattr(module, name)

            def step(*given: object, **named: object) -> object:
                nonlocal steps
                steps += 1
                if steps == cut:
                    raise Cut
                return original(*given, **named)

            monkeypatch.setattr(module, name, step)

        for name in ("create_kek", "replace_private", "sync_directory", "_overwrite"):
            counted(day_keys, name)
        for name in ("hardlink_to", "replace"):
            counted(Path, name)
        with pytest.raises(Cut):
            renew_kek(path, keys)
        monkeypatch.undo()
        keys = DayKeys(keys.directory, kek=read_kek(path))
        renew_kek(path, keys)
        again = DayKeys(keys.directory, kek=read_kek(path))
        assert {agency: again.read(agency, DAY) for agency in wanted} == wanted
        assert sorted(each.name for each in tmp_path.iterdir()) == ["kek", "keys"]
