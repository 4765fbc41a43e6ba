"""Archives: members, damage, and what an archive must not do."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from gatehouse.model import BadInput
from gatehouse.records import Input, import_files
from gatehouse.records.containers import limits, open_container
from gatehouse.records.raw import Source
from tests.unit.records.containers.pdf_tables import HEADER, Style, draw, invented_rows

CSV = 'id,userId,searchDate,networkCount,reason\r\na1,u1,2025-06-18T00:02:04.789Z,3,"bolo, dark sedan"\r\n'
ROWS = [
    ("id", "userId", "searchDate", "networkCount", "reason"),
    ("a1", "u1", "2025-06-18T00:02:04.789Z", "3", "bolo, dark sedan"),
]


def packed(members: dict[str, bytes | str], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def book(rows: Sequence[tuple[str, ...]]) -> bytes:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.worksheets[0].append(row)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def opened(tmp_path: Path, data: bytes) -> list[Source]:
    path = tmp_path / "release.zip"
    path.write_bytes(data)
    found = open_container(str(path))
    assert found is not None
    return found


def cells(source: Source) -> list[tuple[str | None, ...]]:
    return [row for block in source.blocks() for row in block.cells.rows()]


class TestMembers:
    def test_csv_member_is_a_source_with_the_archive_hash(self, tmp_path: Path) -> None:
        data = packed({"2025/June audit.csv": CSV})
        (source,) = opened(tmp_path, data)
        assert source.path == f"{tmp_path / 'release.zip'}!2025/June audit.csv"
        assert source.sha256 == hashlib.sha256(data).hexdigest()
        assert cells(source) == ROWS
        assert cells(source) == ROWS, "a source may be read again"
        assert source.encoding == "utf-8"

    def test_members_come_in_the_order_of_the_archive(self, tmp_path: Path) -> None:
        inner = packed({"deep.csv": CSV})
        pdf = draw(invented_rows(3), Style())
        found = opened(tmp_path, packed({"b.csv": CSV, "a.zip": inner, "x.xlsx": book(ROWS), "o.pdf": pdf}))
        head = f"{tmp_path / 'release.zip'}!"
        assert [source.path.removeprefix(head) for source in found] == [
            "b.csv",
            "a.zip!deep.csv",
            "x.xlsx",
            "o.pdf",
        ]
        assert [cells(source) for source in found[:3]] == [ROWS, ROWS, ROWS]
        assert cells(found[3]) == [HEADER, *invented_rows(3)]

    def test_members_that_are_no_export_are_noted(self, tmp_path: Path) -> None:
        letter = "Dear requester,\nhere are the records, as asked.\n"
        (source,) = opened(
            tmp_path,
            packed(
                {
                    "README.txt": letter,
                    "__MACOSX/._audit.csv": b"\0\1",
                    ".DS_Store": b"\0\0",
                    "map\x1b[2J.png": b"\x89PNG\r\n",
                    "empty.csv": b"",
                    "audit.txt": CSV,
                    "book.xlsx": book([]),
                }
            ),
        )
        assert cells(source) == ROWS
        assert [note for note in source.notes if note[0] == "member_skipped"] == [
            ("member_skipped", "README.txt: no table by its name and its first lines"),
            ("member_skipped", "__MACOSX/._audit.csv: left by the system that packed the archive"),
            ("member_skipped", ".DS_Store: left by the system that packed the archive"),
            ("member_skipped", "map\ufffd[2J.png: no table by its name and its first lines"),
            ("member_skipped", "empty.csv: an empty file"),
            ("member_skipped", "book.xlsx: the workbook holds no values"),
        ]

    def test_csv_member_is_repaired_and_noted_like_a_plain_file(self, tmp_path: Path) -> None:
        lines = ["id;userId;searchDate;networkCount;reason"]
        lines += [f"a{number};u1;2025-06-18T00:02:04.789Z;3;bolo" for number in range(5)]
        lines += ["a6;u1;2025-06-18T00:02:04.789Z;3;bolo; dark sedan", "a7;u1;2025-06-18T00"]
        text = "\n".join(lines)
        plain, member = tmp_path / "audit.csv", tmp_path / "release.zip"
        plain.write_text(text, encoding="utf-8")
        member.write_bytes(packed({"audit.csv": text, "letter.txt": "as asked"}))
        found = [import_files([Input(str(path))]) for path in (plain, member)]
        assert [records.files[0].repaired for records in found] == [1, 1]
        assert [reasons.sort().to_list() for reasons in (each.texts["reason"]["text"] for each in found)] == [
            ["bolo", "bolo; dark sedan"]
        ] * 2
        cut = ("cut_record", "the file ends inside row 8")
        assert [cut in records.files[0].notes for records in found] == [True, True]

    def test_member_names_never_become_paths(self, tmp_path: Path) -> None:
        (source,) = opened(tmp_path, packed({"../../outside.csv": CSV, "/etc/absolute.png": b"x"}))
        assert cells(source) == ROWS
        assert [path.name for path in tmp_path.iterdir()] == ["release.zip"]
        assert not (tmp_path.parent.parent / "outside.csv").exists()


class TestRefusals:
    def test_archive_without_an_export_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="no member of the archive is an export"):
            opened(tmp_path, packed({"letter.docx": b"words"}))

    def test_encrypted_member_is_refused(self, tmp_path: Path) -> None:
        data = bytearray(packed({"audit.csv": CSV}))
        for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            struct.pack_into("<H", data, data.index(mark) + place, 0x1)
        with pytest.raises(BadInput, match=r"encrypted.*release\.zip!audit\.csv"):
            opened(tmp_path, bytes(data))

    def test_damaged_member_is_refused(self, tmp_path: Path) -> None:
        data = bytearray(packed({"audit.csv": CSV * 40}, method=zipfile.ZIP_STORED))
        data[100] ^= 0xFF
        with pytest.raises(BadInput, match="member of the archive is damaged"):
            opened(tmp_path, bytes(data))

    def test_member_of_an_unknown_method_is_refused(self, tmp_path: Path) -> None:
        data = bytearray(packed({"audit.csv": CSV}))
        for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
            struct.pack_into("<H", data, data.index(mark) + place, 9)
        with pytest.raises(BadInput, match="compressed in a way that cannot be read"):
            opened(tmp_path, bytes(data))

    def test_truncated_archive_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="damaged"):
            opened(tmp_path, packed({"audit.csv": CSV})[:-30])

    def test_archives_three_deep_are_refused(self, tmp_path: Path) -> None:
        inner = packed({"c.zip": packed({"audit.csv": CSV})})
        with pytest.raises(BadInput, match="too deep"):
            opened(tmp_path, packed({"b.zip": inner}))

    def test_bomb_by_ratio_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match=r"unpacks to more than an export can be.*300-fold"):
            opened(tmp_path, packed({"audit.csv": b"a" * (limits.RATIO_FROM + 1)}))

    def test_bomb_by_total_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "TOTAL", 1000)
        with pytest.raises(BadInput, match="unpacks to more"):
            opened(tmp_path, packed({"audit.csv": CSV * 20}))

    def test_bomb_by_members_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "MEMBERS", 3)
        with pytest.raises(BadInput, match="at most 3 members"):
            opened(tmp_path, packed({f"{at}.csv": CSV for at in range(4)}))

    def test_bomb_within_an_inner_archive_is_refused(self, tmp_path: Path) -> None:
        inner = packed({"audit.csv": b"a" * (limits.RATIO_FROM + 1)})
        with pytest.raises(BadInput, match="unpacks to more"):
            opened(tmp_path, packed({"inner.zip": inner}))
