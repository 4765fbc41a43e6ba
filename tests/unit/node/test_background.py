"""What a node does by itself."""

from __future__ import annotations

import threading

from gatehouse.node.background import Background, Task


def test_background_runs_each_task_again_and_again_until_it_is_closed() -> None:
    done, enough = [], threading.Event()

    def work() -> None:
        done.append(threading.current_thread().name)
        if len(done) == 3:
            enough.set()

    background = Background([Task("often", 0.001, work), Task("never", 3600, lambda: done.append("never"))])
    assert not background.alive
    background.start()
    assert enough.wait(20)
    background.close()
    count = len(done)
    assert set(done) == {"node-background"}
    assert not background.alive
    assert len(done) == count


def test_background_goes_on_when_a_task_fails_and_says_which() -> None:
    tried, enough = [], threading.Event()

    def work() -> None:
        tried.append(1)
        if len(tried) < 3:
            raise OSError
        enough.set()

    background = Background([Task("odd", 0.001, work)])
    background.start()
    assert enough.wait(20)
    background.close()
    assert background.failing == {}
    tried.clear()
    assert not background.run_now("odd")
    assert background.failing == {"odd": "OSError"}


def test_background_that_was_never_started_closes() -> None:
    Background([Task("never", 1, lambda: None)]).close()
