"""Model files: which there are (`models.toml`), where they are looked for, and whether they are those.

Looked for in the folder that the command names, else in GATEHOUSE_MODELS, else in the user's cache, where
`gatehouse models fetch` puts them. The first of these that is named or exists counts; a file whose hash is
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
    """One file of the catalog; `form` says which class runs it, no `url` that it cannot be fetched."""

    name: str
    part: Part
    form: str
    url: str | None
    bytes: int
    sha256: str
    licence: str
    what: str

    def standing(self, folder: Path) -> Standing:
        """Return whether the file in a folder is there and has this hash."""
        path = folder / self.name
        if not path.is_file():
            return Standing.MISSING
        return Standing.READY if hash_of(path) == self.sha256 else Standing.WRONG


@dataclass(frozen=True, slots=True)
class ModelSet:
    """The files that a recognizer is opened with, checked: one detector, and readers to be averaged."""

    folder: Path
    detector: Model
    readers: tuple[Model, ...]


@cache
def catalog() -> tuple[Model, ...]:
    """Return the models that the program knows, the preferred of each part first."""
    given = tomllib.loads(files("gatehouse.capture").joinpath("models.toml").read_text("utf-8"))
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


def find_models(named: Path | None = None, *, known: Sequence[Model] | None = None) -> ModelSet:
    """Return a detector and every reader of the folder, each with the right hash.

    A file whose hash is another is `VerificationFailed`; no detector or no reader is `PartUnavailable`.
    """
    folder = models_folder(named)
    ready: dict[Part, list[Model]] = {Part.DETECTOR: [], Part.READER: []}
    for model in catalog() if known is None else known:
        if model.part is Part.DETECTOR and ready[Part.DETECTOR]:
            continue
        standing = model.standing(folder)
        if standing is Standing.WRONG:
            raise wrong_hash(model, folder / model.name)
        if standing is Standing.READY:
            ready[model.part].append(model)
    for part, found in ready.items():
        if not found:
            raise PartUnavailable(
                f"there is no model file for the {part.value}",
                where=str(folder),
                hint=f"gatehouse models fetch, or name their folder: --models DIR or {ENVIRONMENT}",
            )
    return ModelSet(folder, ready[Part.DETECTOR][0], tuple(ready[Part.READER]))


def wrong_hash(model: Model, path: Path) -> VerificationFailed:
    """Say that a file is not the one that the catalog names."""
    return VerificationFailed(
        "a model file is not the one that is known by this name, and is not used",
        where=str(path),
        expected=f"sha256:{model.sha256}",
        got=f"sha256:{hash_of(path)}",
        hint="remove the file, then: gatehouse models fetch",
    )


def hash_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
