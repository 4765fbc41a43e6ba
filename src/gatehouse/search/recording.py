"""A search on the record: its entries, each with the state that it leaves the search in.

Every entry of a search but the first names the first by its leaf hash (`request`). Training has a source of
its own, so that nobody counts it as a search of reads: `training:plate:requested`, `denied`, `permitted`,
`answered`, `failed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from gatehouse.law import Pack
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.committer import Apply
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.model import Outcome, PlateSearch, SearchMode, SearchState, SignalMatch
from gatehouse.search import changes, judging
from gatehouse.search.book import Book, Entered
from gatehouse.search.fields import asked_fields, matches_value
from gatehouse.search.judging import Judged, Sealable
from gatehouse.search.signature import Signature

# What a field of the first entry is repeated for: a reader of the decision or the release needs no other.
_REPEATED = ("officer", "offense", "on_behalf_of", "plate", "purpose", "window")


@dataclass(frozen=True, slots=True)
class Case:
    """A search that is on the record: its number, its first entry, and what its free texts suggest."""

    id: str
    search: PlateSearch
    requested: int
    request: bytes
    matches: tuple[tuple[str, SignalMatch], ...]

    @property
    def live(self) -> bool:
        """Return whether it asks for reads, and is no training."""
        return self.search.mode is SearchMode.LIVE


def event(step: SearchState, mode: SearchMode) -> str:
    """Return the event that records a step of a search."""
    if mode is SearchMode.TRAINING:
        return f"training:plate:{'answered' if step is SearchState.RELEASED else step.value}"
    return f"search:plate:{step.value}"


class Recorder:
    """Appends the entries of searches under one rulebook."""

    def __init__(self, book: Book, pack: Pack, lexicon: str) -> None:
        self._book = book
        self._pack = bytes.fromhex(pack.id.sha256)
        self._lexicon = lexicon

    def requested(
        self,
        search_id: str,
        search: PlateSearch,
        apply: Apply,
        *,
        signed: Signature | None,
        matches: tuple[tuple[str, SignalMatch], ...],
    ) -> Case:
        """Put a search on the record, before anything is decided about it."""
        fields = asked_fields(search)
        detail = fields["detail"]
        assert isinstance(detail, dict)
        fields["detail"] = {
            **detail,
            "search": search_id,
            "signature": None if signed is None else signed.as_document(),
            "signals": matches_value(matches),
            "lexicon": self._lexicon,
        }
        done = self._append(event(SearchState.REQUESTED, search.mode), search.agency, fields, apply)
        return Case(search_id, search, done.index, done.leaf_hash, matches)

    def decided(
        self,
        case: Case,
        step: SearchState,
        judged: Judged,
        kept: Sealable,
        *more: Apply,
        decision: Outcome | None = None,
        detail: Mapping[str, Json] | None = None,
        approver: str | None = None,
    ) -> Entered:
        """Put a decision on the record: denied, review_pending, permitted, approved or refused.

        The salted decisions of all owners are attached, sealed.
        """
        fields: dict[str, Json] = {
            "approver": approver,
            "decision": (decision or judged.outcome()).value,
            "detail": {**(detail or {}), "owners": judged.numbers(), "search": case.id},
            "owners": sorted(judged.of(Outcome.PERMIT)),
            "owners_decided": kept.sealed.root.value,
            "rules": list(judged.rule_ids()),
        }
        return self.step(case, step, fields, *more, decisions=kept.data)

    def step(
        self,
        case: Case,
        step: SearchState,
        fields: Mapping[str, Json],
        *more: Apply,
        decisions: bytes | None = None,
    ) -> Entered:
        """Put a step on the record; it is not recorded unless it can follow the state of the search."""
        asked = asked_fields(case.search)
        every = {
            **{name: asked[name] for name in _REPEATED},
            "detail": {"search": case.id},
            **fields,
            "request": case.request.hex(),
        }
        return self._append(
            event(step, case.search.mode),
            case.search.agency,
            every,
            changes.moved(case.id, step, *more, decides=decisions is not None),
            attachments=None if decisions is None else {judging.ATTACHMENT: decisions},
        )

    def beside(
        self, name: str, case: Case, *, agency: str, fields: Mapping[str, Json], apply: Apply
    ) -> Entered:
        """Put an event on the record that is about a search and no step of it."""
        detail = fields.get("detail")
        every = {
            **fields,
            "detail": {**(detail if isinstance(detail, dict) else {}), "search": case.id},
            "request": case.request.hex(),
        }
        return self._append(name, agency, every, apply)

    def _append(
        self,
        name: str,
        agency: str,
        fields: Mapping[str, Json],
        apply: Apply,
        *,
        attachments: Mapping[str, bytes] | None = None,
    ) -> Entered:
        return self._book.append(
            name,
            agency=agency,
            fields=fields,
            pack=self._pack,
            apply=apply,
            attachments=attachments or {},
        )


def request_hash(book: Book, index: int) -> bytes:
    """Return the leaf hash of a search's first entry."""
    return leaf_hash(book.entry(index))


def exigent_changes(case: Case, owners: list[str], *, within: timedelta) -> tuple[Apply, ...]:
    """Return what goes with the release of an exigent search: owners are told, and the paper is due."""
    others = [owner for owner in owners if owner != case.search.agency]
    return (
        changes.told(case.id, case.search.agency, others),
        changes.paper_due(case.id, case.search.agency, case.search.officer, within=within),
    )
