"""Delimited text as a `Source`: blocks cut at record boundaries, read by Polars where nothing is irregular.

A block is regular when its quotes open and close where RFC 4180 lets them, every record has the same
number of cells, and its lines end one way. Then Polars and the standard library read the same cells.
Anything else is read record by record from the same byte on, until the file is regular again.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from gatehouse.model import BadInput
from gatehouse.records import encoding as encodings
from gatehouse.records.csvscan import scan
from gatehouse.records.dialect import Dialect, sniff
from gatehouse.records.quoting import last_boundary, quotes_of, removed_by, well_quoted
from gatehouse.records.raw import RawBlock

BLOCK = 16 << 20
# A record that could be longer than this is not read as one.
MARGIN = 1 << 20
SLOW_BLOCK = 4 << 20
# No table has more columns (a spreadsheet's limit); of a record with more cells, its first are looked at.
WIDEST = 16_384
_SAMPLE = 256 << 10


class CsvSource:
    """A file of delimited text. What it says of itself is complete once `blocks` is exhausted.

    `consumed` counts the bytes read so far; `unterminated` says that the last record has no line end.
    """

    def __init__(self, path: str, *, file: str | None = None, block: int = BLOCK) -> None:
        self.path = path
        self.notes: tuple[tuple[str, str], ...] = ()
        self.encoding: str | None = None
        self.consumed = 0
        self.unterminated = False
        self._file = Path(file or path)
        self._block = block
        self._sha256: str | None = None
        with self._file.open("rb") as stream:
            head = stream.read(_SAMPLE)
        self._encoding = encodings.detect(head)
        self.dialect = sniff(self._as_utf8(head))

    @property
    def delimiter(self) -> str:
        """Return what separates the cells."""
        return self.dialect.delimiter

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the file on disk, reading it if no pass over the blocks has."""
        if self._sha256 is None:
            with self._file.open("rb") as stream:
                self._sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return self._sha256

    def blocks(self) -> Iterator[RawBlock]:
        """Yield the records in file order; may be called again to read from the start."""
        with self._file.open("rb", buffering=0) as file, _Digest() as digest:
            if self._encoding.wide:
                with tempfile.TemporaryFile() as text:
                    _convert(file, text, self._encoding, digest)
                    cutter = _Cutter(text, 0, self.dialect, self._block, None)
                    yield from self._follow(cutter, file.tell())
            else:
                digest.update(file.read(self._encoding.mark))
                cutter = _Cutter(file, self._encoding.mark, self.dialect, self._block, digest)
                yield from self._follow(cutter, None)
            self._sha256 = digest.hexdigest()
        self._conclude(cutter)

    def _follow(self, cutter: _Cutter, consumed: int | None) -> Iterator[RawBlock]:
        for block in cutter.blocks():
            self.consumed = cutter.position if consumed is None else consumed
            yield block

    def _as_utf8(self, head: bytes) -> bytes:
        body = head[self._encoding.mark :]
        if self._encoding.wide:
            return encodings.utf16_to_utf8(self._encoding)(body, False)
        return encodings.to_utf8(body)[0]

    def _conclude(self, cutter: _Cutter) -> None:
        notes: list[tuple[str, str]] = []
        self.encoding = self._encoding.name
        self.unterminated = cutter.unterminated
        if cutter.not_utf8:
            self.encoding = "cp1252"
            notes.append(("not_utf8", f"{cutter.not_utf8} bytes read as Windows-1252"))
        if cutter.resynchronized:
            notes.append(
                ("unclosed_quote", f"{cutter.resynchronized} records with a quote that never closes")
            )
        self.notes = tuple(notes)


class _Digest:
    """The SHA-256 of pieces given in order, computed on a thread of its own."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._worker = ThreadPoolExecutor(1, "gatehouse-digest")
        self._pending: Future[None] | None = None

    def __enter__(self) -> _Digest:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.shutdown()

    def update(self, piece: bytes) -> None:
        """Add a piece, once the one before it is done."""
        if self._pending is not None:
            self._pending.result()
        self._pending = self._worker.submit(self._hash.update, piece)

    def hexdigest(self) -> str:
        """Return the digest of all pieces so far."""
        if self._pending is not None:
            self._pending.result()
        return self._hash.hexdigest()


def _convert(file: BinaryIO, text: BinaryIO, encoding: encodings.Encoding, digest: _Digest) -> None:
    """Write a UTF-16 file as UTF-8 text, without its byte order mark."""
    convert = encodings.utf16_to_utf8(encoding)
    digest.update(file.read(encoding.mark))
    while chunk := file.read(MARGIN):
        digest.update(chunk)
        text.write(convert(chunk, False))
    text.write(convert(b"", True))


class _Cutter:
    """Cuts text into blocks of whole records and reads each the fast way or the careful one."""

    def __init__(
        self, file: BinaryIO, start: int, dialect: Dialect, block: int, digest: _Digest | None
    ) -> None:
        self.position = start
        self.not_utf8 = 0
        self.resynchronized = 0
        self.unterminated = False
        self._file = file
        self._dialect = dialect
        self._block = block
        self._digest = digest
        self._row = 1
        self._width = dialect.width

    def blocks(self) -> Iterator[RawBlock]:
        """Yield the blocks from the start on, leaving out those without records."""
        size = self._block
        slow = min(SLOW_BLOCK, self._block)
        while data := self._peek(size):
            block = self._fast(data, ended=len(data) < size)
            if block is None:
                block = self._slow(slow)
                size = slow
            else:
                size = min(size * 2, self._block)
            if block.rows.len():
                yield block

    def _peek(self, size: int) -> bytes:
        """Return the next bytes of the file, fewer than `size` only at its end."""
        self._file.seek(self.position)
        data = self._file.read(size)
        while len(data) < size and (more := self._file.read(size - len(data))):
            data += more
        return data

    def _take(self, piece: bytes) -> None:
        self.position += len(piece)
        self.unterminated = piece[-1:] not in (b"\n", b"\r")
        if self._digest is not None:
            self._digest.update(piece)

    def _fast(self, data: bytes, *, ended: bool) -> RawBlock | None:
        """Return the next block if it is regular, else None with nothing taken."""
        if self._width < 2 or self._dialect.spaced:
            return None
        view = np.frombuffer(data, np.uint8)
        quotes = quotes_of(view)
        cut = len(data) if ended else last_boundary(data, quotes)
        if not cut:
            return None
        quotes = quotes[: np.searchsorted(quotes, cut)]
        if not well_quoted(view[:cut], quotes, self._dialect.delimiter.encode()):
            return None
        piece = data if cut == len(data) else data[:cut]
        text, replaced = encodings.to_utf8(piece)
        cells = _read_polars(text, self._dialect.delimiter, self._width, removed_by(quotes))
        if cells is None:
            return None
        self._take(piece)
        self.not_utf8 += replaced
        return self._number(cells)

    def _slow(self, size: int) -> RawBlock:
        data = self._peek(size + MARGIN)
        stop = min(size, len(data))
        dialect = self._dialect
        result = scan(
            data, delimiter=dialect.delimiter, spaced=dialect.spaced, width=dialect.width, stop=stop
        )
        piece = data[: result.used]
        self.not_utf8 += encodings.to_utf8(piece)[1]
        self._take(piece)
        self.resynchronized += result.resynchronized
        widths = Counter(len(record) for record in result.records if len(record) > 1)
        if widths:
            self._width = widths.most_common(1)[0][0]
        return self._number(frame_of(result.records))

    def _number(self, cells: pl.DataFrame) -> RawBlock:
        if self._row + cells.height >= 2**32:
            raise BadInput("the file has too many records", expected="fewer than 4,294,967,295")
        block = RawBlock.numbered(cells, self._row)
        self._row += cells.height
        return without_blank_records(block)


def frame_of(records: list[list[str]]) -> pl.DataFrame:
    """Return records of any widths as String columns `c0`, `c1`, ...; cells a record lacks are null."""
    width = min(max((len(record) for record in records), default=0), WIDEST)
    columns = [
        pl.Series(f"c{at}", [record[at] if at < len(record) else None for record in records], dtype=pl.String)
        for at in range(width)
    ]
    if not columns:
        return pl.DataFrame({"c0": [None] * len(records)}, schema={"c0": pl.String})
    return pl.DataFrame(columns)


def without_blank_records(block: RawBlock) -> RawBlock:
    """Return the block without the records whose cells are all blank, and no wider than need be."""
    cells = block.cells
    blank = _blank(cells["c0"])
    for name in cells.columns[1:]:
        if not blank.any():
            break
        blank &= _blank(cells[name])
    if not blank.any():
        return block
    kept = cells.filter(~blank)
    while kept.width > 1 and kept[kept.columns[-1]].null_count() == kept.height:
        kept = kept.drop(kept.columns[-1])
    return RawBlock(kept, block.rows.filter(~blank))


def _blank(column: pl.Series) -> pl.Series:
    return (column.str.strip_chars() == "").fill_null(True)


def _read_polars(text: bytes, delimiter: str, width: int, removed: int) -> pl.DataFrame | None:
    """Return the cells of a well-quoted block, or None when a record is irregular.

    `removed` counts the quotes that are no part of the cells. Polars refuses records that are too long and
    fills up those that are too short without a word. So the bytes are accounted for: the cells, a delimiter
    between any two, a line end for each record, and the quotes have to make up the block exactly.
    """
    # Polars leaves out empty lines at the top.
    if text[:1] in (b"\n", b"\r"):
        return None
    ending = b"\r\n" if b"\r" in text else b"\n"
    if len(ending) == 2 and text.count(b"\r") != text.count(b"\r\n"):
        return None
    try:
        cells = pl.read_csv(
            text,
            has_header=False,
            separator=delimiter,
            schema={f"c{at}": pl.String for at in range(width)},
            empty_string_is_null=False,
            missing_columns="insert",
        )
    except pl.exceptions.PolarsError:
        return None
    inside = cells.select(pl.sum_horizontal(pl.all().str.len_bytes().cast(pl.UInt64).sum())).item()
    endings = len(ending) * (cells.height - (not text.endswith(b"\n")))
    return cells if inside + removed + (width - 1) * cells.height + endings == len(text) else None
