"""A list as it was read: its rows, what was refused of it and why, line by line.

No refused row is lost from the count: `lines` = rows + refused + passed over. Neither a report nor a row's
`repr` shows a plate.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from gatehouse.model import Purpose


class ListFile(StrEnum):
    """What a listed plate is listed as; the files of NCIC and their like that a hotlist takes."""

    STOLEN_VEHICLE = "stolen_vehicle"
    STOLEN_PLATE = "stolen_plate"
    FELONY_VEHICLE = "felony_vehicle"
    WANTED_PERSON = "wanted_person"
    MISSING_PERSON = "missing_person"
    AMBER_ALERT = "amber_alert"
    PROTECTION_ORDER = "protection_order"

    @property
    def purpose(self) -> Purpose:
        """Return what a search for a plate of this file is for."""
        return _PURPOSES[self]


_PURPOSES = {
    ListFile.STOLEN_VEHICLE: Purpose.STOLEN_VEHICLE_OR_PLATE,
    ListFile.STOLEN_PLATE: Purpose.STOLEN_VEHICLE_OR_PLATE,
    ListFile.FELONY_VEHICLE: Purpose.CRIMINAL_INVESTIGATION,
    ListFile.WANTED_PERSON: Purpose.CRIMINAL_WARRANT,
    ListFile.MISSING_PERSON: Purpose.MISSING_ENDANGERED,
    ListFile.AMBER_ALERT: Purpose.MISSING_ENDANGERED,
    ListFile.PROTECTION_ORDER: Purpose.PROTECTION_ORDER,
}


class RowRefusal(StrEnum):
    """Why a row of a list is refused."""

    IMMIGRATION = "immigration"  # an Immigration Violator row, by file, code, agency or words
    FILE_UNKNOWN = "file_unknown"  # what the plate is listed as is missing or not known
    FILE_NOT_TAKEN = "file_not_taken"  # a file whose entries no search is for
    NO_PLATE = "no_plate"
    NOT_A_PLATE = "not_a_plate"
    STATE_UNKNOWN = "state_unknown"
    NO_CASE = "no_case"  # neither a case nor the number of the entry in its file
    EXPIRED = "expired"
    DATE_UNREADABLE = "date_unreadable"
    DUPLICATE = "duplicate"
    MALFORMED = "malformed"  # the line is not laid out as the others


@dataclass(frozen=True, slots=True)
class ListRow:
    """One listed plate. `text` is the plate as the list has it and `plate` its normal form, never corrected.

    `file` is what it is listed as, `file_text` what the list says to that. `case` is the case's number, or
    the entry's number in its file. `note` is a list's own words, if it has any; `expires` an ISO day or time.
    """

    line: int
    text: str
    plate: str
    state: str | None
    file: ListFile
    file_text: str
    case: str
    agency: str | None = None
    note: str | None = None
    expires: str | None = None

    def __repr__(self) -> str:
        """Name line and file only: a traceback must not hold a plate."""
        return f"ListRow(line={self.line}, file={self.file.value!r})"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is refused, and by what: the column's name or the place in a fixed layout."""

    line: int
    reason: RowRefusal
    column: str | None = None


@dataclass(frozen=True, slots=True)
class ListReport:
    """What a file holds. `passed_over` counts headers, footers and blank lines by kind.

    `ignored` names the columns of a table that are not read; what stands in them is kept nowhere.
    `state_repaired` counts the states whose digit 0 was read as the letter O.
    """

    layout: str
    sha256: str
    lines: int
    rows: tuple[ListRow, ...]
    refused: tuple[RefusedRow, ...]
    passed_over: Counter[str]
    ignored: tuple[str, ...] = ()
    state_repaired: int = 0

    @property
    def reasons(self) -> Counter[RowRefusal]:
        """Return how many rows are refused for each reason."""
        return Counter(each.reason for each in self.refused)

    @property
    def files(self) -> Counter[ListFile]:
        """Return how many rows are taken of each file."""
        return Counter(each.file for each in self.rows)
