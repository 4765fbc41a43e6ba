"""A search as fields of an entry, and back; its request to the rulebook, and what its free texts suggest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from gatehouse.law import Lexicon
from gatehouse.law.texts import matches_of
from gatehouse.ledger.canonical import Json
from gatehouse.model import (
    Agency,
    AgencyKind,
    BadInput,
    Behalf,
    Party,
    PlatePattern,
    PlateSearch,
    Process,
    ProcessKind,
    Purpose,
    Scope,
    SearchMode,
    SearchRequest,
    Signal,
    SignalMatch,
    Window,
)


def time_text(at: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC, to the microsecond, as the ledger writes times."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def asked_fields(search: PlateSearch) -> dict[str, Json]:
    """Return everything that is asked, in the ledger's fields; `detail` holds what has none of its own."""
    return {
        "case_number": search.case_number,
        "detail": {
            "confusables": search.confusables,
            "entered_by": search.entered_by,
            "ground": search.ground,
            "mode": search.mode.value,
            "scope": search.scope.value,
        },
        "offense": search.offense,
        "officer": search.officer,
        "on_behalf_of": _behalf_value(search.on_behalf_of),
        "plate": search.plate.text,
        "process": _process_value(search.process),
        "purpose": search.purpose.value,
        "reason": search.reason,
        "window": {"from": time_text(search.window.start), "to": time_text(search.window.end)},
    }


def search_of(agency: str, values: Mapping[str, Json]) -> PlateSearch:
    """Return the search that the fields of its request tell; what they cannot be is `BadInput`."""
    match values:
        case {
            "case_number": str() | None as case_number,
            "detail": {
                "confusables": bool() as confusables,
                "entered_by": str() as entered_by,
                "ground": str() | None as ground,
                "mode": str() as mode,
                "scope": str() as scope,
            },
            "offense": str() | None as offense,
            "officer": str() as officer,
            "on_behalf_of": behalf,
            "plate": str() as plate,
            "process": process,
            "purpose": str() as purpose,
            "reason": str() as reason,
            "window": {"from": str() as start, "to": str() as end},
        }:
            pass
        case _:
            raise BadInput("an entry holds no search", expected="the fields of a request")
    return PlateSearch(
        agency=agency,
        officer=officer,
        entered_by=entered_by,
        plate=PlatePattern.parse(plate),
        window=Window(datetime.fromisoformat(start), datetime.fromisoformat(end)),
        scope=Scope(scope),
        purpose=Purpose(purpose),
        on_behalf_of=_behalf_of(behalf),
        reason=reason,
        offense=offense,
        case_number=case_number,
        process=_process_of(process),
        ground=ground,
        confusables=confusables,
        mode=SearchMode(mode),
    )


def party_of(agency: Agency) -> Party:
    """Return an agency as a party of a request."""
    return Party(agency.name, agency.state, agency.kind)


def request_of(search: PlateSearch, agency: Agency, approvals: tuple[str, ...] = ()) -> SearchRequest:
    """Return what the rulebook is asked; `approvals` are the ids of who approved."""
    return SearchRequest(
        searcher=party_of(agency),
        purpose=search.purpose,
        offense=search.offense,
        case_number=search.case_number,
        window=search.window,
        on_behalf_of=search.on_behalf_of,
        process=search.process,
        approvals=approvals,
    )


def matches_in(search: PlateSearch, lexicon: Lexicon) -> tuple[tuple[str, SignalMatch], ...]:
    """Return what the free texts suggest: the reason, and the words of what stands beside it."""
    beside = {"case_number": search.case_number, "ground": search.ground}
    if search.process is not None:
        beside |= {
            "process.issuer": search.process.issuer,
            "process.reference": search.process.reference,
        }
    return tuple(matches_of(lexicon, reason=search.reason, beside=beside))


def signals_in(matches: tuple[tuple[str, SignalMatch], ...]) -> frozenset[Signal]:
    """Return the distinct signals of matches."""
    return frozenset(match.signal for _, match in matches)


def matches_value(matches: tuple[tuple[str, SignalMatch], ...]) -> Json:
    """Return matches as the record holds them: where the words stood, never the words."""
    return [
        {
            "field": field,
            "rule": match.rule,
            "signal": match.signal.value,
            "span": [match.start, match.end],
        }
        for field, match in matches
    ]


def _behalf_value(behalf: Party | Behalf) -> Json:
    if isinstance(behalf, Behalf):
        return behalf.value
    return {"kind": behalf.kind.value, "name": behalf.name, "state": behalf.state}


def _behalf_of(value: Json) -> Party | Behalf:
    match value:
        case str():
            return Behalf(value)
        case {"kind": str() as kind, "name": str() as name, "state": str() | None as state}:
            return Party(name, state, AgencyKind(kind))
    raise BadInput("an entry does not say on whose behalf a search is made")


def _process_value(process: Process | None) -> Json:
    if process is None:
        return None
    return {"issuer": process.issuer, "kind": process.kind.value, "reference": process.reference}


def _process_of(value: Json) -> Process | None:
    match value:
        case None:
            return None
        case {
            "kind": str() as kind,
            "issuer": str() | None as issuer,
            "reference": str() | None as reference,
        }:
            return Process(ProcessKind(kind), issuer, reference)
    raise BadInput("an entry holds no legal process")
