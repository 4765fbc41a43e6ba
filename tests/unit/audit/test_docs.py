"""The manual says what each finding is, and no finding that is none."""

from __future__ import annotations

import re
from pathlib import Path

from gatehouse.audit.findings import LEADS
from gatehouse.law.reasons import Lexicon
from gatehouse.model import Signal

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_every_finding_has_a_heading_and_every_heading_a_finding() -> None:
    headings = re.findall(
        r"^### `([a-z_]+)`$", (DOCS / "findings.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(headings) == sorted(lead.id for lead in LEADS)


def test_every_finding_says_what_it_may_and_may_not_claim() -> None:
    for lead in LEADS:
        assert lead.may_say.endswith(".") and lead.may_not_say.endswith("."), lead.id
        assert lead.innocent_explanations, lead.id
        assert lead.title[0].isupper() and not lead.title.endswith("."), lead.id


def test_examples_of_a_bare_agency_name_no_purpose_and_the_one_set_apart_is_civil() -> None:
    text = (DOCS / "findings.md").read_text(encoding="utf-8")
    section = text.partition("### `immigration_barred_agency`\n")[2].partition("\n### ")[0]
    *bare, apart = re.findall(r"`([^`]+)`", section)
    rules = Lexicon.load()
    signals = {reason: {match.signal for match in rules.classify(reason)} for reason in (*bare, apart)}
    purposes = {Signal.CIVIL_IMMIGRATION, Signal.IMMIGRATION_CRIMINAL}
    assert len(bare) == 2
    assert all(Signal.IMMIGRATION_AGENCY in signals[reason] for reason in (*bare, apart))
    assert all(signals[reason].isdisjoint(purposes) for reason in bare)
    assert Signal.CIVIL_IMMIGRATION in signals[apart]


def test_every_figure_that_findings_speak_of_is_one_findings_own() -> None:
    named = [name for lead in LEADS for name in lead.about]
    assert len(named) == len(set(named))
    assert {"immigration", "front", "back", "side", "hsi_crime", "vague", "none_stated"} <= set(named)
