"""The lexicon file: versioned, hashed data that says which words suggest what.

A TOML document of three parts. `[macros]` are pieces of pattern, used as `{name}`. `[[word]]` are words that
misspelled or disguised tokens are mended to before any rule reads the text. `[[rule]]` are the rules:

    id        stable name, shown with every match
    signal    one of `model.Signal`
    sentence  what a match means, for people
    patterns  RE2 expressions over lower-case ASCII text; a space stands for one or more characters that are
              neither letter nor digit, and every pattern is bounded by word boundaries on both sides
    whole     true when the pattern has to match the whole text
    blank     true for the one rule that matches a text without letters and digits
    unless    patterns that void a hit they overlap
    unless_cased    the same over the text in its own case
    unless_anywhere patterns that void every hit of the rule
    must, must_not  examples, run by `Lexicon.check`

RE2 has no backtracking, so matching takes time linear in the text whatever the text is.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import re2

from gatehouse.law.repair import Word
from gatehouse.model import BadInput, Signal

_SPACE = "(?:[^A-Za-z0-9]+)"
_CLASS_OR_SPACE = re.compile(r"\[\^?\]?[^\]]*\]|\\.| ")
# Every ASCII character that is neither a lower-case letter nor a digit.
_NEITHER = bytes(code for code in range(128) if chr(code) not in "abcdefghijklmnopqrstuvwxyz0123456789")
_MACRO = re.compile(r"\{([a-z_]+)\}")
_RULE_KEYS = frozenset(
    {"id", "signal", "sentence", "patterns", "whole", "blank", "must", "must_not"}
    | {"unless", "unless_cased", "unless_anywhere"}
)

_WORD_KEYS = frozenset({"word", "distance", "initial", "fragments", "unlike", "disguises"})


class _Match(Protocol):
    def span(self) -> tuple[int, int]: ...


class _Pattern(Protocol):
    def finditer(self, text: bytes) -> Iterator[_Match]: ...

    def search(self, text: bytes) -> _Match | None: ...


@dataclass(slots=True)
class Rule:
    """One rule of the lexicon; patterns compile on first use."""

    id: str
    signal: Signal
    sentence: str
    expression: str
    whole: bool = False
    blank: bool = False
    unless: str = ""
    unless_cased: str = ""
    unless_anywhere: str = ""
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    _compiled: dict[str, _Pattern] = field(default_factory=dict)

    def first_span(self, lower: bytes, cased: bytes) -> tuple[int, int] | None:
        """Return the first hit that no exclusion voids, as `[start, end)` of the folded text.

        A rule for whole texts must be known to match `lower`; its hit runs from the first to the last letter
        or digit.
        """
        if self.unless_anywhere and self._pattern(self.unless_anywhere).search(lower):
            return None
        excludes = bool(self.unless or self.unless_cased)
        voids: Intervals | None = None
        for span in self._hits(lower):
            if not excludes:
                return span
            if voids is None:
                voids = Intervals(self._excluded(lower, cased))
            if not voids.overlap(*span):
                return span
        return None

    def _hits(self, lower: bytes) -> Iterator[tuple[int, int]]:
        if self.whole:
            tail = lower.lstrip(_NEITHER)
            start = len(lower) - len(tail)
            yield start, start + len(tail.rstrip(_NEITHER))
        else:
            for match in self._pattern(self.expression).finditer(lower):
                yield match.span()

    def matches(self, lower: bytes) -> bool:
        """Return whether the rule has a hit in `lower`, voided or not."""
        return self._pattern(self.expression).search(lower) is not None

    def _excluded(self, lower: bytes, cased: bytes) -> Iterator[tuple[int, int]]:
        if self.unless:
            yield from (match.span() for match in self._pattern(self.unless).finditer(lower))
        if self.unless_cased:
            yield from (match.span() for match in self._pattern(self.unless_cased).finditer(cased))

    def _pattern(self, expression: str) -> _Pattern:
        compiled = self._compiled.get(expression)
        if compiled is None:
            try:
                compiled = cast(_Pattern, re2.compile(expression.encode(), _quiet()))
            except re2.error as error:
                raise BadInput(
                    "a pattern is not an RE2 expression", where=f"rule {self.id}", got=str(error)[:200]
                ) from error
            self._compiled[expression] = compiled
        return compiled


def _quiet() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


class Intervals:
    """Sorted, merged intervals that can be asked for overlap."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def overlap(self, start: int, end: int) -> bool:
        """Return whether any interval shares a position with `[start, end)`."""
        index = bisect_right(self._starts, end - 1) - 1
        return index >= 0 and self._ends[index] > start


@dataclass(frozen=True, slots=True)
class LexiconData:
    """A parsed lexicon file."""

    version: str
    words: tuple[Word, ...]
    rules: tuple[Rule, ...]


def parse(content: bytes, *, where: str) -> LexiconData:
    """Parse a lexicon file; anything it does not define exactly raises `BadInput` naming the entry."""
    try:
        document = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        got = "values nested too deep to read" if isinstance(error, RecursionError) else str(error)
        raise BadInput("the lexicon is not a TOML document in UTF-8", where=where, got=got) from error
    unknown = document.keys() - {"version", "macros", "word", "rule"}
    if unknown or not isinstance(document.get("version"), str):
        raise BadInput(
            "the lexicon has the wrong parts",
            where=where,
            expected="version, macros, word, rule",
            got=", ".join(sorted(document)),
        )
    macros = _expand_macros(document.get("macros", {}), where)
    words = tuple(_word(entry, where) for entry in document.get("word", []))
    rules = tuple(_rule(entry, macros, where) for entry in document.get("rule", []))
    ids = [rule.id for rule in rules]
    repeated = sorted({name for name in ids if ids.count(name) > 1})
    if repeated:
        raise BadInput("rule ids repeat", where=where, got=", ".join(repeated))
    if sum(rule.blank for rule in rules) != 1:
        raise BadInput("the lexicon needs exactly one rule for blank texts", where=where)
    return LexiconData(document["version"], words, rules)


def _expand_macros(entries: Mapping[str, str], where: str) -> dict[str, str]:
    """Expand macros in the order of the file, so one may use those above it."""
    macros: dict[str, str] = {}
    for name, text in entries.items():
        macros[name] = f"(?:{_expand(text, macros, f'{where}, macro {name}')})"
    return macros


def _expand(text: str, macros: Mapping[str, str], where: str) -> str:
    def replace(match: re.Match[str]) -> str:
        if match[1] not in macros:
            raise BadInput("a pattern names an unknown macro", where=where, got=match[1])
        return macros[match[1]]

    spaced = _CLASS_OR_SPACE.sub(lambda match: _SPACE if match[0] == " " else match[0], text.strip())
    return _MACRO.sub(replace, spaced)


def _word(entry: Mapping[str, Any], where: str) -> Word:
    unknown = entry.keys() - _WORD_KEYS
    if unknown or not isinstance(entry.get("word"), str):
        raise BadInput("a word entry has unknown keys", where=where, got=", ".join(sorted(entry)))
    distance = entry.get("distance", 0)
    if distance not in (0, 1, 2):
        raise BadInput(
            "a word's distance is out of range",
            where=f"{where}, word {entry['word']}",
            expected="0, 1 or 2",
            got=str(distance),
        )
    return Word(
        entry["word"],
        distance,
        initial=entry.get("initial", False),
        fragments=entry.get("fragments", False),
        unlike=frozenset(entry.get("unlike", ())),
        disguises=frozenset(entry.get("disguises", ())),
    )


def _rule(entry: Mapping[str, Any], macros: Mapping[str, str], where: str) -> Rule:
    name = str(entry.get("id", "without id"))
    at = f"{where}, rule {name}"
    unknown = entry.keys() - _RULE_KEYS
    missing = {"id", "signal", "sentence", "must", "must_not"} - entry.keys()
    if unknown or missing:
        raise BadInput("a rule has the wrong keys", where=at, got=", ".join(sorted(unknown | missing)))
    if entry["signal"] not in set(Signal):
        raise BadInput(
            "a rule names an unknown signal", where=at, expected=", ".join(Signal), got=entry["signal"]
        )
    whole, blank = entry.get("whole", False), entry.get("blank", False)
    body = _any_of(entry.get("patterns", []), macros, at)
    if bool(body) == blank:
        raise BadInput("a rule has patterns, or is the blank rule", where=at)
    expression = rf"^[^a-z0-9]*(?:{body})[^a-z0-9]*$" if whole else rf"\b(?:{body})\b"
    rule = Rule(
        name,
        Signal(entry["signal"]),
        entry["sentence"],
        "" if blank else expression,
        whole=whole,
        blank=blank,
        unless=_bounded(entry.get("unless", []), macros, at),
        unless_cased=_bounded(entry.get("unless_cased", []), macros, at),
        unless_anywhere=_bounded(entry.get("unless_anywhere", []), macros, at),
        must=tuple(entry["must"]),
        must_not=tuple(entry["must_not"]),
    )
    return rule


def _any_of(patterns: Iterable[str], macros: Mapping[str, str], where: str) -> str:
    return "|".join(_expand(pattern, macros, where) for pattern in patterns)


def _bounded(patterns: Iterable[str], macros: Mapping[str, str], where: str) -> str:
    body = _any_of(patterns, macros, where)
    return rf"\b(?:{body})\b" if body else ""
