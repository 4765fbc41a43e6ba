"""Redaction and placeholder markers: what a cell says instead of a value.

`***` is the mask of the vendor's own exports. Words, exemption cites, `###`, spaced stars and block glyphs
are put there by the agency that releases the file.
"""

from __future__ import annotations

import re

import polars as pl

from gatehouse.model import FieldState
from gatehouse.records.frame import STATE

_VENDOR = r"\*{3}"
_AGENCY = (
    r"[\[(<]?\s*(?:fully |partially )?(?:redacted|withheld|exempt(?:ed)?)(?: by [\w .]{1,40})?\s*[\])>]?\.?"
    r"|#{2,}"
    r"|\*{2}|\*{4,}"
    r"|\*(?:\s+\*)+"
    r"|[█▇▆▅▄▓▒░■▬\s]*[█▇▆▅▄▓▒░■▬]"
    # An exemption cite, such as a section number with the code's initials.
    r"|(?:§+\s*|sec(?:tion|\.)\s*)?\d{3,5}(?:\.\d{1,4})?(?:\([a-z0-9]{1,3}\))*\s*(?:gov(?:ernment|'?t|\.)?\s*code|g\.?\s?c\.?)"
    r"|(?:cal\.?\s+)?gov(?:ernment|'?t|\.)?\s*code\s*(?:§+\s*|sec(?:tion|\.)\s*)?\d{3,5}(?:\.\d{1,4})?(?:\([a-z0-9]{1,3}\))*"
    r"|\(?b\)?\s*\(\d\)(?:\([a-z]\))?"
    # A record id of which only the shape is left.
    r"|[x*#]{8}(?:-[x*#]{4}){3}-[x*#]{12}"
)
_PLACEHOLDER = r"none|n\.?\s?/?\s?a\.?|-+|\x{2013}|\x{2014}|x+|\*|\.+|0+|test|null|nil|0{8}(?:-0{4}){3}-0{12}"
_PARTIAL = (
    r"[0-9a-fx*#]{8}(?:-[0-9a-fx*#]{4}){3}-[x*#]{12}|[x*#]{8}(?:-[0-9a-fx*#]{4}){3}-[0-9a-fx*#]{12}|"
    r"[\[(]?redacted[\])]?[\s,;:./-].*\S.*|.*\S.*[\s,;:./-][\[(]?redacted[\])]?|.*\[redacted\].*|.*█{2,}.*"
)
# A first initial and a fragment of the last name, as some releases show officers.
_NAME_FRAGMENT = r"\p{Lu}\.\s?\p{L}{1,3}\.?"

VENDOR = rf"^(?:{_VENDOR})$"
AGENCY = rf"(?i)^(?:{_AGENCY})$"
PLACEHOLDER = rf"(?i)^(?:{_PLACEHOLDER})$"
PARTIAL = rf"(?is)^(?:{_PARTIAL})$"
NAME_FRAGMENT = rf"^(?:{_NAME_FRAGMENT})$"

# Polars writes a code point as `\\x{2013}`, `re` as `\\u2013`.
_PYTHON_MARKER = re.compile(
    re.sub(r"\\x\{(\w{4})\}", r"\\u\1", f"{_VENDOR}|{_AGENCY}|{_PLACEHOLDER}|{_PARTIAL}"),
    re.IGNORECASE | re.DOTALL,
)
# Cells that may be anything but a plain value: short ones, and those with a marker's first letters or glyphs.
_SUSPECT = (
    r"(?i)^[^\p{L}\p{N}]|redact|withheld|exempt|█|^\p{L}\.|gov|[\d)]\s*g\.?\s?c\.?$|^\(?b\)?\s*\(|^[x.0]+$"
    # Of masked ids.
    r"|^[x0]{8}-|[x*#]{12}$"
)
_SHORT = 4
# On a longer text `re` would take time that grows with the square of its length; Polars' expressions do not.
_MOST_BACKTRACKED = 200


def is_marker(text: str) -> bool:
    """Return whether a trimmed cell is a redaction marker or a placeholder."""
    if len(text) > _MOST_BACKTRACKED:
        return bool((text_states(pl.Series([text])) != FieldState.VALUE.value)[0])
    return _PYTHON_MARKER.fullmatch(text) is not None


def text_states(texts: pl.Series, *, officer: bool = False) -> pl.Series:
    """Return the state of each trimmed, non-null text, as an Enum of `FieldState`."""
    text = pl.col("text")
    frame = pl.DataFrame({"text": texts}).with_row_index("at")
    suspects = frame.filter((text.str.len_chars() <= _SHORT) | text.str.contains(_SUSPECT))
    plain = pl.Series("state", [FieldState.VALUE.value], dtype=STATE).new_from_index(0, frame.height)
    if suspects.is_empty():
        return plain
    states = suspects.select("at", state=_state(text, officer=officer)).filter(
        pl.col("state") != FieldState.VALUE.value
    )
    if states.is_empty():
        return plain
    return plain.scatter(states["at"], states["state"])


def _state(text: pl.Expr, *, officer: bool) -> pl.Expr:
    def state(value: FieldState) -> pl.Expr:
        return pl.lit(value.value, dtype=STATE)

    return (
        pl.when(text == "")
        .then(state(FieldState.EMPTY))
        .when(text.str.contains(VENDOR))
        .then(state(FieldState.REDACTED_VENDOR))
        .when(text.str.contains(AGENCY))
        .then(state(FieldState.REDACTED_AGENCY))
        .when(text.str.contains(PLACEHOLDER))
        .then(state(FieldState.PLACEHOLDER))
        .when(text.str.contains(PARTIAL) | (text.str.contains(NAME_FRAGMENT) if officer else pl.lit(False)))
        .then(state(FieldState.PARTIAL))
        .otherwise(state(FieldState.VALUE))
    )
