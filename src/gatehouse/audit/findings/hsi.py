"""Homeland Security Investigations, apart from immigration: it also works drugs, fraud and trafficking."""

from __future__ import annotations

from gatehouse.audit.document import Confidence, Severity
from gatehouse.audit.findings.content import ContentLead
from gatehouse.model import Signal


class BareHsi(ContentLead):
    """HSI named, its purpose not."""

    id = "hsi_bare"
    title = "Searches that name HSI and no crime"
    severity = Severity.MEDIUM
    confidence = Confidence.LOW
    # The signal's figure counts those with a crime too, which are not here.
    about = (id,)
    signals = frozenset({Signal.HSI})
    without = frozenset({Signal.HSI_CRIME})
    verb = "name Homeland Security Investigations and no crime"
    may_say = "The text of these searches names HSI and no crime; HSI has both criminal and immigration work."
    may_not_say = "That the search served immigration enforcement; these are not counted as immigration."
    innocent_explanations = (
        "A joint task force on drugs, fraud, child exploitation or trafficking.",
        "The letters stand for something else.",
    )


class CrimeHsi(ContentLead):
    """HSI named with a crime."""

    id = "hsi_crime"
    title = "Searches that name HSI and a crime"
    severity = Severity.INFO
    signals = frozenset({Signal.HSI_CRIME})
    verb = "name Homeland Security Investigations together with a crime"
    may_say = "The text of these searches names HSI and a crime."
    may_not_say = "That the search served immigration enforcement; these are not counted as immigration."
    innocent_explanations = ("The stated crime is what was investigated.",)
