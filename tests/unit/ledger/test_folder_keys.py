"""A ledger's keys: rotation and destruction that are cut off, and what they leave."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.ledger import Policy
from gatehouse.ledger.committer import NotWitnessed, StorageFailed
from gatehouse.ledger.day_keys import DayKeyDestroyed, DayKeys
from gatehouse.ledger.errors import UntrustedNote
from gatehouse.ledger.folder import Ledger, Shredded
from gatehouse.ledger.fsck import fsck
from gatehouse.ledger.note import open_note
from gatehouse.ledger.settings import Folder
from gatehouse.model import BadInput, BadUse
from tests.unit.ledger.folders import DAY, NEXT_DAY, ORIGIN, PACK, THAT_DAY, CutOff, rely_on_a_dead_witness
from tests.unit.ledger.logs import Clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "ledger"
    Ledger.create(made, origin=ORIGIN, at=THAT_DAY)
    return made


def keys(path: Path) -> tuple[str, ...]:
    with Folder(path).view() as view:
        return view.keys


def signed_by(path: Path) -> int:
    """Return how many keys of the log have signed its newest checkpoint."""
    with Folder(path).view() as view:
        return len(open_note(view.checkpoint(), keys=list(view.keys)).signatures)


class TestRotateKey:
    def test_announcement_is_sealed_with_its_entry(self, path: Path) -> None:
        with Ledger.open(path) as ledger:
            index = ledger.rotate_key("file:two.pem", by="alder-pd").index
        assert Folder(path).disclose(index, "detail").value == {"vkey": keys(path)[1]}
        assert (Folder(path).signers, Folder(path).next) == (["file:log.pem", "file:two.pem"], None)
        assert Folder(path).policy().log_keys == [keys(path)[1], keys(path)[0]]

    def test_cut_off_before_the_entry_has_not_happened(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cut_off(*_: object, **__: object) -> None:
            raise CutOff

        with Ledger.open(path) as ledger:
            monkeypatch.setattr(ledger.log, "rotate_key", cut_off)
            with pytest.raises(CutOff):
                ledger.rotate_key("file:two.pem", by="alder-pd")
        assert Folder(path).next == "file:two.pem"
        with Ledger.open(path) as ledger:
            assert ledger.folder.signers == ["file:log.pem"]
            # The key that was drawn is taken the next time.
            ledger.rotate_key("file:two.pem", by="alder-pd")
        assert len(keys(path)) == signed_by(path) == 2

    def test_cut_off_after_the_entry_has_happened(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def cut_off(*_: object) -> None:
            raise CutOff

        with Ledger.open(path) as ledger:
            with monkeypatch.context() as patched:
                patched.setattr(Folder, "settle", cut_off)
                with pytest.raises(CutOff):
                    ledger.rotate_key("file:two.pem", by="alder-pd")
            settings = (path / "ledger.toml").read_text("utf-8")
        assert 'next = "file:two.pem"' in settings
        with Ledger.open(path) as ledger:
            ledger.append("search:plate:requested", agency="alder-pd", fields={}, pack=PACK)
        assert signed_by(path) == 2
        assert (Folder(path).signers, Folder(path).next) == (["file:log.pem", "file:two.pem"], None)
        assert set(Folder(path).policy().log_keys) == set(keys(path))
        assert fsck(path / "log.sqlite", keys=Folder(path).policy().log_keys).size == 2

    def test_cut_off_between_policy_and_settings_trusts_a_key_once(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cut_off(_: Folder) -> None:
            raise CutOff

        with Ledger.open(path) as ledger:
            ledger.folder.next = "file:two.pem"
            ledger.folder.save()
            with monkeypatch.context() as patched:
                saved = Folder.save
                calls: list[int] = []

                def save(each: Folder) -> None:
                    calls.append(1)
                    if len(calls) == 2:
                        raise CutOff
                    saved(each)

                patched.setattr(Folder, "save", save)
                with pytest.raises(CutOff):
                    ledger.rotate_key("file:two.pem", by="alder-pd")
        with Ledger.open(path):
            pass
        assert sorted(Folder(path).policy().log_keys) == sorted(keys(path))
        assert Folder(path).next is None

    def test_log_whose_announced_key_is_lost_says_which_key_it_needs(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Ledger.open(path) as ledger:
            ledger.rotate_key("file:two.pem", by="alder-pd")
        (path / "ledger.toml").write_text(f'origin = "{ORIGIN}"\nsigners = ["file:log.pem"]\n', "utf-8")
        with pytest.raises(UntrustedNote) as error:
            Ledger.open(path)
        assert error.value.expected == keys(path)[1]

    def test_old_key_retires_when_the_settings_no_longer_name_it(self, path: Path) -> None:
        with Ledger.open(path) as ledger:
            ledger.rotate_key("file:two.pem", by="alder-pd")
        (path / "ledger.toml").write_text(f'origin = "{ORIGIN}"\nsigners = ["file:two.pem"]\n', "utf-8")
        (path / "log.pem").unlink()
        with Ledger.open(path) as ledger:
            appended = ledger.append("search:plate:requested", agency="alder-pd", fields={}, pack=PACK)
            entry = ledger.log.entry(appended.index)
        assert signed_by(path) == 1
        with pytest.raises(UntrustedNote):
            appended.receipt.verify(entry, policy=Policy.of_log(keys(path)[0]))
        assert appended.receipt.verify(entry, policy=Policy.of_log(keys(path)[1])).size == 2


class TestShred:
    def _requested(self, path: Path, clock: Clock) -> None:
        with Ledger.open(path, clock=clock) as ledger:
            ledger.append("search:plate:requested", agency="alder-pd", fields={"plate": "QX1"}, pack=PACK)

    def test_shredded_day_opens_no_more_and_still_verifies(self, path: Path) -> None:
        self._requested(path, Clock(THAT_DAY))
        with Ledger.open(path, clock=Clock(NEXT_DAY)) as ledger:
            done = ledger.shred("alder-pd", DAY, by="clerk")
        assert done.appended is not None and (done.appended.index, done.closed) == (1, 1)
        with pytest.raises(DayKeyDestroyed):
            Folder(path).disclose(0, "plate")
        assert Folder(path).disclose(1, "detail").value == {"agency": "alder-pd", "day": "2026-11-23"}
        assert fsck(path / "log.sqlite", exported=path / "public").agencies == 2

    def test_day_that_is_not_over_keeps_its_key(self, path: Path) -> None:
        self._requested(path, Clock(THAT_DAY))
        with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger, pytest.raises(BadUse, match="not over"):
            ledger.shred("alder-pd", DAY, by="clerk")
        assert Folder(path).disclose(0, "plate").value == "QX1"

    def test_destruction_that_was_cut_off_is_finished_without_a_second_entry(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cut_off(*_: object) -> None:
            raise CutOff

        self._requested(path, Clock(THAT_DAY))
        with Ledger.open(path, clock=Clock(NEXT_DAY)) as ledger:
            with monkeypatch.context() as patched:
                # The mark is durable; the key file and the sealed rows are still there.
                patched.setattr("gatehouse.ledger.day_keys._overwrite", cut_off)
                with pytest.raises(CutOff):
                    ledger.shred("alder-pd", DAY, by="clerk")
            assert (path / "day-keys/alder-pd/2026-11-23.key").exists()
            assert ledger.shred("alder-pd", DAY, by="clerk") == Shredded(None, 1, index=1)
            assert ledger.log.size == 2
        assert not (path / "day-keys/alder-pd/2026-11-23.key").exists()

    def test_shred_with_a_dead_witness_destroys_and_records_once(self, path: Path) -> None:
        self._requested(path, Clock(THAT_DAY))
        rely_on_a_dead_witness(path)
        with (
            Ledger.open(path, clock=Clock(NEXT_DAY), receipt_wait=timedelta(0)) as ledger,
            pytest.raises(NotWitnessed) as late,
        ):
            ledger.shred("alder-pd", DAY, by="clerk")
            assert late.value.index == 1
            assert late.value.what == (
                "the day's openings have ended (1), and the entry is on the record, "
                "but too few witnesses have cosigned"
            )
            assert ledger.shred("alder-pd", DAY, by="clerk") == Shredded(None, 0, index=1)
            assert ledger.log.size == 2
        with pytest.raises(DayKeyDestroyed):
            Folder(path).disclose(0, "plate")
        assert not (path / "day-keys/alder-pd/2026-11-23.key").exists()

    def test_shred_cut_off_between_entry_and_destruction_is_finished_without_a_second_entry(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cut_off(*_: object) -> None:
            raise CutOff

        self._requested(path, Clock(THAT_DAY))
        with Ledger.open(path, clock=Clock(NEXT_DAY)) as ledger, monkeypatch.context() as patched:
            patched.setattr(DayKeys, "destroy", cut_off)
            with pytest.raises(CutOff):
                ledger.shred("alder-pd", DAY, by="clerk")
        assert Folder(path).disclose(0, "plate").value == "QX1"
        with Ledger.open(path, clock=Clock(NEXT_DAY)) as ledger:
            assert ledger.shred("alder-pd", DAY, by="clerk") == Shredded(None, 1, index=1)
            assert ledger.log.size == 2
        with pytest.raises(DayKeyDestroyed):
            Folder(path).disclose(0, "plate")

    def test_nothing_is_destroyed_unless_it_is_on_the_record(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._requested(path, Clock(THAT_DAY))
        with Ledger.open(path, clock=Clock(NEXT_DAY)) as ledger:

            def refuse(*_: object, **__: object) -> None:
                raise StorageFailed("the disk is full")

            monkeypatch.setattr(ledger.log, "submit", refuse)
            with pytest.raises(StorageFailed):
                ledger.shred("alder-pd", DAY, by="clerk")
        assert Folder(path).disclose(0, "plate").value == "QX1"
        assert not DayKeys(path / "day-keys", kek=bytes(32)).is_destroyed("alder-pd", DAY)

    @pytest.mark.parametrize(
        ("data", "mode", "unread"),
        [
            (b"", 0o600, "a file holds no day key"),
            (b"x" * 67, 0o600, "a file holds no day key"),
            (b"x" * 68, 0o600, "a day key is wrapped under another key-encryption key"),
            (None, 0o600, "a day key was altered, or is another day's"),
            (b"x" * 68, 0o644, "others may read a private file"),
            (b"x" * 9_000_000, 0o600, "a private file is too large"),
        ],
        ids=["empty", "short", "another kek", "altered", "mode", "long"],
    )
    def test_damaged_key_is_destroyed_all_the_same(
        self, path: Path, data: bytes | None, mode: int, unread: str
    ) -> None:
        self._requested(path, Clock(THAT_DAY))
        key = path / "day-keys/alder-pd/2026-11-23.key"
        held = key.read_bytes()
        key.write_bytes(held[:-1] + bytes([held[-1] ^ 1]) if data is None else data)
        key.chmod(mode)
        with Ledger.open(path, clock=Clock(NEXT_DAY)) as ledger:
            done = ledger.shred("alder-pd", DAY, by="clerk")
        assert done.appended is not None
        assert (done.appended.index, done.closed, done.unread) == (1, 1, unread)
        assert not key.exists() and key.with_suffix(".destroyed").exists()
        with pytest.raises(DayKeyDestroyed):
            Folder(path).disclose(0, "plate")

    def test_what_is_no_file_in_place_of_a_key_is_refused_before_anything_is_recorded(
        self, path: Path
    ) -> None:
        self._requested(path, Clock(THAT_DAY))
        key = path / "day-keys/alder-pd/2026-11-23.key"
        key.unlink()
        key.mkdir()
        with Ledger.open(path, clock=Clock(NEXT_DAY)) as ledger:
            with pytest.raises(BadInput, match="regular file"):
                ledger.shred("alder-pd", DAY, by="clerk")
            assert ledger.log.size == 1

    def test_damaged_key_and_a_dead_witness_are_told_together(self, path: Path) -> None:
        self._requested(path, Clock(THAT_DAY))
        rely_on_a_dead_witness(path)
        (path / "day-keys/alder-pd/2026-11-23.key").write_bytes(b"")
        with (
            Ledger.open(path, clock=Clock(NEXT_DAY), receipt_wait=timedelta(0)) as ledger,
            pytest.raises(NotWitnessed) as late,
        ):
            ledger.shred("alder-pd", DAY, by="clerk")
        assert late.value.what == (
            "the day's openings have ended (1; its key could not be read before: a file holds no day key), "
            "and the entry is on the record, but too few witnesses have cosigned"
        )
