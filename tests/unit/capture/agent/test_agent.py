from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from gatehouse.capture.agent.agent import Agent
from gatehouse.capture.agent.queue import Added, QueueCounts
from gatehouse.capture.agent.status import telling
from gatehouse.capture.agent.uplink import NotNow, Outcome, Refused, Taken
from gatehouse.model.batch import SignedBatch
from tests.unit.capture.agent.cameras import AT, CAMERA, Told, folder_of, plates_of, queue_of, read_of


class Running:
    """An agent on a thread, with a node that answers as it is told."""

    def __init__(self, path: Path, *answers: Outcome) -> None:
        folder = folder_of(path)
        self.queue = queue_of(folder)
        self.node = Told(answers)
        self.agent = Agent(
            self.queue,
            self.node,
            folder.signer(),
            keep=timedelta(days=1),
            clock=lambda: AT + timedelta(hours=1),
            first_wait=0.001,
            gather=0.001,
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        stop = Event()
        thread = Thread(target=self.agent.run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            self.queue.close()


def test_reads_are_handed_in_in_order_and_once(tmp_path: Path) -> None:
    run = Running(tmp_path)
    with run.running():
        for number in range(20):
            assert run.agent.take(read_of(number)) is Added.KEPT
        assert run.agent.drain(10)
        assert run.queue.counts() == QueueCounts(0, 0, 0, 0)

    assert [plate for batch in run.node.sent for plate in plates_of(batch)] == [f"TEST{n}" for n in range(20)]
    assert run.agent.state.accepted == 20


@pytest.mark.parametrize(
    "answer",
    [NotNow("the node does not answer"), NotNow("busy", 0.002), Refused("the camera is suspended")],
    ids=["away", "busy", "refused"],
)
def test_batch_that_is_not_taken_is_sent_again_byte_for_byte(tmp_path: Path, answer: Outcome) -> None:
    run = Running(tmp_path, answer, answer)
    run.agent.take(read_of(1))
    with run.running():
        assert run.agent.drain(10)

    first, second, third = run.node.sent
    assert first == second == third
    assert run.agent.state.node
    assert run.agent.state.accepted == 1


def test_what_the_node_refuses_of_a_batch_is_counted_and_not_sent_again(tmp_path: Path) -> None:
    run = Running(tmp_path, Taken(1, {"expired": 2}, duplicate=False), Taken(0, {}, duplicate=True))
    with run.running():
        run.agent.take(read_of(1))
        assert run.agent.drain(10)
        run.agent.take(read_of(2))
        assert run.agent.drain(10)

    assert len(run.node.sent) == 2
    state = run.agent.state
    assert (state.accepted, state.duplicates, state.refused) == (1, 1, {"expired": 2})


def test_reads_beyond_what_the_owner_keeps_are_never_sent(tmp_path: Path) -> None:
    run = Running(tmp_path)
    run.agent.take(read_of(1, AT - timedelta(days=2)))
    run.agent.take(read_of(2))
    with run.running():
        assert run.agent.drain(10)
        assert run.queue.counts() == QueueCounts(0, 0, 0, expired=1)

    assert [plates_of(batch) for batch in run.node.sent] == [["TEST2"]]


def test_health_and_counts_tell_how_things_stand(tmp_path: Path) -> None:
    run = Running(tmp_path, *[NotNow("the node does not answer")] * 10_000)
    with run.running(), telling({CAMERA: (run.agent, run.queue)}, host="127.0.0.1", port=0) as url:
        client = httpx.Client(base_url=url, trust_env=False)
        with client:
            assert client.get("/healthz").status_code == 200
            run.agent.on_source(False, "the camera does not answer")
            run.agent.take(read_of(1))
            while run.agent.state.node:
                pass
            health, metrics = client.get("/healthz"), client.get("/metrics")
            other = client.get("/reads")

    assert (health.status_code, health.json()) == (
        503,
        {
            CAMERA: {
                "ready": False,
                "source": "the camera does not answer",
                "node": "the node does not answer",
            }
        },
    )
    lines = metrics.text.splitlines()
    assert f'gatehouse_camera_reads_waiting{{camera="{CAMERA}"}} 1.0' in lines
    assert f'gatehouse_camera_source_up{{camera="{CAMERA}"}} 0.0' in lines
    assert f'gatehouse_camera_reads_lost_total{{camera="{CAMERA}",reason="overflow"}} 0.0' in lines
    assert "TEST" not in metrics.text
    assert other.status_code == 404


def test_log_holds_no_plate(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    run = Running(tmp_path, NotNow("the node does not answer"), Taken(0, {"malformed": 1}, duplicate=False))
    with run.running():
        run.agent.take(read_of(1))
        assert run.agent.drain(10)

    assert [record.getMessage() for record in caplog.records] == [
        "reads are kept here: the node does not answer",
        "the node took 0 reads and refused {'malformed': 1}",
    ]


def test_error_that_nobody_foresaw_shows_in_the_state_and_does_not_end_the_handing_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = Running(tmp_path)
    sent, run.node.send = run.node.send, _broken  # type: ignore[method-assign]  # breaks for a while
    with run.running():
        run.agent.take(read_of(1))
        end = time.monotonic() + 10
        while run.agent.state.node:
            assert time.monotonic() < end, "the failure does not show"
            time.sleep(0.005)
        assert run.agent.state.node_why == "the agent failed: RuntimeError"
        assert not run.agent.state.ready
        run.node.send = sent  # type: ignore[method-assign]  # and is whole again
        assert run.agent.drain(10)
    assert "TEST" not in caplog.text


def _broken(batch: SignedBatch) -> Outcome:
    raise RuntimeError("of TEST1")
