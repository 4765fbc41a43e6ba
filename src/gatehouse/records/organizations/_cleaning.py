"""An organization's name apart from its tags: `[Federal]`, `[Inactive]`, `(WA)`, `(Raven v1.2)`."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_TAG = re.compile(r"[\[(]([^\])]*)[\])]?")
_INITIALS = re.compile(r"\b(?:[A-Za-z]\.){2,}")
_SPACES = re.compile(r"\s+")
_FEDERAL = re.compile(r"federal", re.I)
_INACTIVE = re.compile(
    r"in-?active|deactivated|decommissioned(?: org)?|turned off|not in use|no longer a customer|"
    r"(?:z )?do(?:n'?t| not|-no not) use(?: duplicate account)?|dnu(?: no longer a customer)?|"
    r"duplicate(?: account| please delete|[- ]*do not use|-no not use)*|dupe|delete|revoked mou",
    re.I,
)
_UNTAGGED_INACTIVE = re.compile(rf"(?:^|[\s-])(?:{_INACTIVE.pattern})(?=$|[\s-])", re.I)
# Accounts and networks of one agency, named after the product that feeds them or their age.
_PRODUCT = (
    r"(?:(?:raven|condors?|falcon|flex|wing ?lpr|lr|axon|insight|tech|disp|trailer|mobile|demo cam|"
    r"custom hotlist|new business|expansion|old|new|original|v\d[\d.]*)\s*)+"
)
_PRODUCT_TAG = re.compile(_PRODUCT, re.I)
_TRAILING_PRODUCT = re.compile(rf"(?:\s*[-\u2013]\s*|(?<=\b(?:PD|SO))\s+){_PRODUCT}$", re.I)
_INITIALS_TAG = re.compile(r"[A-Z]{3,8}|DA|\d{1,2}")
_PART_BREAK = re.compile(r"\s+[-\u2013]+\s*|\s*[-\u2013]+\s+|(?<=[A-Za-z])-(?=[A-Z]{2}$)")
_WORD = re.compile(r"[^\W_]+(?:['&][^\W_]+)*(?:-[^\W_]+)*|[|,]")


@dataclass(frozen=True, slots=True)
class CleanName:
    """A name's words without its tags.

    `words` keeps the case of the name; "|" stands where a dash parted it and "," for a comma. `tags` are the
    bracketed remarks that mean nothing known (`Stark County`), in order.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    state: str | None
    federal: bool
    inactive: bool


def clean(name: str, states: dict[str, str]) -> CleanName:
    """Split `name` into words and tags; `states` gives the code of a casefolded state code or full name."""
    text = unicodedata.normalize("NFKC", name).replace("\u2019", "'").strip(" \t\r\n\"'")
    text = _INITIALS.sub(lambda match: match[0].replace(".", ""), text)
    text = _SPACES.sub(" ", text.replace(" & ", " and "))
    federal = inactive = False
    state: str | None = None
    tags: list[str] = []

    def take(match: re.Match[str]) -> str:
        nonlocal federal, inactive, state
        tag = match[1].strip()
        if _FEDERAL.fullmatch(tag):
            federal = True
        elif _INACTIVE.fullmatch(tag):
            inactive = True
        elif tag.casefold() in states:
            state = states[tag.casefold()]
        elif re.fullmatch(r"PD|SO|pd|so", tag):
            return f" {tag} "
        elif tag and not _PRODUCT_TAG.fullmatch(tag) and not _INITIALS_TAG.fullmatch(tag):
            tags.append(tag)
        return " "

    text = _TAG.sub(take, text)
    while (bare := _UNTAGGED_INACTIVE.sub(" ", text)) != text:
        inactive, text = True, bare
    text = _TRAILING_PRODUCT.sub("", text.strip(" -\u2013"))
    words = tuple(_WORD.findall(_PART_BREAK.sub(" | ", text.strip(" -\u2013"))))
    return CleanName(words, tuple(tags), state, federal, inactive)
