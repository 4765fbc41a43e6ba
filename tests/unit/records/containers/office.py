"""Small office files made for tests: an OLE container, and workbooks in the two binary formats."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence

_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SECTOR = 512


def ole(streams: dict[str, bytes]) -> bytes:
    """Return a compound file (MS-CFB, version 3) with streams of at least 4096 bytes each."""
    sectors: list[bytes] = []
    chain: list[int] = []
    entries = [_entry("Root Entry", 5, child=1)]
    for place, (name, data) in enumerate(streams.items(), start=1):
        data = data.ljust(4096, b"\0")
        count = -(-len(data) // _SECTOR)
        first = len(sectors)
        sectors += [data[at * _SECTOR : (at + 1) * _SECTOR].ljust(_SECTOR, b"\0") for at in range(count)]
        chain += [*range(first + 1, first + count), _END]
        right = place + 1 if place < len(streams) else _FREE
        entries.append(_entry(name, 2, start=first, size=len(data), right=right))
    directory = b"".join(entries).ljust(-(-len(entries) * 128 // _SECTOR) * _SECTOR, b"\0")
    start = len(sectors)
    count = len(directory) // _SECTOR
    sectors += [directory[at * _SECTOR : (at + 1) * _SECTOR] for at in range(count)]
    chain += [*range(start + 1, start + count), _END]
    table = len(sectors)
    assert table < _SECTOR // 4, "one sector of the table holds 128 sectors"
    chain.append(_FAT)
    sectors.append(struct.pack("<128I", *chain, *[_FREE] * (128 - len(chain))))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        0x3E, 3, 0xFFFE, 9, 6,
        0, 1, start, 0, 4096, _END, 0, _END, 0,
    )  # fmt: skip
    return header + struct.pack("<109I", table, *[_FREE] * 108) + b"".join(sectors)


def _entry(
    name: str, kind: int, *, child: int = _FREE, start: int = 0, size: int = 0, right: int = _FREE
) -> bytes:
    text = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16xI16xIQ",
        text, len(text) + 2, kind, 1, _FREE, right, child, 0, start if kind == 2 else _END, size,
    )  # fmt: skip


def encrypted_workbook() -> bytes:
    """Return what a spreadsheet program saves with a password: an encrypted package in a compound file."""
    return ole({"EncryptedPackage": b"\x01" * 4096, "EncryptionInfo": b"\x02" * 4096})


def xls(rows: Sequence[Sequence[str | float]], *, sheet: str = "Sheet1") -> bytes:
    """Return a BIFF8 workbook (MS-XLS) with one sheet."""
    bof = (0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    name = bytes([len(sheet), 0]) + sheet.encode("ascii")
    head_size = sum(4 + len(body) for _, body in (bof, (0x85, b"\0" * 6 + name), (0x0A, b"")))
    globals_ = [bof, (0x85, struct.pack("<IH", head_size, 0) + name), (0x0A, b"")]
    cells = [(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))]
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                body = struct.pack("<HHHHB", at, column, 0, len(value), 1) + text
                cells.append((0x0204, body))
            else:
                cells.append((0x0203, struct.pack("<HHHd", at, column, 0, value)))
    cells.append((0x0A, b""))
    book = b"".join(struct.pack("<HH", kind, len(body)) + body for kind, body in [*globals_, *cells])
    return ole({"Workbook": book})


def xlsb(rows: Sequence[Sequence[str | float]], *, sheet: str = "Sheet1") -> bytes:
    """Return a binary workbook (MS-XLSB) with one sheet."""
    wide = struct.pack("<I", len(sheet)) + sheet.encode("utf-16-le")
    identity = struct.pack("<I", 4) + "rId1".encode("utf-16-le")
    book = _records(
        (131, b""), (143, b""), (156, struct.pack("<II", 0, 1) + identity + wide), (144, b""), (132, b"")
    )
    body: list[tuple[int, bytes]] = [(129, b""), (148, struct.pack("<IIII", 0, len(rows), 0, 9)), (145, b"")]
    for at, row in enumerate(rows):
        body.append((0, struct.pack("<IIHHBI", at, 0, 300, 0, 0, 0)))
        for column, value in enumerate(row):
            place = struct.pack("<II", column, 0)
            if isinstance(value, str):
                text = struct.pack("<I", len(value)) + value.encode("utf-16-le")
                body.append((6, place + text))
            else:
                body.append((5, place + struct.pack("<d", value)))
    body += [(146, b""), (130, b"")]
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.bin", book)
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{relation}/worksheet" Target="worksheets/sheet1.bin"/>'
            "</Relationships>",
        )
        archive.writestr("xl/worksheets/sheet1.bin", _records(*body))
    return out.getvalue()


def _records(*records: tuple[int, bytes]) -> bytes:
    return b"".join(_number(kind, kind=True) + _number(len(body)) + body for kind, body in records)


def _number(value: int, *, kind: bool = False) -> bytes:
    """Return a record's kind or length in the format's variable width."""
    if kind:
        return bytes([value]) if value < 128 else bytes([value & 0x7F | 0x80, value >> 7])
    out = bytearray()
    while True:
        value, rest = value >> 7, value & 0x7F
        out.append(rest | (0x80 if value else 0))
        if not value:
            return bytes(out)
