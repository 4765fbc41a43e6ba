"""A ledger in a folder: making it, opening it, and settings that make no sense."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.ledger import folder
from gatehouse.ledger.committer import NotWitnessed, ReleasesRefused
from gatehouse.ledger.errors import Rollback
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.log import Log
from gatehouse.ledger.policy import MOST_OF_A_KIND
from gatehouse.ledger.settings import Folder, located
from gatehouse.model import BadInput, BadUse, PartUnavailable
from tests.unit.ledger.folders import ORIGIN, PACK, THAT_DAY, CutOff, rely_on_a_dead_witness
from tests.unit.ledger.logs import Clock
from tests.unit.ledger.made import log_key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "ledger"
    Ledger.create(made, origin=ORIGIN, at=THAT_DAY)
    return made


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
