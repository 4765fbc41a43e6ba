"""Signs that nobody sees, or that change how others are shown: where rules and facts hold one, they mislead.

Controls, and what Unicode calls default ignorable (UAX #44): signs without width, fillers, variation
selectors, tags, and signs that turn the direction of a text (UAX #9).
"""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")


def hidden_sign(text: str) -> str | None:
    """Return the first sign of a text that nobody sees, as `U+200B`; tabs and ends of lines are none."""
    found = _UNSEEN.search(text)
    return f"U+{ord(found[0]):04X}" if found else None


def blank(text: str) -> bool:
    """Return whether nothing of a text can be read: it holds no letter and no digit of any script."""
    return not any(char.isalnum() and char not in _FILLERS for char in text)
