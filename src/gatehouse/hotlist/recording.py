"""An entry on the record: each step of its life with the change of state that goes with it.

Every record of an entry but the first names the first by its leaf hash (`request`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from gatehouse.hotlist import changes
from gatehouse.hotlist.asking import StandingSearch, standing_fields
from gatehouse.hotlist.deciding import Matches
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.hotlist.state import NewEntry
from gatehouse.ledger.canonical import Json, to_canonical
from gatehouse.ledger.committer import Apply
from gatehouse.model import Outcome, SearchState, StandingState
from gatehouse.search.book import Entered
from gatehouse.search.fields import matches_value
from gatehouse.search.judging import Judged, Sealable

# Repeated in every entry of a standing search: a reader of one needs no other.
REPEATED = ("case_number", "offense", "officer", "on_behalf_of", "plate", "purpose", "window")


@dataclass(frozen=True, slots=True)
class Shared:
    """Decisions that several entries have in common: equal facts, decided at one time."""

    judged: Judged
    kept: Sealable
    index: int


@dataclass(frozen=True, slots=True)
class Case:
    """An entry that is on the record: its id, what it looks for, and its first record."""

    id: str
    standing: StandingSearch
    index: int
    request: bytes
    matches: Matches
    listed: int | None


class EntryRecorder:
    """Appends the records of entries."""

    def __init__(self, parts: HotlistParts) -> None:
        self._parts = parts

    def requested(
        self,
        standing: StandingSearch,
        matches: Matches,
        *,
        signed: Mapping[str, Json] | None = None,
        listed: int | None = None,
        line: bytes | None = None,
    ) -> Case:
        """Put a standing search on the record, before anything is decided about it."""
        parts, search = self._parts, standing.search
        entry = secrets.token_hex(16)
        fields = standing_fields(standing)
        plate, matter = self.hashes(standing)
        new = NewEntry(
            id=entry,
            agency=search.agency,
            source=standing.source,
            listed=listed,
            officer=search.officer,
            entered_by=search.entered_by,
            plate=plate,
            matter=matter,
            line=line,
            until=search.window.end,
            sealed=parts.key.seal(entry, to_canonical(fields)),
        )
        detail = fields["detail"]
        assert isinstance(detail, dict)
        more: dict[str, Json] = {
            "entry": entry,
            "list": listed,
            "signals": matches_value(matches),
            "signature": None if signed is None else dict(signed),
        }
        done = parts.book.append(
            _event(SearchState.REQUESTED),
            agency=search.agency,
            fields={**fields, "detail": {**detail, **more}},
            pack=parts.pack_hash,
            apply=changes.requested(new),
        )
        return Case(entry, standing, done.index, done.leaf_hash, matches, listed)

    def step(
        self,
        case: Case,
        step: SearchState,
        fields: Mapping[str, Json],
        *more: Apply,
        attachments: Mapping[str, bytes] | None = None,
    ) -> Entered:
        """Put a step on the record; it is not recorded unless it can follow the state of the entry."""
        return self.about(case, step, fields, changes.moved(case.id, step), *more, attachments=attachments)

    def about(
        self,
        case: Case,
        step: SearchState | StandingState,
        fields: Mapping[str, Json],
        *apply: Apply,
        attachments: Mapping[str, bytes] | None = None,
    ) -> Entered:
        """Put an event about an entry on the record, with the changes that go with it."""
        asked = standing_fields(case.standing)
        detail = fields.get("detail")
        return self._parts.book.append(
            _event(step),
            agency=case.standing.search.agency,
            fields={
                **{name: asked[name] for name in REPEATED},
                **fields,
                "detail": {**(detail if isinstance(detail, dict) else {}), "entry": case.id},
                "request": case.request.hex(),
            },
            pack=self._parts.pack_hash,
            apply=changes.both(*apply),
            attachments=attachments or {},
        )

    def hashes(self, standing: StandingSearch) -> tuple[bytes, bytes]:
        """Return the keyed hashes of an entry's plate and of its case."""
        search = standing.search
        case = "".join((search.case_number or "").casefold().split())
        return (
            self._parts.key.hash("plate", search.agency, search.plate.text),
            self._parts.key.hash("matter", search.agency, case),
        )


def _event(step: SearchState | StandingState) -> str:
    return f"hotlist:entry:{step.value}"


def decision_fields(judged: Judged, kept: Sealable, under: int | None) -> dict[str, Json]:
    """Return the fields of a decision; `under` is the ledger index where it is attached, if elsewhere."""
    return {
        "decision": judged.outcome().value,
        "detail": {"decisions": under, "owners": judged.numbers()},
        "owners": sorted(judged.of(Outcome.PERMIT)),
        "owners_decided": kept.sealed.root.value,
        "rules": list(judged.rule_ids()),
    }
