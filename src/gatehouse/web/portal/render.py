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
_ASSETS: Final = ("check.js", "icon.svg", "portal.css", "record.js")
_OPENINGS: Final = "data/openings/"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)


def files(document: Document) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every file but the record's tiles; the same document gives the same bytes."""
    for name in names(document):
        content = file(document, name)
        assert content is not None, name
        yield name, content


def names(document: Document) -> Iterator[str]:
    """Yield the path of every file but the record's tiles."""
    yield from (f"assets/{name}" for name in _ASSETS)
    yield from ("data/portal.json", "data/searches.csv", "data/searches.parquet", f"{_OPENINGS}index.json")
    yield from (f"{_OPENINGS}{number}.json" for number in sorted(_opened(document.rows)))
    pages = ["index.html", "agencies.html", "rules.html", "check.html"]
    pages += [f"searches/{number}.html" for number in range(1, _last(document) + 1)]
    pages += [f"agencies/{page.agency.id}.html" for page in document.agencies]
    for language in LANGUAGES:
        yield from (page if language == "en" else f"{language}/{page}" for page in pages)


def file(document: Document, name: str) -> bytes | None:
    """Return the content of one file, None where there is none of that name."""
    if name.startswith("assets/"):
        return _asset(name.removeprefix("assets/"))
    if name.startswith(_OPENINGS):
        return _opening(document.rows, name.removeprefix(_OPENINGS))
    match name:
        case "data/portal.json":
            return _json(as_json(document))
        case "data/searches.csv":
            return _csv(document.rows)
        case "data/searches.parquet":
            return _parquet(document.rows)
    other = next((each for each in LANGUAGES if name.startswith(f"{each}/")), None)
    page = name if other is None else name.removeprefix(f"{other}/")
    return None if other == "en" else _page(document, other or "en", page)


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


def _opened(rows: tuple[Row, ...]) -> dict[int, list[Row]]:
    """Return the rows whose hour is told, by the file that opens their published fields."""
    parts: dict[int, list[Row]] = {}
    for row in rows:
        if row.index is not None:
            parts.setdefault(row.index // OPENINGS_A_FILE, []).append(row)
    return parts


def _opening(rows: tuple[Row, ...], name: str) -> bytes | None:
    parts = _opened(rows)
    if name == "index.json":
        return _json({"entries_a_file": OPENINGS_A_FILE, "files": sorted(parts)})
    part = next((found for number, found in parts.items() if name == f"{number}.json"), None)
    if part is None:
        return None
    return _json({str(row.index): [json.loads(each.text) for each in row.disclosures] for row in part})


def _asset(name: str) -> bytes | None:
    if name not in _ASSETS:
        return None
    content = resources("gatehouse.web.portal").joinpath("assets", name).read_bytes()
    if name != "portal.css":
        return content
    # One look for report and portal: the portal's sheet adds to the report's.
    return resources("gatehouse.audit.report").joinpath("report.css").read_bytes() + content


def _last(document: Document) -> int:
    """Return the number of the page with the newest rows."""
    return max(1, -(-len(document.rows) // ROWS_A_PAGE))


def _page(document: Document, language: str, name: str) -> bytes | None:
    """Return a page, None where there is none of that name."""
    folder, _, stem = name.removesuffix(".html").rpartition("/")
    if not name.endswith(".html"):
        return None
    match folder, stem:
        case "", "index":
            return _rendered(document, language, name, "home", days=bars(document.per_day))
        case "", "rules":
            return _rendered(document, language, name, "rules")
        case "", "check":
            keys = [
                {"name": key.name, "id": key.key_id.hex(), "public": key.public.hex()}
                for key in map(VerifierKey.parse, document.keys)
            ]
            return _rendered(document, language, name, "check", verifiers=keys)
        case "", "agencies":
            return _rendered(document, language, name, "agencies")
        case "agencies", id:
            page = next((each for each in document.agencies if each.agency.id == id), None)
            return None if page is None else _rendered(document, language, name, "agency", page=page)
        case "searches", number if number.isascii() and number.isdecimal() and len(number) < 9:
            last, at = _last(document), int(number)
            if not 1 <= at <= last or str(at) != number:
                return None
            part = document.rows[ROWS_A_PAGE * (at - 1) : ROWS_A_PAGE * at]
            rows = tuple(reversed(part))
            return _rendered(document, language, name, "searches", rows=rows, number=at, pages=last)
    return None


def _rendered(document: Document, language: str, name: str, template: str, **more: Any) -> bytes:
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
            last=_last(document),
            searchers=SEARCHERS,
            people=PEOPLE,
            least=LEAST,
            **more,
        )
    )
    return text.encode()


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
