"""From cells to the normal form, a block at a time.

Sound records go through in columns. The few whose time or counts do not read, or whose cells are too many,
are looked at one by one: a header, a line of totals, a record to mend, or a reject.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import polars as pl

from gatehouse.model import FieldState
from gatehouse.records import repair
from gatehouse.records.columns import SEARCH_DATE, TIME_FRAME, is_header, normal_label
from gatehouse.records.frame import COUNT_FIELDS, SCHEMA, STATE, TEXT_FIELDS, TIME
from gatehouse.records.layouts import Plan, recognize_header, split_glued
from gatehouse.records.raw import RawBlock
from gatehouse.records.states import text_states
from gatehouse.records.texts import Texts
from gatehouse.records.times import TimeReader
from gatehouse.records.values import kind_of

_FOLLOWING = 200
# Where most of a block's times are blank or masked, that is how the file is, and no sign of a shift.
_USUAL = 0.5


@dataclass(frozen=True, slots=True)
class RowReject:
    """A rejected record of the file at hand."""

    row: int
    reason: str
    detail: str


@dataclass(slots=True)
class Part:
    """What a block became. `records` counts the records it held, glued ones as many as they are."""

    frame: pl.DataFrame | None = None
    rejects: list[RowReject] = field(default_factory=list)
    non_search: int = 0
    repaired: int = 0
    records: int = 0
    notes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Read:
    """Records with what tells sound ones from others: times in milliseconds, counts, and their texts."""

    cells: pl.DataFrame
    rows: pl.Series
    times: pl.Series
    time_text: pl.Series | None
    counts: dict[str, pl.Series]
    texts: dict[str, pl.Series]

    def column(self, role: str) -> pl.Series:
        """Return the texts of a count."""
        return self.texts[role]

    def slice(self, length: int) -> _Read:
        """Return the first records."""
        return self if length == self.rows.len() else self._each(lambda column: column.slice(0, length))

    def filter(self, keep: pl.Series) -> _Read:
        """Return the records chosen."""
        return self._each(lambda column: column.filter(keep))

    def _each(self, change: Callable[[pl.Series], pl.Series]) -> _Read:
        return _Read(
            self.cells.select(change(column) for column in self.cells.iter_columns()),
            change(self.rows),
            change(self.times),
            None if self.time_text is None else change(self.time_text),
            {role: change(column) for role, column in self.counts.items()},
            {role: change(column) for role, column in self.texts.items()},
        )


class Normalizer:
    """Turns the blocks of one file into rows of the frame; the plan may change at a header in mid-file."""

    def __init__(
        self, file: int, plan: Plan, texts: Texts, times: TimeReader, *, delimiter: str = ","
    ) -> None:
        self.plan = plan
        self.exported: set[str] = set()
        self._file = file
        self._texts = texts
        self._times = times
        self._delimiter = delimiter
        self._use(plan)

    def part(self, block: RawBlock) -> Part:
        """Normalize one block of records below the header."""
        part = Part(records=block.rows.len())
        if not self.plan.searches:
            part.non_search = part.records
            return part
        frames: list[pl.DataFrame] = []
        start = 0
        while start < block.rows.len():
            rest = RawBlock(block.cells.slice(start), block.rows.slice(start))
            used = self._segment(rest, part, frames)
            start += used
        if frames:
            part.frame = frames[0] if len(frames) == 1 else pl.concat(frames)
        return part

    def _use(self, plan: Plan) -> None:
        self.plan = plan
        for role in plan.roles:
            if role == TIME_FRAME:
                self.exported |= {"frame_from", "frame_to"}
            elif role == SEARCH_DATE:
                self.exported.add("searched_at")
            elif role is not None and role in SCHEMA:
                self.exported.add(role)

    def _segment(self, block: RawBlock, part: Part, frames: list[pl.DataFrame]) -> int:
        """Normalize the records up to a header that changes the plan; return how many were used."""
        plan = self.plan
        cells = _widened(block.cells, plan.width)
        read = self._read(cells, block.rows)
        odd = self._irregular(read)
        if not odd.any():
            frames.append(self._build(read))
            return block.rows.len()
        keep = ~odd
        mended: list[tuple[int, repair.Cells]] = []
        end, following = block.rows.len(), None
        for at in odd.arg_true().to_list():
            record = cells.row(at)
            row = int(block.rows[at])
            if is_header(split_glued(record)[0]):
                part.non_search += 1
                part.notes["header_repeated"] += 1
                following = self._next_plan(record, cells.slice(at + 1, _FOLLOWING))
                if following is not None:
                    end = at + 1
                    break
            elif repair.is_total(record):
                part.non_search += 1
                part.notes["total_line"] += 1
            else:
                self._mend(record, row, part, mended)
        frame = self._build(read.slice(end).filter(keep.slice(0, end)))
        if mended:
            frame = self._with_mended(frame, mended, part)
        frames.append(frame)
        if following is not None:
            part.notes["columns_changed"] += 1
            self._use(following)
        return end

    def _next_plan(self, record: Sequence[str | None], below: pl.DataFrame) -> Plan | None:
        """Return the plan that a header in mid-file asks for, or None if it only repeats the one in use."""
        labels = [normal_label(cell) for cell in split_glued(record)[0]]
        while labels and not labels[-1]:
            labels.pop()
        if labels == [normal_label(label) for label in self.plan.labels]:
            return None
        # What stands below the next header says nothing of this one.
        own = list(takewhile(lambda each: not is_header(split_glued(each)[0]), below.rows()))
        plan = recognize_header(record, own)
        if plan is None or not plan.searches or plan.roles == self.plan.roles:
            return None
        return plan

    def _mend(
        self, record: Sequence[str | None], row: int, part: Part, mended: list[tuple[int, repair.Cells]]
    ) -> None:
        result = repair.mend(record, self.plan, self._delimiter)
        part.records += max(len(result.records) - 1, 0)
        if result.header:
            part.records += 1
            part.non_search += 1
        part.repaired += result.moved
        if result.reason is not None:
            part.rejects.append(RowReject(row, result.reason, _shape(record, self.plan)))
        mended += [(row, cells) for cells in result.records]

    def _with_mended(
        self, frame: pl.DataFrame, mended: list[tuple[int, repair.Cells]], part: Part
    ) -> pl.DataFrame:
        width = self.plan.width
        cells = pl.DataFrame(
            {f"c{at}": [each[at] if at < len(each) else None for _, each in mended] for at in range(width)},
            schema={f"c{at}": pl.String for at in range(width)},
        )
        rows = pl.Series("row", [row for row, _ in mended], dtype=pl.UInt32)
        read = self._read(cells, rows)
        unreadable = pl.repeat(False, cells.height, eager=True)
        if read.time_text is not None:
            missing = read.times.is_null()
            unreadable = missing & _no_marker(read.time_text, missing)
        for at in unreadable.arg_true().to_list():
            part.rejects.append(
                RowReject(int(rows[at]), repair.UNREADABLE_TIME, _shape(cells.row(at), self.plan))
            )
        more = self._build(read.filter(~unreadable))
        return pl.concat([frame, more]).sort("row", maintain_order=True)

    def _irregular(self, read: _Read) -> pl.Series:
        """Return which records need a look: extra cells, an unreadable time, a count that is no number."""
        cells = read.cells
        odd = pl.repeat(False, cells.height, eager=True)
        for name in cells.columns[self.plan.width :]:
            extra = cells[name].is_not_null()
            # Delimiters at the end of most records are how the file is; on a few they are a sign.
            odd |= _filled(cells[name]) if int(extra.sum()) > _USUAL * cells.height else extra
        if read.time_text is not None:
            unread = read.times.is_null()
            if unread.any():
                plain = _no_marker(read.time_text, unread)
                usual = int(unread.sum()) > _USUAL * cells.height
                odd |= plain if usual else unread
                # A record that ends early, before its time, is no search whose time was left out, however
                # many others have none.
                if usual and self.plan.width > 2:
                    odd |= cells["c1"].is_null() | self._ends_early(cells)
        if read.time_text is None and not read.counts:
            odd |= _trimmed(cells["c0"]) == self.plan.labels[0]
        for role, counts in read.counts.items():
            failed = counts.is_null()
            if failed.any():
                odd |= _no_marker(read.column(role), failed)
        return odd

    def _ends_early(self, cells: pl.DataFrame) -> pl.Series:
        """Return which records end before their time and before half of their cells."""
        last = min(self.plan.at("searched_at")[0], self.plan.width // 2)
        later = [f"c{at}" for at in range(last, self.plan.width)]
        return cells.select(pl.all_horizontal(pl.col(later).is_null())).to_series()

    def _read(self, cells: pl.DataFrame, rows: pl.Series) -> _Read:
        """Read the columns that hold times of search and counts."""
        columns = {
            role: _column(cells, self.plan, role) for role in (*COUNT_FIELDS, "searched_at", SEARCH_DATE)
        }
        text, day = columns["searched_at"], columns[SEARCH_DATE]
        counts = {role: _counts(column) for role in COUNT_FIELDS if (column := columns[role]) is not None}
        texts = {role: column for role in COUNT_FIELDS if (column := columns[role]) is not None}
        if text is None:
            none = pl.Series("searched_at", [None], dtype=pl.Int64).new_from_index(0, cells.height)
            return _Read(cells, rows, none, None, counts, texts)
        if day is None:
            return _Read(cells, rows, self._times.read(text), text, counts, texts)
        both = (_trimmed(day) + " " + _trimmed(text)).str.strip_chars()
        times = self._times.read(both)
        for alone in (text, day):
            missing = times.is_null()
            if missing.any():
                times = times.zip_with(~missing, self._times.read(alone))
        return _Read(cells, rows, times, both, counts, texts)

    def _build(self, read: _Read) -> pl.DataFrame:
        """Return the rows of the frame for records that are all sound."""
        cells, plan = read.cells, self.plan
        present = {name: column for name in TEXT_FIELDS if (column := _column(cells, plan, name)) is not None}
        encoded = self._texts.encode_soon(present)
        columns: dict[str, pl.Series | pl.Expr] = {
            "file": pl.lit(self._file, dtype=pl.UInt16),
            "row": read.rows,
        }
        for name, (ms, text) in self._all_times(read).items():
            if text is None:
                columns[name], columns[f"{name}_state"] = pl.lit(None, dtype=TIME), _absent()
            else:
                columns[name], columns[f"{name}_state"] = ms.cast(TIME), _typed_states(text, ms)
        for name in COUNT_FIELDS:
            if name not in read.counts:
                columns[name], columns[f"{name}_state"] = pl.lit(None, dtype=pl.Int32), _absent()
            else:
                counts = read.counts[name]
                columns[name] = counts
                columns[f"{name}_state"] = _typed_states(read.column(name), counts)
        hashes: dict[int, pl.Series] = {}
        for name in TEXT_FIELDS:
            if name not in encoded:
                columns[name], columns[f"{name}_state"] = pl.lit(None, dtype=pl.UInt64), _absent()
                continue
            columns[name], columns[f"{name}_state"], hashed = encoded[name].result()
            # Of two columns for one field, the hashes are those of neither.
            if len(places := plan.at(name)) == 1:
                hashes[places[0]] = hashed
        columns["content"] = _content(cells, plan, hashes)
        return read.rows.to_frame().select(**{name: columns[name] for name in SCHEMA})

    def _all_times(self, read: _Read) -> dict[str, tuple[pl.Series, pl.Series | None]]:
        """Return the times in milliseconds of each time field, with their texts (None if not exported)."""
        found: dict[str, tuple[pl.Series, pl.Series | None]] = {"searched_at": (read.times, read.time_text)}
        both = _column(read.cells, self.plan, TIME_FRAME)
        if both is not None:
            start, end, start_text, end_text = self._times.read_frames(both)
            return found | {"frame_from": (start, start_text), "frame_to": (end, end_text)}
        for name in ("frame_from", "frame_to"):
            text = _column(read.cells, self.plan, name)
            found[name] = (read.times if text is None else self._times.read(text), text)
        return found


def _absent() -> pl.Expr:
    return pl.lit(FieldState.NOT_EXPORTED.value, dtype=STATE)


def _widened(cells: pl.DataFrame, width: int) -> pl.DataFrame:
    if cells.width >= width:
        return cells
    missing = [pl.lit(None, dtype=pl.String).alias(f"c{at}") for at in range(cells.width, width)]
    return cells.with_columns(missing)


def _column(cells: pl.DataFrame, plan: Plan, role: str) -> pl.Series | None:
    """Return a field's column; of two columns for one field, the second fills the blanks of the first."""
    places = plan.at(role)
    if not places:
        return None
    column = cells[f"c{places[0]}"]
    for at in places[1:]:
        column = column.zip_with(_filled(column), cells[f"c{at}"])
    return column


def _trimmed(column: pl.Series) -> pl.Series:
    return column.fill_null("").str.strip_chars()


def _filled(column: pl.Series) -> pl.Series:
    return (column.str.strip_chars() != "").fill_null(False)


def _no_marker(text: pl.Series, where: pl.Series) -> pl.Series:
    """Return where a chosen cell is neither blank nor a redaction marker or placeholder."""
    chosen = text.filter(where).fill_null("").str.strip_chars()
    plain = text_states(chosen) == FieldState.VALUE.value
    at = where.arg_true()
    return pl.repeat(False, len(text), eager=True).scatter(at, plain)


def _counts(column: pl.Series) -> pl.Series:
    """Return the whole numbers of a column as Int32, null where a cell holds none."""
    counts = column.cast(pl.Int32, strict=False)
    missing = counts.is_null()
    if missing.any():
        # A spreadsheet writes 840 as 840.0 or 1,840.
        text = column.filter(missing).str.strip_chars()
        whole = text.str.replace(r"\.0+$", "")
        grouped = whole.str.contains(r"^\d{1,3}(?:,\d{3})+$").fill_null(False)
        whole = whole.zip_with(~grouped, whole.str.replace_all(",", "", literal=True))
        counts = counts.scatter(missing.arg_true(), whole.cast(pl.Int32, strict=False))
    negative = counts < 0
    return counts.set(negative, None) if negative.any() else counts


def _typed_states(text: pl.Series, read: pl.Series) -> pl.Series:
    """Return the states of a column of times or counts: what did not read is blank, a marker or partial."""
    value = pl.Series("state", [FieldState.VALUE.value], dtype=STATE).new_from_index(0, len(text))
    missing = read.is_null()
    if not missing.any():
        return value
    states = text_states(text.filter(missing).fill_null("").str.strip_chars())
    partial = pl.Series([FieldState.PARTIAL.value], dtype=STATE).new_from_index(0, len(states))
    states = states.zip_with(states != FieldState.VALUE.value, partial)
    return value.scatter(missing.arg_true(), states)


def _content(cells: pl.DataFrame, plan: Plan, hashes: Mapping[int, pl.Series]) -> pl.Series:
    """Return a key of each record's cells under their labels, the same whatever the order of columns.

    `hashes` holds the hashes of some columns, by place.
    """
    if not cells.height:
        return pl.Series("content", [], dtype=pl.UInt64)
    terms = []
    for at in range(plan.width):
        label = normal_label(plan.labels[at]) if at < len(plan.labels) else ""
        weight = pl.Series([label or f"c{at}"]).hash()[0] | 1
        cell = pl.lit(hashes[at]) if at in hashes else pl.col(f"c{at}").fill_null("").hash()
        terms.append(cell * pl.lit(weight, dtype=pl.UInt64))
    return cells.select(content=pl.sum_horizontal(terms)).to_series()


def _shape(record: Sequence[str | None], plan: Plan) -> str:
    """Describe a record by the kinds of its cells, never by their contents."""
    kinds = [kind_of(cell).value for cell in record]
    while kinds and kinds[-1] == "blank":
        kinds.pop()
    return f"{len(kinds)} of {plan.width} cells: {' '.join(kinds)}"[:300]
