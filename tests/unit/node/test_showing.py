"""Showing the vault cameras and owners' rules: each entry once, and again to a vault that has lost them."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.model import BadUse, CameraStatus, PartUnavailable
from gatehouse.node.bodies import Kind, OwnerBody
from gatehouse.node.errors import ChangeRefused
from gatehouse.node.intake import IngestResult
from gatehouse.node.node import Node
from gatehouse.node.vaults import open_vault
from gatehouse.vault.batch import ReadRefusal
from gatehouse.vault.errors import NotPermitted
from gatehouse.vault.protocol import Learned, Shown, Vault
from tests.unit.ledger.logs import Clock
from tests.unit.node.founded import ALDER, BACKTEST, START, custodian
from tests.unit.node.running import CAMERA, PLATE, batch, made_node, opened_node

DAY = 24 * 60


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def node(tmp_path: Path, clock: Clock) -> Iterator[Node]:
    with opened_node(made_node(tmp_path / "node"), clock) as node:
        yield node


def enrolled(node: Node) -> int:
    """Return the newest entry of the camera."""
    return node.registry.view.enrollments[CAMERA.id][-1]


def ruled(node: Node) -> int:
    """Return the entry of the owner's newest rule."""
    newest = node.registry.view.newest(Kind.OWNER, ALDER.id)
    assert newest is not None
    return newest.entry


def test_first_batch_shows_its_camera_and_owner_and_the_next_shows_nothing(
    node: Node, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert node.vault.learned() == Learned({}, {})
    assert node.ingest(batch(1, clock.at, PLATE)).accepted == 1
    assert node.vault.learned() == Learned({CAMERA.id: enrolled(node)}, {ALDER.id: ruled(node)})
    monkeypatch.setattr(node.registry, "shown", lambda _: pytest.fail("shown twice"))
    assert node.ingest(batch(2, clock.at, PLATE)).accepted == 1


def test_changed_shows_what_the_vault_knew_before(node: Node, clock: Clock) -> None:
    by, second = custodian(ALDER, 1), custodian(ALDER, 2)
    node.ingest(batch(1, clock.at, PLATE))
    node.registry.change_camera(replace(node.registry.camera(CAMERA.id), peak=9), by=by)
    body = OwnerBody(owner=ALDER.id, retention_minutes=40 * DAY)
    change = node.changes.propose(Kind.OWNER, body, by=by, backtest=BACKTEST)
    node.changes.approve(change.id, by=second)
    clock.at += timedelta(days=7)
    assert node.background.run_now("changes")
    assert node.background.run_now("showing")
    assert node.vault.learned() == Learned({CAMERA.id: enrolled(node)}, {ALDER.id: ruled(node)})
    assert ruled(node) > enrolled(node)


def test_camera_whose_entry_no_witness_has_cosigned_waits(
    node: Node, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.ingest(batch(1, clock.at, PLATE))
    node.registry.change_camera(replace(node.registry.camera(CAMERA.id), peak=9), by=custodian(ALDER, 1))
    seen = enrolled(node)
    with monkeypatch.context() as patched:
        patched.setattr(node.registry, "_witnessed", seen)
        with pytest.raises(PartUnavailable, match="waits for witnesses"):
            node.ingest(batch(2, clock.at, PLATE))
    assert node.ingest(batch(2, clock.at, PLATE)).accepted == 1


def test_vault_that_has_lost_what_it_knew_is_shown_it_again(node: Node, clock: Clock, tmp_path: Path) -> None:
    node.ingest(batch(1, clock.at, PLATE))
    known = node.vault.learned()
    node.vault.close()
    with closing(sqlite3.connect(tmp_path / "node" / "vault" / "keys.sqlite")) as connection:
        connection.executescript("DELETE FROM camera; DELETE FROM owner_rule;")
    with opened_vault(node):
        assert node.ingest(batch(2, clock.at, PLATE)) == IngestResult(1, {})
        assert node.vault.learned() == known


def opened_vault(node: Node) -> closing[Vault]:
    """Put a vault that was opened anew in the place of the node's."""
    vault = open_vault(node.located, node.ledger, node.registry, clock=node.clock)
    node.vault = node.showing._vault = vault
    return closing(vault)


def test_entry_that_the_vault_refuses_leaves_it_with_what_it_knows(
    node: Node, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    node.ingest(batch(1, clock.at, PLATE))

    def refuse(_: Shown) -> bool:
        raise NotPermitted("the vault does not want it")

    node.registry.change_camera(replace(node.registry.camera(CAMERA.id), peak=9), by=custodian(ALDER, 1))
    monkeypatch.setattr(node.vault, "enroll", refuse)
    with caplog.at_level(logging.WARNING, "gatehouse.node"):
        assert node.ingest(batch(2, clock.at, PLATE)).accepted == 1
    assert [each.message for each in caplog.records] == ["vault does not follow"]


def test_camera_that_was_retired_stays_retired(node: Node, clock: Clock) -> None:
    by, camera = custodian(ALDER, 1), node.registry.camera(CAMERA.id)
    node.registry.change_camera(replace(camera, status=CameraStatus.RETIRED), by=by)
    with pytest.raises(ChangeRefused, match="stays retired") as refusal:
        node.registry.change_camera(camera, by=by)
    assert isinstance(refusal.value, BadUse)
    assert node.ingest(batch(1, clock.at, PLATE)) == IngestResult(0, {ReadRefusal.CAMERA_RETIRED: 1})
