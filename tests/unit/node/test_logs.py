"""What a node says of itself: nothing of a plate, a person or a reason, whoever logs."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.model import BadInput
from gatehouse.node.logs import configure, say
from tests.unit.ledger.logs import Clock
from tests.unit.node.founded import ALDER, START, custodian
from tests.unit.node.running import OFFICER, PLATE, asked, batch, made_node, opened_node, sign


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root, ours = logging.getLogger(), logging.getLogger("gatehouse")
    kept, level, own = list(root.handlers), root.level, ours.level
    found = io.StringIO()
    handler = configure("debug", stream=found)
    yield found
    root.removeHandler(handler)
    for each in kept:
        root.addHandler(each)
    root.setLevel(level)
    ours.setLevel(own)
    logging.getLogger("uvicorn.access").disabled = False


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_line_holds_listed_fields_and_short_codes_only(stream: io.StringIO) -> None:
    say("taken in", camera="alder-pd.cam1", count=3, counts={"no_plate": 1}, plate="QX1", state="Jane Doe")
    (line,) = lines(stream)
    assert line.pop("at")
    assert line == {
        "level": "info",
        "logger": "gatehouse.node",
        "event": "taken in",
        "camera": "alder-pd.cam1",
        "count": 3,
        "counts": {"no_plate": 1},
        "state": "?",
    }


def test_exception_is_told_without_its_message(stream: io.StringIO) -> None:
    for error in (ValueError("plate QX1ABC"), BadInput("a file cannot be read", got="QX1ABC")):
        try:
            raise error
        except (ValueError, BadInput) as caught:
            say("failed", level=logging.ERROR, error=caught)
    first, second = lines(stream)
    assert isinstance(first["error"], dict) and isinstance(second["error"], dict)
    assert first["error"]["class"] == "ValueError"
    assert first["error"]["places"][-1].startswith("test_logs.py:")
    assert second["error"]["what"] == "a file cannot be read"
    assert "QX1ABC" not in stream.getvalue()


def test_handlers_that_a_server_left_behind_are_gone(stream: io.StringIO) -> None:
    left, server = io.StringIO(), logging.getLogger("uvicorn")
    server.addHandler(logging.StreamHandler(left))
    server.propagate = False
    handler = configure("debug", stream=stream)
    try:
        logging.getLogger("uvicorn.error").warning("bad request %s", "/searches?plate=QX1ABC")
    finally:
        logging.getLogger().removeHandler(handler)
    assert left.getvalue() == ""
    assert [each["event"] for each in lines(stream)] == ["bad request %s"]


def test_other_libraries_are_quoted_without_what_they_put_in(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("bad request %s", "/searches?plate=QX1ABC")
    logging.getLogger("uvicorn.access").warning("GET %s", "/searches?plate=QX1ABC")
    (line,) = lines(stream)
    assert line["event"] == "bad request %s"
    assert "QX1ABC" not in stream.getvalue()


def test_node_at_work_logs_no_plate_no_person_and_no_reason(
    stream: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made_node(tmp_path / "node")
    clock = Clock(START + timedelta(hours=1))

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"{PLATE} {OFFICER.name} stolen Honda")

    with opened_node(folder, clock) as node:
        node.ingest(batch(1, clock.at, PLATE, "?", "OTHER99"))
        search = asked(clock.at)
        node.door.ask(search, signed=sign(search, clock.at))
        node.door.ask(replace(search, reason="ICE+ERO"), signed=None)
        with monkeypatch.context() as patched:
            patched.setattr(node.vault, "sweep", fail)
            patched.setattr(node.reads, "lookup", fail)
            node.background.run_now("sweep")
            node.door.ask(search, signed=sign(search, clock.at))
        node.offboard(OFFICER.id, by=custodian(ALDER, 1))
        for task in ("sweep", "changes", "reviews", "expiry", "counters", "export"):
            node.background.run_now(task)
    text = stream.getvalue()
    assert "task failed" in text
    for word in (PLATE, "OTHER99", OFFICER.name, "Custodian 1", "Honda", "ICE", "26-01234"):
        assert word not in text
