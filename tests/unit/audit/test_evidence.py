"""The sample behind a finding: bounded, stratified, the same every time."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from gatehouse.audit.evidence import all_rows, samples
from gatehouse.audit.findings.lead import Measured
from gatehouse.audit.ground import Ground
from gatehouse.audit.options import EVIDENCE_LIMIT
from tests.unit.audit.builders import NOON, Row, file_facts, ground

FILES = (file_facts(), file_facts(path="b.csv"))


def made() -> tuple[Ground, Measured]:
    rows: list[Row] = [{"searched_at": NOON + timedelta(minutes=number)} for number in range(5_000)]
    rows += [{"file": 1, "searched_at": NOON + timedelta(days=40 * month)} for month in range(5)]
    base = ground(rows, files=FILES)
    return base, Measured(len(rows), "", where=pl.lit(True))


def test_samples_hold_a_hundred_rows_of_every_stratum() -> None:
    base, outcome = made()
    [sample] = samples(base, [outcome])
    assert sample.height == EVIDENCE_LIMIT
    assert sample.filter(pl.col("file") == 1).height == 5
    assert sample.select("file", "row").rows() == sorted(sample.select("file", "row").rows())


def test_samples_are_the_same_on_every_run() -> None:
    first, second = made(), made()
    assert samples(first[0], [first[1]])[0].equals(samples(second[0], [second[1]])[0])


def test_samples_of_a_count_below_the_limit_hold_every_row() -> None:
    base = ground([{}] * 7, files=FILES)
    [sample] = samples(base, [Measured(7, "", where=pl.lit(True))])
    assert sample["row"].to_list() == list(range(2, 9))


def test_all_rows_name_the_file_as_given_in_file_order() -> None:
    base = ground([{"file": 1}, {}, {"file": 1}], files=FILES)
    rows = all_rows(base, Measured(3, "", where=pl.col("file") == 1)).collect()
    assert rows.rows() == [("b.csv", 2), ("b.csv", 3)]
