"""A ledger in a folder: rotation and shredding that are cut off, and settings that make no sense."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gatehouse.ledger import Policy, folder
from gatehouse.ledger.committer import NotWitnessed, ReleasesRefused, StorageFailed
from gatehouse.ledger.day_keys import DayKeyDestroyed, DayKeys
from gatehouse.ledger.errors import Rollback, UntrustedNote
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.fsck import fsck
from gatehouse.ledger.log import Log
from gatehouse.ledger.note import open_note
from gatehouse.ledger.policy import MOST_OF_A_KIND
from gatehouse.ledger.settings import Folder, located
from gatehouse.model import BadInput, BadUse, PartUnavailable
from tests.unit.ledger.logs import Clock
from tests.unit.ledger.made import log_key, witness_key

ORIGIN = "ledger.example.org/alder"
PACK = b"\x11" * 32
DAY = date(2026, 11, 23)
THAT_DAY = datetime(2026, 11, 23, 16, tzinfo=UTC)
NEXT_DAY = datetime(2026, 11, 24, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "ledger"
    Ledger.create(made, origin=ORIGIN, at=THAT_DAY)
    return made


class CutOff(BaseException):
    """What a killed process would not even raise."""


def keys(path: Path) -> tuple[str, ...]:
    with Folder(path).view() as view:
        return view.keys


def signed_by(path: Path) -> int:
    """Return how many keys of the log have signed its newest checkpoint."""
    with Folder(path).view() as view:
        return len(open_note(view.checkpoint(), keys=list(view.keys)).signatures)


def rely_on_a_dead_witness(path: Path) -> None:
    (log,) = Folder(path).policy().log_keys
    witness = witness_key(1).vkey
    (path / "policy").write_text(f"log {log}\nwitness w {witness} http://127.0.0.1:9\nquorum w\n", "utf-8")


class TestCreate:
    def test_create_cut_off_leaves_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise CutOff

        monkeypatch.setattr(folder, "export", fail)
        with pytest.raises(CutOff):
            Ledger.create(tmp_path / "new", origin=ORIGIN)
        assert list(tmp_path.iterdir()) == []

    def test_create_in_an_empty_folder_that_fails_leaves_it_empty(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise CutOff

        monkeypatch.setattr(folder, "create_kek", fail)
        with pytest.raises(CutOff):
            Ledger.create(tmp_path, origin=ORIGIN)
        assert list(tmp_path.iterdir()) == []


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
            appended, closed = ledger.shred("alder-pd", DAY, by="clerk")
        assert appended is not None and (appended.index, closed) == (1, 1)
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
            assert ledger.shred("alder-pd", DAY, by="clerk") == (None, 1)
            assert ledger.log.size == 2
        assert not (path / "day-keys/alder-pd/2026-11-23.key").exists()

    def test_shred_with_a_dead_witness_destroys_and_records_once(self, path: Path) -> None:
        self._requested(path, Clock(THAT_DAY))
        rely_on_a_dead_witness(path)
        with Ledger.open(path, clock=Clock(NEXT_DAY), receipt_wait=timedelta(0)) as ledger:
            with pytest.raises(NotWitnessed) as late:
                ledger.shred("alder-pd", DAY, by="clerk")
            assert late.value.index == 1
            assert late.value.what == (
                "the day's openings have ended (1), and the entry is on the record, "
                "but too few witnesses have cosigned"
            )
            assert ledger.shred("alder-pd", DAY, by="clerk") == (None, 0)
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
            assert ledger.shred("alder-pd", DAY, by="clerk") == (None, 1)
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


@pytest.fixture
def witnessless(path: Path) -> Path:
    """A ledger whose policy asks for a witness that never answers."""
    rely_on_a_dead_witness(path)
    return path


class TestReleases:
    @pytest.mark.parametrize(
        ("seconds", "grace", "refused"), [(61, None, True), (60, None, False), (6, 5, True), (5, 5, False)]
    )
    def test_released_event_is_held_to_the_grace_of_the_settings(
        self, witnessless: Path, seconds: int, grace: int | None, refused: bool
    ) -> None:
        if grace is not None:
            with (witnessless / "ledger.toml").open("a", encoding="utf-8") as settings:
                settings.write(f"release_grace_seconds = {grace}\n")
        clock = Clock(THAT_DAY)
        clock.move(seconds)
        with Ledger.open(witnessless, clock=clock, receipt_wait=timedelta(0)) as ledger:
            with pytest.raises(ReleasesRefused if refused else NotWitnessed):
                ledger.append("search:plate:released", agency="alder-pd", fields={}, pack=PACK)
            assert ledger.log.size == (not refused)

    def test_grace_that_is_given_goes_before_the_settings(self, witnessless: Path) -> None:
        clock = Clock(THAT_DAY)
        clock.move(61)
        with (
            Ledger.open(
                witnessless, clock=clock, receipt_wait=timedelta(0), release_grace=timedelta(hours=1)
            ) as ledger,
            pytest.raises(NotWitnessed),
        ):
            ledger.append("search:plate:released", agency="alder-pd", fields={}, pack=PACK)


class TestFolder:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "origin",
            'origin = "a"',
            'origin = "a"\nsigners = []',
            'origin = 1\nsigners = ["file:a"]',
            'origin = "a"\nsigners = [1]',
            'origin = "a"\nsigners = ["file:a"]\nnext = 1',
            'origin = "a"\nsigners = ["file:a"]\nwitness = "x"',
        ],
    )
    def test_settings_that_are_none_are_bad_input(self, path: Path, text: str) -> None:
        (path / "ledger.toml").write_text(text, "utf-8")
        with pytest.raises(BadInput) as error:
            Folder(path)
        assert error.value.where == str(path / "ledger.toml")

    @pytest.mark.parametrize("grace", ["-1", "1.5", "true", '"60"', "86401"])
    def test_grace_that_is_none_is_bad_input(self, path: Path, grace: str) -> None:
        with (path / "ledger.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"release_grace_seconds = {grace}\n")
        with pytest.raises(BadInput) as error:
            Folder(path)
        assert error.value.expected == "release_grace_seconds = 0 to 86400"

    def test_settings_keep_the_grace_when_the_key_changes(self, path: Path) -> None:
        with (path / "ledger.toml").open("a", encoding="utf-8") as settings:
            settings.write("release_grace_seconds = 90\n")
        with Ledger.open(path) as ledger:
            ledger.rotate_key("file:two.pem", by="alder-pd")
        assert Folder(path).release_grace == timedelta(seconds=90)

    def test_policy_that_cannot_be_used_is_named_with_its_line(self, path: Path) -> None:
        (path / "policy").write_text("log here\nquorum none\n", "utf-8")
        with pytest.raises(BadInput) as error:
            Folder(path).policy()
        assert error.value.where == f"{path / 'policy'}, line 1"

    def test_missing_policy_is_unavailable(self, path: Path) -> None:
        (path / "policy").unlink()
        with pytest.raises(PartUnavailable, match="the policy cannot be read"):
            Ledger.open(path)

    @pytest.mark.parametrize("uri", ["file:/keys/log.pem", "file:///keys/log.pem", "pkcs11:token=a;object=b"])
    def test_located_leaves_what_stands_elsewhere(self, tmp_path: Path, uri: str) -> None:
        assert located(tmp_path, uri) == uri

    def test_located_quotes_the_folder(self) -> None:
        assert located(Path("/a b#c"), "file:log.pem") == "file:/a%20b%23c/log.pem"

    def test_listing_in_the_docstring_is_what_lies_there(self, path: Path) -> None:
        from gatehouse.ledger import settings

        with Ledger.open(path) as ledger:
            ledger.append("search:plate:requested", agency="alder-pd", fields={}, pack=PACK)
        named = set(re.findall(r"^([\w.-]+)/?  ", settings.__doc__ or "", re.M))
        there = {each.name for each in path.iterdir() if not each.name.startswith("log.sqlite.")}
        assert there == named

    def test_log_is_opened_by_one_process_at_a_time(self, path: Path) -> None:
        with Ledger.open(path), pytest.raises(PartUnavailable, match="another process"):
            Log.open(path / "log.sqlite", signer=[])


class TestOpen:
    def test_open_log_that_was_set_back_signs_nothing(self, path: Path) -> None:
        """A restored copy would sign another second entry than the one that the world has seen."""
        with Ledger.open(path) as ledger:
            ledger.append("search:plate:requested", agency="alder-pd", fields={}, pack=PACK)
        older = (path / "log.sqlite").read_bytes()
        with Ledger.open(path) as ledger:
            ledger.append("search:plate:permitted", agency="alder-pd", fields={}, pack=PACK)
        for beside in path.glob("log.sqlite-*"):
            beside.unlink()
        (path / "log.sqlite").write_bytes(older)
        with pytest.raises(Rollback, match="the directory holds a longer log"):
            Ledger.open(path)
        with Folder(path).view() as view:
            assert view.size == 1

    def test_rotate_key_in_a_forked_child_is_refused_before_anything_is_written(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = (path / "ledger.toml").read_bytes()
        with Ledger.open(path) as ledger, monkeypatch.context() as child:
            child.setattr(os, "getpid", lambda: -1)
            with pytest.raises(BadUse, match="opened by another process"):
                ledger.rotate_key("file:new.pem", by="clerk")
        assert (path / "ledger.toml").read_bytes() == before
        assert not (path / "new.pem").exists()

    def test_rotate_key_with_as_many_keys_as_a_policy_can_name_is_refused(self, path: Path) -> None:
        text = (path / "policy").read_text("utf-8")
        others = "".join(f"log {log_key(seed=number + 2).vkey}\n" for number in range(MOST_OF_A_KIND - 1))
        (path / "policy").write_text(others + text, "utf-8")
        with Ledger.open(path) as ledger, pytest.raises(BadUse, match="as many keys as it can"):
            ledger.rotate_key("file:new.pem", by="clerk")
        with Ledger.open(path) as ledger:
            assert ledger.log.size == 0

    def test_create_beside_another_that_is_being_made_touches_nothing(self, tmp_path: Path) -> None:
        """Both saw an empty folder; the second must not undo what the first has made."""
        made = tmp_path / "ledger"
        made.mkdir()
        (made / ".making").touch()
        with pytest.raises(BadUse):
            Ledger.create(made, origin=ORIGIN)
        assert [each.name for each in made.iterdir()] == [".making"]

    def test_create_keeps_the_log_from_others(self, path: Path) -> None:
        assert (path / "log.sqlite").stat().st_mode & 0o777 == 0o600
        assert not (path / ".making").exists()

    def test_create_in_a_folder_whose_name_is_not_utf8_works(self, tmp_path: Path) -> None:
        made = tmp_path / os.fsdecode(b"odd\xff")
        Ledger.create(made, origin=ORIGIN)
        with Ledger.open(made) as ledger:
            assert ledger.log.size == 0
