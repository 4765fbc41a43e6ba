"""Damage that could drop a record, or make one of none: every file still balances, and so do all together."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from uuid import UUID

import pytest

from gatehouse.records import Input, RecordSet, import_files
from gatehouse.records.link import link
from tests.attack.exports import AUDIT, record, write

Balance = tuple[int, int, int, int, int]


def balance(*paths: Path) -> list[Balance]:
    """Return rows, searches, duplicates, rejects and non-search of each file, found to balance."""
    records: RecordSet = import_files([Input(str(path)) for path in paths])
    linked = link(records)
    found: list[Balance] = []
    for position, file in enumerate(records.files):
        rejects = sum(reject.file == position for reject in records.rejects)
        parts = (linked.searches[position], linked.duplicates[position], rejects, file.non_search)
        assert file.rows == sum(parts)
        found.append((file.rows, *parts))
    return found


def lines(count: int) -> list[str]:
    return [",".join(f'"{cell}"' for cell in record(number)) for number in range(count)]


HEADER = ",".join(AUDIT)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_blank_lines_titles_headers_and_totals_are_each_counted_once(
    tmp_path: Path, ending: str, encoding: str
) -> None:
    body = lines(40)
    text = ending.join(
        ["Release of records", "", HEADER, *body[:20], "", HEADER, *body[20:], "", "Total,40", *body[:5], ""]
    )
    path = tmp_path / "audit.csv"
    path.write_bytes(text.encode(encoding))
    assert balance(path) == [(47, 40, 5, 0, 2)]


def test_file_given_twice_is_a_file_of_duplicates(tmp_path: Path) -> None:
    path = write(tmp_path / "audit.csv", [record(number) for number in range(9)])
    assert balance(path, path) == [(9, 9, 0, 0, 0), (9, 0, 9, 0, 0)]


def test_order_of_files_moves_searches_and_loses_none(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / f"{start}.csv", [record(number) for number in range(start, start + 10)])
        for start in (0, 5, 12)
    ]
    for order in permutations(paths):
        found = balance(*order)
        assert (sum(each[0] for each in found), sum(each[1] for each in found)) == (30, 22)


def test_two_searches_of_one_second_are_two(tmp_path: Path) -> None:
    moment = {"Search Time": "06/02/2025, 09:00:00 AM UTC"}
    path = write(tmp_path / "audit.csv", [record(1, moment), record(2, moment)])
    assert balance(path) == [(2, 2, 0, 0, 0)]


def test_cell_of_many_blocks_becomes_no_search(tmp_path: Path) -> None:
    giant = '"id-x","","Tarrinholt TX PD","1","","' + "x y " * (3 << 20) + '"\n'
    path = tmp_path / "audit.csv"
    path.write_text("\n".join([HEADER, *lines(1)]) + "\n" + giant + lines(2)[1] + "\n", encoding="utf-8")
    ((rows, searches, duplicates, rejects, other),) = balance(path)
    assert (searches, duplicates, rejects, other) == (2, 0, rows - 2, 0)


def test_record_of_thousands_of_cells_is_one_reject(tmp_path: Path) -> None:
    path = tmp_path / "audit.csv"
    body = lines(60)
    path.write_text("\n".join([HEADER, *body[:30], "x," * (1 << 13), *body[30:], ""]), encoding="utf-8")
    assert balance(path) == [(61, 60, 0, 1, 0)]


def test_null_bytes_and_loose_quotes_drop_no_record(tmp_path: Path) -> None:
    body = lines(40)
    body[7] = body[7].replace("stolen", "sto\0len")
    body[19] = body[19].replace('"stolen', 'a "stolen')
    body[28] = body[28].replace("vehicle", '"vehicle"')
    path = tmp_path / "audit.csv"
    path.write_text("\n".join([HEADER, *body, ""]), encoding="utf-8")
    ((rows, *_),) = balance(path)
    assert rows == 40


@pytest.mark.parametrize(
    "mask",
    [
        "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX",
        "########-####-####-####-############",
        "0" * 8 + "-0000-0000-0000-" + "0" * 12,
        "*" * 36,
        "not exported by whoever released it.",
    ],
)
def test_mask_in_the_shape_of_an_id_merges_no_searches(tmp_path: Path, mask: str) -> None:
    ids = [mask if number % 2 else str(UUID(int=number << 64)) for number in range(40)]
    rows = [record(number, {"ID": each}) for number, each in enumerate(ids)]
    assert balance(write(tmp_path / "audit.csv", rows)) == [(40, 40, 0, 0, 0)]


def test_id_of_many_seconds_of_a_file_merges_those_of_one_second_only(tmp_path: Path) -> None:
    rows = [record(number, {"ID": "of the agency"}) for number in (1, 2, 3, 2)]
    assert balance(write(tmp_path / "audit.csv", rows)) == [(4, 3, 1, 0, 0)]


@pytest.mark.parametrize("above", [0, 1, 30])
def test_few_records_above_another_header_leave_both_exports_readable(tmp_path: Path, above: int) -> None:
    columns = [8, 0, 2, 1, 4, 5, 6, 3, 9]
    other = [[each[at] for at in columns] for each in (list(AUDIT), *map(record, range(above, 60)))]
    path = write(tmp_path / "audit.csv", [*map(record, range(above)), *other])
    assert balance(path) == [(61, 60, 0, 0, 1)]
