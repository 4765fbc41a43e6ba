from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gatehouse.capture.models import (
    Model,
    Part,
    Standing,
    catalog,
    find_models,
    models_folder,
    packaged,
)
from gatehouse.model import PartUnavailable, VerificationFailed


def model(name: str, part: Part, data: bytes) -> Model:
    digest = hashlib.sha256(data).hexdigest()
    return Model(name, part, "any", None, len(data), digest, "Apache-2.0", "for a test")


FIRST = model("first.onnx", Part.DETECTOR, b"first")
SECOND = model("second.onnx", Part.DETECTOR, b"second")
READER = model("reader.onnx", Part.READER, b"reader")
OTHER = model("other.onnx", Part.READER, b"other")
KNOWN = (FIRST, SECOND, READER, OTHER)


def lay(folder: Path, *models: Model) -> None:
    for each in models:
        (folder / each.name).write_bytes(each.name.removesuffix(".onnx").encode())


def test_catalog_names_hashes_and_licences_of_every_file() -> None:
    assert len({each.name for each in catalog()}) == len(catalog())
    for each in catalog():
        assert len(bytes.fromhex(each.sha256)) == 32
        assert each.bytes > 0 and each.licence and each.what
        assert each.url is None or each.url.startswith("https://github.com/ankandrew/")
        assert each.url is None or each.url.endswith("/" + each.name)


@pytest.mark.parametrize(
    ("named", "environment", "folder"),
    [
        (Path("given"), {"GATEHOUSE_MODELS": "set"}, Path("given")),
        (None, {"GATEHOUSE_MODELS": "set", "XDG_CACHE_HOME": "cache"}, Path("set")),
        (None, {"XDG_CACHE_HOME": "cache"}, Path("cache/gatehouse/models")),
        (None, {}, Path.home() / ".cache/gatehouse/models"),
    ],
)
def test_models_folder_takes_the_nearest_choice(
    named: Path | None, environment: dict[str, str], folder: Path
) -> None:
    assert models_folder(named, environment) == folder


def test_find_models_takes_the_preferred_detector_and_every_reader(tmp_path: Path) -> None:
    lay(tmp_path, *KNOWN)
    found = find_models(tmp_path, known=KNOWN)
    assert (found.folder, found.detector, found.readers) == (tmp_path, FIRST, (READER, OTHER))


def test_find_models_takes_the_next_detector_where_the_first_is_missing(tmp_path: Path) -> None:
    lay(tmp_path, SECOND, READER)
    assert find_models(tmp_path, known=KNOWN).detector == SECOND


@pytest.mark.parametrize(
    ("there", "lacks"), [((READER,), "detector"), ((FIRST,), "reader"), ((), "detector")]
)
def test_find_models_part_missing_is_unavailable(
    tmp_path: Path, there: tuple[Model, ...], lacks: str
) -> None:
    lay(tmp_path, *there)
    with pytest.raises(PartUnavailable, match=f"no model file for the {lacks}") as raised:
        find_models(tmp_path, known=KNOWN)
    assert "gatehouse models fetch" in str(raised.value.hint)


def test_find_models_other_bytes_are_refused(tmp_path: Path) -> None:
    lay(tmp_path, *KNOWN)
    (tmp_path / OTHER.name).write_bytes(b"othor")
    assert OTHER.standing(tmp_path) is Standing.WRONG
    with pytest.raises(VerificationFailed, match="not the one that is known") as raised:
        find_models(tmp_path, known=KNOWN)
    assert raised.value.expected == f"sha256:{OTHER.sha256}"


def cache_of(tmp_path: Path) -> tuple[dict[str, str], Path]:
    folder = tmp_path / "gatehouse" / "models"
    folder.mkdir(parents=True)
    return {"XDG_CACHE_HOME": str(tmp_path)}, folder


def test_find_models_empty_cache_takes_the_packages_own(tmp_path: Path) -> None:
    environment, folder = cache_of(tmp_path)
    found = find_models(known=KNOWN, environment=environment)
    assert {found.detector, *found.readers} == set(packaged())
    assert all(each.path(folder).is_file() for each in packaged())
    assert found.notice is not None and "gatehouse models fetch" in found.notice


def test_find_models_part_that_the_cache_has_is_taken_from_it(tmp_path: Path) -> None:
    environment, folder = cache_of(tmp_path)
    lay(folder, READER)
    found = find_models(known=KNOWN, environment=environment)
    assert (found.detector.packaged, found.readers) == (True, (READER,))
    assert found.notice is not None


def test_find_models_whole_cache_needs_no_notice(tmp_path: Path) -> None:
    environment, folder = cache_of(tmp_path)
    lay(folder, *KNOWN)
    found = find_models(known=KNOWN, environment=environment)
    assert (found.detector, found.readers, found.notice) == (FIRST, (READER, OTHER), None)


def test_find_models_named_folder_without_files_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(PartUnavailable, match="no model file for the detector"):
        find_models(known=KNOWN, environment={"GATEHOUSE_MODELS": str(tmp_path)})
