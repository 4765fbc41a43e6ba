"""The vault in a folder: what goes in comes out, against the record only."""

from __future__ import annotations

import json
import stat
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from gatehouse.ledger.counters import differences, read_counters
from gatehouse.model import BadUse, Outcome, PartUnavailable, Read
from gatehouse.reads.rows import Lookup
from gatehouse.vault import Vault
from gatehouse.vault.errors import NotOpen, NotPermitted, TooBroad, VaultInUse
from gatehouse.vault.local import LocalVault
from tests.unit.vault.world import AT, DAY, OTHER, OWNER, PLATE, SEARCHER, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "vault")


def counts(**changed: Any) -> dict[str, Any]:
    empty = {"reads": 0, "plates": 0, "owners": {}, "expired": 0, "outside_window": 0, "withheld": False}
    return {**empty, **changed}


def test_local_vault_is_a_vault(world: World) -> None:
    vault: Vault = world.vault
    assert vault is world.vault


def test_search_finds_what_cameras_read_and_counts_it(world: World) -> None:
    world.take(PLATE, "OTHER1")
    world.take("test-123", owner=OTHER)
    found, reads = world.answer()
    assert found == counts(reads=2, plates=1, owners={OWNER: 1, OTHER: 1})
    assert {each.owner: each.read for each in reads} == {
        OWNER: Read(f"{OWNER}-1", AT, PLATE, PLATE, 0.93, "IL"),
        OTHER: Read(f"{OTHER}-1", AT, "test-123", PLATE, 0.93, "IL"),
    }
    assert {each.read_id for each in reads} == {
        world.reads.rows[0].read_id.hex(),
        world.reads.rows[2].read_id.hex(),
    }
    assert all(each.exact for each in reads)


def test_search_finds_after_the_vault_was_closed_and_swept(world: World) -> None:
    world.take(PLATE)
    world.reopen()
    for _ in range(2):
        world.vault.sweep()
        assert world.answer()[0] == counts(reads=1, plates=1, owners={OWNER: 1})
    world.reopen()
    assert len(world.answer()[1]) == 1


def test_search_without_reads_finds_none(world: World) -> None:
    assert world.answer() == (counts(), [])


def test_reads_outside_the_window_are_counted_and_kept_back(world: World) -> None:
    window = AT - timedelta(minutes=5), AT
    for at in (window[0], window[1], window[0] - timedelta(microseconds=1)):
        world.take(PLATE, at=at)
    found, reads = world.answer(window=window)
    assert found == counts(reads=2, plates=1, owners={OWNER: 2}, outside_window=1)
    assert [each.read.captured_at for each in reads] == list(window)


def test_read_of_a_camera_whose_clock_is_ahead_lies_in_the_bucket_of_its_receipt(world: World) -> None:
    """The read was received in the minute before the window, and captured in it by its camera's clock."""
    world.retention[OWNER] = 3
    world.clock.at = AT.replace(second=59)
    captured = world.clock.at + timedelta(seconds=58)
    world.take(PLATE, at=captured)
    world.reads.rows.clear()
    camera_rows = _received(world, captured=captured, received=world.clock.at)
    assert camera_rows[0].bucket == int(AT.timestamp()) // 60
    found, _ = world.answer(window=(captured, captured))
    assert found["reads"] == 1


def _received(world: World, *, captured: Any, received: Any) -> Any:
    from tests.unit.vault.world import a_camera, a_read, signed

    camera = a_camera()
    sealed = world.seal(signed(camera, 9, [a_read(PLATE, captured)]), camera=camera, received_at=received)
    world.reads.rows += sealed.rows
    return sealed.rows


def test_owners_that_deny_are_not_looked_up(world: World) -> None:
    world.take(PLATE)
    world.take(PLATE, owner=OTHER)
    search = world.search(outcomes={OWNER: Outcome.DENY, OTHER: Outcome.PERMIT, SEARCHER: Outcome.REVIEW})
    opened = world.vault.open(world.ask(search))
    assert opened.owners == {OTHER}
    # Owners of one class share token keys: the store filters, and the vault would refuse the other's row.
    rows = world.reads.lookup(opened.lookups, owners=opened.owners)
    assert world.vault.examine(opened.id, rows).counts == counts(reads=1, plates=1, owners={OTHER: 1})


def test_confusable_plates_are_found_and_marked_where_they_are_asked_for(world: World) -> None:
    world.take("B0B1111", "8OBIIII")
    assert world.answer("B0B1111")[0]["reads"] == 1
    _, reads = world.answer("B0B1111", confusables=True)
    assert [(each.read.plate, each.exact) for each in reads if each.exact] == [("B0B1111", True)]
    assert [(each.read.plate, each.exact) for each in reads if not each.exact] == [("8OBIIII", False)]


def test_wildcards_open_as_candidates_of_each_bucket(world: World) -> None:
    world.take("TEST120", "TEST129", "TEST999")
    search = world.search("TEST12?")
    opened = world.vault.open(world.ask(search))
    assert len(opened.lookups) == 36
    assert len(set(opened.lookups)) == 36
    found = world.vault.examine(opened.id, world.reads.lookup(opened.lookups, owners=opened.owners))
    assert found.counts == counts(reads=2, plates=2, owners={OWNER: 2})


def test_two_wildcards_need_a_second_person(world: World) -> None:
    world.take(PLATE)
    with pytest.raises(NotPermitted, match="second person"):
        world.answer("TEST1??")
    assert world.answer("TEST1??", event="search:plate:approved")[0]["reads"] == 1


def test_search_of_more_tokens_than_one_may_have_is_refused_and_spends_nothing(world: World) -> None:
    for days in range(4):
        world.take(PLATE, at=AT - timedelta(days=days))
    week = AT - timedelta(days=6), AT
    search = world.search("TEST1??", event="search:plate:approved", window=week)
    for _ in range(2):
        with pytest.raises(TooBroad, match="more lookups") as refusal:
            world.vault.open(world.ask(search))
    assert (refusal.value.expected, refusal.value.got) == ("at most 4096", str(4 * 36**2))
    assert refusal.value.hint == "narrow the window, or find out more of the plate"
    shorter = AT - timedelta(days=2), AT
    assert world.answer("TEST1??", event="search:plate:approved", window=shorter)[0]["reads"] == 3


def test_more_plates_than_a_list_may_have_give_a_count(world: World) -> None:
    world.take(*(f"TEST1{sign}" for sign in "ABCDEFGHIJKLMNOPQRSTUVWXY"))
    assert len(world.answer("TEST1?")[1]) == 25
    world.take("TEST1Z")
    assert world.answer("TEST1?") == (
        counts(reads=26, plates=26, owners={OWNER: 26}, withheld=True),
        [],
    )


def test_each_step_of_a_search_is_taken_once_and_in_order(world: World) -> None:
    world.take(PLATE)
    search = world.search()
    opened = world.vault.open(world.ask(search))
    rows = world.reads.lookup(opened.lookups, owners=opened.owners)
    early = world.released(search, counts())
    with pytest.raises(NotOpen):
        world.release(opened.id, early)
    found = world.vault.examine(opened.id, rows)
    with pytest.raises(NotOpen):
        world.vault.examine(opened.id, rows)
    entry = world.released(search, found.counts)
    assert len(world.release(opened.id, entry)) == 1
    with pytest.raises(NotOpen):
        world.release(opened.id, entry)


def test_search_that_waits_too_long_is_open_no_more(world: World) -> None:
    world.take(PLATE)
    search = world.search()
    first, second = world.vault.open(world.ask(search)), world.vault.open(world.ask(world.search()))
    found = world.vault.examine(second.id, world.reads.lookup(second.lookups, owners=second.owners))
    world.clock.move(121)
    with pytest.raises(NotOpen):
        world.vault.examine(first.id, [])
    with pytest.raises(NotOpen):
        world.release(second.id, world.released(search, found.counts))


def test_owners_of_several_classes_are_found_in_one_search(world: World) -> None:
    world.retention.update({OTHER: 2 * DAY, "elm-pd": 90})
    for owner in world.retention:
        world.take(PLATE, owner=owner)
    search = world.search(outcomes=dict.fromkeys(world.retention, Outcome.PERMIT))
    opened = world.vault.open(world.ask(search))
    minute = int(AT.timestamp()) // 60
    assert sorted(each.bucket for each in opened.lookups) == [
        minute - minute % DAY,
        minute - minute % 60,
        minute,
    ]
    rows = world.reads.lookup(opened.lookups, owners=opened.owners)
    assert world.vault.examine(opened.id, rows).counts["reads"] == 3


def test_lookups_are_those_of_buckets_with_keys(world: World) -> None:
    """A window of centuries costs what its buckets with reads cost."""
    world.take(PLATE)
    window = AT.replace(year=1), AT.replace(year=9999)
    opened = world.vault.open(world.ask(world.search(window=window)))
    row = world.reads.rows[0]
    assert opened.lookups == (Lookup(row.bucket, row.token),)


class TestCounters:
    def test_counters_agree_with_the_entries(self, world: World) -> None:
        world.take(PLATE)
        world.answer()
        world.answer(agency="elm-pd")
        raised = world.book.append("hotlist:hit:raised", {})
        assert world.vault.record(raised.data, world.book.receipt(raised))
        assert not world.vault.record(raised.data, world.book.receipt(raised))
        document = world.vault.counters(AT.date())
        assert document == {
            "schema": "gatehouse-counters/1",
            "by": "vault",
            "name": "vault",
            "day": "2026-11-23",
            "events": ["evidence:hold:opened", "hotlist:hit:raised", "search:plate:released"],
            "counts": [
                {"agency": SEARCHER, "event": "hotlist:hit:raised", "count": 1},
                {"agency": SEARCHER, "event": "search:plate:released", "count": 1},
                {"agency": "elm-pd", "event": "search:plate:released", "count": 1},
            ],
        }
        entries = {
            SEARCHER: {"hotlist:hit:raised": 1, "search:plate:released": 1, "search:plate:requested": 1},
            "elm-pd": {"search:plate:released": 1},
        }
        assert list(differences(read_counters(json.dumps(document)), entries)) == []

    def test_counters_are_kept_when_the_vault_is_closed(self, world: World) -> None:
        world.take(PLATE)
        world.answer()
        before = world.vault.counters(AT.date())
        world.reopen()
        assert world.vault.counters(AT.date()) == before
        assert world.vault.counters(date(2026, 11, 24))["counts"] == []

    def test_release_that_a_crash_cut_off_is_counted_once_it_is_told(self, world: World) -> None:
        world.take(PLATE)
        search = world.search()
        opened = world.vault.open(world.ask(search))
        found = world.vault.examine(opened.id, world.reads.lookup(opened.lookups, owners=opened.owners))
        entry = world.released(search, found.counts)
        world.reopen()
        assert world.vault.record(entry.data, world.book.receipt(entry))
        assert world.vault.counters(AT.date())["counts"] == [
            {"agency": SEARCHER, "event": "search:plate:released", "count": 1}
        ]
        # Beside the count stands that nothing left the vault for it, and nothing will.
        assert world.vault.counters(AT.date())["undelivered"] == [
            {"agency": SEARCHER, "event": "search:plate:released", "count": 1}
        ]
        assert read_counters(json.dumps(world.vault.counters(AT.date()))).counts == {
            (SEARCHER, "search:plate:released"): 1
        }

    def test_release_whose_answer_was_lost_stays_one_that_left_the_vault(self, world: World) -> None:
        """The vault ends between its count and its answer; the node has it counted afterwards."""
        world.take(PLATE)
        search = world.search()
        opened = world.vault.open(world.ask(search))
        found = world.vault.examine(opened.id, world.reads.lookup(opened.lookups, owners=opened.owners))
        entry = world.released(search, found.counts)
        assert len(world.release(opened.id, entry)) == 1
        world.reopen()
        assert not world.vault.record(entry.data, world.book.receipt(entry))
        document = world.vault.counters(AT.date())
        assert document["counts"] == [{"agency": SEARCHER, "event": "search:plate:released", "count": 1}]
        assert "undelivered" not in document

    def test_entry_of_another_event_is_not_counted(self, world: World) -> None:
        for event in ("search:plate:permitted", "evidence:hold:opened", "hotlist:hit:closed"):
            entry = world.book.append(event, {})
            with pytest.raises(NotPermitted):
                world.vault.record(entry.data, world.book.receipt(entry))


class TestFolder:
    def test_second_process_is_refused(self, world: World) -> None:
        with pytest.raises(VaultInUse):
            world.opened()

    def test_folder_without_a_vault_is_refused(self, world: World, tmp_path: Path) -> None:
        world.folder = tmp_path / "elsewhere"
        world.folder.mkdir()
        with pytest.raises(PartUnavailable, match="there is no vault"):
            world.opened()
        assert list(world.folder.iterdir()) == []

    def test_vault_is_made_once(self, world: World) -> None:
        before = {each.name: each.read_bytes() for each in world.folder.iterdir()}
        with pytest.raises(BadUse, match="a vault already"):
            LocalVault.create(world.folder)
        assert {each.name: each.read_bytes() for each in world.folder.iterdir()} == before

    def test_files_are_their_owners_alone(self, world: World) -> None:
        world.take(PLATE)
        world.vault.sweep()
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in world.folder.iterdir()}
        assert modes == dict.fromkeys(
            ["keys.lock", "keys.sqlite", "keys.sqlite-shm", "keys.sqlite-wal", "root"], 0o600
        )

    def test_root_stands_where_it_is_told_to(self, tmp_path: Path) -> None:
        (tmp_path / "memory").mkdir()
        world = World(tmp_path / "vault", root=tmp_path / "memory" / "root")
        world.take(PLATE)
        world.vault.sweep()
        world.reopen()
        assert world.answer()[0]["reads"] == 1
        assert not (world.folder / "root").exists()
        assert [each.name for each in (tmp_path / "memory").iterdir()] == ["root"]
