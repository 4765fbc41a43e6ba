"""Paths and bundles by C2SP tlog-tiles: what each size has, and one spelling for each."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gatehouse.ledger import layout
from gatehouse.ledger.errors import InvalidTile
from gatehouse.ledger.layout import LARGEST_ENTRY, TILE, Resource
from gatehouse.model import BadInput, BadUse

levels, indexes, widths = st.integers(0, 63), st.integers(0, 2**55 - 1), st.integers(1, TILE)


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 0, 1, "tile/0/000.p/1"),
        (0, 999, 255, "tile/0/999.p/255"),
        (1, 1000, 256, "tile/1/x001/000"),
        (63, 1_234_067, 256, "tile/63/x001/x234/067"),
        (2, 1_234_067, 17, "tile/2/x001/x234/067.p/17"),
    ],
)
def test_tile_path_is_that_of_the_specification(level: int, index: int, width: int, path: str) -> None:
    assert layout.tile_path(level, index, width) == path
    assert layout.parse_path(path) == Resource("tile", level, index, width)


def test_entries_path_is_that_of_the_specification() -> None:
    assert layout.entries_path(1_234_067) == "tile/entries/x001/x234/067"
    assert layout.entries_path(0, 8) == "tile/entries/000.p/8"
    assert layout.parse_path("tile/entries/000.p/8") == Resource("entries", 0, 0, 8)


@given(st.sampled_from(["tile", "entries"]), levels, indexes, widths)
def test_parse_path_of_a_path_gives_the_resource_back(kind: str, level: int, index: int, width: int) -> None:
    resource = (
        Resource("tile", level, index, width) if kind == "tile" else Resource("entries", 0, index, width)
    )
    assert layout.parse_path(resource.path) == resource
    assert (resource.first, resource.end) == (index * 256, index * 256 + width)


@given(st.one_of(st.text(), st.text(alphabet="tile/enrs.px0123456789", max_size=40)))
@example("tile/0/" + "x001/" * 2000 + "001")
@example("tile/0/" + "1" * 5000)
@example("tile/0/000\n")
def test_parse_path_of_any_text_is_the_one_spelling_or_bad_input(text: str) -> None:
    try:
        found = layout.parse_path(text)
    except BadInput as error:
        assert error.where == text
    else:
        assert found.path == text


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "/tile/0/000",
        "tile/0/000/",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/",
        "tile/0/x001.p/5/000",
        "tile/0/../0/000",
        "tile/0/٠٠٠",
        "tile/0/000?a=b",
    ],
)
def test_parse_path_of_another_spelling_is_bad_input(path: str) -> None:
    with pytest.raises(BadInput, match="no tile lies there"):
        layout.parse_path(path)


@pytest.mark.parametrize(
    ("level", "index", "width"), [(-1, 0, 256), (64, 0, 256), (0, -1, 256), (0, 0, 0), (0, 0, 257)]
)
def test_tile_path_of_no_tile_is_bad_use(level: int, index: int, width: int) -> None:
    with pytest.raises(BadUse, match="no such tile"):
        layout.tile_path(level, index, width)


@pytest.mark.parametrize(
    ("size", "paths"),
    [
        (0, []),
        (1, ["tile/entries/000.p/1", "tile/0/000.p/1"]),
        (255, ["tile/entries/000.p/255", "tile/0/000.p/255"]),
        (256, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]),
        (
            257,
            ["tile/entries/000", "tile/entries/001.p/1", "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"],
        ),
    ],
)
def test_tiles_of_a_size_are_the_full_ones_and_the_partial_of_each_level(size: int, paths: list[str]) -> None:
    assert [each.path for each in layout.tiles(size)] == paths


def test_tiles_of_70000_are_those_that_the_specification_counts() -> None:
    found = list(layout.tiles(70_000))
    for kind, level, full, partial in [
        ("entries", 0, 273, 112),
        ("tile", 0, 273, 112),
        ("tile", 1, 1, 17),
        ("tile", 2, 0, 1),
    ]:
        of_level = [each for each in found if (each.kind, each.level) == (kind, level)]
        assert [each.index for each in of_level] == list(range(full + 1))
        assert [each.width for each in of_level] == [TILE] * full + [partial]
    assert len(found) == 274 + 274 + 2 + 1


def test_tiles_of_65536_have_no_empty_tile() -> None:
    found = list(layout.tiles(65_536))
    assert [each.path for each in found if each.width < TILE] == ["tile/2/000.p/1"]
    assert [each.path for each in found if each.level == 1] == ["tile/1/000"]


@given(st.integers(0, 70_000), st.integers(0, 70_000))
def test_tiles_since_a_size_are_those_that_it_did_not_have(one: int, other: int) -> None:
    since, size = sorted((one, other))
    had = set(layout.tiles(since))
    assert list(layout.tiles(size, since=since)) == [each for each in layout.tiles(size) if each not in had]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundle_gives_its_entries_back_and_refuses_another_count(entries: list[bytes]) -> None:
    data = layout.encode_bundle(entries)
    assert layout.decode_bundle(data) == entries
    assert layout.decode_bundle(data, count=len(entries)) == entries
    with pytest.raises(InvalidTile, match="another count"):
        layout.decode_bundle(data, count=len(entries) + 1)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=8), st.data())
def test_bundle_that_is_cut_off_is_refused_or_shows_fewer_entries(
    entries: list[bytes], data: st.DataObject
) -> None:
    bundle = layout.encode_bundle(entries)
    cut = bundle[: data.draw(st.integers(0, len(bundle) - 1))]
    with pytest.raises(InvalidTile, match=r"cut off|another count"):
        layout.decode_bundle(cut, count=len(entries))


@given(st.binary(max_size=400))
def test_bundle_of_any_bytes_is_refused_or_has_one_spelling(data: bytes) -> None:
    try:
        entries = layout.decode_bundle(data)
    except InvalidTile as error:
        assert error.expected and error.got
    else:
        assert layout.encode_bundle(entries) == data


def test_bundle_takes_the_longest_entry_and_none_longer() -> None:
    longest = bytes(LARGEST_ENTRY)
    assert layout.encode_bundle([longest])[:2] == b"\xff\xff"
    assert layout.decode_bundle(layout.encode_bundle([b"", longest])) == [b"", longest]
    with pytest.raises(BadUse, match="too long") as refusal:
        layout.encode_bundle([longest + b"\0"])
    assert (refusal.value.expected, refusal.value.got) == ("at most 65535 bytes", "65536 bytes")
