"""The rulebook and the words: free text to signals, what a state's law barred on a day, text fit to show."""

from gatehouse.law.masking import mask
from gatehouse.law.prohibitions import Flow, Prohibitions, Ruling, Standing
from gatehouse.law.reasons import Lexicon, families

__all__ = ["Flow", "Lexicon", "Prohibitions", "Ruling", "Standing", "families", "mask"]
