"""A standing search as it is asked, and as fields of an entry: a search with a source, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gatehouse.hotlist.rows import ListFile
from gatehouse.ledger.canonical import Json
from gatehouse.model import BadInput, PlateSearch, Process, SearchMode
from gatehouse.search.fields import asked_fields, search_of, time_text

LONGEST_TEXT = 2_000
# The clocks of an officer's machine and of the node may differ by that much.
_APART = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class StandingSearch:
    """What is looked for as reads come in. `search.window` begins now and ends when the entry expires.

    `source` is the agency's name for where it comes from; `row` the number of the line that it was listed in,
    if it was. `letters` makes O and 0 one sign, as lists mix them up; `origin` is the ORI of who listed it.
    """

    search: PlateSearch
    source: str
    state: str | None = None
    file: ListFile | None = None
    letters: bool = False
    origin: str | None = None

    def __repr__(self) -> str:
        """Name agency and source only: a traceback must hold neither plate nor reason."""
        return f"StandingSearch(agency={self.search.agency!r}, source={self.source!r})"


@dataclass(frozen=True, slots=True)
class HotlistLimits:
    """What a hotlist allows, and how long it waits. A node's configuration sets them."""

    signature_age: timedelta = timedelta(minutes=5)
    # Until when an entry can stand at most, and until when one that a list brought.
    longest: timedelta = timedelta(days=30)
    longest_listed: timedelta = timedelta(days=90)
    plates_per_case: int = 5
    # What one person may enter by hand within 24 hours, whatever the cases are called.
    entries_a_day: int = 20
    review: timedelta = timedelta(hours=24)
    # Confirmation: after so many hits, or so long after one, that nobody has confirmed, delivery stops.
    unconfirmed_hits: int = 3
    unconfirmed_for: timedelta = timedelta(hours=48)
    # The same car before the same camera is one hit.
    again: timedelta = timedelta(minutes=2)
    # A hit that the record does not take for so long is no lead any more.
    late: timedelta = timedelta(minutes=15)
    # How old a source's newest list may be, unless a custodian has set less.
    list_age: timedelta = timedelta(hours=48)
    # Rows of a list that are put on the record together, so that they share commits.
    together: int = 128
    # A full list of fewer than one row in so many that stood has to be meant.
    shrinks: int = 10


def check_form(standing: StandingSearch, now: datetime) -> None:
    """Refuse with `BadInput` what is no standing search at all."""
    search = standing.search
    if abs(search.window.start - now) > _APART or search.window.end <= now:
        raise BadInput(
            "a standing search begins now and ends later",
            where="window",
            expected="a start within 60 s of the node's time, and a later end",
        )
    texts = (search.reason, search.ground, search.case_number, standing.source, standing.origin)
    if any(len(text or "") > LONGEST_TEXT for text in texts):
        raise BadInput(
            "a text of a standing search is too long", expected=f"at most {LONGEST_TEXT} characters"
        )
    if not standing.source.strip():
        raise BadInput("a standing search says where it comes from", where="source")
    if search.mode is not SearchMode.LIVE:
        raise BadInput("a standing search is no training", where="mode", expected="live")


def standing_fields(standing: StandingSearch) -> dict[str, Json]:
    """Return everything that is asked, in the ledger's fields."""
    fields = asked_fields(standing.search)
    detail = fields["detail"]
    assert isinstance(detail, dict)
    own: dict[str, Json] = {
        "file": None if standing.file is None else standing.file.value,
        "letters": standing.letters,
        "origin": standing.origin,
        "source": standing.source,
        "state": standing.state,
    }
    return {**fields, "detail": {**detail, **own}}


def standing_of(agency: str, values: Mapping[str, Json]) -> StandingSearch:
    """Return the standing search that fields tell; what they cannot be is `BadInput`."""
    match values.get("detail"):
        case {
            "file": str() | None as file,
            "letters": bool() as letters,
            "origin": str() | None as origin,
            "source": str() as source,
            "state": str() | None as state,
        }:
            return StandingSearch(
                search_of(agency, values),
                source=source,
                state=state,
                file=None if file is None else ListFile(file),
                letters=letters,
                origin=origin,
            )
    raise BadInput("an entry holds no standing search", expected="the fields of a request")


def standing_intent(standing: StandingSearch) -> dict[str, Json]:
    """Return the document that is signed for a standing search."""
    return {"asks": "standing_search", "agency": standing.search.agency, **standing_fields(standing)}


def list_intent(
    agency: str, source: str, sha256: str, *, mode: str, listed_at: datetime, shrinks: bool = False
) -> dict[str, Json]:
    """Return the document that is signed for a list, by the hash of its file.

    `mode` says what it does to the one before, `listed_at` when its source made it; `shrinks` that it ends
    nearly all that its source has, and that this is meant.
    """
    return {
        "asks": "list",
        "agency": agency,
        "source": source,
        "sha256": sha256,
        "mode": mode,
        "listed_at": time_text(listed_at),
        "shrinks": shrinks,
    }


def renew_intent(entry: str, order: Process | None) -> dict[str, Json]:
    """Return the document that is signed for the renewal of an entry, and under which order."""
    return {"asks": "renew", "about": entry, "process": order_document(order)}


def order_document(order: Process | None) -> Json:
    """Return an order as it is signed and goes on the record."""
    if order is None:
        return None
    return {"issuer": order.issuer, "kind": order.kind.value, "reference": order.reference}
