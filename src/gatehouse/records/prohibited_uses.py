"""What published rules prohibit, phrase by phrase, and which signals in a reason would look like it.

A published sentence is a promise about use, not law. A phrase that no signal can show (harassment, sharing
across state lines) is kept by its name with no signals: it is prohibited, and a record cannot test it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gatehouse.model import FAMILIES, Signal


@dataclass(frozen=True, slots=True)
class ProhibitedUse:
    """A use that rules prohibit; `signals` are those that a reason for it would show."""

    name: str
    signals: frozenset[Signal] = frozenset()


@dataclass(frozen=True, slots=True)
class _Phrase:
    use: ProhibitedUse
    pattern: re.Pattern[str]


def _phrase(name: str, pattern: str, *signals: Signal) -> _Phrase:
    return _Phrase(ProhibitedUse(name, frozenset(signals)), re.compile(pattern, re.IGNORECASE))


_PHRASES = (
    # "Civil immigration" leaves crimes in connection with it allowed; the bare word does not.
    _phrase("civil immigration enforcement", r"\bcivil immigration\b", Signal.CIVIL_IMMIGRATION),
    _phrase("immigration enforcement", r"(?<!\bcivil )\bimmigration\b", *FAMILIES["immigration"]),
    _phrase(
        "traffic enforcement",
        r"\btraffic (?:enforcement|citations?|infractions?|violations?|light)\b"
        r"|\b(?:speed|red[ -]?light) (?:enforcement|detection|monitoring|cameras?)\b|\bmoving violations?\b",
        Signal.TRAFFIC_INFRACTION,
    ),
    _phrase(
        "personal use",
        r"\bpersonal (?:use|gain|reasons?|curiosity|purposes?|business)\b|\bpersonal(?=,)|\bprivate use\b",
        Signal.PERSONAL,
    ),
    _phrase(
        "use based on a protected class",
        r"\bprotect(?:ed|ive)\s+(?:individual\s+)?(?:class(?:es)?|characteristics?)\b"
        r"|\bclassification protected by law\b|\bbecause of actual or perceived race\b",
        Signal.PROTECTED_CHARACTERISTIC,
    ),
    _phrase(
        "watching speech or assembly",
        r"\bfirst amendment\b|\b(?:protests?|demonstrations?|rall(?:y|ies))\b"
        r"|\bpolitical,? or social views\b",
        Signal.FIRST_AMENDMENT,
    ),
    _phrase("reproductive health care", r"\breproductive\b|\babortions?\b", Signal.REPRODUCTIVE_CARE),
    _phrase(
        "gender-affirming care",
        r"\bgender[- ](?:affirming|conforming)\b|\bgender and reproductive care\b",
        Signal.GENDER_AFFIRMING_CARE,
    ),
    _phrase(
        "civil matters", r"\bcivil (?:matters?|disputes?|process|litigation)\b", Signal.CIVIL_PRIVATE_MATTER
    ),
    _phrase("harassment or intimidation", r"\bharr?ass(?:ment|ing)?\b|\bintimidat(?:e|ion|ing)\b"),
    _phrase("use other than law enforcement", r"\bnon[- ]law[- ]enforcement\b|\bcommercial\b"),
    _phrase("sharing across state lines", r"\bacross state lines\b|\bout[- ]of[- ]state\b"),
)

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|\n\s*\n")
# Where a camera may not stand is no rule on what may be searched for.
_PLACEMENT = re.compile(r"\bplace any\b.*\bcameras?\b", re.IGNORECASE | re.DOTALL)


def prohibited_uses(text: str) -> tuple[ProhibitedUse, ...]:
    """Return the uses that a text of prohibitions names, in the order of the table."""
    sentences = [sentence for sentence in _SENTENCE.split(text) if not _PLACEMENT.search(sentence)]
    return tuple(
        phrase.use for phrase in _PHRASES if any(phrase.pattern.search(sentence) for sentence in sentences)
    )
