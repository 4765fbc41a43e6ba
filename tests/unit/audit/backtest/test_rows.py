"""Rows as facts: what texts say of purposes, and the months and epochs of times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.audit.backtest import rows
from gatehouse.audit.backtest.rows import ALIKE, Constants, Spoken, facts
from gatehouse.audit.roster import build_roster
from gatehouse.audit.texts import classify
from gatehouse.law.pack import Pack
from gatehouse.law.purposes import known_phrases, stated
from gatehouse.law.reasons import Lexicon
from gatehouse.records import Input, import_files
from gatehouse.records.frame import TEXTS_SCHEMA, Linked
from gatehouse.records.link import link
from tests.unit.records.exports import AUDIT, audit_row, export, write

PHRASES = sorted(known_phrases())
TEXTS = st.one_of(
    st.sampled_from(PHRASES),
    st.sampled_from(PHRASES).map(str.title),
    st.sampled_from(
        ["-", " -", " - ", " - 25-0001", "25-0001", " -25", " - a - 7", "7 - ", "\n7", ".", "O'Dea"]
    ),
)


def said(texts: list[str]) -> dict[str, object]:
    """Return what each text that says a purpose says."""
    frame = pl.DataFrame({"key": range(len(texts)), "text": texts}, schema=dict(TEXTS_SCHEMA))
    found = rows._speaking(frame)
    return {texts[key]: answer for key, text in found.iter_rows() if (answer := stated(text)) is not None}


class TestSpeaking:
    @given(st.lists(TEXTS, min_size=1, max_size=4).map("".join))
    def test_speaking_says_what_the_whole_text_says(self, text: str) -> None:
        answer = stated(text)
        assert said([text]) == ({} if answer is None else {text: answer})

    def test_speaking_phrases_with_digits_reads_texts_whole(self, monkeypatch: pytest.MonkeyPatch) -> None:
        texts = ["Homicide - 25-0001", "homicide", "25-0001", "Signal 7"]
        plain = said(texts)
        monkeypatch.setattr(rows, "known_phrases", lambda: frozenset({*PHRASES, "signal 7"}))
        assert said(texts) == plain
        assert set(plain) == {"Homicide - 25-0001", "homicide"}


# Around the beginning of months, of days on which rules begin, and of daylight saving time.
TURNS = [datetime(2026, 3, 30), datetime(2026, 1, 1), datetime(2025, 7, 1), datetime(2025, 11, 2)]
TIMES = [
    turn + timedelta(hours=hours, seconds=seconds)
    for turn in TURNS
    for hours in range(-2, 34)
    for seconds in (-1, 0)
]


class TestFacts:
    def linked(self, tmp_path: Path, *owners: str) -> Linked:
        inputs = []
        for number, owner in enumerate(owners):
            times = [f"{time:%m/%d/%Y, %I:%M:%S %p} UTC" for time in TIMES]
            table = [
                audit_row(at, **{"Search Time": time, "Org Name": "Birch TX PD"})
                for at, time in enumerate([*times, ""], 1 + 1_000 * number)
            ]
            inputs.append(Input(write(tmp_path / f"{number}.csv", [AUDIT, *table]), owner))
        return link(import_files(inputs))

    def test_facts_month_and_epoch_are_those_of_each_time(self, tmp_path: Path) -> None:
        linked = self.linked(tmp_path, "Prairie Bend IL PD", "Elm WA PD", "Kona HI PD")
        roster = build_roster(linked.records)
        constants = Constants.of(Pack.load().rules.values())
        texts = classify(linked.records.texts, Lexicon.load())
        table = facts(linked, roster, texts, constants, Spoken.of(linked))
        expected: dict[tuple[int, str | None, int | None], int] = {}
        for file, zone in enumerate(("America/Chicago", "America/Los_Angeles", "Pacific/Honolulu")):
            for time in TIMES:
                at = time.replace(tzinfo=UTC)
                month = at.astimezone(ZoneInfo(zone)).strftime("%Y-%m")
                key = file, month, sum(instant <= at for instant in constants.instants)
                expected[key] = expected.get(key, 0) + 1
            expected[file, None, None] = 1
        found = table.group_by("file", "month", "epoch").agg(pl.col("n").sum())
        assert {tuple(row[:3]): row[3] for row in found.iter_rows()} == expected
        assert table.select("month", "agency", *ALIKE).is_unique().all()

    def test_facts_no_time_at_all_has_no_month(self, tmp_path: Path) -> None:
        row = audit_row(1, **{"Search Time": "", "Org Name": "Birch TX PD"})
        linked = link(import_files([Input(export(tmp_path, [AUDIT, row]), "Elm WA PD")]))
        roster = build_roster(linked.records)
        texts = classify(linked.records.texts, Lexicon.load())
        constants = Constants.of(Pack.load().rules.values())
        table = facts(linked, roster, texts, constants, Spoken.of(linked))
        assert table.select("month", "epoch", "n").rows() == [(None, None, 1)]
