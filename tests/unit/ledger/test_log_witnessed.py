"""A log whose policy asks for witnesses: receipts, releases and what waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.ledger.checkpoint import open_checkpoint
from gatehouse.ledger.committer import (
    NotWitnessed,
    ReleasesRefused,
)
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.view import LogView
from gatehouse.model import BadInput, BadUse
from tests.unit.ledger.logs import (
    VKEY,
    Clock,
    FakeWitness,
    filled,
    made_log,
    opened,
)
from tests.unit.ledger.made import ORIGIN, log_key
from tests.unit.ledger.naive import numbered


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return made_log(tmp_path)


def size_of(log: LogView) -> int:
    return open_checkpoint(log.checkpoint(), keys=[VKEY], origin=ORIGIN).checkpoint.size


class TestWitnessed:
    def test_append_returns_with_the_cosignature(self, path: Path) -> None:
        witness = FakeWitness()
        with opened(path, witness=witness) as log:
            for number in range(5):
                found = log.append(b"%d" % number)
                found.receipt.verify(b"%d" % number, policy=witness.policy)
            assert log.checkpoint() == log.committed()
        with LogView.read(path) as view:
            view.receipt(2).verify(b"2", policy=witness.policy)

    def test_append_without_witness_is_recorded_and_not_published(self, path: Path) -> None:
        witness = FakeWitness(answers=False)
        with opened(path, witness=witness, wait=0.2) as log:
            with pytest.raises(NotWitnessed, match="entry 0") as late:
                log.append(b"a")
            assert late.value.index == 0
            assert (log.size, size_of(log)) == (1, 0)
            with pytest.raises(BadInput):
                log.fetch("tile/0/000.p/1")
            with pytest.raises(BadUse):
                log.entry(0)
            log.submit(b"b")
            witness.answers.set()
            found = log.append(b"c")
            found.receipt.verify(b"c", policy=witness.policy)
            log.receipt(late.value.index).verify(b"a", policy=witness.policy)

    def test_witness_is_asked_again_after_opening(self, path: Path) -> None:
        witness = FakeWitness(answers=False)
        with opened(path, witness=witness, wait=0) as log, pytest.raises(NotWitnessed):
            log.append(b"a")
        witness.answers.set()
        with opened(path, witness=witness) as log:
            log.append(b"b")
            log.receipt(0).verify(b"a", policy=witness.policy)

    def test_witness_is_asked_only_for_what_is_durable(self, path: Path) -> None:
        durable: list[int] = []

        class Reading(FakeWitness):
            def collect(self, checkpoint, *, proof):  # type: ignore[no-untyped-def]
                with LogView.read(path) as view:
                    durable.append(view.size)
                return super().collect(checkpoint, proof=proof)

        witness = Reading()
        with opened(path, witness=witness) as log:
            filled(log, numbered(30))
        assert len(durable) == len(witness.asked)
        assert all(asked <= stored for asked, stored in zip(witness.asked, durable, strict=True))

    def test_releases_are_refused_while_witnesses_are_missing_too_long(self, path: Path) -> None:
        witness, clock = FakeWitness(answers=False), Clock()
        with opened(path, witness=witness, clock=clock, wait=0.05) as log:
            for step in (0, 60):
                clock.move(step)
                with pytest.raises(NotWitnessed):
                    log.append(b"released", releases=True)
            clock.move(1)
            with pytest.raises(ReleasesRefused, match="cosignatures within 60 s"):
                log.append(b"released", releases=True)
            # What is not a release goes on the record all the same.
            with pytest.raises(NotWitnessed):
                log.append(b"denied")
            assert log.size == 3
        with opened(path, witness=witness, clock=clock) as log:
            with pytest.raises(ReleasesRefused):
                log.append(b"released", releases=True)
            witness.answers.set()
            log.append(b"denied")
            assert log.append(b"released", releases=True).index == 4

    def test_witnesses_that_join_later_must_cosign_what_was_published_before(self, path: Path) -> None:
        with opened(path) as log:
            log.append(b"a")
        witness, clock = FakeWitness(answers=False), Clock()
        clock.move(61)
        with opened(path, witness=witness, clock=clock, wait=0.05) as log:
            with pytest.raises(NotWitnessed, match="what is on the record"):
                log.publish()
            with pytest.raises(ReleasesRefused, match="witnesses are missing"):
                log.append(b"released", releases=True)
            with pytest.raises(ReleasesRefused, match="earlier entries wait for witnesses"):
                log.await_releases()
            assert log.size == 1
        witness.answers.set()
        with opened(path, witness=witness, clock=clock) as log:
            log.await_releases()
            log.receipt(0).verify(b"a", policy=witness.policy)
            assert log.publish() == log.checkpoint()
            assert log.append(b"released", releases=True).index == 1

    def test_policy_without_the_logs_key_is_never_met(self, path: Path) -> None:
        witness = FakeWitness()
        other = log_key(seed=2).vkey
        witness.policy = Policy.parse(f"log {other}\nwitness w {witness.key.vkey}\nquorum w\n")
        with opened(path, witness=witness, wait=0.2) as log:
            with pytest.raises(NotWitnessed):
                log.append(b"a")
            with pytest.raises(NotWitnessed, match="no log of the policy has signed"):
                log.publish()

    def test_append_that_is_not_cosigned_says_why_each_witness_has_not(self, path: Path) -> None:
        with opened(path, witness=FakeWitness(answers=False), wait=0.2) as log:
            with pytest.raises(NotWitnessed):
                log.append(b"a")
            with pytest.raises(NotWitnessed) as caught:
                log.publish()
        assert (caught.value.expected, caught.value.got, caught.value.hint) == (
            "cosignatures within 0.2 s",
            "too few witnesses have cosigned; expected w; got none (w: HTTP 500)",
            "see to the witnesses; nothing is lost",
        )

    def test_open_without_witnesses_publishes_what_waited(self, path: Path) -> None:
        witness = FakeWitness(answers=False)
        with opened(path, witness=witness, wait=0) as log, pytest.raises(NotWitnessed):
            log.append(b"a")
        with opened(path) as log:
            pass
        with LogView.read(path) as view:
            assert size_of(view) == 1
