"""Vendored parts are the published ones, with their licenses."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

VENDOR = Path(__file__).resolve().parent / "vendor"


@pytest.mark.parametrize("part", sorted(VENDOR.iterdir()), ids=lambda part: part.name)
def test_vendored_part_matches_its_manifest(part: Path) -> None:
    lines = (part / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    present = {
        file.name: sha256(file.read_bytes()).hexdigest()
        for file in part.iterdir()
        if file.name != "SHA256SUMS"
    }
    assert present == listed
    assert "LICENSE" in present
