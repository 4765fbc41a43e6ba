"""A day key that is gone: nothing is sealed under a second one until its loss is on the record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.ledger.committer import NotWitnessed
from gatehouse.ledger.day_keys import DayKeyDestroyed, DayKeyMissing
from gatehouse.ledger.folder import Ledger, Shredded
from gatehouse.ledger.fsck import fsck
from gatehouse.ledger.sealing import DayKeyLost, OpeningStore
from gatehouse.ledger.settings import Folder
from gatehouse.model import BadUse
from tests.unit.ledger.folders import DAY, NEXT_DAY, ORIGIN, PACK, THAT_DAY, CutOff, rely_on_a_dead_witness
from tests.unit.ledger.logs import Clock

ASKED = "search:plate:requested"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "ledger"
    Ledger.create(made, origin=ORIGIN, at=THAT_DAY)
    with Ledger.open(made, clock=Clock(THAT_DAY)) as ledger:
        ledger.append(
            ASKED, agency="alder-pd", fields={"plate": "QX1"}, pack=PACK, attachments={"decisions": b"x"}
        )
    return made


@pytest.fixture
def key(path: Path) -> Path:
    return path / "day-keys/alder-pd/2026-11-23.key"


def append(ledger: Ledger, plate: str, agency: str = "alder-pd") -> int:
    return ledger.append(ASKED, agency=agency, fields={"plate": plate}, pack=PACK).index


def plate(path: Path, index: int) -> object:
    return Folder(path).disclose(index, "plate").value


def test_append_under_a_lost_key_is_refused_until_the_key_is_back(path: Path, key: Path) -> None:
    held = key.read_bytes()
    key.unlink()
    with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
        with pytest.raises(DayKeyLost) as lost:
            append(ledger, "QX2")
        assert not key.exists()
        assert append(ledger, "QX3", "birch-pd") == 1
        key.write_bytes(held)
        key.chmod(0o600)
        assert append(ledger, "QX4") == 2
    assert (lost.value.where, lost.value.expected) == ("alder-pd, 2026-11-23", str(key))
    assert [plate(path, index) for index in range(3)] == ["QX1", "QX3", "QX4"]


@pytest.mark.parametrize("by", ["alder-pd", "clerk"])
def test_loss_on_the_record_lets_the_agency_go_on_the_same_day(path: Path, key: Path, by: str) -> None:
    held = key.read_bytes()
    key.unlink()
    with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
        done = ledger.lose("alder-pd", DAY, by=by)
        assert (done.closed, done.index) == (1, 1)
        assert append(ledger, "QX2") == 2
    # A first key that turns up later takes nothing's place.
    key.write_bytes(held)
    key.chmod(0o600)
    with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
        assert append(ledger, "QX3") == 3
        assert ledger.renew_kek() == 2 + (by == "clerk")
        with pytest.raises(DayKeyDestroyed) as gone:
            ledger.attachment(0, "decisions")
    assert gone.value.hint == "entry 1 records it"
    with pytest.raises(DayKeyDestroyed, match="was lost"):
        plate(path, 0)
    assert [plate(path, index) for index in (2, 3)] == ["QX2", "QX3"]
    detail = {"agency": "alder-pd", "day": "2026-11-23", "lost": True}
    assert Folder(path).disclose(1, "detail").value == detail
    assert (key.parent / "2026-11-23.1.key").exists()
    assert fsck(path / "log.sqlite", exported=path / "public").size == 4


def test_second_loss_of_a_day_is_recorded_by_an_entry_of_its_own(path: Path, key: Path) -> None:
    key.unlink()
    with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
        ledger.lose("alder-pd", DAY, by="clerk")
        append(ledger, "QX2")
    (key.parent / "2026-11-23.1.key").unlink()
    with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
        with pytest.raises(DayKeyLost):
            append(ledger, "QX3")
        assert ledger.lose("alder-pd", DAY, by="clerk").index == 3
        assert append(ledger, "QX4") == 4
    assert plate(path, 4) == "QX4"


def test_day_with_a_second_key_is_shredded_whole(path: Path, key: Path) -> None:
    held = key.read_bytes()
    key.unlink()
    with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
        ledger.lose("alder-pd", DAY, by="clerk")
        append(ledger, "QX2")
    key.write_bytes(held)
    key.chmod(0o600)
    with Ledger.open(path, clock=Clock(NEXT_DAY)) as ledger:
        done = ledger.shred("alder-pd", DAY, by="clerk")
        assert (done.closed, done.index) == (1, 3)
        assert ledger.shred("alder-pd", DAY, by="clerk") == Shredded(None, 0, index=3)
        assert ledger.lose("alder-pd", DAY, by="clerk") == Shredded(None, 0, index=3)
    assert [each.name for each in key.parent.iterdir()] == ["2026-11-23.destroyed"]
    with pytest.raises(DayKeyDestroyed):
        plate(path, 2)


def test_loss_that_is_not_recorded_changes_nothing(
    path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object, **__: object) -> None:
        raise CutOff

    held = key.read_bytes()
    key.unlink()
    with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
        with monkeypatch.context() as patched:
            # The next key is drawn by then.
            patched.setattr("gatehouse.ledger.sealing._insert", cut_off)
            with pytest.raises(CutOff):
                ledger.lose("alder-pd", DAY, by="alder-pd")
        assert (key.parent / "2026-11-23.1.key").exists()
        with pytest.raises(DayKeyLost):
            append(ledger, "QX2")
    key.write_bytes(held)
    key.chmod(0o600)
    with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
        assert append(ledger, "QX2") == 1
    assert [plate(path, index) for index in range(2)] == ["QX1", "QX2"]


def test_key_that_is_there_is_not_lost(path: Path, key: Path) -> None:
    with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
        with pytest.raises(BadUse, match="not lost"):
            ledger.lose("alder-pd", DAY, by="clerk")
        key.write_bytes(b"damaged")
        with pytest.raises(BadUse, match="not lost") as damaged:
            ledger.lose("alder-pd", DAY, by="clerk")
        with pytest.raises(DayKeyMissing):
            ledger.lose("birch-pd", DAY, by="clerk")
        assert ledger.log.size == 1
    assert damaged.value.got == "a file that cannot be read: a file holds no day key"


def test_lost_key_of_a_day_that_is_over_ends_its_openings(path: Path, key: Path) -> None:
    key.unlink()
    with Ledger.open(path, clock=Clock(NEXT_DAY)) as ledger:
        with pytest.raises(DayKeyMissing) as missing:
            ledger.shred("alder-pd", DAY, by="clerk")
        assert ledger.log.size == 1
        assert ledger.lose("alder-pd", DAY, by="clerk").index == 1
        for end in (ledger.lose, ledger.shred):
            assert end("alder-pd", DAY, by="clerk") == Shredded(None, 0, index=1)
    assert missing.value.hint == "put it back from a backup; if it is lost for good, say so with --lost-key"


def test_loss_with_a_dead_witness_is_recorded_once(path: Path, key: Path) -> None:
    key.unlink()
    rely_on_a_dead_witness(path)
    with Ledger.open(path, clock=Clock(THAT_DAY), receipt_wait=timedelta(0)) as ledger:
        with pytest.raises(NotWitnessed, match=r"given up \(1\)") as late:
            ledger.lose("alder-pd", DAY, by="clerk")
        assert late.value.index == 1
        assert ledger.lose("alder-pd", DAY, by="clerk") == Shredded(None, 0, index=1)


def test_append_looks_for_what_is_sealed_only_before_a_key_is_drawn(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    holds: Callable[..., bool] = OpeningStore.holds

    def counted(store: OpeningStore, agency: str, *rest: object, **named: object) -> bool:
        looked.append(agency)
        return holds(store, agency, *rest, **named)

    monkeypatch.setattr(OpeningStore, "holds", counted)
    with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
        for agency in ("alder-pd", "birch-pd", "birch-pd", "alder-pd"):
            append(ledger, "QX2", agency)
    assert looked == ["birch-pd"]
