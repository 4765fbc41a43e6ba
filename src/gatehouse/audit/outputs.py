"""The files of an audit, and the manifest that names each with its SHA-256.

report.html        the report, one page
findings.json      the record's document
findings.csv       every row behind every finding: finding, file (its number in the report), row
records.parquet    the normal form, masked, with ordinals (see `parquet`)
rejects.csv        records that could not be read, and why
adjudicate.csv     distinct matched texts for a person to judge (see `adjudication`)
requests/*.md      draft records requests for what the export does not show
plates.csv         only with `reveal_plates`: ordinal and plate
officers.csv       only with `reveal_names`: ordinal, organization and name or user id
manifest.json      all of these, and what went in

The report and then the manifest are written last, and those of an earlier run are removed first: a folder
without a manifest holds an audit that was cut short.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from gatehouse import __version__
from gatehouse.audit.adjudication import write_sheet
from gatehouse.audit.json_document import as_document
from gatehouse.audit.parquet import write_records
from gatehouse.audit.report import render
from gatehouse.audit.requests import draft_requests
from gatehouse.audit.spreadsheet import cell, place
from gatehouse.model import BadUse

if TYPE_CHECKING:
    from gatehouse.audit.document import Audit
    from gatehouse.audit.ground import Ground

REPORT, MANIFEST = "report.html", "manifest.json"
REVEALED = ("plates.csv", "officers.csv")


@dataclass(frozen=True, slots=True)
class Written:
    """One output: its path below the directory, its SHA-256 and its size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that an audit wrote, sorted by path, but for `manifest.json` itself."""

    directory: Path
    files: tuple[Written, ...]


def write(
    audit: Audit, ground: Ground, directory: Path, *, progress: Callable[[str], None] = lambda _step: None
) -> Manifest:
    """Write every file into `directory`, which is made if need be; same inputs, same bytes.

    Files that name plates or people are removed where they are not asked for, so that an earlier run does not
    leave them behind.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name in (MANIFEST, REPORT, *REVEALED):
        (directory / name).unlink(missing_ok=True)
    written: list[str] = []

    def put(name: str, make: Callable[[Path], None]) -> None:
        progress(name)
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)
        written.append(name)

    put("findings.json", lambda path: _text(path, _json(as_document(audit))))
    put("findings.csv", lambda path: _findings(audit, path))
    put("records.parquet", lambda path: write_records(ground, path))
    put("rejects.csv", lambda path: _rejects(ground, path))
    put("adjudicate.csv", lambda path: write_sheet(ground, path))
    for old in sorted((directory / "requests").glob("*.md")):
        old.unlink()
    for name, text in draft_requests(audit, ground.linked.records).items():
        put(f"requests/{name}", partial(_text, text=text))
    if ground.options.reveal_plates:
        put("plates.csv", lambda path: _plates(ground, path))
    if ground.options.reveal_names:
        put("officers.csv", lambda path: _officers(ground, path))
    put(REPORT, lambda path: _text(path, render(audit)))
    manifest = Manifest(directory, tuple(_hashed(directory, name) for name in sorted(written)))
    _text(directory / MANIFEST, _json(_manifest_document(audit, manifest)))
    return manifest


def _findings(audit: Audit, path: Path) -> None:
    # A path on each of millions of lines would be nine tenths of the file.
    number: dict[str, int] = {}
    for position, file in enumerate(audit.files, start=1):
        number.setdefault(file.path, position)
    places, numbers = list(number), list(number.values())
    parts = [
        finding.rows.select(
            pl.lit(finding.id).alias("finding"),
            pl.col("file").replace_strict(places, numbers, return_dtype=pl.UInt16),
            "row",
        )
        for finding in audit.findings
        if finding.rows is not None and finding.count
    ]
    empty = pl.LazyFrame(schema={"finding": pl.String, "file": pl.UInt16, "row": pl.UInt32})
    pl.concat([empty, *parts]).sink_csv(path, maintain_order=True)


def _rejects(ground: Ground, path: Path) -> None:
    rows = (
        (place(ground.files[reject.file].path), reject.row, reject.reason, reject.detail)
        for reject in ground.linked.records.rejects
    )
    _csv(path, ("file", "row", "reason", "detail"), rows)


def _plates(ground: Ground, path: Path) -> None:
    """Write the plates behind the ordinals."""
    _revealed(ground, "plate")
    texts = ground.linked.records.texts["plate"]
    named = ground.plate_ordinals.join(texts, left_on="plate", right_on="key", how="left").sort("ordinal")
    _csv(
        path,
        ("plate", "text"),
        ((f"plate {n}", cell(text or "")) for n, text in named.select("ordinal", "text").rows()),
    )


def _officers(ground: Ground, path: Path) -> None:
    """Write the names or user ids behind the ordinals."""
    _revealed(ground, "officer")
    texts = pl.concat(
        ground.linked.records.texts[name]
        for name in ("officer", "user_id")
        if name in ground.linked.records.texts
    ).unique("key", keep="first", maintain_order=True)
    named = ground.officer_ordinals.join(texts, left_on="officer", right_on="key", how="left").sort("ordinal")
    rows = (
        (f"officer {n}", cell(ground.roster.name(agency)), cell(text or ""))
        for n, agency, text in named.select("ordinal", "agency", "text").iter_rows()
    )
    _csv(path, ("officer", "organization", "text"), rows)


def _revealed(ground: Ground, field: str) -> None:
    if field not in ground.linked.records.texts:
        raise BadUse(
            f"the {field} texts were not kept on import",
            expected=f'ImportOptions(keep=frozenset({{"{field}"}}))',
        )


def _manifest_document(audit: Audit, manifest: Manifest) -> dict[str, Any]:
    return {
        "gatehouse": __version__,
        "inputs": [
            {"file": number, "path": file.path, "sha256": file.sha256, "owner": file.owner}
            for number, file in enumerate(audit.files, start=1)
        ],
        "inputs_sha256": audit.inputs_sha256,
        "lexicon_sha256": audit.lexicon_sha256,
        "pack": dict(audit.pack),
        "synthetic": audit.synthetic,
        "files": [{"path": file.path, "sha256": file.sha256, "bytes": file.size} for file in manifest.files],
    }


def _hashed(directory: Path, name: str) -> Written:
    path = directory / name
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Written(name, digest, path.stat().st_size)


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _csv(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
