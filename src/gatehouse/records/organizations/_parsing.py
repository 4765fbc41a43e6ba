"""One organization's name read into state, kind and comparison key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from gatehouse.model import AgencyKind, Organization
from gatehouse.records.organizations._cleaning import CleanName, clean
from gatehouse.records.organizations._kinds import KindFound, find_federal, find_kind
from gatehouse.records.organizations._states import find_state, state_names

# Distinct names in one record: the largest public ones hold some 8,000.
_CACHED_NAMES = 65_536

_NOT_WORDS = re.compile(r"[^a-z0-9]+")
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
    aliased = _by_alias(name, cleaned, found.state)
    if aliased is not None:
        return aliased
    kept = [word for index, word in enumerate(cleaned.words) if not _inside(index, found.spans)]
    folded = _fold(" ".join(kept))
    written = " ".join(word if word != "|" else "-" for word in kept)
    kind = _kind(cleaned, folded, written, state_named=bool(found.spans) or cleaned.state is not None)
    basis = "unknown"
    if found.state is not None or kind.kind is not AgencyKind.UNKNOWN:
        basis = "tag" if cleaned.federal or cleaned.state is not None else "name"
    return Organization(
        name=name,
        key=_key(folded, kind, found.state, cleaned.tags),
        state=found.state,
        kind=kind.kind,
        inactive=cleaned.inactive,
        immigration=kind.immigration,
        basis=basis,
    )


def parse_many(names: Sequence[str]) -> list[Organization]:
    """Parse each name, in order."""
    return [parse(name) for name in names]


def _by_alias(name: str, cleaned: CleanName, state: str | None) -> Organization | None:
    words = [word for word in cleaned.words if word not in "|,"]
    bare = [word for word in words if state is None or word.upper() != state]
    for form in (_fold(" ".join(words)), _fold(" ".join(bare))):
        alias = _aliases().get(form)
        if alias is None or (alias.requires is not None and alias.requires != state):
            continue
        meant = _plain(alias.name)
        if state is not None and (alias.state or meant.state) != state:
            continue
        return replace(
            meant,
            name=name,
            state=alias.state or meant.state,
            kind=alias.kind or meant.kind,
            inactive=cleaned.inactive,
            basis="alias",
        )
    return None


@cache
def _plain(name: str) -> Organization:
    cleaned = clean(name, state_names())
    found = find_state(cleaned.words, tagged=cleaned.state)
    kept = [word for index, word in enumerate(cleaned.words) if not _inside(index, found.spans)]
    folded = _fold(" ".join(kept))
    kind = find_kind(folded, state_named=bool(found.spans))
    return Organization(name=name, key=_key(folded, kind, found.state, ()), state=found.state, kind=kind.kind)


def _kind(cleaned: CleanName, folded: str, written: str, *, state_named: bool) -> KindFound:
    federal = find_federal(folded, written)
    if federal is not None and (cleaned.federal or not state_named or federal.form):
        return federal
    found = find_kind(folded, state_named=state_named)
    if cleaned.federal:
        return replace(found, kind=AgencyKind.FEDERAL)
    return found


def _inside(index: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= index < end for start, end in spans)


def _fold(text: str) -> str:
    """Return lower-case words parted by one space, without apostrophes and punctuation."""
    plain = text.casefold().replace("'s", "s").replace("'", "").replace("&", " and ")
    return " ".join(_NOT_WORDS.sub(" ", plain).split())


def _key(folded: str, kind: KindFound, state: str | None, tags: Sequence[str]) -> str:
    """Return `place|kind|state`: the kind's words in one form at one place, the rest in synonyms."""
    start, end = kind.span
    place = folded if not kind.form else f"{folded[:start]} {folded[end:]}"
    form = kind.form
    if kind.kind is AgencyKind.UNIVERSITY:
        # A campus and its police are one agency: "Example University", "Example University Campus PD".
        place, form = (
            re.sub(r"\b(?:campus|pd|police|department|dept|of public safety|public safety)\b", " ", folded),
            "",
        )
    if kind.kind is AgencyKind.POLICE and form:
        place = re.sub(r"^\s*city of\b", " ", place)
    if kind.kind is AgencyKind.FEDERAL:
        form = f"federal {form}".strip()
        place = re.sub(r"^\s*us\b", " ", place)
    words = " ".join(_SYNONYMS.get(word, word) for word in f"{place} {_fold(' '.join(tags))}".split())
    return "|".join((" ".join(words.split()), form, (state or "").lower()))
