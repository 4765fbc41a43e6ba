"""Model files: which there are (`models.toml`), where they are looked for, and whether they are those.

Looked for in the folder that the command names, else in GATEHOUSE_MODELS, else in the user's cache, where
`gatehouse models fetch` puts them. What a folder that was named lacks is an error; what the cache lacks comes
from the package, which has smaller files of the project's own (`weights/weights.toml`). A file whose hash is
another is never loaded.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path

from gatehouse.model import PartUnavailable, VerificationFailed

ENVIRONMENT = "GATEHOUSE_MODELS"
WEIGHTS = Path(__file__).with_name("weights")
_CHUNK = 1 << 20


class Part(StrEnum):
    """What a model does."""

    DETECTOR = "detector"
    READER = "reader"


class Standing(StrEnum):
    """How a file of the catalog stands in a folder."""

    READY = "ready"
    MISSING = "missing"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Model:
    """One file of the catalog; `form` says which class runs it, no `url` that it cannot be fetched.

    `temperature` is what a network's logits are divided by before they become probabilities.
    """

    name: str
    part: Part
    form: str
    url: str | None
    bytes: int
    sha256: str
    licence: str
    what: str
    temperature: float = 1.0
    packaged: bool = False

    def path(self, folder: Path) -> Path:
        """Return where the file is looked for: a packaged one in the package, another in the folder."""
        return (WEIGHTS if self.packaged else folder) / self.name

    def standing(self, folder: Path) -> Standing:
        """Return whether the file in a folder is there and has this hash."""
        path = self.path(folder)
        if not path.is_file():
            return Standing.MISSING
        return Standing.READY if hash_of(path) == self.sha256 else Standing.WRONG


@dataclass(frozen=True, slots=True)
class ModelSet:
    """The files that a recognizer is opened with, checked: one detector, and readers to be averaged.

    `arbiter` is a reader of another kind, which is heard where these are in doubt.
    """

    folder: Path
    detector: Model
    readers: tuple[Model, ...]
    arbiter: Model | None = None

    @property
    def notice(self) -> str | None:
        """Return what to tell a person where the project's own files are used, else None."""
        if not any(each.packaged for each in (self.detector, *self.readers)):
            return None
        return (
            "Plates are read with the small model files that come with the program, which err more often. "
            "Others: gatehouse models fetch"
        )


@cache
def catalog() -> tuple[Model, ...]:
    """Return the models that others make, the preferred of each part first."""
    return _models(files("gatehouse.capture").joinpath("models.toml").read_text("utf-8"), packaged=False)


@cache
def packaged() -> tuple[Model, ...]:
    """Return the project's own models, which are in the package."""
    return _models((WEIGHTS / "weights.toml").read_text("utf-8"), packaged=True)


def _models(document: str, *, packaged: bool) -> tuple[Model, ...]:
    given = tomllib.loads(document)
    return tuple(
        Model(
            each["name"],
            Part(each["part"]),
            each["form"],
            each.get("url"),
            each["bytes"],
            each["sha256"],
            each["licence"],
            each["what"],
            each.get("temperature", 1.0),
            packaged,
        )
        for each in given["model"]
    )


def models_folder(named: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return where models are looked for: as named, else GATEHOUSE_MODELS, else the user's cache."""
    if named is not None:
        return named
    if given := environment.get(ENVIRONMENT):
        return Path(given)
    cached = environment.get("XDG_CACHE_HOME")
    return (Path(cached) if cached else Path.home() / ".cache") / "gatehouse" / "models"


def find_models(
    named: Path | None = None,
    *,
    known: Sequence[Model] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> ModelSet:
    """Return a detector and every reader of the folder, each with the right hash.

    Where no folder is named, by `named` or GATEHOUSE_MODELS, a part that the cache lacks comes from the
    package. A file whose hash is another is `VerificationFailed`; a part that is nowhere is
    `PartUnavailable`.
    """
    folder = models_folder(named, environment)
    ready = {part: _ready(catalog() if known is None else known, part, folder) for part in Part}
    for part, found in ready.items():
        if not found and named is None and not environment.get(ENVIRONMENT):
            found = ready[part] = _ready(packaged(), part, folder)
        if not found:
            raise PartUnavailable(
                f"there is no model file for the {part.value}",
                where=str(folder),
                hint=f"gatehouse models fetch, or name their folder: --models DIR or {ENVIRONMENT}",
            )
    readers = tuple(ready[Part.READER])
    own = _ready(packaged(), Part.READER, folder)
    arbiter = own[0] if own and not readers[0].packaged else None
    return ModelSet(folder, ready[Part.DETECTOR][0], readers, arbiter)


def _ready(known: Sequence[Model], part: Part, folder: Path) -> list[Model]:
    """Return the models of a part whose files are here and whole; of detectors only the preferred."""
    found: list[Model] = []
    for model in known:
        if model.part is not part or (part is Part.DETECTOR and found):
            continue
        standing = model.standing(folder)
        if standing is Standing.WRONG:
            raise wrong_hash(model, model.path(folder))
        if standing is Standing.READY:
            found.append(model)
    return found


def wrong_hash(model: Model, path: Path) -> VerificationFailed:
    """Say that a file is not the one that the catalog names."""
    return VerificationFailed(
        "a model file is not the one that is known by this name, and is not used",
        where=str(path),
        expected=f"sha256:{model.sha256}",
        got=f"sha256:{hash_of(path)}",
        hint="install the program again"
        if model.packaged
        else "remove the file, then: gatehouse models fetch",
    )


def hash_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
