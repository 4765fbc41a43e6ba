"""A witness killed at any moment: whatever it has cosigned, it holds to when it is back."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from gatehouse.ledger.witness import Answer, Witness
from tests.unit.ledger.published import ORIGIN, Tree, log_signer, witness_signer

ORIGINS = {ORIGIN: (log_signer().vkey,)}


def answer(path: Path, pipe: Connection) -> None:
    """Answer requests until killed."""
    with Witness.open(path, signer=witness_signer(), origins=ORIGINS) as witness:
        pipe.send("ready")
        while True:
            pipe.send(witness.add_checkpoint(pipe.recv()).status)


@pytest.mark.parametrize("seed", range(3))
def test_kill_a_witness_and_have_it_cosign_a_fork(tmp_path: Path, seed: int) -> None:
    path, random_ = tmp_path / "witness.db", random.Random(seed)
    Witness.create(path, signer=witness_signer())
    tree, fork = Tree.counted(400), Tree.counted(400, "fork")
    context = multiprocessing.get_context("spawn")
    cosigned = 0
    for _ in range(3):
        ours, theirs = context.Pipe()
        process = context.Process(target=answer, args=(path, theirs))
        process.start()
        theirs.close()
        assert ours.recv() == "ready"
        until = cosigned + random_.randrange(1, 40)
        while cosigned < until:
            ours.send(tree.request(cosigned, cosigned + 1))
            assert ours.recv() == 200
            cosigned += 1
        # One more is on its way when the witness dies; it may or may not be kept, but is not half kept.
        ours.send(tree.request(cosigned, cosigned + 1))
        ours.poll(random_.random() * 0.004)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        ours.close()
        with Witness.open(path, signer=witness_signer(), origins=ORIGINS) as witness:
            told = witness.add_checkpoint(tree.request(399))
            assert told in (
                Answer(409, f"{cosigned}\n", "text/x.tlog.size"),
                Answer(409, f"{cosigned + 1}\n", "text/x.tlog.size"),
            )
            cosigned = int(told.body)
            assert witness.add_checkpoint(fork.request(cosigned)).status == 422
            assert witness.add_checkpoint(fork.request(0)).status == 409
