"""The pages for people: they say what the rulebook says, all of it, and are current."""

from __future__ import annotations

import pytest

from gatehouse.law.coverage import MATTERS, covered, period
from gatehouse.law.pack import Pack
from gatehouse.law.pages import ADVICE, effect, pages
from tests.conftest import ROOT

PACK = Pack.load()
PAGES = pages(PACK)
FOLDER = ROOT / "docs" / "law"


def unmarked(text: str) -> str:
    return " ".join(text.replace("\\", "").split())


def test_pages_of_the_manual_are_current() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    changed = sorted(name for name in there.keys() | PAGES.keys() if there.get(name) != PAGES.get(name))
    assert changed == [], "run: make law-pages"


@pytest.mark.parametrize("code", sorted(PACK.jurisdictions))
def test_page_tells_every_rule_provision_source_and_gap(code: str) -> None:
    jurisdiction, page = PACK.jurisdictions[code], unmarked(PAGES[f"{code}.md"])
    rules = [rule for rule in PACK.rules.values() if rule.jurisdiction == code]
    provisions = jurisdiction.provisions.values()
    wanted = [
        ADVICE,
        jurisdiction.summary,
        jurisdiction.not_covered,
        *(f"{rule.sentence} `{rule.id}`" for rule in rules),
        *(each.citation for each in provisions),
        *(each.says for each in provisions),
        *(each.no_rule or "" for each in provisions),
    ]
    assert [text for text in wanted if unmarked(text) not in page] == []
    assert page.count("**Refused") + page.count("**Review") >= len(rules)


def test_coverage_has_a_row_or_a_mention_of_every_jurisdiction() -> None:
    page = PAGES["coverage.md"]
    assert [code for code in PACK.jurisdictions if f"]({code}.md)" not in page] == []
    row = next(line for line in page.splitlines() if line.startswith("| [Illinois]"))
    assert row.count("|") == len(MATTERS) + 2


def test_index_tells_every_rule_of_the_network() -> None:
    page = unmarked(PAGES["README.md"])
    network = [rule for rule in PACK.rules.values() if rule.side == "network"]
    assert [rule.id for rule in network if f"{unmarked(rule.sentence)} `{rule.id}`" not in page] == []
    assert [code for code in PACK.jurisdictions if f"]({code}.md)" not in page] == []


def test_covered_names_what_there_is_and_how_sure() -> None:
    illinois = PACK.jurisdictions["us-il"]
    assert {matter: covered(PACK, illinois, matter) for matter in MATTERS} == {
        "retention": "-",
        "purposes": "-",
        "immigration": "refused (text, secondary)",
        "out_of_state": "on terms (text)",
        "federal": "left open, refused (text)",
        "duties": "noted (text)",
    }


@pytest.mark.parametrize(
    ("code", "out_of_state", "federal"),
    [
        ("us-ca", "refused", "refused"),
        ("us-ct", "on terms", "on terms"),
        ("us-ga", "on terms", "on terms"),
        ("us-ia", "left open, refused", "left open, refused"),
        ("us-il", "on terms", "left open, refused"),
        ("us-ne", "left open, refused", "left open, refused"),
        ("us-va", "refused", "refused"),
        ("us-wa", "left open, refused", "left open, refused"),
        ("us-wy", "-", "-"),
    ],
)
def test_covered_tells_what_a_law_refuses_from_what_it_leaves_open_or_permits_on_terms(
    code: str, out_of_state: str, federal: str
) -> None:
    jurisdiction = PACK.jurisdictions[code]
    found = [covered(PACK, jurisdiction, matter).partition(" (")[0] for matter in ("out_of_state", "federal")]
    assert found == [out_of_state, federal]


@pytest.mark.parametrize("code", ["us-co", "us-ky", "us-me"])
def test_covered_immigration_that_no_source_settles_is_left_open(code: str) -> None:
    found = covered(PACK, PACK.jurisdictions[code], "immigration")
    assert found.startswith("left open, refused (")


def test_page_says_what_a_rule_refuses_though_not_settled() -> None:
    page = unmarked(PAGES["us-ia.md"])
    assert "`us-ia/321p.4/federal` (refused though not settled: federal)" in page
    assert "`us-ia/321p.4/out-of-state` (refused though not settled: out of state)" in page


def test_index_says_where_silence_refuses_and_what_is_taken_as_said() -> None:
    page = PAGES["README.md"]
    wanted = [
        "only where a state regulates plate reads in general",
        "without `on_behalf_of` a search is for nobody",
    ]
    wanted += ["](../backtest.md)", "](../proofs.md)"]
    assert [text for text in wanted if text not in page] == []


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ("gatehouse/permit", "Permitted"),
        ("gatehouse/review-other", "Review"),
        ("gatehouse/no-dragnet", "Refused"),
        ("missing:purpose", "Refused, fact missing"),
    ],
)
def test_effect_says_in_a_word_what_a_rule_does(rule: str, word: str) -> None:
    assert effect(PACK.rules[rule]) == word


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        ("P21D", "21 days"),
        ("PT3M", "3 minutes"),
        ("P18M", "18 months"),
        ("P1Y", "1 year"),
        ("P1DT12H", "1 day 12 hours"),
    ],
)
def test_period_is_told_in_words(duration: str, words: str) -> None:
    assert period(duration) == words
