"""`gatehouse read`: the plates in pictures, in recordings, and before cameras."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatehouse.cli.models import Folder

if TYPE_CHECKING:
    from gatehouse.capture import Frame, ModelSet, PlateReader, SeenPlate
    from gatehouse.capture.passes import Pass, PassReader
    from gatehouse.capture.sources import Source


def read(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Images, recordings, folders of them, or cameras: rtsp://, or http:// for MJPEG.",
        ),
    ],
    models: Folder = None,
    single: Annotated[
        bool, typer.Option("--single", help="Read each plate once with one model: faster, and errs more.")
    ] = False,
    frames: Annotated[
        bool, typer.Option("--frames", help="Of a recording or camera, read every frame by itself.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Show also plates that were not read with enough confidence.")
    ] = False,
    draw: Annotated[
        Path | None,
        typer.Option("--draw", metavar="DIR", help="Write each frame that has plates, with boxes, into DIR."),
    ] = None,
    threads: Annotated[
        int, typer.Option("--threads", metavar="N", min=1, max=64, help="How many threads a model may use.")
    ] = 2,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON line per picture, pass or frame, in order.")
    ] = False,
) -> None:
    """Find the plates in pictures and read them, on this machine and without a network.

    Of a recording or a camera, each vehicle that passes is one read, from all frames that show its plate.
    """
    from gatehouse.capture.models import find_models
    from gatehouse.capture.sources import frames_told, open_sources
    from gatehouse.cli.output import console, print_json_line, progress, results_folder

    told = console(stderr=True)
    opened = open_sources(sources, on_state=lambda _up, why: told.print(why, markup=False))
    results_folder(draw)
    found = find_models(models)
    if found.notice is not None:
        told.print(found.notice)
    looks = _Looks(found, single=single, everything=everything, threads=threads, images=draw is not None)
    lengths = [None if each.live else frames_told(each) or 1 for each in opened]
    total = None if None in lengths else sum(each or 0 for each in lengths)
    with progress("Reading", total) as advance:
        for place, source in enumerate(opened, 1):
            alone = frames or not source.moves
            for result in (looks.frames if alone else looks.passes)(source, advance):
                if as_json:
                    print_json_line(result.document)
                else:
                    _tell(result)
                if draw is not None and result.plates:
                    _draw(draw, place, source, result)


class _Result:
    """What one line tells: a frame with its plates, and the pass whose best frame it is, if it is one."""

    def __init__(self, frame: Frame, plates: list[SeenPlate], passed: Pass | None = None) -> None:
        self.frame = frame
        self.plates = plates
        self.passed = passed

    @property
    def document(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        found = document(self.frame, self.plates)
        if self.passed is not None:
            found["started"], found["ended"] = round(self.passed.started, 3), round(self.passed.ended, 3)
            found["frames_seen"] = self.passed.frames_seen
        return found


class _Looks:
    """Looks at sources with models that are loaded once."""

    def __init__(
        self, models: ModelSet, *, single: bool, everything: bool, threads: int, images: bool
    ) -> None:
        from gatehouse.capture import Recognizer
        from gatehouse.capture.recognizer import ABSTAIN_BELOW

        least = 0.0 if everything else ABSTAIN_BELOW
        self._recognizer = Recognizer.open(models, single=single, abstain_below=least, threads=threads)
        self._single = single
        self._models = models
        self._threads = threads
        self._images = images
        self._quick: PlateReader | None = None

    def frames(self, source: Source, advance: Callable[[int], None]) -> Iterator[_Result]:
        """Yield each frame of a source."""
        from gatehouse.capture.sources import ahead

        for frame in ahead(source):
            yield _Result(frame, self._recognizer.look(frame.image))
            advance(1)

    def passes(self, source: Source, advance: Callable[[int], None]) -> Iterator[_Result]:
        """Yield each pass of a source; a camera's end is an interruption, and what is under way is told."""
        from gatehouse.capture.sources import ahead

        reader = self.reader()
        try:
            for frame in ahead(source):
                yield from map(_passed, reader.feed(frame))
                advance(1)
        except KeyboardInterrupt:
            if not source.live:
                raise
        finally:
            source.close()
        yield from map(_passed, reader.finish())

    def reader(self) -> PassReader:
        """Return what tells the passes of one source."""
        from gatehouse.capture import Recognizer
        from gatehouse.capture.passes import PassReader

        recognizer = self._recognizer
        if not self._single and self._quick is None:
            self._quick = Recognizer.open(self._models, single=True, threads=self._threads).reader
        return PassReader(recognizer, quick=self._quick, keep_images=self._images)


def _passed(passed: Pass) -> _Result:
    from gatehouse.capture import Frame, SeenPlate

    image = passed.crop if passed.image is None else passed.image
    frame = Frame(passed.source, passed.frame, passed.time, image)
    return _Result(frame, [SeenPlate(passed.box, passed.plate, 1.0)], passed)


def document(frame: Frame, plates: list[SeenPlate]) -> dict[str, Any]:
    """Return what `--json` prints of a frame."""
    return {
        "source": frame.source,
        "frame": frame.number,
        "time": None if frame.time is None else round(frame.time, 3),
        "plates": [_plate(each) for each in plates],
    }


def _plate(seen: SeenPlate) -> dict[str, Any]:
    reading, box = seen.reading, seen.box
    state = reading.state
    return {
        "plate": reading.text,
        "confidence": round(reading.confidence, 4),
        "characters": [round(each, 4) for each in reading.characters],
        "box": [round(each, 1) for each in (box.x, box.y, box.width, box.height)],
        "state": None if state is None else state.code,
        "state_confidence": None if state is None else round(state.confidence, 4),
        "candidates": [
            {"plate": each.plate, "confidence": round(each.confidence, 4), "why": each.why.value}
            for each in reading.candidates
        ],
    }


def _tell(result: _Result) -> None:
    from gatehouse.cli.output import print_text, printable

    frame = result.frame
    where = printable(frame.source) + (f", {frame.time:.2f} s" if frame.time is not None else "")
    if not result.plates:
        print_text(f"{where}: no plate read")
    for each in result.plates:
        others = [other.plate for other in each.reading.candidates if other.plate != each.reading.text]
        doubt = f", or {', '.join(others[:3])}" if others and each.reading.confidence < 1 else ""
        print_text(f"{where}: {each.reading.text} ({each.reading.confidence:.0%}{doubt})")


def _draw(folder: Path, place: int, source: Source, result: _Result) -> None:
    from gatehouse.capture.drawing import as_jpeg, drawn
    from gatehouse.cli.files import write_file

    folder.mkdir(parents=True, exist_ok=True)
    # Pictures of two folders may bear one name; two vehicles may be seen best in one frame.
    name = f"{place:05}-{source.stem}"
    if source.moves:
        name += f"-{result.frame.number:06}"
    if result.passed is not None:
        name += f"-{round(result.passed.box.x):04}"
    write_file(folder / f"{name}.jpg", as_jpeg(drawn(result.frame.image, result.plates)))
