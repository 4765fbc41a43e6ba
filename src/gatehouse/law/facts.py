"""The facts of one jurisdiction: `statutes/us-xx/facts.toml`, read and checked.

A provision is a piece of law that one citation names: when it binds, whom, what it says and how sure that is.
A rule of `rules.cedar` rests on the provision that its `@provision` names. A provision without a rule says
why in `no_rule`: a duty that no decision can rest on, or a passage that nobody has read.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from gatehouse.law.unseen import hidden_sign
from gatehouse.model import BadInput, Confidence

_KEYS = {"code", "name", "summary", "not_covered", "sources", "provisions", "no_rule_found"}
_PROVISION_KEYS = {
    "id",
    "citation",
    "url",
    "effective",
    "operative",
    "approximate",
    "binds",
    "confidence",
    "says",
    "retention",
    "record_fields",
    "duties",
    "matter",
    "no_rule",
}
_LISTS = frozenset({"sources", "binds", "matter", "record_fields", "duties"})
_FLAGS = frozenset({"approximate", "no_rule_found"})
_ROWS_AND_DAYS = frozenset({"provisions", "effective", "operative"})
BINDS = frozenset({"owner", "searcher", "vendor", "private"})
# What a provision is about, for the table of docs/law/coverage.md.
MATTERS_OF_LAW = ("retention", "purposes", "immigration", "out_of_state", "federal", "duties", "signals")
# How a provision is known; a fourth confidence, `rule`, is that of the network's own rules.
SOURCES = (Confidence.TEXT.value, Confidence.SECONDARY.value, Confidence.UNVERIFIED.value)
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")


@dataclass(frozen=True, slots=True)
class Provision:
    """One piece of law. `operative` is the first day it binds, `effective` the date of the instrument.

    `retention` is an ISO 8601 duration as the law gives it; `retention_minutes` gives the shortest span that
    it can mean. `approximate` says that a day or month is not confirmed.
    """

    id: str
    citation: str
    says: str
    confidence: Confidence
    binds: frozenset[str]
    matter: frozenset[str]
    effective: date | None = None
    operative: date | None = None
    approximate: bool = False
    url: str | None = None
    retention: str | None = None
    record_fields: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    no_rule: str | None = None


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A state: what was found, what was not, and where. `no_rule_found` marks one without any state rule."""

    code: str
    name: str
    summary: str
    not_covered: str
    sources: tuple[str, ...]
    provisions: Mapping[str, Provision]
    no_rule_found: bool = False


def read_facts(content: bytes, *, where: str) -> Jurisdiction:
    """Read a facts file; anything missing, unknown or contradictory is `BadInput`."""
    try:
        data: dict[str, Any] = tomllib.loads(content.decode())
        _only(data, _KEYS, "the file")
        _legible(data)
        provisions = [_provision(row) for row in data.get("provisions", ())]
        jurisdiction = Jurisdiction(
            code=data["code"],
            name=data["name"],
            summary=data["summary"],
            not_covered=data.get("not_covered", ""),
            sources=tuple(data["sources"]),
            provisions={each.id: each for each in provisions},
            no_rule_found=data.get("no_rule_found", False),
        )
        if len(jurisdiction.provisions) != len(provisions):
            raise ValueError("two provisions have one id")
        if bool(provisions) is jurisdiction.no_rule_found:
            raise ValueError("a jurisdiction has provisions or no_rule_found = true, not both or neither")
        for each in provisions:
            if not each.id.startswith(f"{jurisdiction.code}/"):
                raise ValueError(f"{each.id} does not begin with {jurisdiction.code}/")
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BadInput(
            "the facts of a jurisdiction cannot be read",
            where=where,
            expected="the keys that docs/writing-rules.md describes",
            got=f"{type(error).__name__}: {error}",
        ) from error
    return jurisdiction


def retention_minutes(duration: str) -> int:
    """Return the shortest span that an ISO 8601 duration can mean, in minutes.

    A year has at least 365 days; months are counted from the start of the year that makes them shortest, so
    nine months are 273 days and one is 28.
    """
    match = _DURATION.fullmatch(duration)
    if not match or not any(match.groups()):
        raise ValueError(f"{duration!r} is no ISO 8601 duration")
    years, months, days, hours, mins = (int(part or 0) for part in match.groups())
    whole = timedelta(days=days + _shortest(years * 12 + months), hours=hours, minutes=mins)
    return int(whole / timedelta(minutes=1))


def _shortest(months: int) -> int:
    """Return the fewest days that so many consecutive calendar months have."""
    starts = [date(2001 + month // 12, month % 12 + 1, 1) for month in range(48)]
    ends = [
        date(day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1, 1)
        for day in starts
    ]
    return min((end - start).days for start, end in zip(starts, ends, strict=True))


def _provision(row: dict[str, Any]) -> Provision:
    _only(row, _PROVISION_KEYS, row["id"])
    _legible(row)
    binds, matter = frozenset(row["binds"]), frozenset(row["matter"])
    if not binds <= BINDS or not binds:
        raise ValueError(f"{row['id']} binds one or more of {', '.join(sorted(BINDS))}")
    if not matter <= set(MATTERS_OF_LAW) or not matter:
        raise ValueError(f"{row['id']} is about one or more of {', '.join(MATTERS_OF_LAW)}")
    confidence = row["confidence"]
    if confidence not in SOURCES:
        raise ValueError(f"{row['id']} has the confidence {confidence!a}, none of {', '.join(SOURCES)}")
    effective, operative = row.get("effective"), row.get("operative", row.get("effective"))
    for day in (effective, operative):
        if day is not None and type(day) is not date:
            raise TypeError(f"{row['id']} has a date that is none")
    if effective and operative and operative < effective:
        raise ValueError(f"{row['id']} binds before it is effective")
    if "retention" in row:
        retention_minutes(row["retention"])
    return Provision(
        id=row["id"],
        citation=row["citation"],
        says=row["says"],
        confidence=Confidence(confidence),
        binds=binds,
        matter=matter,
        effective=effective,
        operative=operative,
        approximate=row.get("approximate", False),
        url=row.get("url"),
        retention=row.get("retention"),
        record_fields=tuple(row.get("record_fields", ())),
        duties=tuple(row.get("duties", ())),
        no_rule=row.get("no_rule"),
    )


def _legible(row: Mapping[str, Any]) -> None:
    """Refuse values of another type than their key has, and texts with signs that nobody sees."""
    for key, value in row.items():
        if key in _ROWS_AND_DAYS:
            continue
        if key in _FLAGS:
            if not isinstance(value, bool):
                raise TypeError(f"{key} is neither true nor false")
            continue
        if key in _LISTS and not isinstance(value, list):
            raise TypeError(f"{key} is no list")
        for text in value if key in _LISTS else [value]:
            if not isinstance(text, str):
                raise TypeError(f"{key} holds something else than text")
            if sign := hidden_sign(text):
                raise ValueError(f"{key} holds a sign that nobody sees, {sign}")


def _only(row: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := set(row) - known:
        raise ValueError(f"unknown key {min(unknown)!r} in {where}")
