"""The clock of a node's machine is set, back and forward: no key ends early, and nothing runs back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.ledger.committer import NotRecorded
from gatehouse.ledger.witness import Witness
from gatehouse.ledger.witness_server import serving
from gatehouse.node.bodies import Kind, OwnerBody
from gatehouse.node.change import ChangeState
from gatehouse.node.health import Health
from gatehouse.node.intake import IngestResult
from gatehouse.node.node import Node
from gatehouse.search.errors import NotAnswered
from gatehouse.vault.errors import ClockBehind, ClockJumped
from tests.faults.node_load import (
    CAMERAS,
    EACH,
    MONTH,
    OFFICERS,
    OPENED,
    ask,
    batch_of,
    make,
    open_node,
    plate_of,
    search_of,
)
from tests.faults.node_outcomes import NodeOutcomes
from tests.unit.ledger.logs import Clock
from tests.unit.ledger.published import witness_signer
from tests.unit.node.founded import ALDER, BACKTEST, ORIGIN, custodian
from tests.unit.node.running import sign
from tests.unit.vault.machine import Machine

MINUTES, HOURS, DAYS = 60, 3_600, 86_400
TASKS = ("reviews", "standing", "sweep", "expiry")
CAMERA, PERSON = CAMERAS[0].id, OFFICERS[0].id


def keys(node: Node) -> int:
    """Return how many keys the vault holds."""
    with closing(sqlite3.connect(node.located.vault / "keys.sqlite")) as connection:
        (found,) = connection.execute("SELECT count(*) FROM sealing_key").fetchone()
    return int(found)


def taken(outcomes: NodeOutcomes, node: Node, number: int) -> None:
    assert node.ingest(batch_of(CAMERA, number)) == IngestResult(EACH, {})
    outcomes.take_line(f"taken {CAMERA} {number}")


def answered(outcomes: NodeOutcomes, node: Node, reads: int) -> None:
    answer = ask(node, PERSON, plate_of(CAMERA, 1))
    assert len(answer.reads) == reads
    outcomes.take_line(f"answered {answer.id} {reads}")


def test_node_stands_still_while_its_clock_is_set_wrong(folder: Path) -> None:
    make(folder / "node")
    machine, outcomes = Machine(Clock(OPENED)), NodeOutcomes()
    with open_node(folder / "node", machine.clock()) as node:
        jumps = [sign_ * by for by in (2 * MINUTES, 5 * HOURS, 40 * DAYS, 4_000 * DAYS) for sign_ in (1, -1)]
        for number, jump in enumerate(jumps, 1):
            machine.passes(1)
            taken(outcomes, node, number)
            size, held = node.ledger.log.size, keys(node)
            machine.wall.move(jump)
            for _ in range(2):
                search = search_of(PERSON, plate_of(CAMERA, 1), machine.wall.at)
                with pytest.raises(ClockJumped):
                    node.door.ask(search, signed=sign(search, machine.wall.at))
                with pytest.raises(ClockJumped):
                    node.ingest(batch_of(CAMERA, number + 1))
                with pytest.raises(ClockJumped):
                    node.registry.change_officer(OFFICERS[1], by=custodian(ALDER, 1))
                assert [node.background.run_now(each) for each in TASKS] == [False] * len(TASKS)
                assert Health("clock", False, "ClockJumped") in node.health()
                machine.passes(10)
            assert (node.ledger.log.size, keys(node)) == (size, held)
            machine.wall.move(-jump)
            assert all(node.background.run_now(each) for each in TASKS)
            assert all(each.ready for each in node.health())
            answered(outcomes, node, number * EACH)
        outcomes.check(node)


def test_node_that_starts_behind_its_record_takes_nothing_until_the_clock_is_right(folder: Path) -> None:
    make(folder / "node")
    clock, outcomes = Clock(OPENED + timedelta(hours=5)), NodeOutcomes()
    with open_node(folder / "node", clock) as node:
        taken(outcomes, node, 1)
        answered(outcomes, node, EACH)
        size = node.ledger.log.size
    for back in (2 * MINUTES, 5 * HOURS):
        clock.move(-back)
        with open_node(folder / "node", clock) as node:
            assert node.background.failing["sweep"] == "ClockBehind"
            with pytest.raises(ClockBehind):
                node.ingest(batch_of(CAMERA, 2))
            with pytest.raises(NotRecorded, match="the clock is behind the last entry"):
                ask(node, PERSON, plate_of(CAMERA, 1))
            assert node.ledger.log.size == size
            clock.move(back)
            assert node.background.run_now("sweep")
            answered(outcomes, node, EACH)
            size = node.ledger.log.size
    with open_node(folder / "node", clock) as node:
        outcomes.check(node)


@contextmanager
def witnessed(node: Path, clock: Clock) -> Iterator[None]:
    """Have a node's record cosigned by a witness whose clock is right."""
    policy, signer = node / "ledger" / "policy", witness_signer("w")
    (log,) = [line.removeprefix("log ") for line in policy.read_text().splitlines() if line[:4] == "log "]
    path = node.parent / "witness.sqlite"
    Witness.create(path, signer=signer)
    opened = Witness.open(path, signer=signer, origins={ORIGIN: (log,)}, clock=lambda: clock().timestamp())
    with opened, serving(opened) as url:
        policy.write_text(f"log {log}\nwitness w {signer.vkey} {url}\nquorum w\n")
        yield


def test_node_that_starts_ahead_of_its_witness_destroys_no_key_and_brings_no_rule_forward(
    folder: Path,
) -> None:
    place, outcomes, right = folder / "node", NodeOutcomes(), Clock(OPENED)
    make(place, more="[ledger]\nreceipt_wait = 1\n")
    with witnessed(place, right):
        with open_node(place, right) as node:
            taken(outcomes, node, 1)
            held = keys(node)
            by, second = custodian(ALDER, 1), custodian(ALDER, 2)
            body = OwnerBody(owner=ALDER.id, retention_minutes=2 * MONTH)
            change = node.changes.propose(Kind.OWNER, body, by=by, backtest=BACKTEST)
            assert node.changes.approve(change.id, by=second).state is ChangeState.APPROVED
        # Before it makes an entry, an hour or a month ahead costs nothing.
        for ahead in (HOURS, 40 * DAYS):
            wrong = Clock(right.at + timedelta(seconds=ahead))
            with open_node(place, wrong) as node:
                assert node.background.failing["sweep"] == "ClocksDisagree"
                assert (keys(node), node.registry.own_rule(ALDER.id).retention) == (
                    held,
                    timedelta(minutes=MONTH),
                )
                if ahead > 7 * DAYS:
                    # On the record before its time, and in force for nobody: no witness has cosigned it.
                    assert node.changes.get(change.id).state is ChangeState.IN_FORCE
                    with pytest.raises(NotAnswered, match="nothing was handed out"):
                        ask(node, PERSON, plate_of(CAMERA, 1))
        with open_node(place, right) as node:
            assert node.background.failing == {}
            assert (keys(node), node.reads.last_batch(CAMERA)) == (held, 1)
            with pytest.raises(NotRecorded, match="the clock is behind the last entry"):
                ask(node, PERSON, plate_of(CAMERA, 1))


def test_silent_witness_keeps_no_key_alive(folder: Path) -> None:
    place, outcomes, clock = folder / "node", NodeOutcomes(), Clock(OPENED)
    make(place, more="[ledger]\nreceipt_wait = 1\n")
    with open_node(place, clock) as node:
        taken(outcomes, node, 1)
        assert keys(node) == 1
    with witnessed(place, clock):
        pass
    clock.move(60 * MONTH)
    with open_node(place, clock) as node:
        assert (keys(node), node.background.failing.get("sweep")) == (0, None)
