"""One organization's name read into state, kind and comparison key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from gatehouse.model import AgencyKind, Organization
from gatehouse.records.organizations._cleaning import CleanName, clean
from gatehouse.records.organizations._kinds import KindFound, find_federal, find_kind
from gatehouse.records.organizations._states import StateFound, find_state, full_name, state_names

# Distinct names in one record: the largest public ones hold some 8,000.
_CACHED_NAMES = 65_536

_NOT_WORDS = re.compile(r"[^a-z0-9]+")
_CAMPUS_WORDS = re.compile(
    r"\b(?:campus|police|pd|upd|department of public safety|public safety|department|dept)\b"
)
_POLICE_WORDS = re.compile(r"\bpolice(?: department| dept| services?)?\b")
_FEDERAL_NOISE = re.compile(r"^\s*us\b|\b(?:pd|police)\b")
_CITY_OF = re.compile(r"^\s*city of\b")
# A second account of one agency: "Example PD 2", "Example SO (2)".
_ACCOUNT_NUMBER = re.compile(r" \d$")
_SYNONYMS = {
    "co": "county",
    "cnty": "county",
    "saint": "st",
    "mount": "mt",
    "fort": "ft",
    "twp": "township",
    "univ": "university",
    "tf": "task force",
    "taskforce": "task force",
    "intl": "international",
    "metropolitan": "metro",
    "and": "",
    "the": "",
}


@dataclass(frozen=True, slots=True)
class _Alias:
    name: str
    requires: str | None
    state: str | None
    kind: AgencyKind | None


@cache
def _aliases() -> dict[str, _Alias]:
    text = resources.files("gatehouse.records").joinpath("data/aliases.toml").read_text("utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    return {
        _fold(name): _Alias(
            row["as"],
            row.get("requires"),
            row.get("state"),
            AgencyKind(row["kind"]) if "kind" in row else None,
        )
        for row in data["alias"]
        for name in row["name"]
    }


@lru_cache(maxsize=_CACHED_NAMES)
def parse(name: str) -> Organization:
    """Read state, kind and comparison key from an organization's name; what it does not tell stays unknown.

    The reading is by rules and a curated alias table alone: the same name gives the same answer in every
    file. `basis` is `alias`, else `tag` where a tag ([Federal], (WA)) decided state or kind, else `name`,
    else `unknown` when neither was found.
    """
    cleaned = clean(name, state_names())
    found = find_state(cleaned.words, tagged=cleaned.state)
    alias = _alias(cleaned.words, found.state)
    if alias is None:
        return _read(name, cleaned, found)
    meant = _read_text(alias.name)
    return replace(
        meant,
        name=name,
        state=alias.state or meant.state,
        kind=alias.kind or meant.kind,
        inactive=cleaned.inactive,
        basis="alias",
    )


def parse_many(names: Sequence[str]) -> list[Organization]:
    """Parse each name, in order."""
    return [parse(name) for name in names]


def place(organization: Organization) -> str:
    """Return the words of the comparison key that are neither kind nor state, as `fold_place` writes them."""
    return organization.key.split("|")[0]


def fold_place(text: str) -> str:
    """Return a place's name as comparison keys hold it: lower case, `Saint Mary's` as `st marys`."""
    words = [_SYNONYMS.get(word, word) for word in _fold(text).split()]
    return " ".join(" ".join(words).split())


def _alias(words: Sequence[str], state: str | None) -> _Alias | None:
    named = [word for word in words if word not in "|,"]
    if named and named[0].casefold() == "the":
        del named[0]
    bare = [word for word in named if word.upper() != state]
    for form in (_fold(" ".join(named)), _fold(" ".join(bare))):
        alias = _aliases().get(form)
        if alias is None or (alias.requires is not None and alias.requires != state):
            continue
        if state is None or state == (alias.state or _read_text(alias.name).state):
            return alias
    return None


@cache
def _read_text(name: str) -> Organization:
    cleaned = clean(name, state_names())
    return _read(name, cleaned, find_state(cleaned.words, tagged=cleaned.state))


def _read(name: str, cleaned: CleanName, found: StateFound) -> Organization:
    kept = list(cleaned.words)
    for words in reversed(found.words):
        kept[words.start : words.end] = []
    folded = _fold(" ".join(kept))
    written = " ".join("-" if word == "|" else word for word in kept)
    kind = _kind(cleaned, folded, written, state_named=bool(found.words) or cleaned.state is not None)
    basis = "unknown"
    if found.state is not None or kind.kind is not AgencyKind.UNKNOWN:
        basis = "tag" if cleaned.federal or cleaned.state is not None else "name"
    return Organization(
        name=name,
        key=_key(cleaned, found, folded, kind) or _fold(name),
        state=found.state,
        kind=kind.kind,
        inactive=cleaned.inactive,
        immigration=kind.immigration,
        basis=basis,
    )


def _kind(cleaned: CleanName, folded: str, written: str, *, state_named: bool) -> KindFound:
    federal = find_federal(folded, written, state_named=state_named)
    if federal is not None:
        return federal
    found = find_kind(folded, state_named=state_named)
    if cleaned.federal:
        return replace(found, kind=AgencyKind.FEDERAL)
    if found.kind is AgencyKind.UNKNOWN and cleaned.tags:
        # The words of a tag stay in the key as they are.
        return KindFound(find_kind(_fold(" ".join(cleaned.tags)), state_named=False).kind)
    return found


def _fold(text: str) -> str:
    """Return lower-case words parted by one space, without apostrophes and punctuation."""
    plain = text.casefold().replace("'", "").replace("&", " and ")
    return " ".join(_NOT_WORDS.sub(" ", plain).split())


def _key(cleaned: CleanName, found: StateFound, folded: str, kind: KindFound) -> str:
    """Return `place|kind|state`: the kind's words in one form at one place, the rest in synonyms.

    Empty when the name holds nothing to compare by.
    """
    start, end = kind.span
    form = kind.form
    rest = f"{folded[:start]} {folded[end:]}" if form else folded
    if kind.kind is AgencyKind.UNIVERSITY:
        # A campus and its police are one agency: "Example University", "Example University Campus PD".
        rest, form = _CAMPUS_WORDS.sub(" ", _fold(" ".join(_with_own_state(cleaned.words, found)))), ""
    elif kind.kind is AgencyKind.FEDERAL:
        form = form if form.startswith("federal") else f"federal {form}".strip()
        rest = _FEDERAL_NOISE.sub(" ", rest)
    elif kind.kind is AgencyKind.POLICE:
        rest = _CITY_OF.sub(" ", rest) if form else rest
    else:
        rest = _POLICE_WORDS.sub(" pd ", rest).removesuffix(" pd ").removesuffix(" pd")
    tags = _fold(" ".join(cleaned.tags))
    rest = _ACCOUNT_NUMBER.sub("", " ".join(rest.split())) if form in {"pd", "so"} else rest
    where = fold_place(f"{rest} {tags}")
    if not where and not form:
        return ""
    return "|".join((where, form, (found.state or "").lower()))


def _with_own_state(words: Sequence[str], found: StateFound) -> list[str]:
    """Return the words without the state's, or with its full name where that is the body's own."""
    kept = list(words)
    for said in reversed(found.words):
        kept[said.start : said.end] = [full_name(found.state or "")] if said.own else []
    return kept
