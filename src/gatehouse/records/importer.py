"""Files in, records out: every record becomes a row of the normal form, a reject, or a counted non-search."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import polars as pl

from gatehouse.model import BadInput, FieldState, Layout
from gatehouse.records import tells
from gatehouse.records.blanks import Blanks
from gatehouse.records.columns import KNOWN_LABELS, SEARCH_DATE, is_header, normal_label
from gatehouse.records.csvfile import frame_of
from gatehouse.records.frame import KEPT_TEXTS, OPTIONAL_TEXTS, FileFacts, RecordSet, Reject
from gatehouse.records.layouts import Plan, find_header, recognize_header, recognize_values, split_glued
from gatehouse.records.mapping import Mapping
from gatehouse.records.normalize import Normalizer
from gatehouse.records.organizations import parse
from gatehouse.records.raw import RawBlock, Source
from gatehouse.records.source import open_sources
from gatehouse.records.spill import Rows
from gatehouse.records.states import text_states
from gatehouse.records.texts import Texts
from gatehouse.records.times import TimeReader

# How far down a header may stand, below titles and notes.
_HEADER_WITHIN = 200
_SAMPLE = 200
# So many times that none can be read are no damage.
_ENOUGH_TIMES = 20
# Workbooks are often made from CSV files, whose unquoted commas have cut cells apart by then.
_WORKBOOK_CUT = ","

# Among so many records at the top of an unknown file its header is looked for, to name the columns.
_TITLES = 5


@dataclass(frozen=True, slots=True)
class Input:
    """A file to import, and whose export it is if the caller knows."""

    path: str
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What to keep and where.

    `keep` names fields of `OPTIONAL_TEXTS` whose texts are wanted too, `worded` those of them of which only
    texts that hold a word are; `mapping` describes an unknown layout;
    beyond `spill_rows` rows in memory, the frame lies in Parquet files in `spill` (if None, a temporary
    folder).
    """

    keep: frozenset[str] = frozenset()
    mapping: Mapping | None = None
    spill: Path | None = None
    spill_rows: int = 16_000_000
    worded: frozenset[str] = frozenset()


def import_files(
    inputs: Sequence[Input],
    options: ImportOptions | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> RecordSet:
    """Read files into one record set, in the order given.

    `progress` is called with the bytes of each file consumed since the last call. A file that cannot be read,
    or whose layout is unknown, is `BadInput`; a record that cannot be read is a reject.
    """
    chosen = options or ImportOptions()
    state = _Import(chosen, progress or (lambda _bytes: None))
    for each in inputs:
        state.read(each)
    return RecordSet(tuple(state.files), state.rows.frame(), state.texts.frames(), tuple(state.rejects))


@dataclass(slots=True)
class _Tally:
    """What is counted over the blocks of one table."""

    records: int = 0
    kept: int = 0
    non_search: int = 0
    repaired: int = 0
    notes: Counter[str] = field(default_factory=Counter)
    blanks: Blanks = field(default_factory=Blanks)
    months: tells.Months = field(default_factory=tells.Months)
    orgs: set[int] = field(default_factory=set)


class _Import:
    """The record set in the making."""

    def __init__(self, options: ImportOptions, progress: Callable[[int], None]) -> None:
        self.options = options
        self.files: list[FileFacts] = []
        self.rejects: list[Reject] = []
        kept = (*KEPT_TEXTS, *(name for name in OPTIONAL_TEXTS if name in options.keep))
        self.texts = Texts(kept, worded=options.worded)
        self.rows = Rows(options.spill, options.spill_rows)
        self._progress = progress
        self._keeper = ThreadPoolExecutor(1, "gatehouse-keep")

    def read(self, given: Input) -> None:
        """Read every table of one file."""
        sources = open_sources(given.path)
        size = Path(given.path).stat().st_size
        known, strange, told = 0, [], 0
        for source in sources:
            with closing(_ahead(source.blocks())) as blocks:
                first = next(blocks, None)
                found = self._recognize(first)
                if found is None or first is None:
                    strange.append((source, first))
                    continue
                known += 1
                for consumed in self._table(given, source, found[0], found[1], chain((first,), blocks)):
                    if len(sources) == 1:
                        self._progress(consumed - told)
                        told = consumed
        if not known:
            raise _unknown(given.path, [first for _, first in strange])
        for source, first in strange:
            self._set_aside(given, source, first)
        self._progress(size - told)

    def _recognize(self, first: RawBlock | None) -> tuple[int | None, Plan] | None:
        """Return the header's position in the first block (None if there is none) and the plan."""
        if first is None:
            return None
        top = first.cells.head(_HEADER_WITHIN).rows()
        if self.options.mapping is not None:
            mapped = self.options.mapping.plan(top)
            if mapped is not None:
                return mapped
        at = find_header(top)
        if at is None:
            plan = recognize_values(top)
            return None if plan is None else (None, plan)
        below = first.cells.slice(at + 1, _until_another(first, at)).rows()
        plan = recognize_header(top[at], below)
        if plan is None and (plan := recognize_values(below)) is not None:
            plan = replace(
                plan, notes=(("header_contradicted", "the values do not fit the labels"), *plan.notes)
            )
        return None if plan is None else (at, plan)

    def _table(
        self, given: Input, source: Source, header: int | None, plan: Plan, blocks: Iterator[RawBlock]
    ) -> Iterator[int]:
        """Read one table; yield after each block how much of the file has been consumed, in bytes."""
        mapping = self.options.mapping if plan.layout is Layout.MAPPED else None
        times = TimeReader(mapping.time_format, mapping.time_zone) if mapping else TimeReader()
        first = next(blocks)
        below = first if header is None else _below(first, header)
        under = below if header is None else _top(below, _until_another(first, header))
        _refuse_unreadable_times(source.path, plan, under, times)
        normalizer = Normalizer(
            len(self.files), plan, self.texts, times, delimiter=source.delimiter or _WORKBOOK_CUT
        )
        tally = _Tally()
        header_row = None if header is None else int(first.rows[header])
        rejects: list[Reject] = []
        last: RawBlock | None = None
        keeping: Future[None] | None = None
        for block in chain((below,), blocks):
            part = normalizer.part(block)
            tally.records += part.records
            tally.non_search += part.non_search
            tally.repaired += part.repaired
            tally.notes += part.notes
            rejects += [Reject(len(self.files), each.row, each.reason, each.detail) for each in part.rejects]
            if part.frame is not None and part.frame.height:
                # One block is kept while the next is normalized, never two at once.
                if keeping is not None:
                    keeping.result()
                keeping = self._keeper.submit(self._keep, part.frame, self.texts.latest("reason"), tally)
            last = block if block.rows.len() else last
            yield source.consumed
        if keeping is not None:
            keeping.result()
        self.rejects += sorted(rejects, key=lambda each: each.row)
        if tally.records != tally.kept + len(rejects) + tally.non_search:
            raise AssertionError("records, rejects and rows do not balance")
        layout = self._layout(plan.layout, tally, given.owner)
        exported = frozenset(normalizer.exported)
        self.rows.finish(tally.blanks.corrections(layout, exported))
        self.files.append(
            FileFacts(
                path=_shown(source.path),
                sha256=source.sha256,
                layout=layout,
                rows=tally.records,
                non_search=tally.non_search,
                exported=exported,
                owner=given.owner,
                encoding=source.encoding,
                header_row=header_row,
                repaired=tally.repaired,
                notes=(
                    *source.notes,
                    *plan.notes,
                    *_cut(source, normalizer.plan, last),
                    *self._notes(tally, exported),
                ),
            )
        )

    def _keep(self, frame: pl.DataFrame, reasons: pl.DataFrame, tally: _Tally) -> None:
        self.rows.add(frame)
        tally.kept += frame.height
        tally.blanks.add(frame)
        tally.months.add(frame, reasons)
        if len(tally.orgs) < _MANY:
            tally.orgs.update(frame["org"].drop_nulls().unique().sort().head(_MANY))

    def _layout(self, layout: Layout, tally: _Tally, owner: str | None) -> Layout:
        """Tell a network audit from an organization audit: many searchers, or one who is not the owner."""
        if layout is not Layout.ORGANIZATION_AUDIT:
            return layout
        names = self.texts.find("org", sorted(tally.orgs))
        searchers = {parse(name).key for name in names}
        if len(searchers) > 1 or (owner is not None and searchers and searchers != {parse(owner).key}):
            return Layout.NETWORK_AUDIT
        return layout

    def _notes(self, tally: _Tally, exported: frozenset[str]) -> list[tuple[str, str]]:
        notes = [(code, f"{count:,} records") for code, count in sorted(tally.notes.items())]
        notes += tells.truncation(tally.records)
        notes += tally.months.notes(exported)
        return notes

    def _set_aside(self, given: Input, source: Source, first: RawBlock | None) -> None:
        """Count a table that is no known export, beside one of the same file that is."""
        records = sum(block.rows.len() for block in source.blocks())
        self.files.append(
            FileFacts(
                path=_shown(source.path),
                sha256=source.sha256,
                layout=Layout.OTHER,
                rows=records,
                non_search=records,
                exported=frozenset(),
                owner=given.owner,
                encoding=source.encoding,
                notes=(*source.notes, ("unknown_layout", _described(first))),
            )
        )


def _shown(path: str) -> str:
    """Return a path as text: bytes of a name that are not UTF-8 are escaped (`\\xff`)."""
    return os.fsencode(path).decode(errors="backslashreplace")


# From here on more names do not change what kind of audit a file is.
_MANY = 64


def _below(block: RawBlock, header: int) -> RawBlock:
    """Return the records below the header, the one glued to it first."""
    below = RawBlock(block.cells.slice(header + 1), block.rows.slice(header + 1))
    _, glued = split_glued(block.cells.row(header))
    if glued is None or is_header(glued):
        return below
    record = frame_of([[cell or "" for cell in _trimmed(glued)]])
    return RawBlock(
        pl.concat([record, below.cells], how="diagonal"), pl.concat([block.rows.slice(header, 1), below.rows])
    )


def _until_another(block: RawBlock, header: int) -> int:
    """Return how many of the next records, `_SAMPLE` at most, stand below this header and above another."""
    above = [normal_label(cell) for cell in _trimmed(block.cells.row(header))]
    below = block.cells.slice(header + 1, _SAMPLE).rows()
    for at, record in enumerate(below):
        if is_header(split_glued(record)[0]) and [normal_label(cell) for cell in _trimmed(record)] != above:
            return at
    return len(below)


def _top(block: RawBlock, height: int) -> RawBlock:
    return RawBlock(block.cells.head(height), block.rows.head(height))


def _trimmed(cells: Sequence[str | None]) -> Sequence[str | None]:
    while cells and cells[-1] is None:
        cells = cells[:-1]
    return cells


def _ahead(blocks: Iterator[RawBlock]) -> Generator[RawBlock]:
    """Yield blocks while the next one is read on another thread."""
    try:
        with ThreadPoolExecutor(1, "gatehouse-ahead") as worker:
            pending = worker.submit(next, blocks, None)
            while (block := pending.result()) is not None:
                pending = worker.submit(next, blocks, None)
                yield block
    finally:
        # A file that is given up is closed now, not when its generator is collected.
        if isinstance(blocks, Generator):
            blocks.close()


def _refuse_unreadable_times(path: str, plan: Plan, block: RawBlock, times: TimeReader) -> None:
    """Refuse a file of which no time can be read: it is written in another form, not damaged."""
    places = plan.at("searched_at")
    # A day in a column of its own is read with its time, by the normalizer.
    if not places or plan.at(SEARCH_DATE) or places[0] >= block.cells.width:
        return
    cells = block.cells[f"c{places[0]}"].drop_nulls().head(_SAMPLE).str.strip_chars()
    cells = cells.filter(text_states(cells) == FieldState.VALUE.value)
    cells = cells.filter(~cells.is_in([plan.labels[places[0]]]))
    if len(cells) < _ENOUGH_TIMES or times.read(cells).is_not_null().any():
        return
    shape = cells.str.replace_all(r"\p{N}", "9").str.replace_all(r"\p{L}", "a")[0]
    raise BadInput(
        "the times of the file are written in an unknown form",
        where=path,
        expected="a form listed in docs/formats.md",
        got=f"{len(cells)} times shaped like {shape[:40]!r}",
        hint="name the form in a mapping file, under [times] format, and give it with --mapping",
    )


def _cut(source: Source, plan: Plan, last: RawBlock | None) -> list[tuple[str, str]]:
    """Return the note on a last record that ends before its last cell, where the file ends too."""
    if last is None or not source.unterminated:
        return []
    cells = [cell for cell in last.cells.row(-1) if cell is not None]
    if len(cells) >= plan.width:
        return []
    return [("cut_record", f"the file ends inside row {last.rows[-1]}")]


def _unknown(path: str, firsts: Sequence[RawBlock | None]) -> BadInput:
    blocks = [block for block in firsts if block is not None and block.rows.len()]
    if not blocks:
        return BadInput(
            "the file holds no records",
            where=path,
            expected="a header and records below it",
            got="nothing but blank lines",
            hint="export it again",
        )
    return BadInput(
        "the layout of the file is unknown",
        where=path,
        expected="the columns of a search export (docs/formats.md), their values in the right columns",
        got="; ".join(_described(block) for block in blocks),
        hint="describe the columns in a mapping file and give it with --mapping (docs/formats.md)",
    )


def _described(block: RawBlock | None) -> str:
    """Say how many columns a table has, and name those of a known label.

    Any other cell at the top of a damaged file may be a person, a plate or a reason.
    """
    if block is None or not block.rows.len():
        return "no records"
    top = [[(cell or "").strip() for cell in row] for row in block.cells.head(_TITLES).rows()]
    # Titles stand above the header and fill fewer cells.
    first = max(top, key=lambda cells: sum(map(bool, cells)))
    while first and not first[-1]:
        first.pop()
    known = [cell for cell in first if normal_label(cell) in KNOWN_LABELS]
    columns = "1 column" if len(first) == 1 else f"{len(first)} columns"
    if not known:
        return f"{columns}, none under a known label"
    return f"{columns}, under known labels only {', '.join(repr(cell) for cell in known)}"
