"""Pictures as frames: image files, folders of them, and recordings frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatehouse.capture.nouns import Frame
from gatehouse.model import BadInput

IMAGES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
RECORDINGS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm"})


@dataclass(frozen=True, slots=True)
class Picture:
    """A file to be read, and whether it is a recording."""

    path: Path
    moves: bool


def pictures_of(paths: Sequence[Path]) -> list[Picture]:
    """Return the files that are named or lie in the folders named, these by name.

    A path that is not there, a named file that is no picture, and a folder without any are `BadInput`.
    """
    found = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.iterdir() if each.is_file() and _kind(each) is not None)
            if not inside:
                raise BadInput("the folder holds no picture", where=str(path), expected=_expected())
            found += [Picture(each, _kind(each) is RECORDINGS) for each in inside]
        elif not path.exists():
            raise BadInput("there is no such file", where=str(path), hint="check the path")
        elif (kind := _kind(path)) is None:
            raise BadInput("the file is no picture by its name", where=str(path), expected=_expected())
        else:
            found.append(Picture(path, kind is RECORDINGS))
    return found


def frames_of(picture: Picture) -> Iterator[Frame]:
    """Yield a picture's frames, the only one of an image; what OpenCV cannot decode is `BadInput`."""
    return _recording(picture.path) if picture.moves else _image(picture.path)


def _image(path: Path) -> Iterator[Frame]:
    import cv2
    import numpy as np

    # Read here and decoded there: OpenCV takes no path with signs beyond its locale, and says nothing.
    data = np.frombuffer(path.read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise _undecodable(path)
    yield Frame(str(path), 0, None, np.asarray(image, np.uint8))


def _recording(path: Path) -> Iterator[Frame]:
    import cv2
    import numpy as np

    capture = cv2.VideoCapture(str(path))
    try:
        rate = capture.get(cv2.CAP_PROP_FPS)
        number = 0
        while True:
            came, image = capture.read()
            if not came:
                break
            yield Frame(str(path), number, _time(capture, number, rate), np.asarray(image, np.uint8))
            number += 1
    finally:
        capture.release()
    if number == 0:
        raise _undecodable(path)


def _time(capture: Any, number: int, rate: float) -> float | None:
    """Return when the frame just read was taken, by its own stamp or else by the recording's rate."""
    import cv2

    stamp = float(capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
    if stamp > 0 or number == 0:
        return max(stamp, 0.0)
    return number / rate if rate > 0 else None


def _kind(path: Path) -> frozenset[str] | None:
    suffix = path.suffix.lower()
    return IMAGES if suffix in IMAGES else RECORDINGS if suffix in RECORDINGS else None


def _expected() -> str:
    return ", ".join(sorted(each.removeprefix(".") for each in IMAGES | RECORDINGS))


def _undecodable(path: Path) -> BadInput:
    return BadInput(
        "the picture cannot be decoded",
        where=str(path),
        expected="what its name says it is",
        hint="open it in a viewer: the file may be damaged or empty",
    )
