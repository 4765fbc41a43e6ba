"""What a plate is listed as: NCIC files by name, code and message key, and which rows are about immigration.

The list of what is taken is closed: a name that is not on it is refused, however it is spelled. So a
disguised *Immigration Violator* row is refused in any case; what follows tells it from the others, so that it
is counted as what it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from gatehouse.hotlist.rows import ListFile, RowRefusal
from gatehouse.law import Lexicon, families

# Names of files, as `_folded` spells them, and codes: NCIC message keys and the words of states' lists.
_TAKEN = {
    ListFile.STOLEN_VEHICLE: (
        "STOLEN VEHICLE|STOLEN VEHICLES|STOLEN VEH|STOLEN AUTO|STOLEN CAR|STOLEN|VEHICLE|VEHICLE FILE"
        "|STOLEN VEHICLE FILE|EV|SVS"
    ),
    ListFile.STOLEN_PLATE: (
        "STOLEN LICENSE PLATE|STOLEN LICENSE PLATES|STOLEN PLATE|STOLEN PLATES|LOST PLATE|LOST LICENSE PLATE"
        "|LOST OR STOLEN PLATE|LICENSE PLATE|LICENSE PLATE FILE|STOLEN TAG|EL|ELP|SLR"
    ),
    ListFile.FELONY_VEHICLE: "FELONY VEHICLE|FELONY VEHICLES|FELONY|VEHICLE USED IN FELONY|EF|SFR",
    ListFile.WANTED_PERSON: "WANTED PERSON|WANTED PERSONS|WANTED|WANTED PERSON FILE|WARRANT|EW|EWW",
    ListFile.MISSING_PERSON: (
        "MISSING PERSON|MISSING PERSONS|MISSING|MISSING PERSON FILE|MISSING ENDANGERED|ENDANGERED"
        "|ENDANGERED MISSING|SILVER ALERT|EM|EMD|EME|EMI|EMJ|EMO|EMV"
    ),
    ListFile.AMBER_ALERT: "AMBER|AMBER ALERT|AMBER ALERTS|CHILD ABDUCTION|CHILD ABDUCTION ALERT",
    ListFile.PROTECTION_ORDER: (
        "PROTECTION ORDER|PROTECTION ORDERS|PROTECTION ORDER FILE|ORDER OF PROTECTION|EPO"
    ),
}
_BY_NAME = {name: file for file, names in _TAKEN.items() for name in names.split("|")}
# Files that NCIC has and a hotlist has no purpose for: being on them is no reason to look for a car.
_OTHER_FILES = (
    "FOREIGN FUGITIVE|FOREIGN FUGITIVE FILE|GANG|GANG MEMBER|GANG FILE|VIOLENT GANG|IDENTITY THEFT"
    "|KNOWN OR SUSPECTED TERRORIST|TERRORIST|TERRORIST SCREENING CENTER|KST|NATIONAL SEX OFFENDER REGISTRY"
    "|SEX OFFENDER|SEX OFFENDER REGISTRY|NSOR|PROTECTIVE INTEREST|SUPERVISED RELEASE|PROBATION|PAROLE"
    "|UNIDENTIFIED PERSON|VIOLENT PERSON|EXTREME RISK|NICS DENIED TRANSACTION|EXPIRED|SUSPENDED"
    "|EXPIRED REGISTRATION|SUSPENDED REGISTRATION|NO INSURANCE|UNINSURED|PERSON OF INTEREST|ASSOCIATE"
    "|ARTICLE|BOAT|GUN|SECURITIES"
)
_NOT_TAKEN = frozenset(_OTHER_FILES.split("|"))
# One letter before an NCIC number says which file it is of.
LETTERS = {
    "A": ListFile.AMBER_ALERT,
    "F": ListFile.FELONY_VEHICLE,
    "M": ListFile.MISSING_PERSON,
    "P": ListFile.STOLEN_PLATE,
    "V": ListFile.STOLEN_VEHICLE,
    "W": ListFile.WANTED_PERSON,
}
_IMMIGRATION_LETTER = "N"
# Lists have the letter O for the digit 0, and what a column is called before the number itself.
_SHORTEST_NUMBER, _LONGEST_NUMBER = 10, 40
_NCIC_NUMBER = re.compile(r"(?:NC?IC)?([A-Z])[0-9O]{9}", re.ASCII)
# Names of the file and its parts that the lexicon, made for reasons in whole words, does not know.
_IMMIGRATION_WORDS = re.compile(
    r"IMM?IGR|DEPORT|ABSCOND|\bNSEERS\b|\bIVF\b|\bI V F\b|\bIMM VIOL|\bALIENS?\b|\bI C E\b|\bE R O\b"
)
_NAMES = "N|IV|IV FILE|IMM|VIOLATOR|VIOLATORS|VIOLATOR FILE|EAF|EDF|EDP|ENF"
_IMMIGRATION_NAMES = frozenset(_NAMES.split("|"))
# The same where blanks or marks part the letters of one word.
_IMMIGRATION_RUN = re.compile(r"IMM?IGRA|IMMVIOL|VIOLATORFILE|DEPORTEDFELON|DEPORTEE|ICEERO|ICEWARRANT")
# An agency's identifier of two letters for the state and then these is one of immigration enforcement.
_IMMIGRATION_ORI = re.compile(r"[A-Z]{2}(?:ICE|INS|CBP|ERO)[A-Z0-9]{4}", re.ASCII)
_AS_LETTERS = str.maketrans("013457$@!|", "OIEASTSAII")
# Capital letters, Greek and Cyrillic, that look like a Latin one; and the small capital N, which has none.
_LOOK_ALIKE = str.maketrans(
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹАВЕЅІЈКМНОРСТУХԜԚӀᴎИɴᴺꓠ",
    "ABEZHIKMNOPTYXCABESIJKMHOPCTYXWQINNNNN",
)


def file_of(text: str) -> ListFile | RowRefusal:
    """Return what a name, a code, a message key or an NCIC number's letter lists a plate as.

    `IMMIGRATION` takes precedence over everything else that the text may say.
    """
    folded = _folded(text)
    if folded in _IMMIGRATION_NAMES or about_immigration((text,)):
        return RowRefusal.IMMIGRATION
    found = _BY_NAME.get(folded) or LETTERS.get(folded)
    if found is not None:
        return found
    return RowRefusal.FILE_NOT_TAKEN if folded in _NOT_TAKEN else RowRefusal.FILE_UNKNOWN


def letter_of(number: str) -> ListFile | RowRefusal | None:
    """Return which file an NCIC number is of, None where the text is no such number."""
    if not _SHORTEST_NUMBER <= len(number) <= _LONGEST_NUMBER:
        return None
    found = _NCIC_NUMBER.fullmatch(_folded(number).replace(" ", ""))
    if found is None:
        return None
    if found[1] == _IMMIGRATION_LETTER:
        return RowRefusal.IMMIGRATION
    return LETTERS.get(found[1], RowRefusal.FILE_UNKNOWN)


def of_immigration_agency(ori: str) -> bool:
    """Return whether an agency's identifier (ORI) is one of immigration enforcement."""
    plain = unicodedata.normalize("NFKC", ori).strip().upper()
    # Only where letters stand may a digit be one in disguise.
    return bool(_IMMIGRATION_ORI.fullmatch(plain[:5].translate(_AS_LETTERS) + plain[5:]))


def about_immigration(texts: Iterable[str]) -> bool:
    """Return whether texts of a row, each alone or one after the other, are of immigration enforcement."""
    # A number says nothing; without it the words of many rows are the same, and read once.
    listed = [text for text in texts if sum(map(str.isalpha, text)) > 1]
    return any(_says_immigration(text) for text in listed) or (
        len(listed) > 1 and _says_immigration(" ".join(listed))
    )


@lru_cache(maxsize=65_536)
def _says_immigration(text: str) -> bool:
    for reading in (_folded(text), _folded(text.translate(_AS_LETTERS))):
        if _IMMIGRATION_WORDS.search(reading) or _IMMIGRATION_RUN.search(reading.replace(" ", "")):
            return True
    return "immigration" in families(Lexicon.load().classify_beside(text))


def _folded(text: str) -> str:
    """Return the words of a text in capital letters A-Z and digits, parted by single blanks."""
    plain = unicodedata.normalize("NFKD", text).upper().translate(_LOOK_ALIKE)
    kept = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[^A-Z0-9]+", " ", kept).split())
