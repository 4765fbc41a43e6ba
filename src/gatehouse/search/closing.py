"""The end of a search that went wrong: it is closed on the record, and the officer gets a sentence.

After `permitted` that is `failed`, before any decision `denied`. A release that is on the record stays, with
a note beside it that nothing was handed out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from gatehouse.ledger.committer import NotWitnessed
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import Outcome, SearchState
from gatehouse.search import rules
from gatehouse.search.answer import Answer, Failure, appeal_of, refusals_of
from gatehouse.search.book import Entered
from gatehouse.search.changes import undelivered
from gatehouse.search.errors import NotAnswered
from gatehouse.search.judging import Judged, seal
from gatehouse.search.parts import Parts
from gatehouse.search.recording import Case
from gatehouse.search.release import failure_of
from gatehouse.search.state import Row

_logger = logging.getLogger(__name__)
# No search takes that long to answer: a receipt lasts 120 s, and each entry waits a minute for witnesses.
_IN_FLIGHT = timedelta(minutes=15)
# How long the counters of a day are held against the record.
_COMPARED = timedelta(days=31)
UNDELIVERED = "release:plate:undelivered"


def close(parts: Parts, search_id: str, error: Exception) -> Answer:
    """Return the answer of a search that failed with an error, once that is on the record.

    If the record does not take it either, `NotAnswered` says so; `recover` closes the search later.
    """
    # The error may hold what a log must not: its type is enough to find the place.
    _logger.error("search %s failed: %s", search_id, type(error).__name__)
    try:
        row = parts.tables.search(search_id)
        case = parts.case(row)
        return end(parts, case, row, failure_of(error), cause=type(error).__name__)
    except Exception as again:
        raise NotAnswered(
            "the search failed, and the record did not take that yet",
            where=f"search {search_id}",
            got=type(again).__name__,
            hint="nothing was handed out; ask again, and tell the operator",
        ) from error


def end(parts: Parts, case: Case, row: Row, failure: Failure, *, cause: str) -> Answer:
    """Put the end of a search on the record that stands where `row` says, and tell it."""
    recorder = parts.recorder()
    judged = Judged((), (), parts.pack.id)
    step, index, receipt = row.state, row.last, None
    if row.state is SearchState.REQUESTED:
        step, judged = SearchState.DENIED, judged.barred((rules.INTERRUPTED,))
        index, receipt = _put(
            lambda: recorder.decided(
                case, step, judged, seal(judged), decision=Outcome.DENY, detail={"failure": cause}
            )
        )
    elif row.state in (SearchState.PERMITTED, SearchState.APPROVED):
        step = SearchState.FAILED
        index, receipt = _put(
            lambda: recorder.step(case, step, {"detail": {"failure": cause, "search": case.id}})
        )
    elif row.state is SearchState.RELEASED:
        if case.live:
            parts.uncounted.add(row.last)
            try:
                count_releases(parts)
            except Exception as error:
                # Mostly the vault that has failed the release; its count comes with `expire_due`.
                _logger.warning("search %s is not counted yet: %s", case.id, type(error).__name__)
        index, receipt = _put(
            lambda: recorder.beside(
                UNDELIVERED,
                case,
                agency=row.agency,
                fields={"detail": {"failure": cause}},
                apply=undelivered(row.last),
            )
        )
    refusals = refusals_of(judged, parts.pack)
    return Answer(
        id=case.id,
        state=step,
        index=index,
        receipt=receipt,
        groups=judged.groups(),
        refusals=refusals,
        appeal=appeal_of(refusals),
        failure=failure,
        training=not case.live,
    )


def _put(append: Callable[[], Entered]) -> tuple[int, Receipt | None]:
    """Return where an entry stands, and its receipt; without enough witnesses it stands there without one."""
    try:
        entered = append()
    except NotWitnessed as error:
        return error.index, None
    return entered.index, entered.receipt


def recover(parts: Parts) -> list[Answer]:
    """Close every search that a crash left without an outcome, but those that wait for a review.

    MUST run before the door opens: a search that is being answered looks the same.
    """
    for row in parts.tables.newest_released(_IN_FLIGHT):
        parts.vault.record(parts.book.entry(row.last), parts.book.receipt(row.last))
    parts.uncounted.update(parts.tables.undelivered(_COMPARED))
    return close_older(parts, parts.clock() + _IN_FLIGHT)


def count_releases(parts: Parts) -> None:
    """Have the vault count the releases that it handed nothing out for, each once.

    A release counts whether or not the officer got it: vault and book are compared every day.
    """
    for index in sorted(parts.uncounted):
        parts.vault.record(parts.book.entry(index), parts.book.receipt(index))
        parts.uncounted.discard(index)


def close_stale(parts: Parts) -> list[Answer]:
    """Close searches that can no longer be under way, such as one whose entry turned out to be recorded."""
    return close_older(parts, parts.clock() - _IN_FLIGHT)


def close_older(parts: Parts, than: datetime) -> list[Answer]:
    """Close every search without an outcome that was last changed before a time, but those under review."""
    failure = Failure("The node stopped while the search was answered.", "Ask again.")
    return [
        end(parts, parts.case(row), row, failure, cause="interrupted")
        for row in parts.tables.open_searches()
        if row.state is not SearchState.REVIEW_PENDING and row.changed_at < than
    ]
