"""Disguises made by machine: what share of published wordings survives each kind of damage.

The strings are made with a fixed seed, so nobody chose them to pass. Figures stand in `docs/reasons.md`.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from gatehouse.law.reasons import Lexicon, families

# Wordings published from audit logs or from forms, one a line of thought.
WORDINGS = (
    "immigration", "immigration violation", "illegal immigration", "immigration inv", "deportation warrant",
    "ICE", "ICE hold", "ICE warrant", "assist ICE with locate", "ICE detainer", "Border Patrol", "CBP assist",
    "USBP", "ERO", "illegal alien", "undocumented", "8 USC 1326", "I-247A", "fugops", "removal order",
)  # fmt: skip
LOOKALIKES = {
    "i": "іι１ı",
    "c": "сϲ",
    "e": "еε",
    "o": "оο0",
    "a": "аα",
    "p": "рρ",
    "s": "ѕ",
    "b": "Ь",
    "r": "г",
}
DIGITS = {"i": "1", "o": "0", "e": "3", "a": "4", "t": "7", "s": "5"}
HIDDEN = "\u200b\u200c\u200d\u00ad\u2060"


def lookalike(text: str, rng: random.Random) -> str:
    places = [index for index, char in enumerate(text) if char.lower() in LOOKALIKES]
    at = rng.choice(places)
    return text[:at] + rng.choice(LOOKALIKES[text[at].lower()]) + text[at + 1 :]


def hidden(text: str, rng: random.Random) -> str:
    for _ in range(2):
        at = rng.randrange(1, len(text))
        text = text[:at] + rng.choice(HIDDEN) + text[at:]
    return text


def spaced(text: str, rng: random.Random) -> str:
    separator = rng.choice([".", "-", " ", "_", "*"])
    return " , ".join(separator.join(word) if word.isalpha() else word for word in text.split())


def digits(text: str, rng: random.Random) -> str:
    words = text.split()
    at = max(range(len(words)), key=lambda index: words[index].isalpha() * len(words[index]))
    if not (words[at].isalpha() and len(words[at]) >= 5):
        return text.replace("ICE", "1CE", 1)
    places = [index for index, char in enumerate(words[at]) if char.lower() in DIGITS]
    for place in rng.sample(places, min(len(places), 2)):
        words[at] = words[at][:place] + DIGITS[words[at][place].lower()] + words[at][place + 1 :]
    return " ".join(words)


def typing_slip(text: str, rng: random.Random) -> str:
    """Make one slip after the first letter of the longest word, when it is long enough to bear one."""
    words = text.split()
    at = max(range(len(words)), key=lambda index: words[index].isalpha() * len(words[index]))
    word = words[at]
    if not (word.isalpha() and len(word) >= 6):
        return text
    place = rng.randrange(1, len(word) - 1)
    words[at] = rng.choice(
        [
            word[:place] + word[place + 1 :],
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
            word[:place] + rng.choice("aeiorstn") + word[place + 1 :],
            word[:place] + word[place] + word[place:],
        ]
    )
    return " ".join(words)


def surrounded(text: str, rng: random.Random) -> str:
    before = rng.choice(["re: ", "26-01234 ", "(", "inv - ", "veh/", "drugs, ", "**"])
    after = rng.choice(["", " 26-01234", ")", " - inv", "/veh", "!!!", ";"])
    return before + text.swapcase() + after


@pytest.mark.parametrize(
    ("disguise", "least"),
    [
        (lookalike, 0.98),
        (hidden, 1.0),
        (spaced, 0.98),
        (digits, 0.98),
        (typing_slip, 0.95),
        (surrounded, 0.98),
    ],
)
def test_published_wordings_survive_damage(
    disguise: Callable[[str, random.Random], str], least: float
) -> None:
    rng = random.Random(20260101)
    lexicon = Lexicon.load()
    damaged = [disguise(text, rng) for text in WORDINGS for _ in range(25)]
    found = sum("immigration" in families(lexicon.classify(text)) for text in damaged)
    assert found >= least * len(damaged)
