"""A mapping file: which columns of an unknown export hold which fields, written by a person in TOML.

[mapping]
layout = "mapped"
vendor = "Example Reader Company"

[columns]                      # field = "column label as the file has it"
searched_at = "Query Time"
org = "Department"
reason = "Purpose"

[times]                        # optional
format = "%d.%m.%Y %H:%M:%S"   # as strftime writes it; without it the known forms are tried
zone = "America/Chicago"       # of times without a zone; without it they are UTC
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from gatehouse.model import BadInput, Layout
from gatehouse.records.columns import SEARCH_DATE, TIME_FRAME
from gatehouse.records.frame import FIELDS
from gatehouse.records.layouts import Plan

_COLUMNS = (*FIELDS, SEARCH_DATE, TIME_FRAME)
_KEYS: AnyMapping[str, tuple[str, ...]] = {
    "mapping": ("layout", "vendor"),
    "columns": _COLUMNS,
    "times": ("format", "zone"),
}
# Characters of an unknown name that an error quotes.
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which column label holds which field, and how the file writes its times."""

    columns: AnyMapping[str, str]
    layout: Layout = Layout.MAPPED
    vendor: str | None = None
    time_format: str | None = None
    time_zone: str | None = None

    @classmethod
    def load(cls, path: str) -> Mapping:
        """Read and check a mapping file; anything unknown or missing in it is `BadInput`."""
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            got = (error.strerror if isinstance(error, OSError) else None) or "bytes that are not UTF-8"
            raise BadInput(
                "the mapping cannot be read",
                where=path,
                expected="a TOML file in UTF-8 (docs/formats.md)",
                got=got,
                hint="check the path and its permissions",
            ) from error
        try:
            document = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            # Beside errors of TOML: a number of thousands of digits, values nested thousands deep.
            got = "values nested too deep to read" if isinstance(error, RecursionError) else str(error)
            raise BadInput(
                "the mapping is not TOML", where=path, got=got, hint="docs/formats.md shows one"
            ) from error
        return cls.from_document(document, where=path)

    @classmethod
    def from_document(cls, document: AnyMapping[str, Any], *, where: str) -> Mapping:
        """Check a mapping document and return it."""
        for table, content in document.items():
            if table not in _KEYS:
                raise _unknown(table, tuple(_KEYS), where)
            if not isinstance(content, dict):
                raise BadInput("not a table", where=f"{where} [{table}]", expected="key = value lines")
            for key, value in content.items():
                if key not in _KEYS[table]:
                    raise _unknown(key, _KEYS[table], f"{where} [{table}]")
                if not isinstance(value, str) or not value.strip():
                    raise BadInput("not a text", where=f"{where} [{table}] {key}", expected="a quoted text")
        head = document.get("mapping", {})
        if head.get("layout", Layout.MAPPED.value) != Layout.MAPPED.value:
            raise BadInput(
                "a mapping describes one layout only",
                where=f"{where} [mapping] layout",
                expected='"mapped"',
                got=repr(head["layout"]),
            )
        columns = dict(document.get("columns", {}))
        if not {"searched_at", SEARCH_DATE} & set(columns) or len(columns) < 2:
            raise BadInput(
                "the mapping names no search",
                where=f"{where} [columns]",
                expected="searched_at and at least one more field",
                got=", ".join(columns) or "nothing",
            )
        labels = [label.strip().casefold() for label in columns.values()]
        for field, label in columns.items():
            if labels.count(label.strip().casefold()) > 1:
                raise BadInput(
                    "one column cannot hold two fields",
                    where=f"{where} [columns] {field}",
                    expected="a label of its own for each field",
                    got=repr(label),
                )
        times = document.get("times", {})
        _check_times(times.get("format"), times.get("zone"), f"{where} [times]")
        return cls(columns, Layout.MAPPED, head.get("vendor"), times.get("format"), times.get("zone"))

    def plan(self, records: Sequence[Sequence[str | None]]) -> tuple[int, Plan] | None:
        """Return the header's position among records and the plan, or None if no record has all columns."""
        wanted = {label.strip().casefold(): field for field, label in self.columns.items()}
        for at, record in enumerate(records):
            labels = tuple((cell or "").strip() for cell in record)
            roles = tuple(wanted.get(label.casefold()) for label in labels)
            if set(wanted.values()) <= set(roles):
                if SEARCH_DATE in roles and "searched_at" not in roles:
                    roles = tuple("searched_at" if role == SEARCH_DATE else role for role in roles)
                return at, Plan(self.layout, roles, tuple(record), labels, len(labels))
        return None


def _unknown(key: str, known: tuple[str, ...], where: str) -> BadInput:
    return BadInput(
        "unknown key in the mapping", where=where, expected="one of " + ", ".join(known), got=repr(key)
    )


def _check_times(written: str | None, zone: str | None, where: str) -> None:
    """Refuse a form or a zone of times with which no time can be read at all."""
    clock = pl.Series(["2025-06-02 09:00:00"])
    if written is not None:
        try:
            clock.str.to_datetime(written, time_unit="ms", strict=False, ambiguous="earliest")
        except pl.exceptions.PolarsError as error:
            raise BadInput(
                "unknown form of times",
                where=f"{where} format",
                expected='a date and a time of day as strftime writes them, such as "%d.%m.%Y %H:%M:%S"',
                got=repr(written[:_SHOWN]),
                hint="%I needs %p beside it",
            ) from error
    if zone is not None:
        try:
            clock.str.to_datetime().dt.replace_time_zone(zone)
        except pl.exceptions.PolarsError as error:
            raise BadInput(
                "unknown time zone",
                where=f"{where} zone",
                expected='an IANA name such as "America/Chicago"',
                got=repr(zone[:_SHOWN]),
            ) from error
