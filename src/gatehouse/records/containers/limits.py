"""What an archive may unpack to. A small file that unpacks without end is an attack, not an export."""

from __future__ import annotations

import zipfile

from gatehouse.model import BadInput

# The largest release on record, 17,000,000 rows, is some 6 GB as CSV; several such may share an archive.
TOTAL = 64 << 30
# Deflate reaches 1,032; an audit whose every field repeats was seen at 60.
RATIO = 300
# Small members may be all alike without doing harm.
RATIO_FROM = 16 << 20
# More members than a release has files; each costs an entry in the report.
MEMBERS = 10_000
# Workbooks, PDFs and archives inside of an archive are held in memory or copied to be read at any place.
HELD = 2 << 30


def refuse_bomb(archive: zipfile.ZipFile, *, where: str) -> None:
    """Raise `BadInput` if an archive would unpack to more than an export can be.

    The sizes are those that the archive states; the reader stops at them.
    """
    members = archive.infolist()
    if len(members) > MEMBERS:
        raise _too_much(where, f"at most {MEMBERS:,} members", f"{len(members):,}")
    total = sum(member.file_size for member in members)
    if total > TOTAL:
        raise _too_much(where, f"at most {TOTAL >> 30} GiB unpacked", f"{total >> 30} GiB")
    for member in members:
        ratio = member.file_size / max(member.compress_size, 1)
        if member.file_size > RATIO_FROM and ratio > RATIO:
            raise _too_much(where, f"members compressed at most {RATIO}-fold", f"{ratio:,.0f}-fold")


def _too_much(where: str, expected: str, got: str) -> BadInput:
    return BadInput(
        "the archive unpacks to more than an export can be",
        where=where,
        expected=expected,
        got=got,
        hint="unpack it with care and give the files that are exports",
    )
