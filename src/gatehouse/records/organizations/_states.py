"""The state that an organization's name tells, or None: `CA - Wasco PD`, `Bardstown PD KY`.

A two-letter code counts most in *code position*: in brackets, beside a dash or comma, before or after the
word of its kind, at the end. Two different codes there mean that the name does not tell.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

_CODE_POSITION, _PHRASE, _FULL_NAME, _LOOSE_CODE = 4, 3, 2, 1

# Words that open or close the part of a name that says what kind of body it is.
_KIND_WORDS = frozenset(
    "911 academy administration agency airport attorney attorneys board bureau campus center city college commission "
    "communications consolidated const constable constables corrections county courthouse da dao das department dept "
    "detective dispatch district division doc doj dot dotd dps dtf e911 e-911 ecc emergency fd fire fusion gaming "
    "highway hospital intelligence isd jail justice law major marshal marshals metro narcotics office parks parish "
    "patrol pd police prison probation prosecutor prosecutors prosector public ranger rangers regional rtcc rtic "
    "schools sd security services sheriff sheriffs sheriff's so solicitor solicitors state state's task taskforce tf "
    "transit tribal troopers university upd wildlife".split()
)
_CLOSING_WORDS = _KIND_WORDS | {"association", "authority", "estates", "force", "safety", "system", "unit"}


@dataclass(frozen=True, slots=True)
class StateFound:
    """`state` as a USPS code or None; `spans` are the `[start, end)` word positions that said so."""

    state: str | None
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    state: str
    strength: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Rules:
    names: dict[str, str]  # casefolded full name or code -> code
    territories: frozenset[str]
    words: frozenset[str]
    not_first: frozenset[str]
    not_before: dict[str, frozenset[str]]
    institution: re.Pattern[str]
    of_state: re.Pattern[str]
    region: re.Pattern[str]
    full_name: re.Pattern[str]
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
    state = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    institutions = "|".join(full["institution_words"])
    regions = "|".join(full["regions"])
    return _Rules(
        names=names | {code.casefold(): code for code in data["names"]},
        territories=frozenset(codes["territories"]),
        words=frozenset(codes["words"]),
        not_first=frozenset(codes["not_first"]),
        not_before={code: frozenset(words) for code, words in codes["not_before"].items()},
        institution=re.compile(rf"(?:^|\| )(?:the )?(?P<state>{state})(?= (?:{institutions})\b)"),
        of_state=re.compile(
            rf"\b(?:university|attorney general|state|commonwealth|people) of (?:the )?(?:(?:{regions}) )?(?P<state>{state})\b"
        ),
        region=re.compile(rf"\b(?:{regions}) (?P<state>{state})\b"),
        full_name=re.compile(rf"\b(?P<state>{state})\b"),
        before=frozenset(full["place_words_before"]),
        after=frozenset(full["place_words_after"]),
        wary=frozenset(name.casefold() for name in full["wary"]),
        never=re.compile("|".join(full["never"])),
        phrases=tuple((re.compile(rf"\b(?:{row['pattern']})\b"), row["state"]) for row in data["phrases"]),
    )


def state_names() -> dict[str, str]:
    """Return the code for each casefolded full name and code."""
    return _rules().names


def find_state(words: Sequence[str], *, tagged: str | None) -> StateFound:
    """Find the state in `words` (case kept, "|" for a dash); `tagged` is a state given in brackets."""
    candidates = [*_codes(words), *_full_names(words)]
    if tagged is not None:
        candidates.append(_Candidate(tagged, _CODE_POSITION, 0, 0))
    candidates = _without_abbreviations(words, candidates)
    if not candidates:
        return StateFound(None)
    best = max(candidate.strength for candidate in candidates)
    states = {candidate.state for candidate in candidates if candidate.strength == best}
    if len(states) != 1:
        return StateFound(None)
    (state,) = states
    spans = [(c.start, c.end) for c in candidates if c.state == state and c.start < c.end]
    return StateFound(state, tuple(sorted(set(spans))))


def _without_abbreviations(words: Sequence[str], candidates: list[_Candidate]) -> list[_Candidate]:
    """Drop the codes that are initials beside another code: "Franklin CO OH", "Example County CA SD", "OR PR"."""
    codes = {
        candidate.start: candidate.state for candidate in candidates if candidate.end - candidate.start == 1
    }
    states = set(codes.values()) - _rules().territories
    drop = _rules().territories if states else frozenset[str]()
    if states - {"CO"}:
        drop |= {"CO"}
    if codes.get(len(words) - 1) == "SD" and len(words) - 2 in codes:
        drop |= {"SD"}
    return [candidate for candidate in candidates if candidate.state not in drop]


def _codes(words: Sequence[str]) -> list[_Candidate]:
    rules = _rules()
    letters = "".join(words)
    cased = not letters.isupper() and not letters.islower()
    found = []
    for index, word in enumerate(words):
        code = word.upper()
        if len(word) != 2 or rules.names.get(word.casefold()) != code or code.casefold() != word.casefold():
            continue
        if cased and not word.isupper() and (code in rules.words or not word.istitle()):
            continue
        before = words[index - 1] if index else "|"
        after = words[index + 1] if index + 1 < len(words) else "|"
        if after.casefold() in rules.not_before.get(code, ()):
            continue
        alone = before == "|" and after == "|"
        first = before == "|" and not alone
        if first and code in rules.not_first:
            continue
        if code == "CO" and _is_county(words, index, cased=cased):
            continue
        # At the start, a code before its kind ("PA State Police") has no place between, so it is no town's.
        position = alone or "," in (before, after)
        if not first:
            position = position or after == "|" or after.casefold() in _KIND_WORDS
            position = position or before.casefold() in _CLOSING_WORDS
        if position:
            found.append(_Candidate(code, _CODE_POSITION, index, index + 1))
        elif cased and word.isupper():
            found.append(_Candidate(code, _LOOSE_CODE, index, index + 1))
    return found


def _is_county(words: Sequence[str], index: int, *, cased: bool) -> bool:
    """Return whether "CO" here abbreviates a county, or may, so that it cannot tell the state."""
    folded = [word.casefold() for word in words]
    if "county" in folded:
        return False
    after = folded[index + 1] if index + 1 < len(folded) else ""
    if len(after) == 2 and after in _rules().names and after != "co":
        return True
    return after in {"so", "sheriff", "sheriffs", "sheriff's"} or (not cased and after != "" and after != "|")


def _full_names(words: Sequence[str]) -> list[_Candidate]:
    rules = _rules()
    folded = [word.casefold() for word in words]
    text = " ".join(folded)
    if rules.never.search(text):
        return []
    starts = {0: 0}
    offset = 0
    for index, word in enumerate(folded):
        starts[offset] = index
        offset += len(word) + 1

    def span(start: int, end: int) -> tuple[int, int]:
        first = starts[start]
        return first, first + len(text[start:end].split(" "))

    found = []
    for match in rules.full_name.finditer(text):
        start, end = match.span()
        if start not in starts:
            continue
        first, last = span(start, end)
        before = folded[first - 1] if first else "|"
        after = folded[last] if last < len(folded) else "|"
        if after in rules.after or before in rules.before:
            continue
        state, position = rules.names[match[0]], (first, last)
        wary = match[0] in rules.wary
        if any(m.start("state") == start for m in rules.of_state.finditer(text)):
            found.append(_Candidate(state, _PHRASE, *position))
        elif any(m.start("state") == start for m in rules.institution.finditer(text)):
            if (
                not wary
                or after in {"state", "department", "dept"}
                and not text[end + 1 :].startswith("department |")
            ):
                found.append(_Candidate(state, _FULL_NAME, *position))
        elif any(m.start("state") == start for m in rules.region.finditer(text)):
            if not wary or after == "university":
                found.append(_Candidate(state, _FULL_NAME, *position))
        elif before == "," or (
            not wary and first > 0 and before != "|" and (after == "|" or after in _KIND_WORDS)
        ):
            found.append(_Candidate(state, _FULL_NAME, *position))
    for pattern, state in rules.phrases:
        # A phrase names a place: its words stay in the comparison key.
        if pattern.search(text):
            found.append(_Candidate(state, _PHRASE, 0, 0))
    return found
