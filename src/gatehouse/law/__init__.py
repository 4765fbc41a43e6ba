"""The rulebook and the words: free text to signals, what a state's law barred on a day, text fit to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.on_demand import names_of

if TYPE_CHECKING:
    from gatehouse.law.masking import mask
    from gatehouse.law.prohibitions import Flow, Prohibitions, Ruling, Standing
    from gatehouse.law.reasons import Lexicon, families

__all__ = ["Flow", "Lexicon", "Prohibitions", "Ruling", "Standing", "families", "mask"]

_HOMES = {
    "Flow": "prohibitions",
    "Lexicon": "reasons",
    "Prohibitions": "prohibitions",
    "Ruling": "prohibitions",
    "Standing": "prohibitions",
    "families": "reasons",
    "mask": "masking",
}

__getattr__ = names_of(__name__, _HOMES)
