"""`gatehouse camera run`: from a camera's pictures to reads."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import typer

from gatehouse.model import BadUse

if TYPE_CHECKING:
    from gatehouse.capture.sources import Source
    from gatehouse.cli.camera_agents import Feeding


SCHEMES = ("rtsp", "rtsps", "http", "https")
# How long the end of a recording waits for the node.
_DRAIN_SECONDS = 30.0


def began_at(source: str, began: str | None) -> datetime | None:
    """Return when a recording began, which nobody can guess; None of a camera, which is seen now."""
    live = source.partition("://")[0].lower() in SCHEMES
    if live is not (began is None):
        raise BadUse(
            "a recording needs the time at which it began, and a camera has none",
            where="--began",
            expected="nothing" if live else "a time with its zone, as 2026-11-24T16:04:05Z",
        )
    if began is None:
        return None
    try:
        found = datetime.fromisoformat(began)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        expected = "as 2026-11-24T16:04:05Z"
        raise BadUse("that is no time with a zone", where="--began", expected=expected, got=began)
    return found


def watch(
    source: str, feed: Feeding, *, models: Path | None, single: bool, threads: int, began: datetime | None
) -> None:
    """Hand every pass of a source to the agent until the source or the feed ends."""
    from gatehouse.capture import Recognizer
    from gatehouse.capture.agent.reads import CameraRead
    from gatehouse.capture.models import find_models
    from gatehouse.capture.passes import PassReader
    from gatehouse.capture.sources import LiveSource, ahead, open_source

    found = find_models(models)
    recognizer = Recognizer.open(found, single=single, threads=threads)
    quick = None if single else Recognizer.open(found, single=True, threads=threads).reader
    reader = PassReader(recognizer, quick=quick)
    opened = open_source(source, on_state=feed.on_source)

    def moment(seconds: float) -> datetime:
        if isinstance(opened, LiveSource):
            return opened.moment(seconds)
        assert began is not None, "a recording has a beginning"
        return began + timedelta(seconds=seconds)

    Thread(target=_end, args=(feed, opened), daemon=True).start()
    try:
        for frame in ahead(opened):
            for passed in reader.feed(frame):
                feed.only.take(CameraRead.of_pass(passed, moment(passed.time)))
            if feed.stop.is_set():
                break
    finally:
        opened.close()
    for passed in reader.finish():
        feed.only.take(CameraRead.of_pass(passed, moment(passed.time)))
    if not feed.stop.is_set() and not feed.only.drain(_DRAIN_SECONDS):
        typer.echo("The node has not taken everything yet; the next run goes on.", err=True)


def _end(feed: Feeding, source: Source) -> None:
    feed.stop.wait()
    source.close()
