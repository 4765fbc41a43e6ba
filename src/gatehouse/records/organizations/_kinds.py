"""The kind of an organization by the words of its name, and the form its kind takes in the comparison key."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from gatehouse.model import AgencyKind


@dataclass(frozen=True, slots=True)
class KindFound:
    """A kind, the words that said so (`[start, end)` of the folded text) and their form in the key."""

    kind: AgencyKind
    form: str = ""
    span: tuple[int, int] = (0, 0)
    immigration: bool = False


@dataclass(frozen=True, slots=True)
class _FederalRule:
    form: str
    folded: re.Pattern[str] | None
    case: re.Pattern[str] | None
    capitals: re.Pattern[str] | None
    immigration: bool
    unless_state: bool


@dataclass(frozen=True, slots=True)
class _KindRule:
    kind: AgencyKind
    form: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    state_body: bool


def _compiled(row: dict[str, Any], key: str) -> re.Pattern[str] | None:
    return re.compile(row[key]) if key in row else None


@cache
def _tables() -> tuple[tuple[_FederalRule, ...], re.Pattern[str], tuple[_KindRule, ...]]:
    text = resources.files("gatehouse.records").joinpath("data/kinds.toml").read_text("utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    federal = tuple(
        _FederalRule(
            row["form"],
            _compiled(row, "pattern"),
            _compiled(row, "case"),
            _compiled(row, "capitals"),
            row.get("immigration", False),
            row.get("unless_state", False),
        )
        for row in data["federal"]
    )
    kinds = tuple(
        _KindRule(
            AgencyKind(row["kind"]),
            row.get("form", ""),
            re.compile(row["pattern"]),
            _compiled(row, "not"),
            row.get("state", False),
        )
        for row in data["kinds"]
    )
    return federal, re.compile(data["federal_never"]["pattern"]), kinds


def find_federal(folded: str, written: str, *, state_named: bool) -> KindFound | None:
    """Find a federal body in the folded text, or by its acronym in the text as written."""
    rules, never, _ = _tables()
    if never.search(folded):
        return None
    capitals = written.isupper()
    for rule in rules:
        if rule.unless_state and state_named:
            continue
        if rule.folded and (match := rule.folded.search(folded)):
            return KindFound(AgencyKind.FEDERAL, rule.form, match.span(), rule.immigration)
        # In a name all in capitals an acronym such as ICE may be the word.
        case = (rule.capitals or rule.case) if capitals else rule.case
        if case and (match := case.search(written)):
            folded_match = re.search(rf"\b{re.escape(match[0].casefold())}\b", folded)
            span = folded_match.span() if folded_match else (0, 0)
            return KindFound(AgencyKind.FEDERAL, rule.form, span, rule.immigration)
    return None


def find_kind(folded: str, *, state_named: bool) -> KindFound:
    """Find the kind in the folded text; `state_named` says that a state's name or code stood in the name."""
    for rule in _tables()[2]:
        if rule.state_body and not state_named:
            continue
        if rule.unless and rule.unless.search(folded):
            continue
        if match := rule.pattern.search(folded):
            return KindFound(rule.kind, rule.form, match.span())
    return KindFound(AgencyKind.UNKNOWN)
