"""The distinct words behind a signal, masked, with the rule that saw them and the number of searches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.audit.document import Table
from gatehouse.law.masking import mask

if TYPE_CHECKING:
    from collections.abc import Collection

    from gatehouse.audit.ground import Ground
    from gatehouse.model import Signal

PHRASES_SHOWN = 25
COLUMNS = ("matched", "text", "signal", "rule", "searches")


def phrase_table(ground: Ground, signals: Collection[Signal], *, without: Collection[Signal] = ()) -> Table:
    """Return the most frequent texts with any of the signals and none of `without`.

    Every text with a signal stands in `adjudicate.csv`.
    """
    others = {(phrase.field, phrase.text) for phrase in ground.texts.phrases if phrase.signal in without}
    counted = [
        (ground.phrase_counts.get((phrase.field, phrase.text), 0), phrase)
        for phrase in ground.texts.phrases
        if phrase.signal in signals and (phrase.field, phrase.text) not in others
    ]
    counted = [(n, phrase) for n, phrase in counted if n]
    counted.sort(key=lambda item: (-item[0], item[1].text, item[1].rule))
    return Table(
        COLUMNS,
        tuple(
            (mask(phrase.matched), mask(phrase.text), phrase.signal.value, phrase.rule, n)
            for n, phrase in counted[:PHRASES_SHOWN]
        ),
    )
