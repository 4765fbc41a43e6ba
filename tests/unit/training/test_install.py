"""Weights on their way into the package, and their table in `weights.toml`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from training.install import install, recorded

DOCUMENT = """# What the files are.

[[model]]
name = "plates.onnx"
bytes = 1
sha256 = "a"

[[model]]
name = "characters.onnx"
bytes = 2
sha256 = "b"
temperature = 1.0
what = "reads"
"""


def test_recorded_changes_only_the_named_table() -> None:
    changed = recorded(DOCUMENT, "characters.onnx", {"bytes": "9", "temperature": "1.5"})
    assert changed == DOCUMENT.replace("bytes = 2", "bytes = 9").replace(
        "temperature = 1.0", "temperature = 1.5"
    )


def test_recorded_unknown_table_raises() -> None:
    with pytest.raises(ValueError, match=r"no table is called state\.onnx"):
        recorded(DOCUMENT, "state.onnx", {"bytes": "9"})


def test_recorded_missing_key_raises() -> None:
    with pytest.raises(ValueError, match="has no temperature"):
        recorded(DOCUMENT, "plates.onnx", {"temperature": "1.5"})


def test_install_copies_the_file_and_writes_its_hash(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "weights.toml").write_text(DOCUMENT, encoding="utf-8")
    model = tmp_path / "characters.onnx"
    model.write_bytes(b"weights")
    install(model, temperature=None, weights=weights)
    digest = hashlib.sha256(b"weights").hexdigest()
    assert (weights / "characters.onnx").read_bytes() == b"weights"
    assert (weights / "weights.toml").read_text(encoding="utf-8") == DOCUMENT.replace(
        "bytes = 2", "bytes = 7"
    ).replace('sha256 = "b"', f'sha256 = "{digest}"')
