"""Words put right before any rule reads them: misspelled, disguised by digits, or spelled letter by letter.

Bounded and explainable: a token becomes a listed word when it is within the word's distance of optimal string
alignment (insertions, deletions, substitutions and swaps of neighbors, two at most), when its digits and
symbols read as letters give that word, or when neighboring fragments join to it. A real word that merely
resembles a listed one stands in that word's `unlike` list and is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gatehouse.law.normalize import Folded

# Bounds on what the memory of one process may hold of tokens already looked up.
_REMEMBERED = 1 << 18
_LONGEST_REMEMBERED = 64
# Shorter tokens have too many neighbors among real words; they are only matched by listed disguises.
_SHORTEST_FUZZY = 5
_LONGEST_GAP = 2
_SHORTEST_SPELLED = 3

_TOKEN = re.compile(r"[a-z0-9]+")
_DISGUISED_TOKEN = re.compile(r"[!|@$]?[a-z0-9]+(?:[!|@$]{1,2}[a-z0-9]+)*")
_SYMBOLS = re.compile(r"[!|@$]")
_STRETCHED = re.compile(r"(.)\1{2,}")
_READ_AS = str.maketrans("0134567891l@$!|", "oieasgtbgiiasii")
_ALIKE = str.maketrans("l", "i")
_UNSEEN = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A word that tokens are mended to.

    `distance` is the most edits allowed (0 to 2), `initial` that the first letter must be right, `unlike` the
    real words never mended to it, `disguises` short forms taken as they stand, `fragments` whether pieces of
    any length join to it (single letters always do).
    """

    word: str
    distance: int = 0
    initial: bool = False
    fragments: bool = False
    unlike: frozenset[str] = frozenset()
    disguises: frozenset[str] = frozenset()


class Repairer:
    """Mends the tokens of folded text to the words it was given."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._words = {word.word: word for word in words}
        self._disguises = {form: word.word for word in self._words.values() for form in word.disguises}
        self._left_alone = frozenset(self._words).union(*(w.unlike for w in self._words.values()))
        self._skeletons: dict[str, str] = {}
        self._fuzzy: list[tuple[Word, int]] = []
        self._prefixes: set[str] = set()
        for word in self._words.values():
            self._skeletons.setdefault(word.word.translate(_ALIKE), word.word)
            for form in (word.word, *word.disguises):
                self._prefixes.update(form[:end] for end in range(1, len(form) + 1))
            if word.distance:
                self._fuzzy.append((word, _letters(word.word)))
        self._longest = max((len(word) for word in self._words), default=0) + 2
        self._memory: dict[str, str | None] = {}

    def mend(self, folded: Folded) -> Folded:
        """Return `folded` with every mended token in place, offsets still those of the original text."""
        if not self.may_mend(folded.lower):
            return folded
        edits = list(self._edits(folded.lower))
        return _apply(folded, edits) if edits else folded

    def may_mend(self, lower: str) -> bool:
        """Return whether `mend` could change the text: quick, and never False when it would."""
        if "|" in lower or "!" in lower or "@" in lower or "$" in lower:
            return True
        memory, prefixes = self._memory, self._prefixes
        before = ""
        for token in _TOKEN.findall(lower):
            known = memory.get(token, _UNSEEN)
            if known == _UNSEEN and not token.isdigit():
                known = self._remember(token)
            if known or (before and before + token in prefixes):
                return True
            before = token if token in prefixes else ""
        return False

    def knows(self, token: str) -> bool:
        """Return whether `token` is one of the words itself."""
        return token in self._words

    def word_of(self, token: str) -> str | None:
        """Return the word that a lower-case token is mended to, or None when it stays as it is."""
        known = self._memory.get(token, _UNSEEN)
        return self._remember(token) if known == _UNSEEN else known

    def _remember(self, token: str) -> str | None:
        found = self._look_up(token)
        if len(token) <= _LONGEST_REMEMBERED and not token.isdigit():
            if len(self._memory) >= _REMEMBERED:
                self._memory.clear()
            self._memory[token] = found
        return found

    def _look_up(self, token: str) -> str | None:
        if token in self._left_alone:
            return None
        disguised = self._disguises.get(token)
        if disguised is not None:
            return disguised
        if token.isdigit():
            return None
        plain = _STRETCHED.sub(r"\1", token)
        if plain != token and plain in self._words:
            return plain
        for form in (token, plain):
            if _SHORTEST_FUZZY <= len(form) <= self._longest:
                found = self._resembles(form)
                if found is not None:
                    return found
        return None

    def _resembles(self, token: str) -> str | None:
        skeleton = token.translate(_READ_AS)
        found = self._skeletons.get(skeleton)
        if found is not None and 2 * sum(map(str.isalpha, token)) >= len(token) - 1:
            return found
        if token.isalpha():
            return self._nearest(token, 2)
        return self._nearest(skeleton, 1) if skeleton.isalpha() else None

    def _nearest(self, token: str, most: int) -> str | None:
        best: tuple[int, str] | None = None
        letters = _letters(token)
        for word, word_letters in self._fuzzy:
            limit = min(word.distance, most)
            # An edit adds one letter to the set at most, and takes one away.
            if (letters ^ word_letters).bit_count() > 2 * limit or abs(len(token) - len(word.word)) > limit:
                continue
            if token in word.unlike or (word.initial and token[0] != word.word[0]):
                continue
            distance = alignment_distance(token, word.word, limit)
            if distance <= limit and (best is None or (distance, word.word) < best):
                best = (distance, word.word)
        return None if best is None else best[1]

    def _edits(self, lower: str) -> Iterator[tuple[int, int, str]]:
        """Yield (start, end, word) of every piece to replace, left to right."""
        tokens = [(m.start(), m.end()) for m in _TOKEN.finditer(lower)]
        disguised = {}
        if _SYMBOLS.search(lower):
            for match in _DISGUISED_TOKEN.finditer(lower):
                word = self.word_of(match[0]) if _SYMBOLS.search(match[0]) else None
                if word is not None:
                    disguised[match.start()] = (match.end(), word)
        starts = iter(sorted(disguised))
        ahead = next(starts, None)
        index = run_end = 0
        while index < len(tokens):
            start, end = tokens[index]
            if ahead is not None and ahead <= start:
                end, word = disguised[ahead]
                yield ahead, end, word
                while index < len(tokens) and tokens[index][0] < end:
                    index += 1
                ahead = next(starts, None)
                continue
            if index >= run_end:
                run_end = _end_of_letters(tokens, index)
                words = self._spelled(lower, tokens[index:run_end])
                if words:
                    for count, word in words:
                        yield tokens[index][0], tokens[index + count - 1][1], word
                        index += count
                    continue
            joined = self._joined(lower, tokens, index)
            if joined is not None:
                last, word = joined
                yield start, tokens[last][1], word
                index = last + 1
                continue
            mended = self.word_of(lower[start:end])
            if mended is not None:
                yield start, end, mended
            index += 1

    def _spelled(self, lower: str, letters: list[tuple[int, int]]) -> list[tuple[int, str]]:
        """Return (letters, word) of each word that a run of letters spells, nothing if any is left."""
        if len(letters) < _SHORTEST_SPELLED:
            return []
        text = "".join(lower[start] for start, _ in letters)
        found: list[tuple[int, str]] = []
        position = 0
        while position < len(text):
            for length in range(min(self._longest, len(text) - position), _SHORTEST_SPELLED - 1, -1):
                piece = text[position : position + length]
                word = piece if piece in self._words else self.word_of(piece)
                if word is not None:
                    found.append((length, word))
                    position += length
                    break
            else:
                return []
        return found

    def _joined(self, lower: str, tokens: list[tuple[int, int]], first: int) -> tuple[int, str] | None:
        """Return the last token and the word when the tokens from `first` on are fragments of one word."""
        joined = lower[slice(*tokens[first])]
        if joined not in self._prefixes or (len(joined) == 1 and _one_letter_before(tokens, first)):
            return None
        for last in range(first + 1, min(first + self._longest, len(tokens))):
            if tokens[last][0] - tokens[last - 1][1] > _LONGEST_GAP:
                return None
            joined += lower[slice(*tokens[last])]
            if joined not in self._prefixes:
                return None
            word = self._words.get(joined)
            if word is None or not word.fragments:
                continue
            if len(joined) >= _SHORTEST_FUZZY or not _letter_after(tokens, last):
                return last, word.word
        return None


def _end_of_letters(tokens: list[tuple[int, int]], first: int) -> int:
    """Return the index after the run of neighboring one-character tokens that starts at `first`."""
    index = first
    while (
        index < len(tokens)
        and tokens[index][1] - tokens[index][0] == 1
        and (index == first or tokens[index][0] - tokens[index - 1][1] <= _LONGEST_GAP)
    ):
        index += 1
    return max(index, first + 1)


def _one_letter_before(tokens: list[tuple[int, int]], index: int) -> bool:
    return index > 0 and tokens[index - 1][1] - tokens[index - 1][0] == 1


def _letter_after(tokens: list[tuple[int, int]], index: int) -> bool:
    following = index + 1
    return following < len(tokens) and tokens[following][1] - tokens[following][0] == 1


def _apply(folded: Folded, edits: list[tuple[int, int, str]]) -> Folded:
    cased: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0

    def copy(until: int) -> None:
        cased.append(folded.cased[position:until])
        if folded.starts is None or folded.ends is None:
            starts.extend(range(position, until))
            ends.extend(range(position + 1, until + 1))
        else:
            starts.extend(folded.starts[position:until])
            ends.extend(folded.ends[position:until])

    for start, end, word in edits:
        copy(start)
        typed = folded.cased[start:end]
        cased.append(word.upper() if typed.isupper() else word.title() if typed[:1].isupper() else word)
        first, last = folded.span(start, end)
        starts.extend([first] * len(word))
        ends.extend([last] * len(word))
        position = end
    copy(len(folded.cased))
    text = "".join(cased)
    return Folded(text.lower(), text, tuple(starts), tuple(ends))


def _letters(word: str) -> int:
    """Return the set of letters of `word` as a bit mask."""
    mask = 0
    for char in word:
        mask |= 1 << (ord(char) & 31)
    return mask


def alignment_distance(a: str, b: str, limit: int) -> int:
    """Return the optimal string alignment distance of `a` and `b`, or some number above `limit`.

    Counted are insertions, deletions, substitutions and swaps of neighbors, no character edited twice.
    """
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            best = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                best = min(best, before[j - 2] + 1)
            current.append(best)
        if min(current) > limit and min(row) > limit:
            return limit + 1
        before, row = row, current
    return row[-1]
