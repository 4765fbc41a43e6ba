"""Files that are read in full, and what stands in their place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gatehouse.model import BadInput
from gatehouse.signing.regular_file import read_regular


def test_read_regular_of_a_file_and_of_a_link_to_it_gives_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345678")
    (tmp_path / "link").symlink_to("file")
    for name in ("file", "link"):
        assert read_regular(tmp_path / name, most=8) == b"12345678"
        with pytest.raises(BadInput, match="too long") as long:
            read_regular(tmp_path / name, most=7)
        assert (long.value.where, long.value.expected) == (str(tmp_path / name), "at most 7 bytes")


@pytest.mark.parametrize("kind", ["pipe", "folder", "/dev/zero", "/dev/null"])
def test_read_regular_of_what_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "place"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(kind)
    with pytest.raises(BadInput, match="no regular file"):
        read_regular(place, most=8)


def test_read_regular_of_a_link_that_leads_nowhere_or_in_a_circle_is_the_systems_error(
    tmp_path: Path,
) -> None:
    (tmp_path / "nowhere").symlink_to("gone")
    (tmp_path / "circle").symlink_to("circle")
    for name in ("nowhere", "circle"):
        with pytest.raises(OSError, match=name):
            read_regular(tmp_path / name, most=8)
