"""A camera's folder: its id, its key, and its queue."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gatehouse.model import BadInput, BadUse
from gatehouse.signing import Signer, create_key, open_signer

SETTINGS, KEY, QUEUE = "camera.json", "camera.pem", "queue.sqlite"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}", re.ASCII)
_LARGEST = 4_096


@dataclass(frozen=True, slots=True)
class CameraFolder:
    """The folder of a camera of the network."""

    path: Path
    camera: str

    @classmethod
    def create(cls, path: Path, *, camera: str) -> CameraFolder:
        """Make a folder with a new key; one that holds something is `BadUse`."""
        if _ID.fullmatch(camera) is None:
            raise BadUse(
                "that is no camera's id",
                where="--camera",
                expected="letters, digits and . _ / - , at most 128",
                got=camera[:128],
            )
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise BadUse("there is something already", where=str(path), expected="a new folder")
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = cls(path, camera)
        create_key(found._uri)
        (path / SETTINGS).write_text(json.dumps({"camera": camera}) + "\n", "utf-8")
        return found

    @classmethod
    def open(cls, path: Path) -> CameraFolder:
        """Return a folder that `create` has made; another is `BadInput`."""
        try:
            with (path / SETTINGS).open("rb") as file:
                camera = json.loads(file.read(_LARGEST))["camera"]
        except (OSError, ValueError, KeyError, TypeError):
            camera = None
        if not isinstance(camera, str) or _ID.fullmatch(camera) is None:
            raise BadInput(
                "the folder holds no camera",
                where=str(path),
                expected=f"a {SETTINGS} with the camera's id",
                hint="make one with `gatehouse camera enrol`",
            )
        return cls(path, camera)

    @property
    def queue(self) -> Path:
        """Return where the reads wait."""
        return self.path / QUEUE

    def signer(self) -> Signer:
        """Return the camera's key."""
        return open_signer(self._uri)

    @property
    def _uri(self) -> str:
        return f"file:{quote(str(self.path.resolve()))}/{KEY}"
