"""Searches whose words touch what needs a reason of its own: speech, health, belief, private life.

Each finding reads signals of the stated reason and the other visible text; none judges by the words of a
person's name or an agency's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gatehouse.audit.document import Confidence, Severity
from gatehouse.audit.findings.lead import Lead, Measured, NotMeasured
from gatehouse.audit.findings.phrases import phrase_table
from gatehouse.audit.lawful import citations, judge
from gatehouse.audit.statistics import false_positive_note
from gatehouse.audit.texts import BIT, bits, bits_of
from gatehouse.audit.wording import NO_REASON, READABLE, number, of_readable, percent
from gatehouse.model import FAMILIES, Signal

if TYPE_CHECKING:
    from gatehouse.audit.ground import Ground
    from gatehouse.law.pack import Rule

SMALL_ERROR = 0.001


class ContentLead(Lead):
    """Searches with any of some signals and none of others."""

    signals: ClassVar[frozenset[Signal]]
    without: ClassVar[frozenset[Signal]] = frozenset()
    verb: ClassVar[str]
    # Whether to say what a small error rate would mean even where nothing was found.
    sizes_error: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Tie the figures of the signals to the finding's rows, unless it ties others."""
        if not cls.about:
            cls.about = tuple(sorted(cls.signals))

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count the searches with the signals among those whose reason can be read."""
        mask, without = bits(self.signals), bits(self.without)
        tally = ground.tally(mask, without=without)
        if tally is None:
            return NotMeasured(NO_REASON)
        claim = of_readable(tally, self.verb)
        barred, law = self._under_law(ground)
        if barred:
            claim += f". The law of the owner's state bars that purpose for {number(barred)} of them"
        claim += self._judged(ground)
        if tally.n or self.sizes_error:
            claim += f". {false_positive_note(tally.readable)}"
        return Measured(
            tally.n,
            claim,
            of=tally.readable,
            among=READABLE,
            where=bits_of(mask) & ~bits_of(without),
            flagged=True,
            # Fewer than a small error rate would produce: the count may be nothing but error.
            confidence=Confidence.LOW if tally.n < SMALL_ERROR * tally.readable else None,
            law=law,
            table=phrase_table(ground, self.signals, without=self.without),
        )

    def _judged(self, ground: Ground) -> str:
        """Return what a person's verdicts say of the words behind the count, where there are any."""
        family = next((name for name, members in FAMILIES.items() if members == self.signals), None)
        found = ground.precision.get(family or min(self.signals))
        if found is None:
            return ""
        share = percent(found.upheld, found.judged)
        texts = f"{found.judged:,} of {found.judged + found.unjudged:,} distinct texts"
        return (
            f". A person judged {texts} and upheld {found.upheld:,}{share}: a precision between "
            f"{100 * found.low:.0f} and {100 * found.high:.0f} % (95 % interval)"
        )

    def _under_law(self, ground: Ground) -> tuple[int, tuple[str, ...]]:
        """Return how many searches the owners' law bars by purpose, and the rules that do."""
        rows: set[tuple[int, int]] = set()
        rules: list[Rule] = []
        for signal in sorted(self.signals):
            flagged = ground.measures.flagged.filter(bits_of(BIT[signal]))
            judged = judge(ground, flagged, signal)
            barred = judged.forbidden()
            rows.update(barred.select("file", "row").iter_rows())
            deciding = set(barred["rule"])
            rules += [rule for rule in judged.rules if rule.id in deciding]
        return len(rows), citations(rules)


class FirstAmendment(ContentLead):
    """Protest, assembly, speech."""

    id = "first_amendment"
    title = "Searches about protest or speech"
    severity = Severity.HIGH
    signals = frozenset({Signal.FIRST_AMENDMENT})
    verb = "speak of protest, assembly or speech"
    may_say = "The text of these searches speaks of protest, assembly or speech."
    may_not_say = "That people were searched for protesting: a crime at a protest is a crime."
    innocent_explanations = (
        "A crime was reported at or near a protest.",
        "The words name a place, a vehicle or an event without any link to speech.",
    )


class ReproductiveCare(ContentLead):
    """Abortion and other reproductive care."""

    id = "reproductive_care"
    title = "Searches about reproductive health care"
    severity = Severity.HIGH
    signals = frozenset({Signal.REPRODUCTIVE_CARE})
    verb = "speak of reproductive health care"
    may_say = "The text of these searches speaks of reproductive health care."
    may_not_say = (
        "That somebody was searched for seeking care: the search may be for a missing or endangered person."
    )
    innocent_explanations = (
        "A welfare check on a person at risk.",
        "A crime against a clinic or its staff.",
    )


class GenderAffirmingCare(ContentLead):
    """Gender-affirming care."""

    id = "gender_affirming_care"
    title = "Searches about gender-affirming care"
    severity = Severity.HIGH
    signals = frozenset({Signal.GENDER_AFFIRMING_CARE})
    verb = "speak of gender-affirming care"
    may_say = "The text of these searches speaks of gender-affirming care."
    may_not_say = "That somebody was searched for seeking care."
    innocent_explanations = (
        "The description of a missing or wanted person.",
        "A crime against a clinic or its staff.",
    )


class ProtectedCharacteristic(ContentLead):
    """Race, religion and the like as a reason."""

    id = "protected_characteristic"
    title = "Searches that name a protected characteristic"
    severity = Severity.HIGH
    confidence = Confidence.LOW
    signals = frozenset({Signal.PROTECTED_CHARACTERISTIC})
    verb = "name race, religion, nationality or another protected characteristic"
    may_say = "The text of these searches names a protected characteristic."
    may_not_say = "That the search was based on it: descriptions of suspects name characteristics too."
    innocent_explanations = (
        "A description of a suspect or a missing person given by a witness.",
        "A hate crime, named after its victim.",
        "A place of worship as the scene.",
    )


class PersonalUse(ContentLead):
    """Private ends."""

    id = "personal_use"
    title = "Searches that speak of private ends"
    severity = Severity.HIGH
    confidence = Confidence.LOW
    signals = frozenset({Signal.PERSONAL})
    verb = "speak of the searcher's own affairs"
    may_say = "The text of these searches reads like a private matter of the searcher."
    may_not_say = "That it was one."
    innocent_explanations = (
        "A colleague's or one's own stolen car.",
        "A test on one's own plate, allowed by policy.",
    )


class PrivateMatter(ContentLead):
    """Civil disputes and services to private parties."""

    id = "civil_private_matter"
    title = "Searches for civil or private matters"
    severity = Severity.MEDIUM
    signals = frozenset({Signal.CIVIL_PRIVATE_MATTER})
    verb = "speak of a civil or private matter, such as a repossession or custody"
    may_say = "The text of these searches names a matter of civil law or of a private party."
    may_not_say = "That no crime was behind it."
    innocent_explanations = (
        "A court order that the agency must serve.",
        "A custody matter with a child at risk.",
    )


class Pretext(ContentLead):
    """A stop in search of a ground."""

    id = "pretext"
    title = "Searches that seek a ground for a stop"
    severity = Severity.MEDIUM
    signals = frozenset({Signal.PRETEXT})
    verb = "speak of developing a ground for a stop or an arrest"
    may_say = "The text of these searches asks for a ground to stop a vehicle rather than stating one."
    may_not_say = "That a stop followed, or that it was unlawful."
    innocent_explanations = (
        "The ground exists and stands in the case file.",
        "The words mean something else.",
    )


class Dragnet(ContentLead):
    """Many vehicles, or a person's movements, instead of one vehicle."""

    id = "dragnet"
    title = "Searches for many vehicles or a pattern of movement"
    severity = Severity.MEDIUM
    signals = frozenset({Signal.DRAGNET})
    verb = "ask about many vehicles or a pattern of movement rather than a known vehicle"
    may_say = "The text of these searches asks for whoever was there, or for somebody's movements."
    may_not_say = "That data on everybody was returned, or that the pattern was not that of a suspect."
    innocent_explanations = (
        "A serious crime with no description of the vehicle.",
        "The movements are those of a suspect in a case.",
    )


class TestOrTraining(ContentLead):
    """Live data for practice."""

    id = "test_training"
    title = "Searches for test or training"
    severity = Severity.LOW
    signals = frozenset({Signal.TEST_TRAINING})
    verb = "are said to be for testing or training"
    may_say = "The text of these searches speaks of a test or of training, on live data."
    may_not_say = "That a person's movements were looked up: the plate may be a police car's."
    innocent_explanations = (
        "A check of a new camera against a known vehicle.",
        "A training plate.",
        "The words mean something else, such as a sobriety test.",
    )
