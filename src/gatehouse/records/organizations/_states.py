"""The state that an organization's name tells, or None: `CA - Alder Falls PD`, `Birch Hollow PD KY`.

A two-letter code counts most in *code position*: in brackets, beside a dash or comma, before or after a word
of its kind, at the end. Two different codes there mean that the name does not tell. Full names count in a
few positions only, since towns and counties carry them too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

_CODE_POSITION, _PHRASE, _FULL_NAME, _LOOSE_CODE = 4, 3, 2, 1


@dataclass(frozen=True, slots=True)
class StateWords:
    """Word positions `[start, end)` that say the state.

    `own` marks those that belong to the body's own name ("University of Illinois Chicago"), so that a
    comparison without them would take it for another body.
    """

    start: int
    end: int
    own: bool


@dataclass(frozen=True, slots=True)
class StateFound:
    """`state` as a USPS code, or None when the name does not tell."""

    state: str | None
    words: tuple[StateWords, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    state: str
    strength: int
    start: int
    end: int
    own: bool = False


@dataclass(frozen=True, slots=True)
class _Rules:
    names: dict[str, str]  # casefolded full name or code -> code
    territories: frozenset[str]
    words: frozenset[str]
    kind_words: frozenset[str]
    closing_words: frozenset[str]
    state_body_words: frozenset[str]
    not_first: frozenset[str]
    not_before: dict[str, frozenset[str]]
    regions: frozenset[str]
    full_name: re.Pattern[str]
    of_state: re.Pattern[str]
    institution: re.Pattern[str]
    school_of_state: re.Pattern[str]
    region: re.Pattern[str]
    before: frozenset[str]
    after: frozenset[str]
    wary: frozenset[str]
    never: re.Pattern[str]
    phrases: tuple[tuple[re.Pattern[str], str], ...]


@cache
def _rules() -> _Rules:
    text = resources.files("gatehouse.records").joinpath("data/states.toml").read_text("utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    codes, full = data["codes"], data["full_names"]
    names = {name.casefold(): code for code, name in data["names"].items()}
    # Longest first, so that "West Virginia" is not read as Virginia.
    state = "(?P<state>" + "|".join(sorted(map(re.escape, names), key=len, reverse=True)) + ")"
    start = r"(?:^|\| )(?:the )?"
    institutions, regions = "|".join(full["institution_words"]), "|".join(full["regions"])
    return _Rules(
        names=names | {code.casefold(): code for code in data["names"]},
        territories=frozenset(codes["territories"]),
        words=frozenset(codes["words"]),
        kind_words=frozenset(codes["kind_words"]),
        closing_words=frozenset(codes["closing_words"]),
        state_body_words=frozenset(codes["state_body_words"]),
        not_first=frozenset(codes["not_first"]),
        not_before={code: frozenset(words) for code, words in codes["not_before"].items()},
        regions=frozenset(full["regions"]),
        full_name=re.compile(rf"\b{state}\b"),
        of_state=re.compile(
            rf"\b(?:university|attorney general|state|commonwealth) of (?:the )?(?:(?:{regions}) )?{state}\b"
        ),
        institution=re.compile(rf"{start}{state}(?= (?:{institutions})\b)"),
        school_of_state=re.compile(rf"{start}{state}(?= [^|]*\b(?:university|college)\b)"),
        region=re.compile(rf"\b(?:{regions}) {state}\b"),
        before=frozenset(full["place_words_before"]),
        after=frozenset(full["place_words_after"]),
        wary=frozenset(name.casefold() for name in full["wary"]),
        never=re.compile("|".join(full["never"])),
        phrases=tuple((re.compile(rf"\b(?:{row['pattern']})\b"), row["state"]) for row in data["phrases"]),
    )


def state_names() -> dict[str, str]:
    """Return the code for each casefolded full name and code."""
    return _rules().names


def full_name(code: str) -> str:
    """Return the casefolded full name of a state, "" for no state."""
    return next((name for name, of in state_names().items() if of == code and len(name) > 2), "")


def find_state(words: Sequence[str], *, tagged: str | None) -> StateFound:
    """Find the state in `words` (case kept, "|" for a dash); `tagged` is a state given in brackets."""
    candidates = [*_codes(words), *_full_names(words)]
    if tagged is not None:
        candidates.append(_Candidate(tagged, _CODE_POSITION, 0, 0))
    candidates = _without_initials(words, candidates)
    best = max((candidate.strength for candidate in candidates), default=0)
    states = {candidate.state for candidate in candidates if candidate.strength == best}
    if len(states) != 1:
        return StateFound(None)
    (state,) = states
    spans = {(c.start, c.end): c.own for c in candidates if c.state == state and c.start < c.end}
    return StateFound(state, tuple(StateWords(*span, own) for span, own in sorted(spans.items())))


def _without_initials(words: Sequence[str], candidates: list[_Candidate]) -> list[_Candidate]:
    """Drop codes that mean something else beside another code: "Franklin CO OH", "CA SD", "OR PR"."""
    codes = {each.start: each.state for each in candidates if each.end - each.start == 1}
    states = set(codes.values()) - _rules().territories
    drop = _rules().territories if states else frozenset[str]()
    if states - {"CO"}:
        drop |= {"CO"}
    if codes.get(len(words) - 1) == "SD" and len(words) - 2 in codes:
        drop |= {"SD"}
    return [candidate for candidate in candidates if candidate.state not in drop]


def _codes(words: Sequence[str]) -> Iterator[_Candidate]:
    rules = _rules()
    letters = "".join(words)
    cased = not letters.isupper() and not letters.islower()
    for index, word in enumerate(words):
        code = word.upper()
        if rules.names.get(word.casefold()) != code:
            continue
        if cased and not word.isupper() and (code in rules.words or not word.istitle()):
            continue
        before = words[index - 1] if index else "|"
        after = words[index + 1] if index + 1 < len(words) else "|"
        alone = before == "|" and after == "|"
        if index == 0 and not alone and code in rules.not_first:
            continue
        if after.casefold() in rules.not_before.get(code, ()):
            continue
        if code == "CO" and _is_county(words, index, cased=cased):
            continue
        beside_kind = after.casefold() in rules.kind_words or _closes(before)
        if index == 0:
            # No place stands before it: "PA State Police" is the state's, "IN Example Police" a town's.
            beside_kind = after.casefold() in rules.state_body_words
        if alone or "," in (before, after) or beside_kind or (index > 0 and after == "|"):
            yield _Candidate(code, _CODE_POSITION, index, index + 1, own=before.casefold() == "of")
        elif cased and word.isupper():
            own = before.casefold() == "of" or before.casefold() in rules.regions
            yield _Candidate(code, _LOOSE_CODE, index, index + 1, own=own)


def _closes(word: str) -> bool:
    return word.casefold() in _rules().kind_words or word.casefold() in _rules().closing_words


def _is_county(words: Sequence[str], index: int, *, cased: bool) -> bool:
    """Return whether "CO" here abbreviates a county, or may, so that it cannot tell the state."""
    folded = [word.casefold() for word in words]
    if "county" in folded:
        return False
    after = folded[index + 1] if index + 1 < len(folded) else "|"
    if after in {"so", "sheriff", "sheriffs", "sheriff's"}:
        return True
    return not cased and after != "|"


def _full_names(words: Sequence[str]) -> Iterator[_Candidate]:
    rules = _rules()
    folded = [word.casefold() for word in words]
    text = " ".join(folded)
    for pattern, state in rules.phrases:
        # A phrase names a place: its words stay in the comparison key.
        if pattern.search(text):
            yield _Candidate(state, _PHRASE, 0, 0)
    matches = list(rules.full_name.finditer(text))
    if not matches or rules.never.search(text):
        return
    of_state, institution, school, region = (
        {match.start("state") for match in pattern.finditer(text)}
        for pattern in (rules.of_state, rules.institution, rules.school_of_state, rules.region)
    )
    for match in matches:
        first = text[: match.start()].count(" ")
        last = first + match[0].count(" ") + 1
        before = folded[first - 1] if first else "|"
        after = folded[last] if last < len(folded) else "|"
        if after in rules.after or before in rules.before:
            continue
        state, at, wary = rules.names[match[0]], match.start(), match[0] in rules.wary
        if at in of_state:
            yield _Candidate(state, _PHRASE, first, last, own=True)
        elif at in institution and (not wary or after in {"state", "department", "dept"}):
            yield _Candidate(state, _FULL_NAME, first, last, own=at in school)
        elif (at in school and not wary) or (at in region and (not wary or after == "university")):
            yield _Candidate(state, _FULL_NAME, first, last, own=True)
        else:
            closes_place = before != "|" and (after == "|" or after in rules.kind_words)
            if (
                before == ","
                or state in rules.territories
                or (closes_place and not wary and at not in region)
            ):
                yield _Candidate(state, _FULL_NAME, first, last)
