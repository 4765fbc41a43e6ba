"""An entry on the record: each step of its life with the change of state that goes with it.

Every record of an entry but the first names the first by its leaf hash (`request`).
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from gatehouse.hotlist import changes
from gatehouse.hotlist.asking import StandingSearch, standing_fields
from gatehouse.hotlist.deciding import Matches
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.hotlist.sealing import EntryKey
from gatehouse.hotlist.state import NewEntry
from gatehouse.ledger.canonical import Json, to_canonical
from gatehouse.ledger.committer import Apply
from gatehouse.ledger.entry import draft_entry
from gatehouse.ledger.log import Appended
from gatehouse.ledger.pending import Pending
from gatehouse.model import Outcome, SearchState, StandingState
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


# Begins to put on the record what is drafted. Drafts take longer than commits: many that are submitted at
# once share one.
Submit = Callable[[], Pending]


@dataclass(frozen=True, slots=True)
class Asked:
    """An entry whose first record is drafted; `submit` begins to put it on the record."""

    id: str
    standing: StandingSearch
    matches: Matches
    listed: int | None
    submit: Submit

    def case(self, index: int, leaf: bytes) -> Case:
        """Return the entry, once its first record stands at an index."""
        return Case(self.id, self.standing, index, leaf, self.matches, self.listed)


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
        asked = self.ask(standing, matches, signed=signed, listed=listed, line=line)
        done = self._parts.book.result(asked.submit())
        return asked.case(done.index, done.leaf_hash)

    def ask(
        self,
        standing: StandingSearch,
        matches: Matches,
        *,
        signed: Mapping[str, Json] | None = None,
        listed: int | None = None,
        line: bytes | None = None,
    ) -> Asked:
        """Draft the first record of a standing search; nothing is decided before it is on the record."""
        parts, search = self._parts, standing.search
        entry = secrets.token_hex(16)
        fields = standing_fields(standing)
        plate, matter = hashes(parts.key, search.agency, search.plate.text, search.case_number)
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
        submit = self._drafted(
            _event(SearchState.REQUESTED),
            search.agency,
            {**fields, "detail": {**detail, **more}},
            changes.requested(new),
            {},
        )
        return Asked(entry, standing, matches, listed, submit)

    def step(
        self,
        case: Case,
        step: SearchState,
        fields: Mapping[str, Json],
        *more: Apply,
        attachments: Mapping[str, bytes] | None = None,
    ) -> Appended:
        """Put a step on the record; it is not recorded unless it can follow the state of the entry."""
        return self.about(case, step, fields, changes.moved(case.id, step), *more, attachments=attachments)

    def drafted(self, case: Case, step: SearchState, fields: Mapping[str, Json], *more: Apply) -> Submit:
        """Draft a step, as `step` puts it on the record."""
        return self._about(case, step, fields, (changes.moved(case.id, step), *more), {})

    def about(
        self,
        case: Case,
        step: SearchState | StandingState,
        fields: Mapping[str, Json],
        *apply: Apply,
        attachments: Mapping[str, bytes] | None = None,
    ) -> Appended:
        """Put an event about an entry on the record, with the changes that go with it."""
        return self._parts.book.result(self._about(case, step, fields, apply, attachments or {})())

    def _about(
        self,
        case: Case,
        step: SearchState | StandingState,
        fields: Mapping[str, Json],
        apply: Sequence[Apply],
        attachments: Mapping[str, bytes],
    ) -> Submit:
        asked = standing_fields(case.standing)
        detail = fields.get("detail")
        return self._drafted(
            _event(step),
            case.standing.search.agency,
            {
                **{name: asked[name] for name in REPEATED},
                **fields,
                "detail": {**(detail if isinstance(detail, dict) else {}), "entry": case.id},
                "request": case.request.hex(),
            },
            changes.both(*apply),
            attachments,
        )

    def _drafted(
        self,
        event: str,
        agency: str,
        fields: Mapping[str, Json],
        apply: Apply,
        attachments: Mapping[str, bytes],
    ) -> Submit:
        draft = draft_entry(event, agency=agency, fields=fields)
        pack = self._parts.pack_hash
        return partial(self._parts.book.submit, draft, pack=pack, apply=apply, attachments=attachments)


def hashes(key: EntryKey, agency: str, plate: str, case_number: str | None) -> tuple[bytes, bytes]:
    """Return the keyed hashes of a plate that is looked for and of its case."""
    # Signs between letters and digits are a matter of taste, and would make five plates a case many.
    folded = unicodedata.normalize("NFKC", case_number or "").casefold()
    case = "".join(filter(str.isalnum, folded)) or folded.strip()
    return key.hash("plate", agency, plate), key.hash("matter", agency, case)


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
