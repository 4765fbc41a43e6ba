"""`gatehouse read` and `gatehouse models` as a user runs them, on photographs of the reference data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gatehouse.cli import main

pytestmark = pytest.mark.shared


@pytest.fixture
def folder(reference: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    recognition = reference / "recognition"
    monkeypatch.setenv("GATEHOUSE_MODELS", str(recognition / "models"))
    return recognition


def test_read_folder_prints_a_line_a_picture_and_draws_it(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pictures, boxes = tmp_path / "pictures", tmp_path / "boxes"
    pictures.mkdir()
    for name in ("eu1", "eu10"):
        shutil.copyfile(folder / "plates" / "eu" / f"{name}.jpg", pictures / f"{name}.jpg")
    assert main(["read", str(pictures), "--json", "--draw", str(boxes), "--threads", "1"]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [Path(each["source"]).name for each in lines] == ["eu1.jpg", "eu10.jpg"]
    for line in lines:
        assert list(line) == ["source", "frame", "time", "plates"]
        assert (line["frame"], line["time"]) == (0, None)
        name, x, y, *_, plate = (
            (folder / "plates" / "eu" / Path(line["source"]).name).with_suffix(".txt").read_text().split()
        )
        (seen,) = line["plates"]
        assert seen["plate"] == plate
        assert seen["candidates"][0] == {"plate": plate, "confidence": seen["confidence"], "why": "read"}
        assert seen["state"] is None
        assert abs(seen["box"][0] - float(x)) < 25 and abs(seen["box"][1] - float(y)) < 25
    assert sorted(each.name for each in boxes.iterdir()) == ["00001-eu1.jpg", "00002-eu10.jpg"]


def test_read_for_people_names_picture_and_plate(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    picture = folder / "plates" / "eu" / "eu1.jpg"
    plate = picture.with_suffix(".txt").read_text("utf-8").split()[-1]
    assert main(["read", str(picture), "--single", "--threads", "1"]) == 0
    assert f"eu1.jpg: {plate} (" in capfd.readouterr().out


def test_read_without_models_says_what_to_do(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    picture = str(folder / "plates" / "eu" / "eu1.jpg")
    assert main(["read", picture, "--models", str(tmp_path)]) == 5
    assert "gatehouse models fetch" in capfd.readouterr().err


def test_read_without_cache_uses_the_packages_files_and_says_so_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GATEHOUSE_MODELS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    pictures = [str(folder / "plates" / "eu" / f"{name}.jpg") for name in ("eu1", "eu10")]
    assert main(["read", *pictures, "--json", "--threads", "1"]) == 0
    told = capfd.readouterr()
    assert [len(json.loads(line)["plates"]) for line in told.out.splitlines()] == [1, 1]
    assert told.err.count("gatehouse models fetch") == 1
    assert main(["models", "check", "--json"]) == 0
    listed = json.loads(capfd.readouterr().out)["models"]
    assert {each["name"]: each["packaged"] for each in listed if each["standing"] == "ready"} == {
        "plates.onnx": True,
        "characters.onnx": True,
    }


def test_models_check_damaged_file_exits_with_4(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for each in (folder / "models").glob("*.onnx"):
        shutil.copyfile(each, tmp_path / each.name)
    assert main(["models", "check", "--models", str(tmp_path), "--json"]) == 0
    standing = {each["name"]: each["standing"] for each in json.loads(capfd.readouterr().out)["models"]}
    assert standing["cct_xs_v2_global.onnx"] == "ready"
    with (tmp_path / "cct_xs_v2_global.onnx").open("ab") as file:
        file.write(b"x")
    assert main(["models", "check", "--models", str(tmp_path)]) == 4
    assert "is not used" in capfd.readouterr().err


def test_models_fetch_unknown_name_is_bad_use(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "fetch", "no-such.onnx"]) == 2
    assert "no model file has that name" in capfd.readouterr().err
