"""Errors as problem details (RFC 9457), made from the errors of every room.

A problem says what happened, what was expected, what to do, and, where a rule stands against it, which rule,
what would change it and how to appeal. It never holds a plate, a person's name or a stated reason: the errors
do not. Of an error that nobody foresaw it tells an incident number alone, under which the log has the place
in the code (`gatehouse.node.logs`), again without values.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gatehouse.hotlist.errors import UnknownEntry
from gatehouse.ledger.committer import NotWitnessed
from gatehouse.ledger.day_keys import DayKeyDestroyed
from gatehouse.model import BadInput, BadUse, Error, PartUnavailable, VerificationFailed
from gatehouse.node.accounts.errors import NotPermitted, NotSignedIn, TooManyAttempts
from gatehouse.node.errors import Busy, Unknown
from gatehouse.search.errors import OutOfOrder, Refused, UnknownHold, UnknownSearch
from gatehouse.vault.errors import ImageMissing
from gatehouse.web.errors import RequestRefused

MEDIA_TYPE: Final = "application/problem+json"
_LOG = logging.getLogger("gatehouse.web")

# The first class that fits decides.
_STATUS: Final[tuple[tuple[type[Error], int], ...]] = (
    (NotSignedIn, 401),
    (NotPermitted, 403),
    (TooManyAttempts, 429),
    (Busy, 429),
    (Refused, 403),
    (Unknown, 404),
    (UnknownSearch, 404),
    (UnknownHold, 404),
    (UnknownEntry, 404),
    (ImageMissing, 404),
    (DayKeyDestroyed, 410),
    (NotWitnessed, 503),
    (OutOfOrder, 409),
    (BadInput, 422),
    (BadUse, 409),
    (PartUnavailable, 503),
    (VerificationFailed, 500),
)
# The body may not have been read to its end: whoever goes on sending it would keep the connection for good.
_UNREAD: Final = frozenset({400, 408, 413, 415, 429})


class ProblemRule(BaseModel):
    """The rule that stands against it."""

    id: str
    citation: str
    sentence: str


class Fault(BaseModel):
    """What is wrong at one place of a body or query. Values are never repeated."""

    where: str = Field(description="Path of the place, as in `search.window.from`")
    what: str


class Problem(BaseModel):
    """Why a request was not answered (RFC 9457)."""

    model_config = ConfigDict(json_schema_extra={"x-media-type": MEDIA_TYPE})

    type: str = Field(description="URN of the kind of problem")
    title: str = Field(description="What happened")
    status: int
    where: str | None = None
    expected: str | None = None
    got: str | None = None
    next: str | None = Field(default=None, description="What to do now")
    rule: ProblemRule | None = None
    remedy: str | None = Field(default=None, description="What would change the answer of the rule")
    appeal: str | None = Field(default=None, description="How to have the answer reviewed")
    search: str | None = Field(default=None, description="Id of the search, which is on the record")
    faults: list[Fault] = []
    incident: str | None = Field(default=None, description="Under this number the node's log knows more")


def problem_of(error: Error) -> tuple[Problem, Mapping[str, str]]:
    """Return the problem of an error, and the headers that go with it."""
    status = status_of(error)
    found = Problem(
        type=f"urn:gatehouse:problem:{_slug(type(error).__name__)}",
        title=error.what,
        status=status,
        where=error.where,
        expected=error.expected,
        got=error.got,
        next=error.hint,
    )
    if isinstance(error, Refused):
        rule = ProblemRule(id=error.rule.id, citation=error.rule.citation, sentence=error.rule.sentence)
        found = found.model_copy(
            update={
                "rule": rule,
                "remedy": error.remedy,
                "appeal": error.appeal,
                "search": error.search,
            }
        )
    if isinstance(error, RequestRefused):
        faults = [Fault(where=where, what=what) for where, what in error.faults]
        found = found.model_copy(update={"faults": faults})
    headers = {}
    if isinstance(error, TooManyAttempts | Busy):
        headers["retry-after"] = str(error.retry_after)
    elif status == 503:
        headers["retry-after"] = "10"
    if isinstance(error, RequestRefused | Busy) and status in _UNREAD:
        headers["connection"] = "close"
    return found, headers


def status_of(error: Error) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, RequestRefused):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def faults_of(error: ValidationError) -> list[tuple[str, str]]:
    """Return the places that a model refuses and why, without the values that stand there."""
    found = error.errors(include_input=False, include_context=False, include_url=False)
    return [(".".join(str(part) for part in each["loc"]), each["msg"]) for each in found]


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as a response."""
    return Response(
        problem.model_dump_json(exclude_none=True),
        problem.status,
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


def on_error(_request: Request, error: Exception) -> Response:
    """Answer an error that a room has raised."""
    assert isinstance(error, Error)
    found, headers = problem_of(error)
    if found.status >= 500:
        _LOG.warning("request not answered", extra={"fields": {"kind": type(error).__name__}})
    return answer(found, headers)


def on_http(_request: Request, error: Exception) -> Response:
    """Answer what the router refuses: no such route, or not this method."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    found = Problem(
        type=f"urn:gatehouse:problem:{phrase.lower().replace(' ', '-')}",
        title=phrase.lower(),
        status=error.status_code,
    )
    return answer(found, error.headers)


def on_fault(_request: Request, error: Exception) -> Response:
    """Answer an error that nobody foresaw; its message may hold anything, so only its place is logged."""
    incident = secrets.token_hex(6)
    _LOG.error("request failed", extra={"fields": {"incident": incident}}, exc_info=error)
    return answer(
        Problem(
            type="urn:gatehouse:problem:fault",
            title="the node failed in a way that was not foreseen",
            status=500,
            incident=incident,
            next="tell the operator the incident's number",
        )
    )


def _slug(name: str) -> str:
    return "".join(f"-{sign.lower()}" if sign.isupper() else sign for sign in name).lstrip("-")
