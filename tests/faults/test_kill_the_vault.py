"""A vault elsewhere that dies under load: nothing acknowledged is lost, and each release counts once.

`GATEHOUSE_KILLS=50` kills it so often; `--log-cli-level=info` shows what was acknowledged.
"""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from gatehouse.ledger.entry import read_entry
from gatehouse.model import SearchState
from gatehouse.node.intake import IngestResult
from gatehouse.node.node import Node
from gatehouse.search.closing import UNDELIVERED
from gatehouse.vault.errors import VaultUnreachable
from tests.faults.node_load import CAMERAS, EACH, OFFICERS, Load, Running, ask, batch_of, open_node, plate_of
from tests.faults.node_outcomes import NodeOutcomes
from tests.faults.rounds import ROUNDS, await_answers
from tests.faults.vault_process import Elsewhere

CAMERA, PERSON = CAMERAS[0].id, OFFICERS[0].id
UNANSWERED = "A part of the network did not answer, and an answer without it would not be whole."
FORGOTTEN = "The vault has let go of the search: it was started anew, or took too long."
RELEASED = "The release is on the record, but its reads could not be handed out."
_logger = logging.getLogger(__name__)


@pytest.fixture
def elsewhere(folder: Path, processes: ForkServerContext) -> Iterator[Elsewhere]:
    made = Elsewhere.make(folder, processes, since=time.time())
    yield made
    if made.process is not None:
        made.kill()


def events(node: Node) -> list[str]:
    log = node.ledger.log
    return [read_entry(log.entry(at)).event for at in range(log.size)]


def taken(outcomes: NodeOutcomes, node: Node, number: int) -> None:
    """Hand a batch in, and note that it was acknowledged."""
    assert node.ingest(batch_of(CAMERA, number)) == IngestResult(EACH, {})
    outcomes.take_line(f"taken {CAMERA} {number}")


def test_kill_the_vault_at_random_points_under_load(elsewhere: Elsewhere) -> None:
    chance, outcomes = random.Random(7), NodeOutcomes()
    with open_node(elsewhere.node, Running(elsewhere.since)) as node:
        load = Load(node, outcomes.take_line)
        load.start()
        for _ in range(ROUNDS):
            await_answers(outcomes)
            time.sleep(chance.random() * 0.1)
            elsewhere.kill()
            # Some calls find no vault at all.
            time.sleep(chance.random() * 0.05)
            elsewhere.start()
        await_answers(outcomes)
        load.end()
        node.door.expire_due()
        ends = outcomes.check(node, vault=elsewhere.database)
        undelivered = events(node).count(UNDELIVERED)
        # No search is left without an entry for its end, whatever it was killed at.
        assert len(outcomes.closed) == ends["failed"] + undelivered
    _logger.info(
        "%d kills: %d batches and %d answers acknowledged, all there; %d calls refused; %d searches failed, "
        "%d released and not handed out; on the record and counted by the vault: %d releases",
        ROUNDS,
        outcomes.batches,
        len(outcomes.answered),
        outcomes.unavailable,
        ends["failed"],
        undelivered,
        ends["released"],
    )


def test_kill_the_vault_while_it_seals_takes_nothing_and_the_batch_comes_again(elsewhere: Elsewhere) -> None:
    outcomes = NodeOutcomes()
    with open_node(elsewhere.node, Running(elsewhere.since)) as node:
        for number, when in enumerate(("before", "after"), 1):
            elsewhere.kill()
            elsewhere.start(ends_at=f"seal:{when}")
            with pytest.raises(VaultUnreachable):
                node.ingest(batch_of(CAMERA, number))
            elsewhere.ended()
            assert node.reads.last_batch(CAMERA) == number - 1
            elsewhere.start()
            taken(outcomes, node, number)
        assert outcomes.check(node, vault=elsewhere.database) == Counter()


def test_kill_the_vault_before_the_release_fails_the_search(elsewhere: Elsewhere) -> None:
    outcomes = NodeOutcomes()
    with open_node(elsewhere.node, Running(elsewhere.since)) as node:
        taken(outcomes, node, 1)
        for step in ("open:before", "open:after", "examine:before", "examine:after"):
            elsewhere.kill()
            elsewhere.start(ends_at=step)
            answer = ask(node, PERSON, plate_of(CAMERA, 1))
            elsewhere.ended()
            assert answer.failure is not None
            assert (answer.state, answer.reads) == (SearchState.FAILED, ())
            assert answer.failure.sentence == UNANSWERED
            assert events(node)[-2:] == ["search:plate:permitted", "search:plate:failed"]
            elsewhere.start()
            assert len(ask(node, PERSON, plate_of(CAMERA, 1)).reads) == EACH
        assert outcomes.check(node, vault=elsewhere.database) == {"failed": 4, "released": 4}


def test_vault_that_was_started_anew_between_two_steps_says_so(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = NodeOutcomes()
    with open_node(elsewhere.node, Running(elsewhere.since)) as node:
        taken(outcomes, node, 1)
        real = type(node.reads).lookup

        def lookup(*args: object, **named: object) -> object:
            elsewhere.kill()
            elsewhere.start()
            return real(*args, **named)  # type: ignore[arg-type]

        with monkeypatch.context() as changed:
            changed.setattr(type(node.reads), "lookup", lookup)
            answer = ask(node, PERSON, plate_of(CAMERA, 1))
        assert answer.failure is not None
        assert (answer.state, answer.reads, answer.failure.sentence) == (SearchState.FAILED, (), FORGOTTEN)
        assert outcomes.check(node, vault=elsewhere.database) == {"failed": 1}


def test_kill_the_vault_between_the_released_entry_and_the_answer(elsewhere: Elsewhere) -> None:
    outcomes = NodeOutcomes()
    node = open_node(elsewhere.node, Running(elsewhere.since))
    try:
        taken(outcomes, node, 1)
        for when, reopened in ((when, again) for when in ("before", "after") for again in (False, True)):
            elsewhere.kill()
            elsewhere.start(ends_at=f"release:{when}")
            answer = ask(node, PERSON, plate_of(CAMERA, 1))
            elsewhere.ended()
            assert answer.failure is not None
            assert (answer.state, answer.reads) == (SearchState.RELEASED, ())
            assert answer.failure.sentence == RELEASED
            assert events(node)[-2:] == ["search:plate:released", UNDELIVERED]
            # While the vault is away, what it has to count stays owed, and shows.
            with pytest.raises(VaultUnreachable):
                node.door.expire_due()
            elsewhere.start()
            if reopened:
                node.close()
                node = open_node(elsewhere.node, Running(elsewhere.since))
            node.door.expire_due()
            assert len(ask(node, PERSON, plate_of(CAMERA, 1)).reads) == EACH
        assert outcomes.check(node, vault=elsewhere.database) == {"released": 8}
    finally:
        node.close()
