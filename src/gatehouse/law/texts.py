"""The free texts of a search: what its reason suggests, and what the words in texts beside it do.

A live search and a request document are read by this one function, so that no text says more in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gatehouse.law.reasons import Lexicon
from gatehouse.model import SignalMatch


def matches_of(
    lexicon: Lexicon, *, reason: str | None, beside: Mapping[str, str | None]
) -> Iterator[tuple[str, SignalMatch]]:
    """Yield each match with its field: those of the reason, then of the texts `beside` it by their fields.

    Only the reason is asked how well it states one; beside it stand case numbers and the like.
    """
    for match in lexicon.classify(reason):
        yield "reason", match
    for field, text in beside.items():
        for match in lexicon.classify_beside(text):
            yield field, match
