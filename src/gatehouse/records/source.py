"""Opening a file as the tables in it, by what its first bytes are, not by its name."""

from __future__ import annotations

from gatehouse.model import BadInput
from gatehouse.records import encoding as encodings
from gatehouse.records.csvfile import CsvSource
from gatehouse.records.given import READABLE, read_head
from gatehouse.records.jsonfile import JsonSource
from gatehouse.records.raw import Source

# Archives and workbooks, OLE workbooks, PDF documents.
_CONTAINERS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"%PDF")
_FOREIGN = {
    b"\x1f\x8b": ("a gzip archive", "unpack it first"),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "unpack it first"),
    b"Rar!": ("a RAR archive", "unpack it first"),
    b"PAR1": ("a Parquet file", "give the export that it was made from"),
    b"\x89PNG": ("a picture", "ask for the records in electronic form"),
    b"\xff\xd8\xff": ("a picture", "ask for the records in electronic form"),
}
# Control characters that text has no use for.
_BINARY = frozenset(range(32)) - frozenset(b"\t\n\r\f\x0b\x1a\x1b\x1c\x1d\x1e\x1f")


def open_sources(path: str) -> list[Source]:
    """Return the tables of a file, in its order; a file nobody can read is `BadInput`, a folder `BadUse`."""
    head = read_head(path)
    _refuse_foreign(head, path)
    text = _as_text(head)
    if head.startswith(_CONTAINERS) or text is None:
        # Imported here since workbook and PDF readers are slow to load and most exports need neither.
        from gatehouse.records.containers import open_container

        sources = open_container(path)
        if sources is None:
            raise BadInput(
                "the file is no kind of table that can be read",
                where=path,
                expected=READABLE,
                got=f"a file that starts with the bytes {head[:4].hex(' ')}",
                hint="ask for the export as CSV",
            )
        return sources
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype", "<html", "<?xml")):
        raise BadInput(
            "the file is a web page, not an export",
            where=path,
            expected=READABLE,
            got="HTML or XML",
            hint="download the CSV that the page links to",
        )
    if start.startswith(("[", "{")) and JsonSource.recognizes(path):
        return [JsonSource(path)]
    return [CsvSource(path)]


def _refuse_foreign(head: bytes, path: str) -> None:
    for magic, (what, hint) in _FOREIGN.items():
        if head.startswith(magic):
            raise BadInput(
                "the file cannot be read as it is", where=path, expected=READABLE, got=what, hint=hint
            )


def _as_text(head: bytes) -> str | None:
    """Return the first characters of a text file, or None if the bytes are no text."""
    encoding = encodings.detect(head)
    body = head[encoding.mark :]
    if encoding.wide:
        return encodings.utf16_to_utf8(encoding)(body, False).decode()
    # Damage may leave a few control characters; a file of a binary kind has them everywhere.
    if sum(body.count(byte) for byte in _BINARY) * 50 > len(body):
        return None
    return encodings.to_text(body)
