"""How lists are laid out: fixed columns, tables without a header, and tables whose header names the columns.

`docs/hotlists.md` shows a line of each. A layout cuts a line into cells and says nothing of what they mean.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from gatehouse.hotlist.errors import ListUnreadable
from gatehouse.hotlist.listed_as import about_immigration
from gatehouse.model.plate import LONGEST

LONGEST_LINE = 4_000
# What a column says that is only there to be set.
_NOT_SET = frozenset({"", "N", "NO", "0", "F", "FALSE", "NONE", "-"})
TABLE = "table"
ALONE = "alone"
_PROBED = 20


@dataclass(frozen=True, slots=True)
class Cells:
    """What one line of a list says, as it stands there. `texts` are all cells that may hold words."""

    line: int
    plate: str = ""
    state: str = ""
    file: str = ""
    number: str = ""  # of the entry in its file
    agency: str = ""  # an ORI
    case: str = ""
    note: str = ""
    expires: str = ""
    texts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Name the line only."""
        return f"Cells(line={self.line})"


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is no row: `passed_over` names what it is, or it is malformed."""

    line: int
    passed_over: str | None = None


Cut = Iterator[Cells | Line]


@dataclass(frozen=True, slots=True)
class Mapping:
    """The columns of a table by the name of what they hold, where the header's own names do not tell.

    `file` and `case` stand in for a column that a list has not.
    """

    columns: dict[str, str] = field(default_factory=dict)
    file: str = ""
    case: str = ""


# What a header may call a column, in lower-case letters and digits alone.
_HEADINGS = {
    "plate": ("plate platenumber licenseplate licenseplatenumber plateno platetext lic license tag"),
    "state": "state st stateprovince platestate licensestate lis plst region jurisdiction",
    "file": ("file ncicfile category type listtype list hotlist recordtype alerttype mke messagekey class"),
    "number": "nic nicnumber ncicnumber nicno number recordnumber entrynumber recordid leads ldsnumber",
    "agency": "ori agencyori oricode enteringori",
    "case": "case casenumber caseno oca agencycase agencycasenumber incident incidentnumber reference",
    "note": "description reason note notes remarks mis comment comments message notemessage details",
    "expires": "expires expiry expirydate expirationdate expiration validto validuntil enddate purgedate",
}
_BY_HEADING = {name: column for column, names in _HEADINGS.items() for name in names.split()}
COLUMNS = tuple(_HEADINGS)

_FIXED = re.compile(r"[A-Z][0-9A-Z]{9}[0-9A-Z]{9}[0-9O]{8}[0-9A-Z ]{10}[0-9A-Z ]{2}", re.ASCII)
_NIC = re.compile(r"[A-Z][0-9O]{9}", re.ASCII)
_CLEW = re.compile(r"[0-9A-Z ]{8}[A-Z0-9]{2}[0-9 ]{2}[0-9 ]{0,8}\s*", re.ASCII)
_LEADS = re.compile(
    r"(?P<plate>.{8})(?P<state>.{2})(?P<kind>.{2})(?P<file>.*?)(?P<tags>\s(?:[A-Z]{3}/\S*\s*)+)$"
)
_TAG = re.compile(r"([A-Z]{3})/(\S*)")
_ALONE = re.compile(r"[0-9A-Za-z .-]{1,14}", re.ASCII)


def ncic_fixed(lines: Sequence[str]) -> Cut:
    """Cut NCIC's fixed columns: letter, number, ORI, day, plate, state, years, make, model, color."""
    for number, text in enumerate(lines, 1):
        if other := _no_row(number, text):
            yield other
        elif _FIXED.match(text) is None:
            # Such files begin with a line about themselves.
            yield Line(number, "header" if number == 1 else None)
        else:
            yield Cells(
                number,
                plate=text[27:37].strip(),
                state=text[37:39].strip(),
                file=text[0],
                number=text[0:10],
                agency=text[10:19],
                texts=(text[39:],),
            )


def ncic_table(lines: Sequence[str]) -> Cut:
    """Cut NCIC's table without a header: number, ORI, day, plate, state, years, make, model, color."""
    for number, text in enumerate(lines, 1):
        if other := _no_row(number, text):
            yield other
            continue
        cells = [cell.strip() for cell in text.split(",")]
        if len(cells) < 5 or _NIC.fullmatch(cells[0].upper()) is None:
            yield Line(number)
            continue
        yield Cells(
            number,
            plate=cells[3],
            state=cells[4],
            file=cells[0][:1],
            number=cells[0],
            agency=cells[1],
            texts=tuple(cells[5:]),
        )


def clew(lines: Sequence[str]) -> Cut:
    """Cut the tables of California's stolen vehicle system, which end in a line with their length."""
    for number, text in enumerate(lines, 1):
        if other := _no_row(number, text):
            yield other
        elif "TOTAL RECORD" in text.upper():
            yield Line(number, "footer")
        elif _CLEW.fullmatch(text) is None:
            yield Line(number)
        else:
            yield Cells(number, plate=text[:8].strip(), state=text[8:10])


def florida(lines: Sequence[str]) -> Cut:
    """Cut Florida's table: type, ORI, agency, case, …, number, …, plate, year, state, kind, time."""
    for number, text in enumerate(lines, 1):
        if other := _no_row(number, text):
            yield other
            continue
        cells = [cell.strip() for cell in text.split(";")]
        if len(cells) < 12:
            yield Line(number)
            continue
        yield Cells(
            number,
            plate=cells[-5],
            state=cells[-3],
            file=cells[0],
            number=cells[5],
            agency=cells[1],
            case=cells[3],
            texts=(cells[2], *cells[4:-5]),
        )


def leads(lines: Sequence[str]) -> Cut:
    """Cut Illinois' lines: plate, state, kind and list in columns, then tags such as `LDS/V16A0661`."""
    for number, text in enumerate(lines, 1):
        if other := _no_row(number, text):
            yield other
            continue
        found = _LEADS.fullmatch(text.rstrip())
        if found is None:
            yield Line(number)
            continue
        tags = dict(_TAG.findall(found["tags"]))
        yield Cells(
            number,
            plate=found["plate"].strip(),
            state=found["state"],
            file=found["file"].strip(),
            number=tags.get("LDS", ""),
            texts=tuple(tags.values()),
        )


def alone(lines: Sequence[str]) -> Cut:
    """Cut a list of one plate a line."""
    for number, text in enumerate(lines, 1):
        if other := _no_row(number, text):
            yield other
        elif _ALONE.fullmatch(text.strip()) is None:
            yield Line(number)
        else:
            yield Cells(number, plate=text.strip())


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first line names its columns."""

    delimiter: str
    places: dict[str, int]
    header: tuple[str, ...]

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the names of the columns that are not read."""
        read = set(self.places.values())
        return tuple(name for at, name in enumerate(self.header) if at not in read)

    def cut(self, text: str) -> Cut:
        """Cut the table, header included; a line that lies otherwise is no row."""
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter, strict=True)
        dates = self.places.get("expires"), self.places.get("plate"), self.places.get("state")
        flags = [at for at, name in enumerate(self.header) if about_immigration((name,))]
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader, None)
            except csv.Error:
                yield Line(number)
                continue
            if cells is None:
                return
            if number == 1:
                yield Line(number, "header")
            elif not any(cell.strip() for cell in cells):
                yield Line(number, "blank")
            elif len(cells) != len(self.header) or any(
                len(cell) > LONGEST_LINE or "\0" in cell for cell in cells
            ):
                yield Line(number)
            else:
                yield Cells(
                    number,
                    **{name: cells[at].strip() for name, at in self.places.items()},
                    texts=(
                        *(cell for at, cell in enumerate(cells) if at not in dates),
                        *(self.header[at] for at in flags if cells[at].strip().upper() not in _NOT_SET),
                    ),
                )


def table_of(text: str, mapping: Mapping) -> Table | None:
    """Return how a table lies by its header; None where the first line is no header with a plate in it.

    A column that is named twice, or that a mapping names and the header has not, is `ListUnreadable`.
    """
    first = text.split("\n", 1)[0].rstrip("\r")
    best: Table | None = None
    for delimiter in ",;\t|:":
        try:
            header = next(csv.reader([first], delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
        names = [name.strip() for name in header]
        places: dict[str, int] = {}
        for at, name in enumerate(names):
            column = _BY_HEADING.get(re.sub(r"[^a-z0-9]", "", name.lower()))
            if column is not None and column not in mapping.columns:
                if column in places:
                    raise ListUnreadable(
                        "two columns of a list may hold the same",
                        where=f"line 1, columns {places[column] + 1} and {at + 1}",
                        expected=f"one column for `{column}`",
                        hint="name the right one with --mapping",
                    )
                places[column] = at
        if mapping.columns and all(title in names for title in mapping.columns.values()):
            places |= {column: names.index(title) for column, title in mapping.columns.items()}
        elif mapping.columns:
            continue
        if "plate" in places and (best is None or len(names) > len(best.header)):
            best = Table(delimiter, places, tuple(names))
    if mapping.columns and best is None:
        raise ListUnreadable("the header does not name the columns of the mapping", where="line 1")
    return best


LAYOUTS: dict[str, Callable[[Sequence[str]], Cut]] = {
    "ncic_fixed": ncic_fixed,
    "ncic_table": ncic_table,
    "clew": clew,
    "florida": florida,
    "leads": leads,
    ALONE: alone,
}


def layout_of(lines: Sequence[str], mapping: Mapping) -> str | None:
    """Return the layout without a header that most of the first lines are of, None where none fits.

    Any short line has the form of a plate. So a list is taken for plates alone only where the mapping says
    what they are listed as, every one of its lines could be a plate, and most have a digit.
    """
    probed = [each for each in lines[: _PROBED * 2] if each.strip()][:_PROBED]
    if not probed:
        return None
    for name, cut in LAYOUTS.items():
        if name == ALONE:
            continue
        if sum(isinstance(each, Cells) for each in cut(probed)) * 2 >= len(probed):
            return name
    return ALONE if mapping.file and mapping.case and _plates_alone(lines) else None


def _plates_alone(lines: Sequence[str]) -> bool:
    """Return whether every line that says anything has the form of a plate, and most have a digit."""
    cut = [each for each in alone(lines) if isinstance(each, Cells) or each.passed_over is None]
    signs = [re.sub(r"[ .-]", "", each.plate) if isinstance(each, Cells) else "" for each in cut]
    with_digit = sum(any(sign.isdigit() for sign in each) for each in signs)
    return all(1 <= len(each) <= LONGEST for each in signs) and with_digit * 2 > len(signs)


def _no_row(number: int, text: str) -> Line | None:
    if not text.strip():
        return Line(number, "blank")
    return Line(number) if len(text) > LONGEST_LINE or "\0" in text else None
