"""What the room offers, and that asking for one thing does not load the rest."""

from __future__ import annotations

import subprocess
import sys

import pytest

import gatehouse.records as records


def test_public_names_are_sorted_and_exist() -> None:
    assert records.__all__ == sorted(records.__all__)
    assert all(hasattr(records, name) for name in records.__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        _ = records.absent


def test_import_of_the_room_loads_no_polars() -> None:
    code = "import sys, gatehouse.records; sys.exit('polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
