"""Free text to signals."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.law import lexicon, reasons
from gatehouse.law.reasons import Lexicon, families
from gatehouse.model import BadInput, Signal, SignalMatch

LEXICON = Lexicon.load()
CHALLENGE = Path(__file__).parent / "challenge"

# Pieces of the kind of text that meets many rules at once, whole and damaged.
PIECES = st.sampled_from(
    [
        "ICE", "I.C.E.", "lCE", "ice cream", "immigration", "imigration", "i m m i g", "HSI", "ERO", "order",
        "8 USC 1326", "I-205", "NB", "287(g)", "211PC", "26-01234", "inv", "assist", "PD", "protest", "+",
        "/", "🧊", "ΙCE", "\u200b", "deport", "reported", "black", "not", "removal", "detainer", "x", "", " ",
        "n/a",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=8).map(" ".join))


def signals(text: str | None) -> set[Signal]:
    return {match.signal for match in LEXICON.classify(text)}


def immigration(text: str) -> bool:
    return "immigration" in families(LEXICON.classify(text))


def test_classify_returns_rule_and_span_of_the_text_as_given() -> None:
    assert LEXICON.classify("asst I.C.E.") == (
        SignalMatch(Signal.IMMIGRATION_AGENCY, "agency-ice", 5, 10),
        SignalMatch(Signal.IMMIGRATION_AGENCY, "agency-ice-purpose", 0, 10),
        SignalMatch(Signal.ON_BEHALF_OF, "behalf-agency", 0, 4),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("wanted by I\u200bC\u200bE today", "I\u200bC\u200bE"),
        ("drugs; 1mm1gr4t10n", "1mm1gr4t10n"),
        ("re: i-m-m-i-g-r-a-t-i-o-n.", "i-m-m-i-g-r-a-t-i-o-n"),
        ("x immi gration x", "immi gration"),
        ("ﬁle, ıCE", "ıCE"),
    ],
)
def test_classify_disguised_word_gives_the_span_of_the_disguise(text: str, words: str) -> None:
    spans = {text[match.start : match.end] for match in LEXICON.classify(text)}
    assert words in spans


def test_classify_co_occurring_signals_gives_all_of_them() -> None:
    assert signals("Immigration (civil/administrative) - HSI") == {Signal.CIVIL_IMMIGRATION, Signal.HSI}
    assert signals("AOA FBI protest") == {Signal.ON_BEHALF_OF, Signal.FEDERAL_OTHER, Signal.FIRST_AMENDMENT}


@pytest.mark.parametrize(
    "text", ["HSI", "HSI Task Force", "HSI Bolo", "HSI narcs", "Homeland Security Investigations"]
)
def test_families_hsi_alone_is_not_immigration(text: str) -> None:
    assert not immigration(text)
    assert Signal.HSI in signals(text)


def test_families_dropdown_criminal_is_not_civil() -> None:
    assert signals("Immigration (criminal) - ") == {Signal.IMMIGRATION_CRIMINAL}


def test_families_of_nothing_is_empty() -> None:
    assert families(()) == frozenset()


@pytest.mark.parametrize("text", ["immigration protest", "anti-ICE rally", "protest at ICE facility"])
def test_classify_protest_about_immigration_is_protest_only(text: str) -> None:
    assert signals(text) == {Signal.FIRST_AMENDMENT}


@pytest.mark.parametrize("text", ["", " ", "\n", "-", ".", "\u200b"])
def test_classify_blank_text_is_none_stated_over_all_of_it(text: str) -> None:
    assert LEXICON.classify(text) == (SignalMatch(Signal.NONE_STATED, "none-blank", 0, len(text)),)


@pytest.mark.parametrize("text", ["***", "* * *", "###", "████"])
def test_classify_mask_is_no_signal(text: str) -> None:
    assert LEXICON.classify(text) == ()


def test_classify_missing_cell_is_no_signal() -> None:
    assert LEXICON.classify(None) == ()


def test_classify_other_script_is_not_none_stated() -> None:
    assert LEXICON.classify("移民") == ()


def test_classify_word_at_the_end_of_a_long_text_is_found() -> None:
    text = "suspect vehicle, " * 20_000 + "ICE hold"
    assert immigration(text)
    assert max(match.end for match in LEXICON.classify(text)) == len(text)


def test_classify_excluded_hits_without_end_does_not_grow_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    original = lexicon.Intervals.overlap

    def counted(self: lexicon.Intervals, start: int, end: int) -> bool:
        nonlocal asked
        asked += 1
        return original(self, start, end)

    monkeypatch.setattr(lexicon.Intervals, "overlap", counted)
    assert not immigration("ice cream " * 2_000)
    # Each excluded hit is asked about once a rule.
    assert 2_000 <= asked <= 2_000 * 4


def test_classify_many_equals_classify_in_order() -> None:
    texts = ["ICE", None, "", "inv", "ICE"]
    assert LEXICON.classify_many(texts) == [LEXICON.classify(text) for text in texts]


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_classify_equals_trying_every_rule_in_turn(text: str) -> None:
    assert LEXICON.classify(text) == LEXICON.classify_exhaustively(text)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_classify_is_total_sorted_and_inside_the_text(text: str) -> None:
    matches = LEXICON.classify(text)
    assert list(matches) == sorted(matches)
    assert all(0 <= match.start <= match.end <= len(text) for match in matches)
    assert all(match.start < match.end for match in matches if match.rule != "none-blank")
    assert all(LEXICON.rules[match.rule].signal is match.signal for match in matches)


@given(TEXTS)
@settings(max_examples=50, deadline=None)
def test_classify_by_another_instance_is_the_same(text: str) -> None:
    assert OTHER.classify(text) == LEXICON.classify(text)


OTHER = Lexicon(Path(reasons.__file__).with_name("lexicon.toml").read_bytes())


def test_load_gives_the_hash_of_the_file() -> None:
    content = Path(reasons.__file__).with_name("lexicon.toml").read_bytes()
    assert LEXICON.sha256 == hashlib.sha256(content).hexdigest()
    assert LEXICON is Lexicon.load()


def test_load_missing_file_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        Lexicon.load(tmp_path / "none.toml")


def rates(rows: list[tuple[str, bool]]) -> tuple[float, float]:
    """Return precision and recall of the immigration family."""
    found = [(immigration(text), truth) for text, truth in rows]
    hits = sum(hit and truth for hit, truth in found)
    return hits / sum(hit for hit, _ in found), hits / sum(truth for _, truth in found)


def challenge(half: str) -> list[dict[str, str]]:
    with (CHALLENGE / f"{half}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("half", ["tuning", "held"])
def test_challenge_reaches_the_required_precision_and_recall(half: str) -> None:
    rows = challenge(half)
    precision, recall = rates([(row["reason"], row["immigration"] == "yes") for row in rows])
    assert precision >= 0.97
    assert recall >= 0.97


@pytest.mark.parametrize("half", ["tuning", "held"])
def test_challenge_other_signals_are_found(half: str) -> None:
    rows = [row for row in challenge(half) if row["signals"]]
    missed = [
        row for row in rows if not set(row["signals"].split("|")) <= {s.value for s in signals(row["reason"])}
    ]
    assert len(missed) <= 0.05 * len(rows)


@pytest.mark.shared
def test_labeled_reasons_reach_the_required_precision_and_recall(reference: Path) -> None:
    with (reference / "records" / "labelled-reasons.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["reason"], row["label"] == "immigration") for row in csv.DictReader(file)]
    precision, recall = rates(rows)
    assert precision >= 0.97
    assert recall >= 0.97


@pytest.mark.shared
def test_real_rows_have_no_false_hit_of_the_immigration_family(reference: Path) -> None:
    records = reference / "records"
    texts: set[str] = set()
    files = [*records.glob("portals/*.csv"), *records.glob("*-portal.csv"), *records.glob("*-audit.csv")]
    for path in files:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                for title, text in row.items():
                    if title and title.strip().lower() in {"reason", "offensetype", "casenumber", "case #"}:
                        texts.add(text or "")
    assert len(texts) > 3_000
    assert sum(immigration(text) for text in texts) == 0


def test_classify_beside_reads_what_a_search_is_about_and_nothing_else() -> None:
    texts = ["26-01234", "inv", "n/a", "", None, "26-1-C3", "1 C E", "26-1 ICE ERO"]
    found = [{match.signal for match in LEXICON.classify_beside(text)} for text in texts]
    assert found[:-1] == [set()] * (len(texts) - 1)
    assert found[-1] == {Signal.CIVIL_IMMIGRATION, Signal.IMMIGRATION_AGENCY}
