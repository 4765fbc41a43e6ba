"""Free text to signals: what a stated reason suggests, with the rule that says so and the words it saw.

A signal never permits anything. It makes a decision stricter, sends it to review, or counts a lead; the
limits of word filters are measured in `docs/reasons.md`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

import re2

from gatehouse.law import lexicon as lexicon_file
from gatehouse.law.lexicon import Rule
from gatehouse.law.normalize import Folded, plain_case, readings
from gatehouse.law.repair import Repairer
from gatehouse.model import FAMILIES, BadInput, SignalMatch
from gatehouse.model.signal import CONTENT, WORD

# Room for the states of the automaton that reads all rules at once. Far more than it needs; an automaton
# that ran out would report no match, so `Lexicon.check` proves each rule reachable through it.
_AUTOMATON_BYTES = 256 << 20

# A mask hides a reason; it does not show that none was stated.
_MASK = frozenset("*#█■▇▓")


_OWN_LEXICON = Path(__file__).with_name("lexicon.toml")
_CONTENT = re.compile(r"[a-z0-9]")
_WORD = re2.compile(WORD)


class Lexicon:
    """The rules of one lexicon file, ready to classify texts. Safe to share between threads."""

    def __init__(self, content: bytes, *, where: str = "lexicon") -> None:
        data = lexicon_file.parse(content, where=where)
        self.version = data.version
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.rules: dict[str, Rule] = {rule.id: rule for rule in data.rules}
        self._blank = next(rule for rule in data.rules if rule.blank)
        self._matching = tuple(rule for rule in data.rules if not rule.blank)
        self._repairer = Repairer(data.words)
        options = re2.Options()
        options.max_mem = _AUTOMATON_BYTES
        options.never_capture = True
        options.log_errors = False
        self._automaton = re2.Set.SearchSet(options)
        for rule in self._matching:
            try:
                self._automaton.Add(rule.expression)
            except re2.error as error:
                raise BadInput(
                    "a pattern is not an RE2 expression", where=f"{where}, rule {rule.id}"
                ) from error
        self._automaton.Compile()

    @classmethod
    def load(cls, path: Path | None = None) -> Lexicon:
        """Return the lexicon of `path`, or the one that comes with Gatehouse; each is read once a process."""
        return _load(path)

    def classify(self, text: str | None) -> tuple[SignalMatch, ...]:
        """Return every signal of `text`, sorted; one match a rule, its first that no exclusion voids.

        A text with hidden characters is read in each of its `readings`, and a rule that matches several
        reports the first of them. Spans count code points of `text` as given. None, a cell that does not
        exist, gives no signal; an empty text gives `none_stated`.
        """
        if text is None:
            return ()
        cased = plain_case(text)
        if cased is not None:
            lowered = cased.lower()
            if not self._repairer.may_mend(lowered):
                lower = lowered.encode()
                candidates = self._automaton.Match(lower)
                if candidates is not None:
                    return self._matches(None, lower, cased.encode(), candidates)
                return () if _CONTENT.search(lowered) else self._blank_matches(text)
        return self._read(text, lambda lower: self._automaton.Match(lower) or ())

    def classify_beside(self, text: str | None) -> tuple[SignalMatch, ...]:
        """Return what a search is about by a text beside its reason, such as a case number.

        A text without a word in it says nothing, and how well it states a reason is not asked.
        """
        # A surrogate alone is no letter, and RE2 takes none.
        if text is None or not _WORD.search(text.encode(errors="replace").decode()):
            return ()
        return tuple(match for match in self.classify(text) if match.signal in CONTENT)

    def classify_many(self, texts: Iterable[str | None]) -> list[tuple[SignalMatch, ...]]:
        """Classify each text, in order."""
        classify = self.classify
        return [classify(text) for text in texts]

    def classify_exhaustively(self, text: str) -> tuple[SignalMatch, ...]:
        """Classify by trying every rule in turn: what `classify` has to equal, and the slow way there."""
        return self._read(
            text, lambda lower: [at for at, rule in enumerate(self._matching) if rule.matches(lower)]
        )

    def describe(self, rule_id: str) -> str:
        """Return the sentence that says what a match of the rule means."""
        return self.rules[rule_id].sentence

    def mends(self, token: str) -> bool:
        """Return whether a lower-case ASCII token is a word of the lexicon or is mended to one."""
        return self._repairer.knows(token) or self._repairer.word_of(token) is not None

    def check(self) -> list[str]:
        """Run the examples of every rule and return a line for each that fails."""
        failures = []
        for rule in self.rules.values():
            for text in rule.must:
                if rule.id not in {match.rule for match in self.classify(text)}:
                    failures.append(f"{rule.id} must match {text!r}")
            for text in rule.must_not:
                if rule.id in {match.rule for match in self.classify(text)}:
                    failures.append(f"{rule.id} must not match {text!r}")
            if not rule.must:
                failures.append(f"{rule.id} has no example that must match")
        return failures

    def _read(self, text: str, candidates: Callable[[bytes], Iterable[int]]) -> tuple[SignalMatch, ...]:
        """Return the matches of every reading of `text` among the rules that may match it."""
        found: dict[str, SignalMatch] = {}
        worded = any(map(str.isalnum, text))
        for reading in readings(text):
            folded = self._repairer.mend(reading)
            lower = folded.lower.encode()
            rules = candidates(lower)
            worded = worded or bool(rules)
            for match in self._matches(folded, lower, folded.cased.encode(), rules):
                found.setdefault(match.rule, match)
        return tuple(sorted(found.values())) if worded else self._blank_matches(text)

    def _matches(
        self, folded: Folded | None, lower: bytes, cased: bytes, rules: Iterable[int]
    ) -> tuple[SignalMatch, ...]:
        found = []
        for index in rules:
            rule = self._matching[index]
            span = rule.first_span(lower, cased)
            if span is not None:
                start, end = span if folded is None else folded.span(*span)
                found.append(SignalMatch(rule.signal, rule.id, start, end))
        if len(found) > 1:
            found.sort()
        return tuple(found)

    def _blank_matches(self, text: str) -> tuple[SignalMatch, ...]:
        if _MASK.intersection(text):
            return ()
        return (SignalMatch(self._blank.signal, self._blank.id, 0, len(text)),)


def families(matches: Iterable[SignalMatch]) -> frozenset[str]:
    """Return the names of the signal families that any of `matches` belongs to."""
    signals = {match.signal for match in matches}
    return frozenset(name for name, members in FAMILIES.items() if members & signals)


@lru_cache(maxsize=8)
def _load(path: Path | None) -> Lexicon:
    if path is None:
        return Lexicon(_OWN_LEXICON.read_bytes(), where=_OWN_LEXICON.name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(
            "the lexicon cannot be read", where=str(path), got=error.strerror or type(error).__name__
        ) from error
    return Lexicon(content, where=str(path))
