"""Backtests that come with a loosening: what `gatehouse law backtest --json` prints (docs/backtest.md).

The form is checked, and that the counts add up. Whether it was made on the right record is for the second
custodian to judge, and for everybody who can read it.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Annotated, Any, NoReturn, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gatehouse.model import BadInput
from gatehouse.node.bodies import PackBody

LARGEST_BACKTEST = 16 << 20
_ANSWERS = ("refused", "review", "permitted", "not_judgeable")
_MARKS = ("unsettled", "before_in_force")
# Python reads no integer of more than 4,300 digits.
_LONGEST_INTEGER = 16

_Count = Annotated[int, Field(ge=0, lt=2**53)]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    """A part of the document; keys may be added to it, never renamed."""

    model_config = ConfigDict(extra="ignore", strict=True)


class _File(_Part):
    path: str
    sha256: _Hash
    owner: str | None
    layout: str
    rows: _Count
    searches: _Count


class _Draft(_Part):
    sha256: _Hash
    rules: list[str]


class _Answers(_Part):
    refused: _Count
    review: _Count
    permitted: _Count
    not_judgeable: _Count

    @property
    def sum(self) -> int:
        return self.refused + self.review + self.permitted + self.not_judgeable


class _Counted(_Answers):
    unsettled: _Count
    before_in_force: _Count


class _Month(_Counted):
    month: str | None


class _Organization(_Counted):
    organization: str | None


class _InForce(_Part):
    law: str
    since: str = Field(alias="from")
    citations: list[str]
    searches_before: _Count


class _Rule(_Part):
    id: str
    citation: str | None
    sentence: str
    confidence: str
    refused: _Count
    unsettled: _Count
    review: _Count


class _Lacked(_Part):
    fact: str
    searches: _Count


class _Pack(_Part):
    version: str
    sha256: _Hash


class _Backtest(_Part):
    files: list[_File]
    laws: Annotated[list[str], Field(min_length=1)]
    draft: _Draft | None
    assumed: list[str]
    searches: _Count
    owner_not_known: _Count
    answers: _Answers
    unsettled: _Count
    before_in_force: _Count
    in_force: list[_InForce]
    by_month: list[_Month]
    by_organization: list[_Organization]
    by_rule: list[_Rule]
    lacked: list[_Lacked]
    inputs_sha256: _Hash
    lexicon_sha256: _Hash
    pack: _Pack

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        sums = {
            self.searches,
            self.answers.sum,
            sum(each.searches for each in self.files),
            sum(each.sum for each in self.by_month),
            sum(each.sum for each in self.by_organization),
        }
        if len(sums) > 1:
            raise ValueError("the counts do not add up")
        return self


def check_backtest(data: bytes) -> None:
    """Refuse, as `BadInput`, what is not one JSON document of a backtest with one meaning."""
    if len(data) > LARGEST_BACKTEST:
        raise _refused("too large", f"{len(data)} bytes")
    try:
        found = json.loads(
            data.decode(),
            object_pairs_hook=_once,
            parse_constant=_no_number,
            parse_int=_integer,
        )
        # An escape may stand for half a sign, which no text in UTF-8 has.
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise _refused("no JSON of one meaning", f"{len(data)} bytes") from None
    try:
        _Backtest.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        # A key that is not known is never followed, so what is named are names of the form.
        place = ".".join("[]" if isinstance(part, int) else part for part in first["loc"])
        raise _refused(first["type"].replace("_", " "), place or "the whole") from None


def untried(pack: PackBody, why: str) -> bytes:
    """Return the backtest of a network that has no record yet, and `why` it has none."""
    none: dict[str, Any] = {
        "files": [],
        "laws": ["all"],
        "draft": None,
        "assumed": [],
        "searches": 0,
        "owner_not_known": 0,
        "answers": dict.fromkeys(_ANSWERS, 0),
        **dict.fromkeys(_MARKS, 0),
        **{name: [] for name in ("in_force", "by_month", "by_organization", "by_rule", "lacked")},
        "inputs_sha256": sha256(b"").hexdigest(),
        "lexicon_sha256": pack.lexicon,
        "pack": {"version": pack.version, "sha256": pack.sha256},
        "why": why,
    }
    return json.dumps(none).encode()


def _refused(what: str, got: str) -> BadInput:
    return BadInput(
        "a backtest cannot be read",
        expected="a JSON object of at most 16 MiB, as `gatehouse law backtest --json` prints it",
        got=f"{what}: {got}",
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_number(_text: str) -> NoReturn:
    raise ValueError("a number that is none")


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        raise ValueError("a number that nobody can mean")
    return int(text)
