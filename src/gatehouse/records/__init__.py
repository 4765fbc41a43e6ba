"""Other networks' exports: importers, the normal form, linkage, and a generator with known truth.

Linkage, organizations and the generator stand in packages of their own: `records.link`,
`records.organizations`, `records.synth`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.on_demand import names_of

if TYPE_CHECKING:
    from gatehouse.records.decode import decode, read_records
    from gatehouse.records.frame import FileFacts, Linked, RecordSet, Reject
    from gatehouse.records.importer import ImportOptions, Input, import_files
    from gatehouse.records.mapping import Mapping
    from gatehouse.records.raw import RawBlock, Source
    from gatehouse.records.source import open_sources

__all__ = [
    "FileFacts",
    "ImportOptions",
    "Input",
    "Linked",
    "Mapping",
    "RawBlock",
    "RecordSet",
    "Reject",
    "Source",
    "decode",
    "import_files",
    "open_sources",
    "read_records",
]

_HOMES = {
    "FileFacts": "frame",
    "ImportOptions": "importer",
    "Input": "importer",
    "Linked": "frame",
    "Mapping": "mapping",
    "RawBlock": "raw",
    "RecordSet": "frame",
    "Reject": "frame",
    "Source": "raw",
    "decode": "decode",
    "import_files": "importer",
    "open_sources": "source",
    "read_records": "decode",
}

# Polars takes longer to load than most commands run.
__getattr__ = names_of(__name__, _HOMES)
