"""`gatehouse ledger rotate-key | shred | renew-kek`."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from gatehouse.ledger.day_keys import DayKeys, read_kek
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.log import now
from gatehouse.ledger.settings import Folder
from tests.unit.cli.ledgers import ORIGIN, Shell, event, events, size


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger"
    Ledger.create(path, origin=ORIGIN)
    return path


class TestRotateKey:
    def test_rotate_key_json_names_all_keys_and_both_sign(self, shell: Shell, ledger: Path) -> None:
        (old,) = Folder(ledger).policy().log_keys
        found = shell.json("rotate-key", ledger, "--signer", "file:two.pem", "--by", "alder-pd")
        assert found == {"index": 0, "vkeys": [old, found["vkeys"][1]]}
        assert shell.json("disclose", ledger, 0, "detail")["value"] == {"vkey": found["vkeys"][1]}
        for key in found["vkeys"]:
            assert shell.json("verify", ledger / "public", "--key", key)["signers"] == [ORIGIN]

    def test_rotate_key_words_end_with_the_new_key(self, shell: Shell, ledger: Path) -> None:
        said = shell.words("rotate-key", ledger, "--signer", "file:two.pem", "--by", "alder-pd")
        assert said.splitlines()[1] == Folder(ledger).policy().log_keys[0]
        assert said.startswith("Entry 0 announces the new key, which signs beside the old one from now on:\n")

    def test_rotate_key_to_a_key_of_this_log_leaves_nothing(self, shell: Shell, ledger: Path) -> None:
        before = (ledger / "ledger.toml").read_text("utf-8")
        shell.json("rotate-key", ledger, "--signer", "file:log.pem", "--by", "alder-pd", code=2)
        assert size(ledger) == 0 and (ledger / "ledger.toml").read_text("utf-8") == before

    def test_rotate_key_by_no_agency_leaves_nothing(self, shell: Shell, ledger: Path) -> None:
        shell.json("rotate-key", ledger, "--signer", "file:two.pem", "--by", "Alder PD", code=2)
        assert size(ledger) == 0 and not (ledger / "two.pem").exists()


class TestShred:
    @pytest.mark.parametrize("day", ["today", "2026-13-01", "20261101", "2026-W48-1", ""])
    def test_shred_of_no_day_is_bad_use(self, shell: Shell, ledger: Path, day: str) -> None:
        assert shell.json("shred", ledger, "alder-pd", day, "--by", "alder-pd", code=2)["where"] == "DAY"

    def test_shred_of_a_day_that_is_not_over_is_bad_use(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        today = now().date().isoformat()
        said = shell.words("shred", ledger, "alder-pd", today, "--by", "alder-pd", code=2)
        assert said.startswith("error: the day is not over: entries are still sealed under its key\n")
        assert size(ledger) == 1

    def test_shred_of_a_day_without_a_key_leaves_no_entry(self, shell: Shell, ledger: Path) -> None:
        found = shell.json("shred", ledger, "alder-pd", "2026-01-01", "--by", "alder-pd", code=5)
        assert found["error"] == "DayKeyMissing" and size(ledger) == 0

    def test_shred_of_a_damaged_key_says_that_it_was(self, shell: Shell, ledger: Path) -> None:
        day = date(2026, 1, 1)
        for agency in ("alder-pd", "birch-so"):
            DayKeys(ledger / "day-keys", kek=read_kek(ledger / "kek")).create(agency, day)
            (ledger / f"day-keys/{agency}/{day}.key").write_bytes(b"damaged")
        assert shell.json("shred", ledger, "alder-pd", day, "--by", "alder-pd") == {
            "index": 0,
            "agency": "alder-pd",
            "day": "2026-01-01",
            "closed": 0,
            "unread": "a file holds no day key",
        }
        assert shell.words("shred", ledger, "birch-so", day, "--by", "alder-pd") == (
            "The openings of birch-so for 2026-01-01 have ended (0 entries); entry 1 records it.\n"
            "Its key could not be read before: a file holds no day key. It was destroyed all the same.\n"
        )
        assert [*(ledger / "day-keys").glob("*/*.key")] == [ledger / f"day-keys/alder-pd/{now().date()}.key"]

    def test_shred_of_a_lost_key_lets_the_agency_go_on(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        given = events(event(plate="QX7193"), folder=tmp_path)
        shell.json("append", ledger, given)
        (key,) = (ledger / "day-keys").glob("*/*.key")
        key.unlink()
        assert shell.json("append", ledger, given, code=5)["error"] == "DayKeyLost"
        day, by = key.stem, ("--lost-key", "--by", "alder-pd")
        assert shell.words("shred", ledger, "alder-pd", day, *by) == (
            f"The openings of alder-pd for {day} are given up (1 entry); entry 1 records it.\n"
        )
        again = shell.json("shred", ledger, "birch-so", day, *by, code=5)
        assert again["error"] == "DayKeyMissing"
        assert shell.json("append", ledger, given)["appended"][0]["index"] == 2
        assert shell.json("disclose", ledger, 2, "plate")["value"] == "QX7193"
        assert shell.json("disclose", ledger, 0, "plate", code=5)["error"] == "DayKeyDestroyed"

    def test_shred_twice_names_the_entry_both_times(self, shell: Shell, ledger: Path) -> None:
        day = date(2026, 1, 1)
        DayKeys(ledger / "day-keys", kek=read_kek(ledger / "kek")).create("alder-pd", day)
        found = [shell.json("shred", ledger, "alder-pd", day, "--by", "clerk") for _ in range(2)]
        assert [each["index"] for each in found] == [0, 0]


class TestRenewKek:
    def test_renew_kek_keeps_what_opens_and_ends_older_copies(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(plate="QX7193"), folder=tmp_path))
        before = (ledger / "kek").read_bytes()
        copy = shutil.copytree(ledger / "day-keys", tmp_path / "copy")
        assert shell.json("renew-kek", ledger) == {"day_keys": 1}
        assert (ledger / "kek").read_bytes() != before
        assert shell.json("disclose", ledger, 0, "plate")["value"] == "QX7193"
        said = shell.words("renew-kek", ledger)
        assert said == "kek is new, the old one is destroyed, and 1 day key stands under it.\n"
        shutil.rmtree(ledger / "day-keys")
        copy.rename(ledger / "day-keys")
        found = shell.json("disclose", ledger, 0, "plate", code=5)
        assert found["what"] == "a day key is wrapped under another key-encryption key"

    def test_renew_kek_while_another_process_appends_is_unavailable(self, shell: Shell, ledger: Path) -> None:
        before = (ledger / "kek").read_bytes()
        with Ledger.open(ledger):
            assert shell.json("renew-kek", ledger, code=5)["error"] == "LeaseNotHeld"
        assert (ledger / "kek").read_bytes() == before
