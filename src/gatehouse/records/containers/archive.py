"""ZIP archives: each member that is an export is a source; what is none is named in a note, not guessed at.

Members are never unpacked under their own names, which are labels and nothing more.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, BinaryIO, Protocol

from gatehouse.model import BadInput
from gatehouse.records import encoding as encodings
from gatehouse.records.containers.errors import ZIP_DAMAGE, NotAnExport
from gatehouse.records.containers.limits import HELD
from gatehouse.records.containers.magic import is_container
from gatehouse.records.csvfile import CsvSource
from gatehouse.records.csvscan import scan
from gatehouse.records.dialect import sniff
from gatehouse.records.layouts import find_header
from gatehouse.records.raw import RawBlock, Source

# What spreadsheets and databases call delimited text.
_TABLES = frozenset({".csv", ".tsv", ".tab", ".psv"})
# Text that may be a table or a letter; its first lines decide.
_TEXTS = frozenset({".txt", ""})
# What systems leave in archives.
_LITTER = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})
_TEXT_HEAD = 64 << 10
_ENCRYPTED = 0x1
# A header stands within so many records.
_HEADER_WITHIN = 50


class InnerOpener(Protocol):
    """Opens a container that stands in an archive; see `opening.open_stream`."""

    def __call__(
        self, label: str, *, stream: Callable[[], BinaryIO], sha256: str, archives: int
    ) -> list[Source]:
        """Return the tables of the container."""
        ...


def open_archive(
    label: str,
    *,
    stream: Callable[[], BinaryIO],
    sha256: str,
    open_inner: InnerOpener,
    archives: int,
) -> list[Source]:
    """Return the tables of an archive's members, in the archive's order.

    Raises `BadInput` when a member is encrypted or damaged, when archives stand in each other too deep, or
    when no member is an export.
    """
    if not archives:
        raise BadInput(
            "archives stand in each other too deep",
            where=label,
            expected="exports in an archive, or in an archive in it",
            hint="unpack the outer archive and give the inner one",
        )
    sources: list[Source] = []
    notes: list[tuple[str, str]] = []
    with stream() as file, zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            member = _Member(label=f"{label}!{_printable(entry.filename)}", entry=entry, stream=stream)
            found = _open_member(archive, member, sha256=sha256, open_inner=open_inner, archives=archives - 1)
            if isinstance(found, str):
                notes.append(("member_skipped", f"{_printable(entry.filename)}: {found}"))
            else:
                sources += found
    if not sources:
        raise NotAnExport(
            "no member of the archive is an export",
            where=label,
            expected="CSV files, workbooks or PDFs with text",
            got="; ".join(detail for _, detail in notes[:5]) or "no members",
            hint="ask for the export as CSV",
        )
    # What the archive holds besides is said once, with its first table.
    return [_Noted(sources[0], tuple(notes)), *sources[1:]] if notes else sources


@dataclass(frozen=True, slots=True)
class _Member:
    label: str
    entry: zipfile.ZipInfo
    stream: Callable[[], BinaryIO]

    def read(self, archive: zipfile.ZipFile, size: int = -1) -> bytes:
        """Return the member's bytes, or the first `size` of them."""
        with _damage(self.label), archive.open(self.entry) as member:
            return member.read(size)

    def copy(self, target: IO[bytes]) -> None:
        """Write the member's bytes to a file."""
        with (
            _damage(self.label),
            self.stream() as file,
            zipfile.ZipFile(file) as archive,
            archive.open(self.entry) as member,
        ):
            shutil.copyfileobj(member, target, 1 << 20)


@contextmanager
def _damage(label: str) -> Iterator[None]:
    try:
        yield
    except ZIP_DAMAGE as error:
        raise BadInput(
            "a member of the archive is damaged", where=label, got=str(error), hint="download it again"
        ) from error
    except NotImplementedError as error:
        raise BadInput(
            "a member of the archive is compressed in a way that cannot be read",
            where=label,
            expected="deflate, bzip2 or LZMA",
            got=str(error),
            hint="unpack the archive and pack it again, or give the files that are exports",
        ) from error


def _open_member(
    archive: zipfile.ZipFile, member: _Member, *, sha256: str, open_inner: InnerOpener, archives: int
) -> list[Source] | str:
    """Return the tables of a member, or in a few words why it has none."""
    path = PurePosixPath(member.entry.filename)
    if not _LITTER.isdisjoint(path.parts) or path.name.startswith("._"):
        return "left by the system that packed the archive"
    if member.entry.flag_bits & _ENCRYPTED:
        raise BadInput(
            "a member of the archive is encrypted",
            where=member.label,
            expected="an archive that opens without a password",
            hint="unpack it with its password and give the files that are exports",
        )
    if not member.entry.file_size:
        return "an empty file"
    head = member.read(archive, _TEXT_HEAD)
    if is_container(head):
        return _open_container(archive, member, sha256=sha256, open_inner=open_inner, archives=archives)
    suffix = path.suffix.lower()
    if suffix in _TABLES or (suffix in _TEXTS and _is_table(head)):
        return [TextMember(member.label, sha256, member.copy)]
    return "no table by its name and its first lines"


def _open_container(
    archive: zipfile.ZipFile, member: _Member, *, sha256: str, open_inner: InnerOpener, archives: int
) -> list[Source] | str:
    if member.entry.file_size > HELD:
        raise BadInput(
            "a member of the archive is too large to be read inside of it",
            where=member.label,
            expected=f"at most {HELD >> 30} GiB",
            got=f"{member.entry.file_size >> 30} GiB",
            hint="unpack the archive and give this file by itself",
        )
    data = member.read(archive)
    try:
        return open_inner(member.label, stream=lambda: io.BytesIO(data), sha256=sha256, archives=archives)
    except NotAnExport as error:
        return error.what


def _is_table(head: bytes) -> bool:
    """Return whether the first lines of a text hold the header of an export."""
    encoding = encodings.detect(head)
    text = head[encoding.mark :]
    text = encodings.utf16_to_utf8(encoding)(text, False) if encoding.wide else encodings.to_utf8(text)[0]
    dialect = sniff(text)
    found = scan(text, delimiter=dialect.delimiter, spaced=dialect.spaced, width=0, stop=len(text))
    return find_header(found.records[:_HEADER_WITHIN]) is not None


def _printable(name: str) -> str:
    """Return a member's name without characters that a terminal would act on."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name)


@dataclass(slots=True)
class TextMember:
    """Delimited text in an archive; see `records.raw.Source`.

    Its bytes are copied to a file without a lasting name while they are read.
    """

    path: str
    sha256: str
    copy: Callable[[IO[bytes]], None]
    encoding: str | None = None
    notes: tuple[tuple[str, str], ...] = ()
    delimiter: str | None = None
    unterminated: bool = False
    consumed: int = 0

    def blocks(self) -> Iterator[RawBlock]:
        """Yield the records in file order."""
        with tempfile.NamedTemporaryFile(prefix="gatehouse-") as file:
            self.copy(file.file)
            file.flush()
            source = CsvSource(self.path, file=file.name)
            self.delimiter = source.delimiter
            yield from source.blocks()
            self.encoding, self.notes = source.encoding, source.notes
            self.unterminated = source.unterminated


class _Noted:
    """A source with notes of the archive it stands in."""

    def __init__(self, source: Source, notes: tuple[tuple[str, str], ...]) -> None:
        self._source = source
        self._notes = notes

    @property
    def path(self) -> str:
        return self._source.path

    @property
    def sha256(self) -> str:
        return self._source.sha256

    @property
    def encoding(self) -> str | None:
        return self._source.encoding

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        return (*self._notes, *self._source.notes)

    @property
    def delimiter(self) -> str | None:
        return self._source.delimiter

    @property
    def unterminated(self) -> bool:
        return self._source.unterminated

    @property
    def consumed(self) -> int:
        return self._source.consumed

    def blocks(self) -> Iterator[RawBlock]:
        """Yield the records in file order."""
        return self._source.blocks()
