"""`gatehouse read`: the plates in pictures and recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatehouse.cli.models import Folder

if TYPE_CHECKING:
    from gatehouse.capture import Frame, SeenPlate
    from gatehouse.capture.pictures import Picture


def read(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE...", help="Images, recordings, or folders of them.")
    ],
    models: Folder = None,
    single: Annotated[
        bool, typer.Option("--single", help="Read each plate once with one model: faster, and errs more.")
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
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON line per frame, in order.")] = False,
) -> None:
    """Find the plates in pictures and read them, on this machine and without a network."""
    from gatehouse.capture.models import find_models
    from gatehouse.capture.pictures import frames_of, pictures_of
    from gatehouse.cli.output import console, print_json_line, progress, results_folder

    pictures = pictures_of(sources)
    results_folder(draw)
    found = find_models(models)
    if found.notice is not None:
        console(stderr=True).print(found.notice)
    from gatehouse.capture import Recognizer

    recognizer = Recognizer.open(found, single=single, threads=threads)
    look = recognizer.look_at_all if everything else recognizer.look
    with progress("Reading", len(pictures)) as advance:
        for place, picture in enumerate(pictures, 1):
            for frame in frames_of(picture):
                plates = look(frame.image)
                if as_json:
                    print_json_line(document(frame, plates))
                else:
                    _tell(frame, plates)
                if draw is not None and plates:
                    _draw(draw, place, picture, frame, plates)
            advance(1)


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


def _tell(frame: Frame, plates: list[SeenPlate]) -> None:
    from gatehouse.cli.output import print_text, printable

    where = printable(frame.source) + (f", {frame.time:.2f} s" if frame.time is not None else "")
    if not plates:
        print_text(f"{where}: no plate read")
    for each in plates:
        others = [other.plate for other in each.reading.candidates if other.plate != each.reading.text]
        doubt = f", or {', '.join(others[:3])}" if others and each.reading.confidence < 1 else ""
        print_text(f"{where}: {each.reading.text} ({each.reading.confidence:.0%}{doubt})")


def _draw(folder: Path, place: int, picture: Picture, frame: Frame, plates: list[SeenPlate]) -> None:
    from gatehouse.capture.drawing import as_jpeg, drawn
    from gatehouse.cli.files import write_file

    folder.mkdir(parents=True, exist_ok=True)
    # Pictures of two folders may bear one name.
    name = f"{place:05}-{picture.path.stem}" + (f"-{frame.number:06}" if picture.moves else "") + ".jpg"
    write_file(folder / name, as_jpeg(drawn(frame.image, plates)))
