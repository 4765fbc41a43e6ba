"""Lists to rows: what is taken of a hotlist file, and what is refused of it and why.

Files are those of NCIC and their like (`gatehouse.hotlist.layouts`), or tables whose header names columns.
NCIC substitutes the letter O and the digit 0 for each other. A state's code is repaired, since no state has a
digit; a plate never is: it is kept as the list has it, and what matching makes of it is marked there.

*Immigration Violator* rows are refused everywhere: by file, code or number, by the agency that entered them,
and by the words in any of their cells, read or not.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from gatehouse.hotlist.errors import ListUnreadable
from gatehouse.hotlist.layouts import COLUMNS, LAYOUTS, TABLE, Cells, Line, Mapping, layout_of, table_of
from gatehouse.hotlist.listed_as import about_immigration, file_of, letter_of, of_immigration_agency
from gatehouse.hotlist.rows import ListFile, ListReport, ListRow, RefusedRow, RowRefusal
from gatehouse.law.codes import STATES
from gatehouse.model import BadInput
from gatehouse.model.plate import normalize

LARGEST_LIST: Final = 64 * 1024 * 1024
_LONGEST_TEXT = 200
_NAMES = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO",
    "connecticut": "CT", "delaware": "DE", "districtofcolumbia": "DC", "florida": "FL", "georgia": "GA",
    "hawaii": "HI", "idaho": "ID", "illinois": "IL", "indiana": "IN", "iowa": "IA", "kansas": "KS",
    "kentucky": "KY", "louisiana": "LA", "maine": "ME", "maryland": "MD", "massachusetts": "MA",
    "michigan": "MI", "minnesota": "MN", "mississippi": "MS", "missouri": "MO", "montana": "MT",
    "nebraska": "NE", "nevada": "NV", "newhampshire": "NH", "newjersey": "NJ", "newmexico": "NM",
    "newyork": "NY", "northcarolina": "NC", "northdakota": "ND", "ohio": "OH", "oklahoma": "OK",
    "oregon": "OR", "pennsylvania": "PA", "rhodeisland": "RI", "southcarolina": "SC", "southdakota": "SD",
    "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT", "virginia": "VA", "washington": "WA",
    "westvirginia": "WV", "wisconsin": "WI", "wyoming": "WY",
}  # fmt: skip
_DAYS = ("%Y-%m-%d", "%m/%d/%Y", "%Y%m%d", "%m-%d-%Y")


def read_list(
    data: bytes,
    *,
    at: datetime,
    layout: str | None = None,
    mapping: Mapping | None = None,
    where: str | None = None,
) -> ListReport:
    """Read a list. What of it cannot be taken is refused row by row; `at` tells what has expired.

    `layout` is found by the first lines unless it is given: one of `LAYOUTS`, or `table`. A file of no known
    layout is `ListUnreadable`.
    """
    given = mapping or Mapping()
    if given.file and not isinstance(file_of(given.file), ListFile):
        raise BadInput("a list is of a file that is not taken", where="file", expected=", ".join(ListFile))
    if len(data) > LARGEST_LIST:
        raise ListUnreadable("a list is too long", where=where, expected=f"at most {LARGEST_LIST:,} bytes")
    text = _decoded(data)
    table = table_of(text, given) if layout in (None, TABLE) else None
    ignored: tuple[str, ...] = ()
    if table is not None:
        found, cut, ignored = TABLE, table.cut(text), table.ignored
    else:
        lines = text.replace("\r\n", "\n").split("\n")
        if lines and not lines[-1]:
            lines.pop()
        name = layout or layout_of(lines, given)
        if name is None or name not in LAYOUTS:
            raise ListUnreadable(
                "the file is no list of a known layout",
                where=where,
                expected=", ".join((TABLE, *LAYOUTS)),
                hint="a table needs a header that names its columns, or --mapping; plates alone need a "
                "mapping with file and case; --layout names any other",
            )
        found, cut = name, LAYOUTS[name](lines)
    reading = _Reading(given, at)
    for each in cut:
        reading.take(each)
    return ListReport(
        layout=found,
        sha256=sha256(data).hexdigest(),
        lines=reading.lines,
        rows=tuple(reading.rows),
        refused=tuple(reading.refused),
        passed_over=reading.passed_over,
        ignored=ignored,
        state_repaired=reading.state_repaired,
    )


def read_mapping(text: str, *, where: str | None = None) -> Mapping:
    """Read a mapping file (TOML): `[columns]` by what they hold, and `file` and `case` of the whole list."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput("the mapping is not TOML", where=where, got=type(error).__name__) from error
    columns = document.get("columns", {})
    if document.keys() - {"columns", "file", "case"} or not isinstance(columns, dict):
        raise BadInput("the mapping has the wrong parts", where=where, expected="columns, file, case")
    values = (*columns.values(), document.get("file", ""), document.get("case", ""))
    if columns.keys() - set(COLUMNS) or not all(isinstance(each, str) for each in values):
        raise BadInput(
            "the mapping names what no list holds", where=where, expected=f"texts for {', '.join(COLUMNS)}"
        )
    return Mapping(columns, document.get("file", ""), document.get("case", ""))


class _Reading:
    """A list while it is read."""

    def __init__(self, mapping: Mapping, at: datetime) -> None:
        self._mapping = mapping
        self._at = at
        self._seen: set[tuple[str, str | None, ListFile, str]] = set()
        self.lines = 0
        self.rows: list[ListRow] = []
        self.refused: list[RefusedRow] = []
        self.passed_over: Counter[str] = Counter()
        self.state_repaired = 0

    def take(self, each: Cells | Line) -> None:
        """Take a line: as a row, as one that is refused, or as one that is none."""
        self.lines += 1
        if isinstance(each, Line):
            if each.passed_over is None:
                self.refused.append(RefusedRow(each.line, RowRefusal.MALFORMED))
            else:
                self.passed_over[each.passed_over] += 1
            return
        found = self._row(each)
        if isinstance(found, ListRow):
            self.rows.append(found)
        else:
            self.refused.append(found)

    def _row(self, cells: Cells) -> ListRow | RefusedRow:
        if (column := _immigration(cells)) is not None:
            return RefusedRow(cells.line, RowRefusal.IMMIGRATION, column)
        file, column = self._file(cells)
        if isinstance(file, RowRefusal):
            return RefusedRow(cells.line, file, column)
        if not cells.plate:
            return RefusedRow(cells.line, RowRefusal.NO_PLATE, "plate")
        try:
            plate = normalize(cells.plate)
        except BadInput:
            return RefusedRow(cells.line, RowRefusal.NOT_A_PLATE, "plate")
        try:
            state = self._state(cells.state)
        except ValueError:
            return RefusedRow(cells.line, RowRefusal.STATE_UNKNOWN, "state")
        case = " ".join((cells.case or cells.number or self._mapping.case).split())
        if not case:
            return RefusedRow(cells.line, RowRefusal.NO_CASE, "case")
        try:
            expires = _expiry(cells.expires)
        except (ValueError, OverflowError):
            return RefusedRow(cells.line, RowRefusal.DATE_UNREADABLE, "expires")
        if expires is not None and expires <= self._at:
            return RefusedRow(cells.line, RowRefusal.EXPIRED, "expires")
        if any(len(each) > _LONGEST_TEXT for each in (case, cells.file, cells.agency)):
            return RefusedRow(cells.line, RowRefusal.MALFORMED)
        key = (plate, state, file, case)
        if key in self._seen:
            return RefusedRow(cells.line, RowRefusal.DUPLICATE)
        self._seen.add(key)
        return ListRow(
            line=cells.line,
            text=cells.plate,
            plate=plate,
            state=state,
            file=file,
            file_text=cells.file or self._mapping.file,
            case=case,
            agency=cells.agency or None,
            note=cells.note or None,
            expires=None if expires is None else expires.isoformat().replace("+00:00", "Z"),
        )

    def _file(self, cells: Cells) -> tuple[ListFile | RowRefusal, str]:
        """Return what a row is listed as; a number of another file than the cell says is not believed."""
        named = file_of(cells.file) if cells.file else None
        lettered = letter_of(cells.number) if cells.number else None
        if isinstance(lettered, RowRefusal) and named is not RowRefusal.FILE_NOT_TAKEN:
            return lettered, "number"
        if named is not None:
            return named, "file"
        if lettered is not None:
            return lettered, "number"
        return (
            (file_of(self._mapping.file), "file") if self._mapping.file else (RowRefusal.FILE_UNKNOWN, "file")
        )

    def _state(self, text: str) -> str | None:
        """Return a state's USPS code; the digit 0 in a code is the letter O, since no code has a digit."""
        plain = text.strip().upper()
        if not plain:
            return None
        if plain in STATES:
            return plain
        if (mended := plain.replace("0", "O")) in STATES:
            self.state_repaired += 1
            return mended
        if (named := _NAMES.get(re.sub(r"[^a-z]", "", plain.lower()))) is not None:
            return named
        raise ValueError("no state")


def _immigration(cells: Cells) -> str | None:
    """Return in which column a row says that it is about immigration enforcement, None where none does."""
    if cells.file and file_of(cells.file) is RowRefusal.IMMIGRATION:
        return "file"
    lettered = letter_of(cells.number) if cells.number else None
    if lettered is RowRefusal.IMMIGRATION:
        return "number"
    if cells.agency and of_immigration_agency(cells.agency):
        return "agency"
    for name, text in (("case", cells.case), ("note", cells.note)):
        if text and about_immigration((text,)):
            return name
    # An agency's own cases may be numbered so; the number of the entry, where there is one, tells better.
    known = (cells.case,) if isinstance(lettered, ListFile) else ()
    if any(
        letter_of(text) is RowRefusal.IMMIGRATION for text in (cells.case, *cells.texts) if text not in known
    ):
        return "case" if letter_of(cells.case) is RowRefusal.IMMIGRATION and not known else "another column"
    return "another column" if about_immigration(_words(cells)) else None


def _words(cells: Cells) -> Iterable[str]:
    if cells.texts:
        return (cells.file, *cells.texts) if cells.file not in cells.texts else cells.texts
    return (cells.file, cells.case, cells.note)


def _expiry(text: str) -> datetime | None:
    """Return until when a row is listed: a time with a zone, or the end of a day in UTC."""
    plain = text.strip()
    if not plain:
        return None
    for form in _DAYS:
        try:
            return datetime.strptime(plain, form).replace(tzinfo=UTC) + timedelta(days=1)
        except (ValueError, OverflowError):
            continue
    found = datetime.fromisoformat(plain)
    if found.tzinfo is None:
        raise ValueError("a time without a zone")
    return found.astimezone(UTC)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Every byte means something in it; a plate is ASCII in either.
        return data.decode("latin-1")
