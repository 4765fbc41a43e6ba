"""The rulebook and the words: free text to signals, what a state's law barred on a day, text fit to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.on_demand import names_of

if TYPE_CHECKING:
    from gatehouse.law.masking import mask
    from gatehouse.law.pack import Pack
    from gatehouse.law.reasons import Lexicon, families
    from gatehouse.law.standing import Flow, Law, Ruling, Standing

__all__ = ["Flow", "Law", "Lexicon", "Pack", "Ruling", "Standing", "families", "mask"]

_HOMES = {
    "Flow": "standing",
    "Law": "standing",
    "Lexicon": "reasons",
    "Pack": "pack",
    "Ruling": "standing",
    "Standing": "standing",
    "families": "reasons",
    "mask": "masking",
}

__getattr__ = names_of(__name__, _HOMES)
