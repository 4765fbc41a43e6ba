"""Request documents that are permitted, and each of them with one term broken: a refusal with one cause.

Most documents of random terms are refused for several reasons, and show nothing of a rule that a text lifts.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from gatehouse.law import codes

Document = dict[str, Any]
_TOWN: Document = {
    "name": "Prairie Bend PD",
    "state": "IL",
    "kind": "police",
    "params": {"retention": None, "bans": [], "optins": []},
}
_FAR: Document = {"name": "Larkspur PD", "state": "MO", "kind": "police"}
_SHERIFF: Document = {"name": "Gravel Ford SO", "state": "MO", "kind": "sheriff"}
_BUREAU: Document = {"name": "A bureau", "state": None, "kind": "federal"}
_DETECTIVE: Document = {"name": "A detective", "state": "MO", "kind": "private"}
_HOUR = {"from": "2026-11-02T14:00:00Z", "to": "2026-11-02T15:00:00Z"}
_YEARS = {"from": "2015-01-01T00:00:00Z", "to": "2026-11-02T15:00:00Z"}

FOREIGN: Document = {
    "searched_at": "2026-11-02T15:00:00Z",
    "searcher": _FAR,
    "owner": _TOWN,
    "window": _HOUR,
    "purpose": "criminal_investigation",
    "offense": "240",
    "case_number": "26-1",
    "on_behalf_of": "none",
    "process": None,
    "approvals": [],
    "agreement": True,
    "declaration": True,
}


def _within(state: str) -> Document:
    """Return a search of one agency of a state in the reads of another."""
    return FOREIGN | {"searcher": _FAR | {"state": state}, "owner": _TOWN | {"state": state}}


PERMITTED: tuple[Document, ...] = (
    FOREIGN,
    FOREIGN | {"approvals": ["A"]},
    FOREIGN | {"purpose": "stolen_vehicle_or_plate", "offense": None},
    FOREIGN | {"searcher": {key: _TOWN[key] for key in ("name", "state", "kind")}, "agreement": False},
    _within("WY"),
    _within("CA"),
    _within("VA"),
    _within("WA"),
)

# Each is one term of a document; the places are as in `searcher.kind`.
BREAKS: tuple[tuple[str, Any], ...] = (
    ("agreement", False),
    ("agreement", None),
    ("agreement", {"purposes": ["missing_endangered"]}),
    ("agreement", {"to": "2026-11-02T15:00:00Z"}),
    ("declaration", False),
    ("declaration", None),
    ("declaration", {"covers": ["immigration"]}),
    *(("purpose", purpose) for purpose in (None, *sorted(codes.PURPOSES))),
    *(("offense", offense) for offense in ("IMMIG_CIV", "IMMIG_CRIM", "30A", "49C", "ASSIST_AGENCY", None)),
    ("case_number", None),
    *(("on_behalf_of", each) for each in ("unknown", _SHERIFF, _BUREAU, _DETECTIVE)),
    *(("process", {"kind": kind}) for kind in sorted(codes.PROCESSES)),
    ("window", None),
    ("window", _YEARS),
    *(("searcher.kind", kind) for kind in ("federal", "private", "tribal", "unknown", "transit")),
    *(("searcher.state", state) for state in (None, "CO", "IL")),
    *(("owner.kind", kind) for kind in ("private", "unknown", "transit")),
    *(("owner.state", state) for state in (None, "VT", "NM")),
    ("owner.params.retention", "PT30M"),
    *(
        ("owner.params.bans", [ban])
        for ban in ("criminal_investigation", "stolen_vehicle_or_plate", "out_of_state", "federal", "vague")
    ),
)


def broken(document: Document, path: str, value: Any) -> Document:
    """Return a document with one term replaced, the others as they were."""
    copy = deepcopy(document)
    *parents, last = path.split(".")
    inner = copy
    for key in parents:
        inner = inner[key]
    inner[last] = value
    return copy


def documents() -> Iterator[Document]:
    """Yield the permitted documents, and each with each of its terms broken."""
    for document in PERMITTED:
        yield document
        for path, value in BREAKS:
            yield broken(document, path, value)
