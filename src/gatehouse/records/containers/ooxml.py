"""What the workbook reader does not tell of an Office Open XML workbook (ECMA-376 part 1, section 18).

The reader gives error cells (`#N/A`, `#NAME?`) as empty text. A spreadsheet makes `#NAME?` out of a typed
`-bolo`, so the difference between an empty cell and a lost one matters, and is read here from the XML.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, BinaryIO
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"

# A cell element is far shorter; the tail of a chunk is kept so that none is cut in two.
_CHUNK = 1 << 20
_OVERLAP = 1 << 10

# The reader holds a cell for every column up to the last, in every row; 702 columns have two letters at most.
_FAR_RIGHT = re.compile(rb'<(?:\w+:)?c r="[A-Z]{3}[0-9]')
_HAS_VALUE = re.compile(rb"<(?:\w+:)?(?:v|is)>[^<]|<(?:\w+:)?is><")
_ERROR_CELL = re.compile(
    rb"""<(?:\w+:)?c\s(?=[^>]*\bt="e")(?=[^>]*\br="([A-Z]{1,3})([0-9]{1,7})")[^>]*>"""
    rb"""(?:<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>))?<(?:\w+:)?v>([^<]{1,20})</"""
)


class TooWide(Exception):
    """A sheet is wider than any export."""


def sheet_parts(archive: zipfile.ZipFile) -> Mapping[str, str]:
    """Return the archive member that holds each sheet, by the sheet's name; empty when it cannot be told."""
    try:
        workbook = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
        relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    except KeyError:
        return {}
    targets = {item.get("Id"): item.get("Target", "") for item in relations}
    parts = {}
    for namespace, relation in ((_MAIN, _RELATION), (_STRICT, _STRICT_RELATION)):
        for sheet in workbook.iter(f"{namespace}sheet"):
            target = targets.get(sheet.get(relation))
            if target:
                # A target is relative to xl/ unless it begins at the root.
                parts[sheet.get("name", "")] = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    return {name: part for name, part in parts.items() if part in archive.NameToInfo}


def _windows(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the stream in windows, each beginning with the end of the one before."""
    tail = b""
    while chunk := stream.read(_CHUNK):
        window = tail + chunk
        tail = window[-_OVERLAP:]
        yield window


def has_values(archive: zipfile.ZipFile, part: str) -> bool:
    """Return whether any cell of a sheet holds a value, reading no further than the first."""
    with archive.open(part) as stream:
        return any(_HAS_VALUE.search(window) for window in _windows(stream))


def error_cells(file: BinaryIO, part: str) -> dict[tuple[int, int], str]:
    """Return the error text of every error cell of a sheet by zero-based (row, column).

    Raises `TooWide` for a sheet so wide that holding all of its cells could fill the memory.
    """
    found = {}
    with zipfile.ZipFile(file) as archive, archive.open(part) as xml:
        for window in _windows(xml):
            if _FAR_RIGHT.search(window):
                raise TooWide("a sheet of more than 702 columns")
            for match in _ERROR_CELL.finditer(window):
                column = 0
                for letter in match[1]:
                    column = column * 26 + letter - 64
                found[int(match[2]) - 1, column - 1] = match[3].decode("ascii", "replace")
    return found
