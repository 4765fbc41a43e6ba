"""Text as a CSV cell that no spreadsheet program takes for a formula.

A reason such as `=HYPERLINK(...)` was typed by a stranger and would run for whoever opens the file.
"""

from __future__ import annotations

# What starts a formula in common spreadsheet programs; some skip the blanks before it.
_STARTS = ("=", "+", "-", "@", "\t", "\r")


def cell(text: str) -> str:
    """Return the text, with an apostrophe before it where it would start a formula; twice adds no second."""
    return f"'{text}" if text.lstrip(" \n").startswith(_STARTS) else text


def place(path: str) -> str:
    """Return a path that names the same file and starts no formula."""
    return f"./{path}" if path.startswith((*_STARTS, " ", "\n")) else path
