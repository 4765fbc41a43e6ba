"""Sources of frames: image files, recordings, folders of them, and cameras by `rtsp://` or `http://` (MJPEG).

A file gives every frame. A camera gives the newest: what was not asked for in time is dropped and counted, so
that nothing piles up. A camera that is lost is looked for again, ever less often, until the source is closed.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Full, Queue
from threading import Condition, Event, Thread
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import urlsplit

from gatehouse.capture.nouns import Frame
from gatehouse.capture.pictures import Picture, frames_of, pictures_of
from gatehouse.model import BadInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCHEMES = ("rtsp", "rtsps", "http", "https")
# A camera that says nothing for so long is lost; FFmpeg's own patience is 30 s.
PATIENCE = 8.0
# Between two tries to reach a lost camera; the wait doubles from the first to the longest, varied by chance.
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0

OnState: TypeAlias = Callable[[bool, str], None]


def _unheard(_up: bool, _why: str) -> None:
    """Tell nobody."""


class Source(Protocol):
    """Gives frames in order.

    `name` may be shown and `stem` be a part of a file's name; `live` says that frames come as time passes,
    `moves` that they are more than one picture.
    """

    name: str
    stem: str
    live: bool
    moves: bool

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames; an unreadable file is `BadInput`."""
        ...

    def close(self) -> None:
        """End the frames soon; may be called from another thread."""
        ...


class FileSource:
    """An image or a recording; the frames of a recording have times, that of an image has none."""

    live = False

    def __init__(self, picture: Picture, *, on_state: OnState = _unheard) -> None:
        self.picture = picture
        self.name = str(picture.path)
        self.stem = picture.path.stem
        self.moves = picture.moves
        self._on_state = on_state
        self._closed = Event()

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames until the file ends or the source is closed."""
        came = 0
        for frame in frames_of(self.picture):
            if self._closed.is_set():
                return
            yield frame
            came += 1
        told = frames_told(self)
        # Containers that keep no count are told by their duration, which is off by a frame or two.
        if told is not None and came < 0.95 * told - 2:
            self._on_state(False, f"the recording ends after {came} of {told} frames: it may be damaged")

    def close(self) -> None:
        """End the frames."""
        self._closed.set()


class LiveSource:
    """A camera on the network.

    `on_state(up, why)` is called from the source's own thread whenever the camera is reached or lost.
    `dropped` counts frames that came and were not asked for in time.
    """

    live = True
    moves = True
    stem = "camera"

    def __init__(
        self,
        address: str,
        *,
        on_state: OnState = _unheard,
        patience: float = PATIENCE,
        first_wait: float = FIRST_WAIT,
    ) -> None:
        self.name = shown(address)
        self.dropped = 0
        self._address = address
        self._on_state = on_state
        self._patience = patience
        self._first_wait = first_wait
        self._started = time.monotonic()
        self._number = 0
        self._newest: Frame | None = None
        self._change = Condition()
        self._closed = Event()

    def __iter__(self) -> Iterator[Frame]:
        """Yield the newest frame each time, waiting for one, until the source is closed."""
        self._closed.clear()
        reader = Thread(target=self._read, name="camera", daemon=True)
        reader.start()
        try:
            while (frame := self._next()) is not None:
                yield frame
        finally:
            self.close()
            reader.join()

    def close(self) -> None:
        """End the frames; a connection that is waited for ends within the source's patience."""
        self._closed.set()
        with self._change:
            self._change.notify_all()

    def moment(self, seconds: float) -> datetime:
        """Return the time of day, UTC, of a frame's time, by the clock as it now stands.

        Small computers learn the time of day after their start; what they took it for before is not kept.
        """
        ago = time.monotonic() - self._started - seconds
        return datetime.now(UTC) - timedelta(seconds=ago)

    def _next(self) -> Frame | None:
        with self._change:
            self._change.wait_for(lambda: self._newest is not None or self._closed.is_set())
            frame, self._newest = self._newest, None
        return None if self._closed.is_set() else frame

    def _read(self) -> None:
        """Keep the newest frame of the camera, reaching for it again and again."""
        wait = self._first_wait
        while not self._closed.is_set():
            capture = _opened(self._address, self._patience)
            try:
                if came := self._follow(capture):
                    wait = self._first_wait
                why = "the camera's pictures have ceased" if came else "the camera cannot be reached"
            finally:
                capture.release()
            if self._closed.is_set():
                return
            self._on_state(False, why)
            self._closed.wait(wait * random.uniform(0.5, 1.5))  # noqa: S311 # spreads load, guards nothing
            wait = min(wait * 2, LONGEST_WAIT)

    def _follow(self, capture: Any) -> int:
        """Take frames until none comes; returns how many came."""
        came = 0
        while not self._closed.is_set():
            good, image = capture.read()
            if not good:
                break
            if came == 0:
                self._on_state(True, "the camera's pictures come")
            came += 1
            self._keep(image)
        return came

    def _keep(self, image: NDArray[np.uint8]) -> None:
        with self._change:
            if self._newest is not None:
                self.dropped += 1
            self._newest = Frame(self.name, self._number, time.monotonic() - self._started, image)
            self._number += 1
            self._change.notify_all()


def open_source(text: str, *, on_state: OnState = _unheard) -> Source:
    """Return the source that a path or an address names; a folder is `BadInput` here."""
    found = open_sources([text], on_state=on_state)
    if Path(text).is_dir():
        raise BadInput("a folder is no single source", where=text, expected="a file, or a camera's address")
    return found[0]


def open_sources(texts: Sequence[str], *, on_state: OnState = _unheard) -> list[Source]:
    """Return the sources that paths and addresses name, those of a folder by name.

    Nothing is opened yet but folders. What is no picture by its name is `BadInput`.
    """
    found: list[Source] = []
    for text in texts:
        if "://" in text:
            found.append(LiveSource(_checked(text), on_state=on_state))
        else:
            found += [FileSource(each, on_state=on_state) for each in pictures_of([Path(text)])]
    return found


def shown(address: str) -> str:
    """Return a camera's address without the account and the query, which may hold its password."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme.lower()}://{host}{port}{parts.path}"


def frames_told(source: Source) -> int | None:
    """Return how many frames a recording says it has; None where it does not, and of what is none."""
    if source.live or not source.moves:
        return None
    import cv2

    capture = cv2.VideoCapture(source.name)
    told = capture.get(cv2.CAP_PROP_FRAME_COUNT) if capture.isOpened() else 0.0
    capture.release()
    return round(told) if told > 0 else None


def ahead(source: Source, *, most: int = 4) -> Iterator[Frame]:
    """Yield a source's frames, `most` of them decoded in a thread while others are looked at.

    A live source has its own thread and keeps one frame.
    """
    if source.live or not source.moves:
        yield from source
        return
    waiting: Queue[Frame | BaseException | None] = Queue(most)
    stopped = Event()

    def decode() -> None:
        end: BaseException | None = None
        try:
            for frame in source:
                if not _put(waiting, frame, stopped):
                    return
        except Exception as error:
            # Raised where the frames are asked for.
            end = error
        _put(waiting, end, stopped)

    thread = Thread(target=decode, name="decoder", daemon=True)
    thread.start()
    try:
        while isinstance(each := waiting.get(), Frame):
            yield each
        if each is not None:
            raise each
    finally:
        stopped.set()
        thread.join()


def _put(
    waiting: Queue[Frame | BaseException | None], each: Frame | BaseException | None, stopped: Event
) -> bool:
    """Hand a frame on as soon as there is room; returns whether anybody still wants it."""
    while not stopped.is_set():
        try:
            waiting.put(each, timeout=0.1)
        except Full:
            continue
        return True
    return False


def _checked(address: str) -> str:
    try:
        parts = urlsplit(address)
        good = parts.scheme.lower() in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise BadInput(
            "this is no address of a camera",
            got=address.partition("://")[0] + "://",
            expected=" or ".join(f"{each}://" for each in SCHEMES) + ", then the camera's name",
        )
    return address


def _opened(address: str, patience: float) -> Any:
    # FFmpeg writes what it dislikes of a stream to stderr; what matters is told by `on_state`.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    import cv2

    waits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, cv2.CAP_PROP_READ_TIMEOUT_MSEC]
    given = [each for name in waits for each in (name, round(patience * 1000))]
    return cv2.VideoCapture(address, cv2.CAP_FFMPEG, given)
