"""A log on disk: appending to it, its chains, its time, its keys, and what it serves."""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.ledger.checkpoint import Checkpoint, open_checkpoint
from gatehouse.ledger.committer import (
    ClockBehind,
    LeaseNotHeld,
    NotRecorded,
    Position,
)
from gatehouse.ledger.errors import InvalidEntry, LogCorrupt, UntrustedNote
from gatehouse.ledger.layout import LARGEST_ENTRY, TILE, decode_bundle, tiles
from gatehouse.ledger.log import Appended, Log
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.view import LogView
from gatehouse.model import BadInput, BadUse, PartUnavailable
from tests.unit.ledger.entries import searched
from tests.unit.ledger.logs import (
    AT,
    KEY,
    POLICY,
    VKEY,
    Clock,
    database,
    filled,
    made_log,
    opened,
)
from tests.unit.ledger.made import ORIGIN, SeededKey, log_key
from tests.unit.ledger.naive import NaiveTree, numbered


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return made_log(tmp_path)


def leaf_for(position: Position, agency: str = "alder-pd") -> bytes:
    return searched(agency=agency, sequence=position.sequence, previous=position.previous, at=position.at)[0]


def size_of(log: LogView) -> int:
    return open_checkpoint(log.checkpoint(), keys=[VKEY], origin=ORIGIN).checkpoint.size


class TestCreate:
    def test_create_new_file_holds_signed_empty_tree(self, path: Path) -> None:
        with LogView.read(path) as log:
            assert (log.origin, log.size, log.keys) == (ORIGIN, 0, (VKEY,))
            checkpoint = open_checkpoint(log.checkpoint(), keys=[VKEY]).checkpoint
        assert checkpoint == Checkpoint(ORIGIN, 0, NaiveTree([]).root())

    def test_create_existing_log_leaves_it_alone(self, path: Path) -> None:
        before = path.read_bytes()
        with pytest.raises(BadUse, match="a log is there already"):
            Log.create(path, origin="log.example/other", signer=KEY)
        assert path.read_bytes() == before

    def test_create_beside_other_tables_keeps_them(self, tmp_path: Path) -> None:
        path = tmp_path / "node.sqlite"
        with database(path) as connection:
            connection.execute("CREATE TABLE searches (n)")
            connection.execute("INSERT INTO searches VALUES (7)")
        Log.create(path, origin=ORIGIN, signer=KEY)
        with database(path) as connection:
            assert connection.execute("SELECT n FROM searches").fetchall() == [(7,)]

    def test_open_file_without_log_is_bad_input(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="there is no log"):
            Log.open(tmp_path / "none.sqlite", signer=KEY)
        text = tmp_path / "text"
        text.write_text("no database, but as long as a header would have to be: " * 20)
        with pytest.raises(BadInput, match="the file is no log"):
            Log.open(text, signer=KEY)
        with database(tmp_path / "other.sqlite") as connection:
            connection.execute("CREATE TABLE t (n)")
        with pytest.raises(BadInput, match="the file holds no log"):
            LogView.read(tmp_path / "other.sqlite")


class TestAppend:
    @pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600])
    def test_append_entries_gives_receipts_of_the_naive_tree(self, path: Path, size: int) -> None:
        entries, tree = numbered(size), NaiveTree(numbered(size))
        with opened(path) as log:
            pending = [log.submit(each) for each in entries]
            for index, (entry, each) in enumerate(zip(entries, pending, strict=True)):
                found = log.result(each)
                checkpoint = found.receipt.verify(entry, policy=POLICY)
                assert found == Appended(index, leaf_hash(entry), found.receipt)
                assert checkpoint.root == tree.root(checkpoint.size)
                assert list(found.receipt.proof) == tree.path(index, checkpoint.size)
            assert log.size == size_of(log) == size

    def test_append_survives_closing_and_goes_on(self, path: Path) -> None:
        tree = NaiveTree(numbered(700))
        for first in (0, 256, 300):
            with opened(path) as log:
                filled(log, tree.entries[first : {0: 256, 256: 300, 300: 700}[first]])
        with LogView.read(path) as log:
            assert open_checkpoint(log.checkpoint(), keys=[VKEY]).checkpoint.root == tree.root()
            assert log.entry(299) == b"entry 299"
            assert log.receipt(3).verify(b"entry 3", policy=POLICY).size == 700

    def test_append_many_threads_puts_each_entry_once(self, path: Path) -> None:
        found: list[tuple[int, bytes]] = []
        with opened(path) as log:

            def client(name: int) -> None:
                for number in range(40):
                    entry = b"%d.%d" % (name, number)
                    found.append((log.append(entry).index, entry))

            threads = [threading.Thread(target=client, args=(name,)) for name in range(8)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            assert [entry for _, entry in sorted(found)] == [log.entry(index) for index in range(320)]

    def test_append_waiting_together_shares_one_checkpoint(self, path: Path) -> None:
        gate, begun = threading.Event(), threading.Event()

        def hold(position: Position) -> bytes:
            begun.set()
            gate.wait(20)
            return b"first"

        with opened(path) as log:
            first = log.submit(hold)
            begun.wait(20)
            rest = [log.submit(each) for each in numbered(50)]
            gate.set()
            log.result(first)
            receipts = [log.result(each).receipt for each in rest]
        assert {each.checkpoint.splitlines()[1] for each in receipts} == {"51"}

    def test_append_largest_entry_is_taken_and_a_longer_one_refused(self, path: Path) -> None:
        with opened(path) as log:
            log.append(b"")
            log.append(b"x" * LARGEST_ENTRY)
            with pytest.raises(BadUse, match="too long"):
                log.append(b"x" * (LARGEST_ENTRY + 1))
            with pytest.raises(InvalidEntry, match="cannot hold"):
                log.append(lambda position: b"x" * (LARGEST_ENTRY + 1))
            assert log.size == 2

    def test_append_after_close_is_refused(self, path: Path) -> None:
        with opened(path) as log:
            pass
        with pytest.raises(BadUse, match="closed"):
            log.append(b"late")

    def test_append_in_a_forked_child_is_refused(self, path: Path) -> None:
        with opened(path) as log:
            log._owner = os.getpid() + 1
            with pytest.raises(BadUse, match="another process"):
                log.append(b"child")


class TestChain:
    def test_append_leaf_gets_its_agencys_place(self, path: Path) -> None:
        places: list[Position] = []

        def make(agency: str) -> object:
            def made(position: Position) -> bytes:
                places.append(position)
                return leaf_for(position, agency)

            return made

        with opened(path) as log:
            first = log.append(make("alder-pd"), agency="alder-pd")  # type: ignore[arg-type]
            log.append(make("birch-so"), agency="birch-so")  # type: ignore[arg-type]
            log.append(b"no leaf")
            log.append(make("alder-pd"), agency="alder-pd")  # type: ignore[arg-type]
        assert places == [
            Position(0, 0, None, AT),
            Position(1, 0, None, AT),
            Position(3, 1, first.leaf_hash, AT),
        ]

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda place: searched(agency="birch-so", at=place.at)[0],
            lambda place: searched(sequence=5, previous=bytes(32), at=place.at)[0],
            lambda place: searched(sequence=1, previous=bytes(32), at=place.at)[0],
            lambda place: searched(sequence=1, previous=place.previous, at=place.at + timedelta(hours=1))[0],
            lambda place: b"no leaf",
        ],
    )
    def test_append_leaf_out_of_its_place_is_refused(self, path: Path, wrong: object) -> None:
        with opened(path) as log:
            log.append(leaf_for, agency="alder-pd")
            with pytest.raises(InvalidEntry):
                log.append(wrong, agency="alder-pd")  # type: ignore[arg-type]
            log.append(leaf_for, agency="alder-pd")
            assert log.size == 2

    def test_append_leaf_as_bytes_is_held_to_its_chain(self, path: Path) -> None:
        with opened(path) as log:
            log.append(searched()[0])
            with pytest.raises(InvalidEntry, match="does not continue"):
                log.append(searched()[0])
            with pytest.raises(InvalidEntry, match="does not continue"):
                log.append(lambda position: searched(sequence=1, previous=bytes(32))[0])

    def test_append_what_only_claims_to_be_a_leaf_is_refused(self, path: Path) -> None:
        with opened(path) as log, pytest.raises(InvalidEntry, match="no leaf"):
            log.append(searched()[0] + b" ")


class TestTime:
    def test_time_never_runs_back(self, path: Path) -> None:
        clock, times = Clock(), []

        def make(position: Position) -> bytes:
            times.append(position.at - AT)
            return b"x"

        with opened(path, clock=clock) as log:
            for step in (10, -60, 61):
                clock.move(step)
                log.append(make)
        assert [each.total_seconds() for each in times] == [10, 10, 11]

    def test_time_clock_far_behind_refuses_also_after_opening_again(self, path: Path) -> None:
        clock = Clock()
        with opened(path, clock=clock) as log:
            log.append(b"a")
        clock.move(-61)
        with opened(path, clock=clock) as log:
            with pytest.raises(NotRecorded) as refused:
                log.append(b"b")
            assert isinstance(refused.value.__cause__, ClockBehind)
            clock.move(1)
            assert log.append(b"c").index == 1


class TestLease:
    def test_lease_second_writer_is_refused_and_a_reader_is_not(self, path: Path) -> None:
        with opened(path) as log:
            log.append(b"a")
            with pytest.raises(LeaseNotHeld, match="another process"):
                Log.open(path, signer=KEY)
            with LogView.read(path) as view:
                assert view.entry(0) == b"a"
        with opened(path) as log:
            assert log.append(b"b").index == 1

    def test_lease_taken_over_stops_the_writer(self, path: Path) -> None:
        with opened(path) as log:
            log.append(b"a")
            # As when the lock file was removed and another process has made a new one.
            with database(path) as connection:
                connection.execute("UPDATE ledger_head SET generation = generation + 1")
            for _ in range(2):
                with pytest.raises(NotRecorded) as refused:
                    log.append(b"b")
                assert isinstance(refused.value.__cause__, LeaseNotHeld)
            assert log.size == 1


class TestKeys:
    def test_open_with_another_key_is_refused(self, path: Path) -> None:
        with pytest.raises(UntrustedNote, match="needs the key"):
            Log.open(path, signer=SeededKey(2))
        with pytest.raises(UntrustedNote, match="needs the key"):
            Log.open(path, signer=[])
        with opened(path) as log:
            assert log.append(b"a").index == 0

    def test_rotate_key_signs_with_both_and_then_with_the_new_one(self, path: Path) -> None:
        new = SeededKey(2)
        new_vkey = log_key(seed=2).vkey
        with opened(path) as log:
            rotated = log.rotate_key(new, b"the key is now another")
            for vkey in (VKEY, new_vkey):
                rotated.receipt.verify(b"the key is now another", policy=Policy.of_log(vkey))
            both = log.append(b"a").receipt
            for vkey in (VKEY, new_vkey):
                both.verify(b"a", policy=Policy.of_log(vkey))
            assert log.keys == (VKEY, new_vkey)
            with pytest.raises(BadUse, match="had this key"):
                log.rotate_key(KEY, b"back again")
        with pytest.raises(UntrustedNote, match="needs the key"):
            Log.open(path, signer=KEY)
        with opened(path, signer=new) as log:
            found = log.append(b"b")
            found.receipt.verify(b"b", policy=Policy.of_log(new_vkey))
            with pytest.raises(UntrustedNote):
                found.receipt.verify(b"b", policy=POLICY)

    def test_signer_that_fails_records_nothing_and_is_asked_again(self, path: Path) -> None:
        class Flaky(SeededKey):
            fails = True

            def sign(self, message: bytes) -> bytes:
                if Flaky.fails:
                    raise PartUnavailable("the module does not answer", hint="plug it in")
                return SeededKey.sign(self, message)

        with opened(path, signer=Flaky(1)) as log:
            with pytest.raises(NotRecorded, match="plug it in"):
                log.append(b"a")
            assert log.size == 0
            Flaky.fails = False
            assert log.append(b"b").index == 0


class TestServed:
    def test_fetch_gives_what_the_naive_tree_has(self, path: Path) -> None:
        tree = NaiveTree(numbered(300))
        with opened(path) as log:
            filled(log, tree.entries)
            for resource in tiles(300):
                data = log.fetch(resource.path)
                if resource.kind == "entries":
                    assert decode_bundle(data) == tree.entries[resource.first : resource.end]
                else:
                    level = 8 * resource.level
                    hashes = [tree.subtree(level, at) for at in range(resource.first, resource.end)]
                    assert data == b"".join(hashes)
            assert log.fetch("checkpoint").decode() == log.checkpoint()

    def test_fetch_partial_form_of_a_full_tile_is_its_beginning(self, path: Path) -> None:
        with opened(path) as log:
            filled(log, numbered(TILE))
            assert log.fetch("tile/0/000")[: 32 * 7] == log.fetch("tile/0/000.p/7")
            assert decode_bundle(log.fetch("tile/entries/000.p/7")) == numbered(7)

    def test_proof_and_consistency_of_each_size_hold(self, path: Path) -> None:
        tree = NaiveTree(numbered(40))
        with opened(path) as log:
            filled(log, tree.entries)
            for size in range(1, 41):
                assert log.proof(size // 2, size) == tree.path(size // 2, size)
                assert log.consistency(size) == tree.proof(size, 40)

    def test_reading_beyond_the_log_is_refused(self, path: Path) -> None:
        with opened(path) as log:
            filled(log, numbered(3))
            for index in (-1, 3):
                with pytest.raises(BadUse, match="no such entry"):
                    log.entry(index)
            with pytest.raises(BadUse, match="no such tree"):
                log.proof(0, 4)
            for tile in ("tile/0/000.p/4", "tile/0/000", "tile/entries/000.p/4", "tile/0/001.p/1"):
                with pytest.raises(BadInput, match="no tile lies there yet"):
                    log.fetch(tile)


class TestOpen:
    def test_open_with_a_changed_right_edge_is_corrupt(self, path: Path) -> None:
        with opened(path) as log:
            filled(log, numbered(3))
        with database(path) as connection:
            connection.execute("UPDATE ledger_entry SET data = x'00' WHERE idx = 1")
        with pytest.raises(LogCorrupt, match="another root"):
            Log.open(path, signer=KEY)
