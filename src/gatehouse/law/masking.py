"""Free text made fit to show: what could name a person or a vehicle is replaced.

A report quotes reasons so that people can judge them, and officers type plates, dates of birth and names
into reasons. Words are shown only when they are known (`vocabulary.toml`, or a spelling of a word of the
lexicon), because a surname looks like any other word; so masking errs on the side of hiding, and a misspelled
word may show as `[name]`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gatehouse.law.normalize import fold
from gatehouse.law.reasons import Lexicon

PLATE, DATE, NUMBER, NAME = "[plate]", "[date]", "[number]", "[name]"

_LONGEST_PLATE = 10
_VOCABULARY = Path(__file__).with_name("vocabulary.toml")

_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec"
_DATES = re.compile(
    r"""(?<![0-9A-Za-z])(?:
      [0-9]{4}-[0-9]{2}-[0-9]{2}
        (?:[T\ ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?
    | [0-9]{1,2}\ ?[/.-]\ ?[0-9]{1,2}\ ?[/.-]\ ?(?:[0-9]{4}|[0-9]{2})
    | [0-9]{4}[/.][0-9]{1,2}[/.][0-9]{1,2}
    | (?:MONTH)[a-z]{0,6}\.?\ [0-9]{1,2},?\ [0-9]{4}
    | [0-9]{1,2}\ ?(?:MONTH)[a-z]{0,6}\ ?[0-9]{4}
    )(?![0-9A-Za-z])""".replace("MONTH", _MONTH),
    re.VERBOSE | re.IGNORECASE,
)
_BORN = re.compile(r"\b(d\.?o\.?b\.?[ :#-]{0,3})[0-9][0-9/. -]{3,10}", re.IGNORECASE)
_NUMBERS = re.compile(
    r"""(?<![0-9A-Za-z])(?:
      (?:\+?1[\ .-]?)?\(?[0-9]{3}\)?[\ .-]?[0-9]{3}[\ .-][0-9]{4}
    | [0-9]{3}-[0-9]{2}-[0-9]{4}
    | [0-9]{9,24}
    | [A-Za-z][0-9]{7,8}
    )(?![0-9A-Za-z])""",
    re.VERBOSE,
)
_TIMESTAMP = re.compile(r" - [0-9]{4}-[0-9]{2}-[0-9]{2}T")
_CASE_NUMBER = re.compile(r"[A-Za-z]{0,5}[0-9]{2}(?:[0-9]{2})?-[0-9]{3,8}")
_ADJACENT_NAMES = re.compile(r"\[name\](?:[ ,.'\u2019-]{1,3}\[name\])+")
_PIECE = re.compile(r"\[(?:plate|date|number|name)\]|[^\W_]+(?:['\u2019][^\W_]+)*")
_CODE = re.compile(
    r"""[0-9]{1,6}[a-z]?[0-9]?(?:pc|cvc|vc|hs|bp|wi|cpc|usc|rcw|ors|fs)
    | (?:pc|cvc|vc|hs|bp|wi|cpc|usc|rcw|ors|fs)[0-9]{1,6}[a-z]?[0-9]?
    | 8usc[0-9]{4}[a-z]? | i[0-9]{3}[a-z]? | [0-9]{1,5}[a-z] | [0-9]{1,3}(?:st|nd|rd|th) | [0-9]{1,2}(?:am|pm)
    | 287g | [a-z][0-9]{1,3}""",
    re.VERBOSE,
)
_BIRTH = re.compile(r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[0-9]{2}|(?:19|20)[0-9]{2})")
# Without a name before it, eight digits with a year of birth; those of recent years open case numbers.
_BIRTH_ALONE = re.compile(
    r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:19[2-9][0-9]|200[0-9])"
    r"|19[2-9][0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
)
# The word after an agency's name, and the ends of its initials, as in ECPD or SBSO.
_AGENCY = frozenset(
    {"pd", "so", "sd", "sp", "police", "county", "dept", "department", "university", "tribal"}
)
_AGENCY_ENDS = ("pd", "so", "sd")
# Two letters say little, unless they are one of the short given names.
_SHORT_NAMES = frozenset({"al", "bo", "cy", "ed", "jo", "lu", "oz", "sy", "ty", "vi"})


def mask(text: str) -> str:
    """Replace what is shaped like a plate, a date, a personal number or a name by `[plate]`, `[date]`, ...

    Masking a masked text changes nothing.
    """
    text = _mask_alert_plate(text)
    text = _BORN.sub(rf"\1{DATE}", text)
    text = _DATES.sub(DATE, text)
    text = _NUMBERS.sub(NUMBER, text)
    return _ADJACENT_NAMES.sub(NAME, _mask_pieces(text))


def _mask_alert_plate(text: str) -> str:
    """Mask the word before the time stamp in text that a vendor's interface wrote, vanity plates included."""
    match = _TIMESTAMP.search(text)
    if match is None:
        return text
    head = text[: match.start()]
    start = max(head.rfind(" "), head.rfind("\n"), head.rfind("\t")) + 1
    return f"{head[:start]}{PLATE}{text[match.start() :]}"


def _mask_pieces(text: str) -> str:
    cases = {match.start(): match.end() for match in _CASE_NUMBER.finditer(text)}
    pieces = list(_PIECE.finditer(text))
    words = [_plain(match[0]) for match in pieces]
    shown: list[str] = []
    position = case_end = 0
    after_name = False
    for index, match in enumerate(pieces):
        piece = match[0]
        case_end = max(case_end, cases.get(match.start(), 0))
        masked: str | None = None
        if piece.isdecimal() and (_BIRTH_ALONE if not after_name else _BIRTH).fullmatch(piece):
            masked = DATE
        elif match.end() > case_end and not piece.startswith("["):
            if any(map(str.isdigit, piece)):
                masked = _mask_of_number(words, index)
            elif _may_be_name(words, index, _at_comma(text, pieces, index)) or (
                after_name and piece[:1].isupper() and _comma_between(text, pieces, index - 1)
            ):
                masked = NAME
        shown += (text[position : match.start()], piece if masked is None else masked)
        after_name = NAME in (masked, piece)
        position = match.end()
    shown.append(text[position:])
    return "".join(shown)


def _mask_of_number(words: list[str], index: int) -> str | None:
    """Return the mask of a piece with digits, or None when it is a code, a case number or a plain number."""
    word = words[index]
    if word.isdecimal():
        beside = words[max(index - 1, 0) : index] + words[index + 1 : index + 2]
        split = 3 <= len(word) <= 4 and any(len(other) == 3 and _unknown(other) for other in beside)
        return PLATE if split else None
    if _CODE.fullmatch(word) or Lexicon.load().mends(word):
        return None
    return PLATE if len(word) <= _LONGEST_PLATE else NUMBER


def _may_be_name(words: list[str], index: int, at_comma: bool) -> bool:
    word = words[index]
    before = words[index - 1] if index else ""
    after = words[index + 1] if index + 1 < len(words) else ""
    if len(word) <= 2:
        return word in _SHORT_NAMES
    if not _unknown(word):
        return word in _vocabulary().surnames and (before in _vocabulary().titles or at_comma)
    if before not in _vocabulary().titles and after in _AGENCY:
        return False
    return not (word.endswith(_AGENCY_ENDS) and len(word) <= 6)


def _at_comma(text: str, pieces: list[re.Match[str]], index: int) -> bool:
    return _comma_between(text, pieces, index - 1) or _comma_between(text, pieces, index)


def _comma_between(text: str, pieces: list[re.Match[str]], index: int) -> bool:
    """Return whether a comma and no more parts the piece at `index` from the next."""
    if not 0 <= index < len(pieces) - 1:
        return False
    return text[pieces[index].end() : pieces[index + 1].start()].strip() == ","


def _plain(piece: str) -> str:
    return fold(piece).lower.removesuffix("'s").replace("'", "")


def _unknown(word: str) -> bool:
    return word.isalpha() and word not in _vocabulary().words and not Lexicon.load().mends(word)


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The words that may be shown, those of them that are also surnames, and the words that names follow."""

    words: frozenset[str]
    surnames: frozenset[str]
    titles: frozenset[str]


@lru_cache(maxsize=1)
def _vocabulary() -> _Vocabulary:
    document = tomllib.loads(_VOCABULARY.read_text(encoding="utf-8"))
    known, surnames, titles = (
        frozenset(document[part].split()) for part in ("known", "also_surnames", "titles")
    )
    return _Vocabulary(known | surnames | titles, surnames, titles)
