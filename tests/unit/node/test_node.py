"""A node from reads to an answered search, closed and opened again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gatehouse.ledger.entry import read_entry
from gatehouse.model import CameraStatus, SearchState
from gatehouse.node.health import Health
from gatehouse.node.intake import IngestResult
from gatehouse.node.node import Node
from gatehouse.vault.batch import ReadRefusal
from tests.unit.ledger.logs import Clock
from tests.unit.node.founded import ALDER, START, copied, custodian
from tests.unit.node.running import CAMERA, OFFICER, PLATE, asked, batch, made_node, opened_node, sign


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_node(tmp_path_factory.mktemp("node"))


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return copied(template, tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock(START + timedelta(hours=1))


@pytest.fixture
def node(folder: Path, clock: Clock) -> Iterator[Node]:
    with opened_node(folder, clock) as node:
        yield node


def stored(folder: Path) -> int:
    """Count the rows of the read store."""
    with closing(sqlite3.connect(folder / "reads.sqlite")) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE name GLOB 'reads_[0-9]*'")
        names = [name for (name,) in found if "index" not in name]
        counts = [connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names]
    return sum(counts)


class TestSearch:
    def test_search_of_own_cameras_is_answered_and_on_the_record(self, node: Node, clock: Clock) -> None:
        node.ingest(batch(1, clock.at, PLATE, "OTHER99"))
        search = asked(clock.at)
        answer = node.door.ask(search, signed=sign(search, clock.at))
        assert answer.state is SearchState.RELEASED
        assert [(each.read.text, each.read.camera, each.owner) for each in answer.reads] == [
            (PLATE, CAMERA.id, "alder-pd")
        ]
        log = node.ledger.log
        assert [read_entry(log.entry(at)).event for at in range(log.size - 3, log.size)] == [
            "search:plate:requested",
            "search:plate:permitted",
            "search:plate:released",
        ]

    def test_search_after_the_node_was_closed_finds_what_was_taken_in(
        self, folder: Path, clock: Clock
    ) -> None:
        with opened_node(folder, clock) as node:
            node.ingest(batch(1, clock.at, PLATE))
        with opened_node(folder, clock) as node:
            assert node.ingest(batch(1, clock.at, PLATE)) == IngestResult(0, {}, duplicate=True)
            search = asked(clock.at)
            assert len(node.door.ask(search, signed=sign(search, clock.at)).reads) == 1

    def test_search_by_somebody_who_left_is_denied(self, node: Node, clock: Clock) -> None:
        node.offboard(OFFICER.id, by=custodian(ALDER, 1))
        search = asked(clock.at)
        assert node.door.ask(search, signed=sign(search, clock.at)).state is SearchState.DENIED


class TestIngest:
    def test_batch_is_counted_by_camera(self, node: Node, clock: Clock) -> None:
        assert node.ingest(batch(1, clock.at, PLATE, "?", "OTHER99")) == IngestResult(
            2, {ReadRefusal.NO_PLATE: 1}
        )
        health = node.intake.health(CAMERA.id)
        assert (health.batches, health.accepted, health.refused, health.last_at) == (1, 2, 1, clock.at)

    def test_batch_of_a_camera_that_nobody_knows_is_refused_and_counted(
        self, node: Node, clock: Clock
    ) -> None:
        assert node.ingest(batch(1, clock.at, PLATE, PLATE, camera="unknown")) == IngestResult(
            0, {ReadRefusal.CAMERA_UNKNOWN: 2}
        )

    def test_batch_that_is_not_the_cameras_leaves_its_number_free(self, node: Node, clock: Clock) -> None:
        forged = batch(1, clock.at, PLATE, key=Ed25519PrivateKey.generate())
        assert node.ingest(forged) == IngestResult(0, {ReadRefusal.BAD_SIGNATURE: 1})
        assert node.ingest(batch(1, clock.at, PLATE)) == IngestResult(1, {})

    def test_batch_of_a_suspended_camera_leaves_its_number_free(self, node: Node, clock: Clock) -> None:
        by, camera = custodian(ALDER, 1), node.registry.camera(CAMERA.id)
        node.registry.change_camera(replace(camera, status=CameraStatus.SUSPENDED), by=by)
        assert node.ingest(batch(1, clock.at, PLATE)) == IngestResult(0, {ReadRefusal.CAMERA_SUSPENDED: 1})
        node.registry.change_camera(camera, by=by)
        assert node.ingest(batch(1, clock.at, PLATE)) == IngestResult(1, {})


class TestUpkeep:
    def test_expired_rows_and_keys_go_and_a_search_finds_nothing(
        self, node: Node, clock: Clock, folder: Path
    ) -> None:
        node.ingest(batch(1, clock.at, PLATE))
        assert stored(folder) == 1
        captured = clock.at
        clock.at += timedelta(days=31)
        for task in ("sweep", "expiry"):
            assert node.background.run_now(task)
        search = replace(asked(clock.at), window=asked(captured).window)
        answer = node.door.ask(search, signed=sign(search, clock.at))
        assert answer.reads == ()
        assert stored(folder) == 0

    def test_counters_of_each_day_that_is_over_are_published_once(
        self, node: Node, clock: Clock, folder: Path
    ) -> None:
        node.ingest(batch(1, clock.at, PLATE))
        search = asked(clock.at)
        node.door.ask(search, signed=sign(search, clock.at))
        clock.at += timedelta(days=2)
        for _ in range(2):
            assert node.background.run_now("counters")
        found = sorted(path.name for path in (folder / "published" / "counters").iterdir())
        assert found == ["vault-2026-11-02.json", "vault-2026-11-03.json"]
        log = node.ledger.log
        events = [read_entry(log.entry(at)).event for at in range(log.size)]
        assert events.count("log:counters:published") == 2

    def test_health_tells_of_a_task_that_fails_until_it_succeeds(
        self, node: Node, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert all(each.ready for each in node.health())

        def fail() -> None:
            raise OSError

        with monkeypatch.context() as patched:
            patched.setattr(node.vault, "sweep", fail)
            assert not node.background.run_now("sweep")
        assert Health("sweep", False, "OSError") in node.health()
        assert node.background.run_now("sweep")
        assert all(each.ready for each in node.health())

    def test_hotlists_that_fail_are_shown_and_no_camera_sends_again(
        self, node: Node, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(node.hotlists, "on_reads", fail)
        assert node.ingest(batch(1, clock.at, PLATE)) == IngestResult(1, {})
        assert Health("hotlists", False, "ZeroDivisionError") in node.health()


def test_standing_searches_are_decided_again_until_witnesses_have_cosigned_the_rules(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided: list[int] = []
    monkeypatch.setattr(node.hotlists, "revise", lambda: decided.append(1))
    newest = max(versions[-1].entry for versions in node.registry.view.rules.values())
    node.registry.change_camera(replace(CAMERA, peak=9), by=custodian(ALDER, 1))
    with monkeypatch.context() as patched:
        patched.setattr(node.registry, "_witnessed", newest)
        for _ in range(2):
            assert node.background.run_now("standing")
    for _ in range(2):
        assert node.background.run_now("standing")
    assert len(decided) == 3
