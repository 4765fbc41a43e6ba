"""Mapping files: what they say, and what is refused in them."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatehouse.model import BadInput, Layout, Value
from gatehouse.records import ImportOptions, Mapping
from gatehouse.records.decode import read_records
from tests.unit.records.exports import assert_balanced, load, write

SAMPLE = Path(__file__).resolve().parents[3] / "samples" / "mapping"
GOOD = """
[mapping]
vendor = "Example"

[columns]
searched_at = "When"
org = "Department"
reason = "Purpose"

[times]
format = "%d.%m.%Y %H:%M"
zone = "America/Chicago"
"""


def options(text: str) -> ImportOptions:
    return ImportOptions(mapping=Mapping.from_document(tomllib.loads(text), where="map.toml"))


def test_mapped_file_is_read_by_its_columns(tmp_path: Path) -> None:
    rows = [
        ["Report of June"],
        ["When", "Department", "Badge", "purpose "],
        ["14.06.2025 09:01", "Alder PD", "7", "stolen vehicle"],
        ["31.06.2025 09:01", "Alder PD", "7", "stolen vehicle"],
    ]
    path = write(tmp_path / "export.csv", rows)
    records = load(path, options=options(GOOD))
    [facts] = records.files
    assert (facts.layout, facts.header_row, facts.rows) == (Layout.MAPPED, 2, 2)
    assert facts.exported == {"searched_at", "org", "reason"}
    assert [(reject.row, reject.reason) for reject in records.rejects] == [(4, "unreadable_time")]
    [record] = read_records(path, options=options(GOOD))
    assert record.searched_at == Value(datetime(2025, 6, 14, 14, 1, tzinfo=UTC))
    assert record.reason == Value("stolen vehicle")


def test_mapping_leaves_files_it_does_not_describe_alone(tmp_path: Path) -> None:
    rows = [["id", "userId", "searchDate", "networkCount"], ["1", "***", "2026-03-10T04:31:52.901Z", "3"]]
    records = load(write(tmp_path / "export.csv", rows), options=options(GOOD))
    assert records.files[0].layout is Layout.PORTAL


def test_sample_mapping_reads_the_sample_export() -> None:
    mapping = Mapping.load(str(SAMPLE / "mapping.toml"))
    records = load(str(SAMPLE / "export.csv"), options=ImportOptions(mapping=mapping))
    assert_balanced(records)
    assert (records.files[0].layout, records.files[0].rows, records.rejects) == (Layout.MAPPED, 4, ())


@pytest.mark.parametrize(
    ("change", "where", "got"),
    [
        (("[times]", "[clock]"), "map.toml", "'clock'"),
        (("reason =", "purpose ="), "map.toml [columns]", "'purpose'"),
        (('vendor = "Example"', 'layout = "portal"'), "map.toml [mapping] layout", "'portal'"),
        (("America/Chicago", "Chicago"), "map.toml [times] zone", "'Chicago'"),
        (('searched_at = "When"', ""), "map.toml [columns]", "org, reason"),
        (('"Department"', "3"), "map.toml [columns] org", None),
        (('"Department"', '" "'), "map.toml [columns] org", None),
    ],
)
def test_mapping_with_a_mistake_is_refused(change: tuple[str, str], where: str, got: str | None) -> None:
    with pytest.raises(BadInput) as raised:
        options(GOOD.replace(*change))
    assert (raised.value.where, raised.value.got) == (where, got)


def test_mapping_with_one_label_for_two_fields_is_refused() -> None:
    with pytest.raises(BadInput, match="two fields") as raised:
        options(GOOD.replace('"Department"', '"Purpose"'))
    assert raised.value.got == "'Purpose'"


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"[mapping", "the mapping is not TOML"), (b"\xff\xfe", "the mapping cannot be read")],
)
def test_load_of_a_file_that_is_no_mapping_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "map.toml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=what):
        Mapping.load(str(path))


def test_load_of_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the mapping cannot be read"):
        Mapping.load(str(tmp_path / "absent.toml"))


@pytest.mark.parametrize(
    ("times", "where"),
    [
        ({"zone": "localtime"}, "[times] zone"),
        ({"zone": "right/UTC"}, "[times] zone"),
        ({"zone": "Factory"}, "[times] zone"),
        ({"format": "%Y-%m-%d %I:%M:%S"}, "[times] format"),
    ],
)
def test_mapping_of_times_that_nothing_can_be_read_by_is_refused(times: dict[str, str], where: str) -> None:
    document = {"columns": {"searched_at": "When", "org": "Who"}, "times": times}
    with pytest.raises(BadInput) as caught:
        Mapping.from_document(document, where="m.toml")
    assert caught.value.where == f"m.toml {where}"


def test_load_of_a_mapping_nested_too_deep_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text("a = " + "[" * 5000 + "]" * 5000)
    with pytest.raises(BadInput) as caught:
        Mapping.load(str(path))
    assert caught.value.got == "values nested too deep to read"


def test_load_of_a_mapping_with_a_byte_order_mark_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text('[columns]\nsearched_at = "When"\norg = "Who"\n', encoding="utf-8-sig")
    assert Mapping.load(str(path)).columns == {"searched_at": "When", "org": "Who"}
