"""The rulebook and the words: decisions, signals in free text, what a law barred on a day, texts to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.on_demand import names_of

if TYPE_CHECKING:
    from gatehouse.law.deciding import Rulebook, decide
    from gatehouse.law.draft import Draft
    from gatehouse.law.masking import mask
    from gatehouse.law.owners import OwnerIndex
    from gatehouse.law.pack import Pack
    from gatehouse.law.reasons import Lexicon, families
    from gatehouse.law.standing import Flow, Law, Ruling, Standing

__all__ = [
    "Draft",
    "Flow",
    "Law",
    "Lexicon",
    "OwnerIndex",
    "Pack",
    "Rulebook",
    "Ruling",
    "Standing",
    "decide",
    "families",
    "mask",
]

_HOMES = {
    "Draft": "draft",
    "Flow": "standing",
    "Law": "standing",
    "Lexicon": "reasons",
    "OwnerIndex": "owners",
    "Pack": "pack",
    "Rulebook": "deciding",
    "Ruling": "standing",
    "Standing": "standing",
    "decide": "deciding",
    "families": "reasons",
    "mask": "masking",
}

__getattr__ = names_of(__name__, _HOMES)
