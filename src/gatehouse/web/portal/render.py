"""The portal's files: pages in each language, downloads, and what the check in the browser needs.

for path, content in files(document): ...

Every link is relative, so that the same files serve from a node, from any web server and from a folder. The
record itself (C2SP tiles) lies beside them under `ledger/`; whoever puts the files somewhere puts it there.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files as resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from gatehouse.audit.spreadsheet import cell
from gatehouse.ledger.note import VerifierKey
from gatehouse.node.bodies import written
from gatehouse.web.portal.charts import bars
from gatehouse.web.portal.document import AgencyPage, Document, Row
from gatehouse.web.portal.precision import PEOPLE, SEARCHERS
from gatehouse.web.portal.suppression import LEAST
from gatehouse.web.portal.words import LANGUAGES, Words

ROWS_A_PAGE: Final = 200
# What opens published fields lies in parts of so many entries, so that a check fetches little.
OPENINGS_A_FILE: Final = 1_000
COLUMNS: Final = (
    "period",
    "precision",
    "agency",
    "kind",
    "purpose",
    "decision",
    "state",
    "rules",
    "owners",
    "entry",
)
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)


def files(document: Document) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every file but the record's tiles; the same document gives the same bytes."""
    yield from _assets()
    yield "data/portal.json", _json(as_json(document))
    yield "data/searches.csv", _csv(document.rows)
    yield "data/searches.parquet", _parquet(document.rows)
    yield from _openings(document.rows)
    for language in LANGUAGES:
        yield from _pages(document, language)


def as_json(document: Document) -> dict[str, Any]:
    """Return the document for programs; `schema` names its form."""
    return {
        "schema": "gatehouse-portal/1",
        "made_at": written(document.made_at),
        "operator": document.operator.id,
        "origin": document.origin,
        "keys": list(document.keys),
        "checkpoint": document.checkpoint,
        "size": document.size,
        "rulebook": {"version": document.pack.id.version, "sha256": document.pack.id.sha256},
        "lexicon_sha256": document.lexicon,
        "recorded": document.recorded,
        "waiting": document.waiting,
        "withheld": document.withheld,
        "thresholds": {"searchers_for_hours": SEARCHERS, "people": PEOPLE, "cells": LEAST},
        "agencies": [_agency(page) for page in document.agencies],
        "rules": [
            {
                "kind": kind.value,
                "subject": subject,
                "since": written(version.since),
                "entry": version.entry,
                "body": version.body.as_json() if version.body else None,
            }
            for kind, subject, version in document.rules
        ],
        "refusing": [
            {
                "rule": each.rule.id,
                "citation": each.rule.citation,
                "sentence": each.rule.sentence,
                "rows": each.rows,
            }
            for each in document.refusing
        ],
        "rows": [dict(zip(COLUMNS, _told(row), strict=True)) for row in document.rows],
        "vault": [
            {
                "day": each.day,
                "vault": each.vault,
                "agrees": each.agrees,
                "counts": [
                    {"agency": agency, "event": event, "vault": counted, "record": entries}
                    for agency, event, counted, entries in each.lines
                ],
            }
            for each in document.counted
        ],
    }


def _agency(page: AgencyPage) -> dict[str, Any]:
    agency = page.agency
    return {
        "id": agency.id,
        "name": agency.name,
        "state": agency.state,
        "kind": agency.kind.value,
        "cameras": page.cameras,
        "shares": page.shares,
        "many_searchers": page.many_searchers,
        "searches": {"recorded": page.recorded, "waiting": page.waiting, "withheld": page.withheld},
    }


def _told(row: Row) -> tuple[Any, ...]:
    return (
        row.period,
        row.precision.value,
        row.agency,
        row.kind,
        row.purpose,
        row.decision,
        row.state,
        list(row.rules),
        list(row.owners),
        row.index,
    )


def _csv(rows: tuple[Row, ...]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        told = (" ".join(each) if isinstance(each, list) else each for each in _told(row))
        writer.writerow("" if each is None else cell(str(each)) for each in told)
    return out.getvalue().encode()


def _parquet(rows: tuple[Row, ...]) -> bytes:
    import polars as pl

    texts: dict[str, Any] = dict.fromkeys(COLUMNS, pl.String)
    schema = texts | {"rules": pl.List(pl.String), "owners": pl.List(pl.String), "entry": pl.Int64}
    out = io.BytesIO()
    pl.DataFrame([_told(row) for row in rows], schema=schema, orient="row").write_parquet(out)
    return out.getvalue()


def _openings(rows: tuple[Row, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield what opens the published fields of the rows whose hour is told, by entry."""
    parts: dict[int, dict[str, list[Any]]] = {}
    for row in rows:
        if row.index is not None:
            disclosed = [json.loads(each.text) for each in row.disclosures]
            parts.setdefault(row.index // OPENINGS_A_FILE, {})[str(row.index)] = disclosed
    for number, part in sorted(parts.items()):
        yield f"data/openings/{number}.json", _json(part)
    yield "data/openings/index.json", _json({"entries_a_file": OPENINGS_A_FILE, "files": sorted(parts)})


def _assets() -> Iterator[tuple[str, bytes]]:
    style = resources("gatehouse.audit.report").joinpath("report.css").read_bytes()
    own = resources("gatehouse.web.portal").joinpath("assets")
    # One look for report and portal: the portal's sheet adds to the report's.
    yield "assets/portal.css", style + own.joinpath("portal.css").read_bytes()
    for name in ("check.js", "icon.svg", "record.js"):
        yield f"assets/{name}", own.joinpath(name).read_bytes()


def _pages(document: Document, language: str) -> Iterator[tuple[str, bytes]]:
    pages = max(1, -(-len(document.rows) // ROWS_A_PAGE))
    yield _page(document, language, "index.html", "home", days=bars(document.per_day))
    for number in range(1, pages + 1):
        part = document.rows[ROWS_A_PAGE * (number - 1) : ROWS_A_PAGE * number]
        name = f"searches/{number}.html"
        yield _page(
            document, language, name, "searches", rows=tuple(reversed(part)), number=number, pages=pages
        )
    yield _page(document, language, "agencies/index.html", "agencies")
    for page in document.agencies:
        yield _page(document, language, f"agencies/{page.agency.id}.html", "agency", page=page)
    yield _page(document, language, "rules.html", "rules")
    keys = [
        {"name": key.name, "id": key.key_id.hex(), "public": key.public.hex()}
        for key in map(VerifierKey.parse, document.keys)
    ]
    yield _page(document, language, "check.html", "check", verifiers=keys)


def _page(document: Document, language: str, name: str, template: str, **more: Any) -> tuple[str, bytes]:
    path = name if language == "en" else f"{language}/{name}"
    root = "../" * path.count("/")
    # The pages of one language lie together: English at the root, every other in its own folder.
    home = "../" * name.count("/")
    other = next(each for each in LANGUAGES if each != language)
    text = (
        _environment()
        .get_template(f"{template}.html.j2")
        .render(
            document=document,
            t=Words(language),
            root=root or "./",
            home=home or "./",
            twin=f"{root}{'' if other == 'en' else other + '/'}{name}",
            other=other,
            policy=POLICY,
            last=max(1, -(-len(document.rows) // ROWS_A_PAGE)),
            searchers=SEARCHERS,
            people=PEOPLE,
            least=LEAST,
            **more,
        )
    )
    return path, text.encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gatehouse.web.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = lambda value: f"{value:,}"
    return environment


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"
