"""License plates as text: one spelling for comparison, and the patterns that a search may ask for.

What a reader saw is kept apart, as it was read. A plate compares by its letters and digits alone; signs that
readers and people mistake for each other (O/0, I/1, B/8) stay different plates, and a match that rests on one
is a *candidate*, never the plate itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from gatehouse.model.errors import BadInput

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
WILDCARD = "?"
LONGEST = 10
# A pattern below that many known characters, or with more wildcards, would ask for a crowd.
FEWEST_KNOWN = 4
MOST_WILDCARDS = 2
# Of these, either may have been read for the other.
CONFUSABLE = {"O": "0", "0": "O", "I": "1", "1": "I", "B": "8", "8": "B"}
_SEPARATORS = frozenset(" -._'\t\u00b7\u2019\u2022")
_SIGNS = frozenset(ALPHABET)


def normalize(text: str) -> str:
    """Return a plate in the spelling by which plates compare: capital letters A-Z and digits, 1 to 10.

    Blanks, hyphens, dots and other separators fall away, full-width signs become plain ones. Any other sign,
    and a text of another length, is `BadInput`, which does not repeat it.
    """
    found = _folded(text)
    if not 1 <= len(found) <= LONGEST or not _SIGNS.issuperset(found):
        raise BadInput(
            "a plate holds a sign that no plate has, or has another length",
            expected=f"1 to {LONGEST} letters A-Z and digits",
            got=f"{len(found)} signs",
        )
    return found


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plate that a pattern may mean; `exact` is False where a confusable sign was exchanged for it."""

    plate: str
    exact: bool


@dataclass(frozen=True, slots=True)
class PlatePattern:
    """A plate to search for: letters, digits and at most two `?`, each for exactly one sign."""

    text: str

    @classmethod
    def parse(cls, text: str) -> PlatePattern:
        """Read what a person typed; more than two `?` or fewer than four known signs is `BadInput`."""
        found = _folded(text)
        known = [sign for sign in found if sign != WILDCARD]
        if not 1 <= len(found) <= LONGEST or not _SIGNS.issuperset(known):
            raise BadInput(
                "a plate holds a sign that no plate has, or has another length",
                expected=f"1 to {LONGEST} letters A-Z, digits and `?`",
                got=f"{len(found)} signs",
            )
        wildcards = len(found) - len(known)
        if wildcards > MOST_WILDCARDS:
            raise BadInput(
                "a plate leaves too much open",
                expected=f"at most {MOST_WILDCARDS} times `?`",
                got=str(wildcards),
                hint="a search is for a named plate: find out more of it first",
            )
        if wildcards and len(known) < FEWEST_KNOWN:
            raise BadInput(
                "a plate leaves too much open",
                expected=f"at least {FEWEST_KNOWN} known signs beside `?`",
                got=str(len(known)),
                hint="a search is for a named plate: find out more of it first",
            )
        return cls(found)

    def __repr__(self) -> str:
        """Say how much is open, and not which plate: a traceback must not hold it."""
        return f"PlatePattern({len(self.text)} signs, {self.wildcards} open)"

    @property
    def wildcards(self) -> int:
        """Return how many signs are left open."""
        return self.text.count(WILDCARD)

    def count(self, *, confusables: bool) -> int:
        """Return how many candidates it has, without making them."""
        doubtful = sum(sign in CONFUSABLE for sign in self.text) if confusables else 0
        return int(len(ALPHABET) ** self.wildcards) << doubtful

    def candidates(self, *, confusables: bool) -> Iterator[Candidate]:
        """Yield every plate that it may mean, those that it names first; none comes twice."""
        places = [ALPHABET if sign == WILDCARD else sign for sign in self.text]
        named = {"".join(each) for each in product(*places)}
        for plate in sorted(named):
            yield Candidate(plate, exact=True)
        if not confusables:
            return
        either = [
            place if len(place) > 1 or place not in CONFUSABLE else place + CONFUSABLE[place]
            for place in places
        ]
        for each in product(*either):
            if (plate := "".join(each)) not in named:
                yield Candidate(plate, exact=False)


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(sign for sign in folded if sign not in _SEPARATORS)
