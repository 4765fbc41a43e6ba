"""The normal form in columns: one row a record, built for tens of millions of rows.

A text field stands as two columns: `<field>`, a 64-bit key of its text (null when the cell has none), and
`<field>_state`. The text behind a key stands once in `RecordSet.texts[field]`, so a reason repeated two
million times is classified once. Keys are equal exactly when the texts are (up to 64-bit hash collisions);
they are internal, differ between Polars versions, and never leave the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from gatehouse.model import Bounds, FieldState, Layout, LinkTier

# In these layouts every row is the file owner's own search of other people's cameras or of its own.
OWN_RECORD = frozenset({Layout.PORTAL, Layout.ORGANIZATION_AUDIT})

STATE = pl.Enum([state.value for state in FieldState])
TIER = pl.Enum([tier.value for tier in LinkTier])
TIME = pl.Datetime("ms", "UTC")

# Fields whose text is needed later (classified, shown or grouped by) are kept; of the others only the key
# is, since 12 million distinct ids or plates would fill the memory for nothing.
KEPT_TEXTS = ("org", "reason", "offense", "search_type", "text_prompt", "moderation")
# Texts that one option or another asks for; see `ImportOptions.keep`.
OPTIONAL_TEXTS = ("record_id", "officer", "user_id", "plate", "case_number", "filters")
TEXT_FIELDS = KEPT_TEXTS + OPTIONAL_TEXTS
TIME_FIELDS = ("searched_at", "frame_from", "frame_to")
COUNT_FIELDS = ("networks", "devices")
FIELDS = TEXT_FIELDS + TIME_FIELDS + COUNT_FIELDS

# One row a record that is (or may be a copy of) a search, in file order, then row order.
SCHEMA: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "file": pl.UInt16,  # index into RecordSet.files
    "row": pl.UInt32,  # as a spreadsheet shows it
    "content": pl.UInt64,  # key of the whole row's cells as exported, to find exact copies
    **dict.fromkeys(TEXT_FIELDS, pl.UInt64),
    **dict.fromkeys(TIME_FIELDS, TIME),
    **dict.fromkeys(COUNT_FIELDS, pl.Int32),
    **{f"{name}_state": STATE for name in FIELDS},
}

TEXTS_SCHEMA: Mapping[str, pl.DataType | type[pl.DataType]] = {"key": pl.UInt64, "text": pl.String}


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be read: where it stands and why. `detail` names shapes, never contents."""

    file: int
    row: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one file (or one member of an archive) is and how it was read.

    `rows` counts the records below the first header, blank lines aside; it equals the rows of this file in
    the frame + `len(rejects of this file)` + `non_search`. `exported` names the normal-form fields that the
    file has a column for. `notes` are `(code, detail)` pairs: quirks met and mended, truncation tells,
    schema breaks.
    """

    path: str  # as given on the command line; archive members as "outer.zip!inner.csv"
    sha256: str  # of the file as it lies on disk (of the archive, for a member)
    layout: Layout
    rows: int
    non_search: int
    exported: frozenset[str]
    owner: str | None = None
    encoding: str | None = None
    header_row: int | None = None
    repaired: int = 0
    notes: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class RecordSet:
    """Everything read from a list of files: the facts, the frame, the texts behind the keys, the rejects.

    `frame` has the columns of `SCHEMA`; it may lie on disk (spilled) for very large inputs, so consumers
    stay lazy and collect aggregates only.
    """

    files: tuple[FileFacts, ...]
    frame: pl.LazyFrame
    texts: Mapping[str, pl.DataFrame]
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, slots=True)
class Linked:
    """A record set in which copies of one search have found each other.

    `frame` is the record set's frame with two more columns: `search` (UInt32, the ordinal of the search by
    first appearance) and `tier` (Enum of `LinkTier`; `first` marks the one row of a search that counts).
    `tiers` counts the copies by the tier that linked them; `searches` and `duplicates` stand per file, in
    the order of `records.files`.
    """

    records: RecordSet
    frame: pl.LazyFrame
    bounds: Bounds
    tiers: Mapping[LinkTier, int]
    searches: tuple[int, ...]
    duplicates: tuple[int, ...]
