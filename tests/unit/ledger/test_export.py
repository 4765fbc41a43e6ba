from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gatehouse.ledger.errors import LogCorrupt, Rollback
from gatehouse.ledger.layout import tiles
from gatehouse.ledger.log import Log
from gatehouse.ledger.source import open_source
from gatehouse.ledger.verify import verify
from gatehouse.model import BadInput, PartUnavailable
from tests.unit.ledger.folders import CutOff
from tests.unit.ledger.logs import KEY, VKEY, FakeWitness, filled, made_log, opened
from tests.unit.ledger.naive import numbered


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return made_log(tmp_path)


def files(directory: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(directory)): each.read_bytes() for each in directory.rglob("*") if each.is_file()
    }


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 600])
def test_export_holds_what_the_size_needs_and_verifies(path: Path, tmp_path: Path, size: int) -> None:
    out = tmp_path / "out"
    with opened(path) as log:
        filled(log, numbered(size))
        note = log.export(out)
    assert set(files(out)) == {"checkpoint", *(each.path for each in tiles(size))}
    assert (out / "checkpoint").read_text() == note
    assert verify(open_source(out), keys=[VKEY]).checkpoint.size == size


def test_export_in_steps_gives_the_same_bytes_as_at_once(path: Path, tmp_path: Path) -> None:
    entries = numbered(600)
    with opened(path) as log:
        for first, end in ((0, 100), (100, 256), (256, 300), (300, 600)):
            filled(log, entries[first:end])
            log.export(tmp_path / "steps")
        log.export(tmp_path / "once")
    steps, once = files(tmp_path / "steps"), files(tmp_path / "once")
    assert {name: steps[name] for name in once} == once
    # Of full tiles, the form that the checkpoint before needed.
    assert {name for name in steps if name not in once} == {
        "tile/0/000.p/100",
        "tile/entries/000.p/100",
        "tile/0/001.p/44",
        "tile/entries/001.p/44",
        "tile/1/000.p/1",
    }


def test_export_keeps_partial_tiles_until_the_full_one_is_there(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with opened(path) as log:
        for size in (10, 20, 30):
            filled(log, numbered(10))
            log.export(out)
            assert (out / f"tile/0/000.p/{size}").is_file()
        assert sorted(each.name for each in (out / "tile/0/000.p").iterdir()) == ["10", "20", "30"]
        filled(log, numbered(226))
        log.export(out)
        assert sorted(each.name for each in (out / "tile/0/000.p").iterdir()) == ["30"]
        assert verify(open_source(out), keys=[VKEY]).checkpoint.size == 256


def test_export_twice_writes_nothing_anew(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with opened(path) as log:
        filled(log, numbered(300))
        log.export(out)
        before = {name: (out / name).stat().st_mtime_ns for name in files(out) if name != "checkpoint"}
        log.export(out)
    assert {name: (out / name).stat().st_mtime_ns for name in before} == before


def test_export_goes_on_after_it_was_cut_off(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with opened(path) as log:
        filled(log, numbered(300))
        log.export(tmp_path / "whole")
        (out / "tile/0").mkdir(parents=True)
        (out / "tile/0/000").write_bytes((tmp_path / "whole/tile/0/000").read_bytes())
        log.export(out)
    assert files(out) == files(tmp_path / "whole")


@pytest.mark.parametrize("done", range(6))
def test_export_removes_the_draft_of_one_that_was_killed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    out, calls = tmp_path / "out", itertools.count()
    replace = Path.replace

    def killed(draft: Path, target: Path) -> Path:
        if next(calls) == done:
            raise CutOff
        return replace(draft, target)

    with opened(path) as log:
        filled(log, numbered(300))
        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", killed)
            with pytest.raises(CutOff):
                log.export(out)
        assert [each.name.startswith(".") for each in out.iterdir()].count(True) == 1
        filled(log, numbered(300))
        log.export(out)
        log.export(tmp_path / "whole")
    left, whole = files(out), files(tmp_path / "whole")
    # What was in place of the smaller tree may stay: it fits.
    assert {name: left[name] for name in whole} == whole
    assert {name for name in left if name not in whole} <= {each.path for each in tiles(300)}
    assert verify(open_source(out), keys=[VKEY]).unknown == 0


def test_export_from_several_threads_at_once_is_one_after_the_other(path: Path, tmp_path: Path) -> None:
    with opened(path) as log:
        filled(log, numbered(300))
        with ThreadPoolExecutor(8) as threads:
            notes = set(threads.map(log.export, [tmp_path / "out"] * 32))
        assert notes == {log.checkpoint()}
    assert set(files(tmp_path / "out")) == {"checkpoint", *(each.path for each in tiles(300))}


def test_export_over_other_bytes_is_refused(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.joinpath("tile/0/000.p").mkdir(parents=True)
    out.joinpath("tile/0/000.p/3").write_bytes(bytes(96))
    with opened(path) as log:
        filled(log, numbered(3))
        with pytest.raises(LogCorrupt, match="other bytes"):
            log.export(out)
    assert out.joinpath("tile/0/000.p/3").read_bytes() == bytes(96)
    assert not out.joinpath("checkpoint").exists()


def test_export_over_a_longer_or_another_log_is_refused(path: Path, tmp_path: Path) -> None:
    with opened(path) as log:
        filled(log, numbered(5))
        log.export(tmp_path / "long")
    (tmp_path / "second").mkdir()
    (tmp_path / "third").mkdir()
    shorter = made_log(tmp_path / "second")
    with opened(shorter) as log:
        filled(log, numbered(4))
        with pytest.raises(Rollback, match="longer log"):
            log.export(tmp_path / "long")
    other = tmp_path / "third/log.sqlite"
    Log.create(other, origin="log.example/other", signer=KEY)
    with opened(other) as log, pytest.raises(LogCorrupt, match="another log"):
        log.export(tmp_path / "long")


def test_export_stops_at_the_published_checkpoint(path: Path, tmp_path: Path) -> None:
    witness = FakeWitness()
    with opened(path, witness=witness) as log:
        for entry in numbered(3):
            log.append(entry)
        witness.answers.clear()
        log.submit(b"unseen")
        log.submit(b"unseen")
        note = log.export(tmp_path / "out")
        assert note.splitlines()[1] == "3"
        assert set(files(tmp_path / "out")) == {"checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"}
        witness.answers.set()


def test_export_to_what_is_no_folder_is_unavailable(path: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with opened(path) as log, pytest.raises(PartUnavailable, match="cannot be exported"):
        log.export(tmp_path / "out")


def test_export_named_pipe_in_place_of_a_part_is_not_waited_for(path: Path, tmp_path: Path) -> None:
    with opened(path) as log:
        filled(log, numbered(3))
        (tmp_path / "out/tile/0").mkdir(parents=True)
        os.mkfifo(tmp_path / "out/tile/0/000.p")
        with pytest.raises(PartUnavailable):
            log.export(tmp_path / "out")
        (tmp_path / "out/tile/0/000.p").unlink()
        (tmp_path / "out/tile/0/000.p").mkdir()
        os.mkfifo(tmp_path / "out/tile/0/000.p/3")
        with pytest.raises(BadInput, match="no regular file"):
            log.export(tmp_path / "out")
