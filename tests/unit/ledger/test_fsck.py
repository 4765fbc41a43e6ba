from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gatehouse.ledger.errors import (
    InvalidSignature,
    InvalidTile,
    LogCorrupt,
    PolicyNotMet,
    UntrustedNote,
    VerificationError,
)
from gatehouse.ledger.fsck import Checked, fsck
from gatehouse.ledger.log import Log
from gatehouse.ledger.policy import Policy
from tests.unit.ledger.entries import searched
from tests.unit.ledger.logs import VKEY, database, filled, made_log, opened
from tests.unit.ledger.made import ORIGIN, checkpoint_note, log_key, witness_key
from tests.unit.ledger.naive import NaiveTree, numbered

SIZE = 600


def append_leaf(log: Log) -> None:
    log.append(
        lambda place: searched(sequence=place.sequence, previous=place.previous, at=place.at)[0],
        agency="alder-pd",
    )


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the file of a log of 600 entries, two of them leaves."""
    path = made_log(tmp_path_factory.mktemp("log"))
    with opened(path) as log:
        append_leaf(log)
        filled(log, numbered(SIZE - 2))
        append_leaf(log)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, sound: bytes) -> Path:
    found = tmp_path / "log.sqlite"
    found.write_bytes(sound)
    return found


def test_fsck_sound_log_is_counted(path: Path) -> None:
    with opened(path) as log:
        tree = NaiveTree([log.entry(index) for index in range(SIZE)])
        log.export(path.parent / "out")
    found = fsck(path, keys=[VKEY], exported=path.parent / "out")
    assert found == Checked(ORIGIN, SIZE, tree.root(), found.checkpoints, agencies=1, tiles=2, unpublished=0)
    assert found.checkpoints >= 4


def test_fsck_empty_log_is_sound(tmp_path: Path) -> None:
    assert fsck(made_log(tmp_path)).size == 0


def test_fsck_works_beside_a_writer(path: Path) -> None:
    with opened(path) as log:
        assert fsck(path).size == SIZE
        log.append(b"more")
        assert fsck(path).size == SIZE + 1


def test_fsck_tells_how_far_it_is(path: Path) -> None:
    told: list[tuple[int, int]] = []
    fsck(path, progress=lambda done, size: told.append((done, size)))
    assert told == [(0, SIZE), (256, SIZE), (512, SIZE)]


def test_fsck_checkpoints_of_an_untrusted_key_are_refused(path: Path) -> None:
    with pytest.raises(UntrustedNote):
        fsck(path, keys=[log_key(seed=9).vkey])


TILE = "tile 1 of level 0"
CHANGES: dict[str, tuple[str, str]] = {
    # The last of its tile: how the log's checkpoints fall before that is up to the threads.
    "entry": ("UPDATE ledger_entry SET data = x'00' WHERE idx = 511", f"{TILE}, hash 255"),
    "entry at the edge": ("UPDATE ledger_entry SET data = x'00' WHERE idx = 598", "another root"),
    "leaf": ("UPDATE ledger_entry SET data = CAST(data || ' ' AS BLOB) WHERE idx = 599", "is no leaf"),
    "entry gone": ("DELETE FROM ledger_entry WHERE idx = 300", "entries"),
    "entry more": ("INSERT INTO ledger_entry VALUES (600, x'00')", "entries"),
    "entry elsewhere": ("UPDATE ledger_entry SET idx = 700 WHERE idx = 599", "entries"),
    "tile": ("UPDATE ledger_tile SET hashes = zeroblob(8192) WHERE idx = 1", f"{TILE}, hash 0"),
    "tile cut": ("UPDATE ledger_tile SET hashes = x'' WHERE idx = 1", f"{TILE}; expected 8192 bytes"),
    "tile root": ("UPDATE ledger_tile SET root = zeroblob(32) WHERE idx = 1", TILE),
    "tile gone": ("DELETE FROM ledger_tile WHERE idx = 1", TILE),
    "tile more": ("INSERT INTO ledger_tile VALUES (0, 2, zeroblob(32), zeroblob(8192))", "the tiles"),
    "checkpoint root": ("UPDATE ledger_checkpoint SET root = zeroblob(32) WHERE size = 600", "size 600"),
    "checkpoint note": (
        "UPDATE ledger_checkpoint SET note = (SELECT note FROM ledger_checkpoint LIMIT 1) WHERE size = 600",
        "size 600",
    ),
    "chain": ("UPDATE ledger_chain SET sequence = 5", "the chains"),
    "chain gone": ("DELETE FROM ledger_chain", "the chains"),
    "time of the head gone": ("UPDATE ledger_head SET at = 0", "the head"),
    "time of the head put off": ("UPDATE ledger_head SET at = at + 1", "the head"),
    "time of the newest": ("UPDATE ledger_checkpoint SET at = at + 1 WHERE size = 600", "the head"),
    "time before the entries": ("UPDATE ledger_checkpoint SET at = 0 WHERE size = 600", "size 600"),
    "time that runs back": ("UPDATE ledger_checkpoint SET at = at + 1 WHERE size = 1", "older than"),
    "time before the hour": (
        "UPDATE ledger_checkpoint SET at = at - 7200000000 WHERE size > 0",
        "older than what it is over",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_fsck_finds_each_change_and_says_where(path: Path, change: str) -> None:
    statement, where = CHANGES[change]
    with database(path) as connection:
        assert connection.execute(statement).rowcount > 0
    with pytest.raises(VerificationError) as found:
        fsck(path)
    assert where in str(found.value)
    assert found.value.expected and found.value.got


def damaged_page(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[8192 : 8192 + 4096] = bytes(4096)
    path.write_bytes(data)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8192])


@pytest.mark.parametrize("damage", [damaged_page, cut_off])
def test_fsck_damaged_file_is_corrupt(path: Path, damage: Callable[[Path], None]) -> None:
    damage(path)
    with pytest.raises(LogCorrupt):
        fsck(path)


def test_fsck_exported_files_are_compared(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with opened(path) as log:
        log.export(out)
    tile = out / "tile/0/001"
    data = tile.read_bytes()
    tile.write_bytes(data[:40] + b"\0" + data[41:])
    with pytest.raises(LogCorrupt, match="the first other one at 40"):
        fsck(path, exported=out)
    tile.unlink()
    with pytest.raises(LogCorrupt, match="missing"):
        fsck(path, exported=out)
    tile.write_bytes(data)
    with opened(path) as log:
        log.append(b"more")
    assert fsck(path, exported=out).size == SIZE + 1


def exported(path: Path) -> Path:
    with opened(path) as log:
        log.export(path.parent / "out")
    return path.parent / "out"


def test_fsck_exported_checkpoint_of_another_origin_is_refused(path: Path) -> None:
    out = exported(path)
    note = (out / "checkpoint").read_text()
    (out / "checkpoint").write_text(note.replace(ORIGIN, "log.example/elsewhere"))
    with pytest.raises(LogCorrupt, match="not one of this log") as caught:
        fsck(path, exported=out)
    text = ", ".join(note.split("\n")[:3])
    assert (caught.value.expected, caught.value.got) == (text, text.replace(ORIGIN, "log.example/elsewhere"))


def test_fsck_exported_checkpoint_that_was_never_committed_is_refused(path: Path) -> None:
    out, shorter = exported(path), checkpoint_note(NaiveTree(numbered(77)))
    for note, expected in ((shorter, "at most 600"), (shorter.replace("\n77\n", "\n700\n"), "at most 600")):
        (out / "checkpoint").write_text(note)
        with pytest.raises(LogCorrupt, match="not one of this log") as caught:
            fsck(path, exported=out)
        assert caught.value.expected == f"a size that was committed, {expected}"


def test_fsck_exported_checkpoint_with_a_signature_that_does_not_hold_is_refused(path: Path) -> None:
    out = exported(path)
    text, _, lines = (out / "checkpoint").read_text().rpartition("\n\n")
    other = log_key().line("another text\n")
    for signatures, kind in ((other, InvalidSignature), (lines.replace("— log", "— gol"), UntrustedNote)):
        (out / "checkpoint").write_text(f"{text}\n\n{signatures}")
        with pytest.raises(kind):
            fsck(path, exported=out)


def test_fsck_exported_checkpoint_is_held_to_the_policy(path: Path) -> None:
    out, witness = exported(path), witness_key(1)
    policy = Policy.parse(f"log {VKEY}\nwitness w {witness.vkey}\nquorum w\n")
    with pytest.raises(PolicyNotMet, match="too few witnesses"):
        fsck(path, policy=policy, exported=out)
    note = (out / "checkpoint").read_text()
    line = witness.line(note.rpartition("\n\n")[0] + "\n", at=1)
    (out / "checkpoint").write_text(note + line)
    assert fsck(path, policy=policy, exported=out).size == SIZE


@pytest.mark.parametrize("junk", ["tile/0/003", "tile/entries/002.p/89", "tile/2/000.p/1"])
def test_fsck_exported_part_beyond_the_checkpoint_is_refused(path: Path, junk: str) -> None:
    out = exported(path)
    (out / junk).parent.mkdir(parents=True, exist_ok=True)
    (out / junk).write_bytes(b"junk")
    with pytest.raises(InvalidTile, match="beyond the checkpoint") as caught:
        fsck(path, exported=out)
    assert caught.value.where == junk


def test_fsck_exported_part_of_an_earlier_size_must_fit(path: Path) -> None:
    out = exported(path)
    (out / "tile/0/000.p").mkdir()
    (out / "tile/0/000.p/1").write_bytes(bytes(32))
    with pytest.raises(InvalidTile, match="left from an earlier size"):
        fsck(path, exported=out)


@pytest.mark.parametrize("part", ["checkpoint", "tile/0/001"])
def test_fsck_named_pipe_among_exported_files_is_not_waited_for(path: Path, part: str) -> None:
    out = exported(path)
    (out / part).unlink()
    os.mkfifo(out / part)
    with pytest.raises(VerificationError):
        fsck(path, exported=out)


def test_fsck_after_the_policy_was_tightened_says_so_and_how_to_go_on(path: Path) -> None:
    with opened(path) as log:
        log.export(path.parent / "out")
    policy = Policy.parse(f"log {VKEY}\nwitness w {witness_key(1).vkey}\nquorum w\n")
    with pytest.raises(PolicyNotMet) as found:
        fsck(path, policy=policy, exported=path.parent / "out")
    assert found.value.as_document() == {
        "error": "PolicyNotMet",
        "what": "all is as the entries say, but the exported checkpoint: too few witnesses have cosigned",
        "where": str(path.parent / "out/checkpoint"),
        "expected": "w",
        "got": "none",
        "next": "the policy may ask for more than when it was published: "
        "`gatehouse ledger publish` asks the witnesses again",
    }


def test_fsck_damage_does_not_hide_behind_a_policy_that_is_not_met(path: Path) -> None:
    with opened(path) as log:
        log.export(path.parent / "out")
    bundle = path.parent / "out/tile/entries/000"
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"?")
    policy = Policy.parse(f"log {VKEY}\nwitness w {witness_key(1).vkey}\nquorum w\n")
    with pytest.raises(LogCorrupt, match="an exported file has other bytes"):
        fsck(path, policy=policy, exported=path.parent / "out")
