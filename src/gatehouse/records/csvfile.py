"""Delimited text as a `Source`: blocks cut at record boundaries, read by Polars where nothing is irregular.

A block is regular when its quotes open and close where RFC 4180 lets them, every record has the same
number of cells, and its lines end one way. Then Polars and the standard library read the same cells.
Anything else is read record by record from the same byte on, until the file is regular again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import polars as pl

from gatehouse.model import BadInput
from gatehouse.records import encoding as encodings
from gatehouse.records.csvscan import scan
from gatehouse.records.dialect import Dialect, sniff
from gatehouse.records.quoting import last_boundary, well_quoted
from gatehouse.records.raw import RawBlock

BLOCK = 32 << 20
# A record that could be longer than this is not read as one.
MARGIN = 1 << 20
SLOW_BLOCK = 4 << 20
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
    def sha256(self) -> str:
        """Return the SHA-256 of the file on disk, reading it if no pass over the blocks has."""
        if self._sha256 is None:
            with self._file.open("rb") as stream:
                self._sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return self._sha256

    def blocks(self) -> Iterator[RawBlock]:
        """Yield the records in file order; may be called again to read from the start."""
        with self._file.open("rb") as stream, ThreadPoolExecutor(1, "gatehouse-read") as reader:
            text = _Text(stream, self._encoding, reader)
            cutter = _Cutter(text, self.dialect, self._block)
            for block in cutter.blocks():
                self.consumed = text.consumed
                yield block
            self._sha256 = text.digest()
        self._conclude(cutter)

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


class _Text:
    """A file's bytes as UTF-8-compatible text, hashed on a second thread as they are read."""

    def __init__(self, stream: object, encoding: encodings.Encoding, worker: ThreadPoolExecutor) -> None:
        self._stream = stream
        self._convert = encodings.utf16_to_utf8(encoding) if encoding.wide else None
        self._hash = hashlib.sha256()
        self._worker = worker
        self._pending: Future[None] | None = None
        self._skip = encoding.mark
        self.buffer = b""
        self.ended = False
        self.consumed = 0

    def fill(self, size: int) -> None:
        """Read until the buffer holds at least `size` bytes or the file has ended."""
        while len(self.buffer) < size and not self.ended:
            chunk = self._stream.read(max(size - len(self.buffer), 1 << 16))  # type: ignore[attr-defined]
            self.consumed += len(chunk)
            self._update(chunk)
            self.ended = not chunk
            if self._skip:
                chunk, self._skip = chunk[self._skip :], 0
            if self._convert is not None:
                chunk = self._convert(chunk, self.ended)
            self.buffer = self.buffer + chunk if self.buffer else chunk

    def advance(self, size: int) -> None:
        """Drop the first `size` bytes of the buffer."""
        self.buffer = self.buffer[size:]

    def digest(self) -> str:
        """Return the SHA-256 of all bytes of the file."""
        self.fill(1 << 62)
        if self._pending is not None:
            self._pending.result()
        return self._hash.hexdigest()

    def _update(self, chunk: bytes) -> None:
        if self._pending is not None:
            self._pending.result()
        self._pending = self._worker.submit(self._hash.update, chunk)


class _Cutter:
    """Cuts text into blocks of whole records and reads each the fast way or the careful one."""

    def __init__(self, text: _Text, dialect: Dialect, block: int) -> None:
        self._text = text
        self._dialect = dialect
        self._block = block
        self._row = 1
        self._width = dialect.width
        self.not_utf8 = 0
        self.resynchronized = 0
        self.unterminated = False

    def blocks(self) -> Iterator[RawBlock]:
        size = self._block
        slow = min(SLOW_BLOCK, self._block)
        while True:
            self._text.fill(size + MARGIN)
            data = self._text.buffer
            if not data:
                return
            self.unterminated = data[-1:] not in (b"\n", b"\r")
            block = self._fast(data, size)
            if block is None:
                block = self._slow(data, slow)
                size = slow
            else:
                size = min(size * 2, self._block)
            if block.rows.len():
                yield block

    def _fast(self, data: bytes, size: int) -> RawBlock | None:
        """Return the next block if it is regular, else None with nothing consumed."""
        delimiter = self._dialect.delimiter.encode()
        if self._width < 2 or self._dialect.spaced:
            return None
        whole = self._text.ended and len(data) <= size
        cut = len(data) if whole else last_boundary(data, size)
        if not cut:
            return None
        piece = data[:cut]
        # Polars knows one line end a file, and leaves out empty lines at the top.
        if piece[:1] in (b"\n", b"\r") or piece.count(b"\r") != piece.count(b"\r\n"):
            return None
        if not well_quoted(piece, delimiter):
            return None
        text, replaced = encodings.to_utf8(piece)
        cells = _read_polars(text, self._dialect.delimiter, self._width)
        if cells is None:
            return None
        self._text.advance(cut)
        self.not_utf8 += replaced
        return self._number(cells)

    def _slow(self, data: bytes, size: int) -> RawBlock:
        ended = self._text.ended
        stop = min(size, len(data)) if ended else min(size, max(len(data) - MARGIN, 1))
        dialect = self._dialect
        result = scan(
            data[: stop + MARGIN],
            delimiter=dialect.delimiter,
            spaced=dialect.spaced,
            width=self._width,
            stop=stop,
        )
        self.not_utf8 += encodings.to_utf8(data[: result.used])[1]
        self._text.advance(result.used)
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
    width = max((len(record) for record in records), default=0)
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


def _read_polars(text: bytes, delimiter: str, width: int) -> pl.DataFrame | None:
    """Return the cells of a well-quoted block, or None when a record has more or fewer than `width`."""
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
    # Polars fills short records up; the delimiters outside of quotes show whether any was short.
    inside = cells.select(pl.sum_horizontal(pl.all().str.count_matches(delimiter, literal=True).sum())).item()
    if text.count(delimiter.encode()) - inside != (width - 1) * cells.height:
        return None
    return cells
