"""Text as a CSV cell that no spreadsheet program takes for a formula.

A reason such as `=HYPERLINK(...)` was typed by a stranger and would run for whoever opens the file.
"""

from __future__ import annotations

# What starts a formula in common spreadsheet programs, also in the full width of East Asian text; some skip
# blanks and characters that nothing is seen of before it.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_SKIPPED = " \n\0\u200b\ufeff"


def cell(text: str) -> str:
    """Return the text, with an apostrophe before it where it would start a formula; twice adds no second."""
    return f"'{text}" if text.lstrip(_SKIPPED).startswith(_STARTS) else text


def place(path: str) -> str:
    """Return a path that names the same file and starts no formula."""
    return f"./{path}" if path.startswith((*_STARTS, *_SKIPPED)) else path
