"""An import of a generated export finds exactly what the generator knows."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.law.reasons import Lexicon
from gatehouse.model import FieldState
from gatehouse.records import Input, import_files
from gatehouse.records.frame import Linked
from gatehouse.records.link import link
from gatehouse.records.organizations import parse
from gatehouse.records.synth import Truth, generate, is_synthetic
from gatehouse.records.synth import vocabulary as words

READABLE = (FieldState.VALUE.value, FieldState.EMPTY.value, FieldState.PLACEHOLDER.value)


def generated(directory: Path, *, rows: int, seed: int, quirks: bool) -> tuple[Truth, Linked]:
    truth = generate(rows=rows, seed=seed, quirks=quirks, directory=directory)
    files = [Input(str(directory / file.path), file.owner) for file in truth.files]
    return truth, link(import_files(files))


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "quirks"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, Linked]:
    return generated(tmp_path_factory.mktemp("synth"), rows=20_000, seed=11, quirks=request.param)


def balance(linked: Linked) -> list[dict[str, object]]:
    return [
        {
            "rows": file.rows,
            "searches": linked.searches[index],
            "duplicates": linked.duplicates[index],
            "rejects": sum(reject.file == index for reject in linked.records.rejects),
            "non_search": file.non_search,
            "repaired": file.repaired,
            "layout": file.layout.value,
            "encoding": file.encoding,
        }
        for index, file in enumerate(linked.records.files)
    ]


def known(truth: Truth) -> list[dict[str, object]]:
    names = ("rows", "searches", "duplicates", "rejects", "non_search", "repaired", "layout", "encoding")
    return [{name: getattr(file, name) for name in names} for file in truth.files]


def test_import_of_synth_finds_the_balance(case: tuple[Truth, Linked]) -> None:
    truth, linked = case
    assert balance(linked) == known(truth)
    assert linked.bounds.point == truth.total("searches")
    assert is_synthetic(linked.records)


def test_import_of_synth_finds_the_organizations(case: tuple[Truth, Linked]) -> None:
    truth, linked = case
    counts = linked.frame.filter(pl.col("tier") == "first").group_by("org").agg(pl.len())
    named = counts.collect().join(linked.records.texts["org"], left_on="org", right_on="key")
    found: dict[str, int] = {}
    for text, n in named.select("text", "len").iter_rows():
        found[parse(text).key] = found.get(parse(text).key, 0) + n
    assert found == {parse(row["name"]).key: row["searches"] for row in truth.counts["organizations"]}


def test_import_of_synth_finds_the_readable_reasons(case: tuple[Truth, Linked]) -> None:
    truth, linked = case
    first = linked.frame.filter(pl.col("tier") == "first")
    readable = first.select(pl.col("reason_state").cast(pl.String).is_in(READABLE).sum()).collect().item()
    tally = truth.counts["families"]["immigration"]
    assert (readable, linked.bounds.point) == (tally["readable"], tally["total"])


@given(rows=st.integers(1, 1_500), seed=st.integers(0, 10_000), quirks=st.booleans())
@settings(max_examples=12, deadline=None)
def test_import_of_any_synth_finds_the_balance(rows: int, seed: int, quirks: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        truth, linked = generated(Path(directory), rows=rows, seed=seed, quirks=quirks)
        assert balance(linked) == known(truth)


@pytest.mark.parametrize("number", ["", "25-104729"], ids=["bare", "numbered"])
def test_lexicon_reads_the_vocabulary_as_it_is_meant(number: str) -> None:
    lexicon = Lexicon.load()
    meant, read = {}, {}
    for reason in words.load().reasons:
        if reason.numbered == bool(number):
            text = f"{reason.text} {number}".strip() if number else reason.text
            meant[text] = sorted(signal.value for signal in reason.signals)
            read[text] = sorted({match.signal.value for match in lexicon.classify(text)})
    assert read == meant
