"""What a reviewer does: looks at the search, and approves or refuses it with a signature of their own.

An approval is an entry of its own, `review:search:approved`, of the reviewer's agency. It hands nothing out:
the officer collects the answer (`Door.collect`), so that decision and release are of one moment and reads go
to nobody else. When the searching agency's supervisor refuses, the search ends as `refused`; an owner's
supervisor only withholds that owner's reads.
"""

from __future__ import annotations

from collections.abc import Mapping

from gatehouse.ledger.canonical import Json
from gatehouse.model import Officer, SearchMode, SearchState
from gatehouse.search import changes, judging, rules
from gatehouse.search.answer import Answer, appeal_of, refusals_of
from gatehouse.search.errors import OutOfOrder
from gatehouse.search.history import MarkKind
from gatehouse.search.judging import Judged
from gatehouse.search.parts import Parts, refused
from gatehouse.search.review import may_review, status_of
from gatehouse.search.signature import Signature, holds, review_intent
from gatehouse.search.state import Review, Row

APPROVED = "review:search:approved"
DECLINED = "review:search:declined"


def approve(parts: Parts, search_id: str, *, by: Officer, signed: Signature | None) -> Answer:
    """Put a reviewer's approval on the record, and return where the search stands.

    Anybody but the assigned reviewer, and one without a fresh signature, is `Refused`. A reviewer whose own
    searches the officer has lately approved may approve, and the search is marked.
    """
    row, review = _assigned(parts, search_id, by)
    case = parts.case(row)
    _check(parts, row, review, by, signed)
    made = [changes.answered(row.id, review.agency, "approved")]
    if parts.history.reciprocal(by.id, row.officer, parts.clock()):
        made.append(
            changes.marked(
                [MarkKind.RECIPROCAL_REVIEW.value], search=row.id, agency=row.agency, officer=row.officer
            )
        )
    assert signed is not None
    parts.recorder().beside(
        APPROVED,
        case,
        agency=review.agency,
        fields={"approver": by.id, "detail": {"signature": signed.as_document()}},
        apply=changes.both(*made),
    )
    return standing(parts, parts.tables.search(search_id))


def refuse(parts: Parts, search_id: str, *, by: Officer, signed: Signature | None, reason: str) -> Answer:
    """Put a reviewer's refusal on the record, with the reason that the officer is told."""
    row, review = _assigned(parts, search_id, by)
    case = parts.case(row)
    _check(parts, row, review, by, signed, refusing=reason)
    assert signed is not None
    change = changes.answered(row.id, review.agency, "refused")
    detail: dict[str, Json] = {"signature": signed.as_document(), "words": reason}
    recorder = parts.recorder()
    if review.agency == row.agency:
        recorder.step(
            case,
            SearchState.REFUSED,
            {
                "approver": by.id,
                "decision": "deny",
                "detail": {**detail, "refused_by": "person", "search": row.id},
            },
            change,
        )
    else:
        recorder.beside(
            DECLINED, case, agency=review.agency, fields={"approver": by.id, "detail": detail}, apply=change
        )
    return standing(parts, parts.tables.search(search_id))


def expire(parts: Parts, row: Row) -> Answer:
    """Put on the record that a search waited for too long."""
    parts.recorder().step(parts.case(row), SearchState.EXPIRED, {"decision": "deny"})
    return standing(parts, parts.tables.search(row.id))


def standing(parts: Parts, row: Row) -> Answer:
    """Return where a search stands, with the newest decisions that were kept and without any read."""
    judged = kept_decisions(parts, row)
    refusals = () if judged is None else refusals_of(judged, parts.pack)
    status = None
    if row.state is SearchState.REVIEW_PENDING and row.due_at is not None:
        status = status_of(parts.tables.reviews(row.id), agency=row.agency, due=row.due_at)
    return Answer(
        id=row.id,
        state=row.state,
        index=row.last,
        receipt=parts.book.receipt(row.last),
        groups=() if judged is None else judged.groups(),
        refusals=refusals,
        appeal=appeal_of(refusals),
        review=status,
        training=row.mode is SearchMode.TRAINING,
        said=_words(parts, row),
    )


def kept_decisions(parts: Parts, row: Row) -> Judged | None:
    """Return the decisions kept with a search's first decision, None before it."""
    if row.decided is None:
        return None
    sealed = judging.unseal(parts.book.attachment(row.decided, judging.ATTACHMENT))
    return judging.judged_of(sealed, parts.pack)


def _words(parts: Parts, row: Row) -> str | None:
    """Return what the reviewer said who refused a search."""
    if row.state is not SearchState.REFUSED:
        return None
    detail = parts.book.openings(row.last).values["detail"]
    words = detail.get("words") if isinstance(detail, Mapping) else None
    return words if isinstance(words, str) else None


def not_waiting(now: SearchState) -> OutOfOrder:
    """Return the error for a step that only a search under review can have."""
    return OutOfOrder("a search does not wait for a review", expected="review_pending", got=now.value)


def _assigned(parts: Parts, search_id: str, by: Officer) -> tuple[Row, Review]:
    """Return the search and the review that was given to this person."""
    row = parts.tables.search(search_id)
    mine = [each for each in parts.tables.reviews(search_id) if each.reviewer == by.id]
    if not mine:
        raise refused(rules.NOT_ASSIGNED, search_id)
    if row.state is not SearchState.REVIEW_PENDING:
        raise not_waiting(row.state)
    if row.due_at is not None and parts.clock() >= row.due_at:
        expire(parts, row)
        raise not_waiting(SearchState.EXPIRED)
    return row, mine[0]


def _check(
    parts: Parts,
    row: Row,
    review: Review,
    by: Officer,
    signed: Signature | None,
    *,
    refusing: str | None = None,
) -> None:
    """Refuse a reviewer who may not review, or who has not signed."""
    # What the caller was told of the person may be older than the registry.
    person = parts.registry.officer(by.id)
    if not may_review(person, parts.case(row).search, review.agency):
        raise refused(rules.NOT_ASSIGNED, row.id)
    if signed is None or not holds(
        signed,
        review_intent(row.id, refusing=refusing),
        by=by.id,
        now=parts.clock(),
        age=parts.limits.signature_age,
    ):
        raise refused(rules.UNSIGNED_REVIEW, row.id)
