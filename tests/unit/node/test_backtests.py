"""Backtests that come with a loosening: their form, their counts, and what is no JSON of one meaning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli import main
from gatehouse.model import BadInput
from gatehouse.node.backtests import LARGEST_BACKTEST, check_backtest
from tests.unit.node.founded import BACKTEST
from tests.unit.records.exports import AUDIT, audit_row, export


def changed(**values: Any) -> bytes:
    return json.dumps(json.loads(BACKTEST) | values).encode()


@pytest.mark.parametrize("arguments", [[], ["--owner", "Prairie Bend IL PD", "--law", "us-il"]])
def test_backtest_that_the_command_prints_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    rows = [
        audit_row(number, Reason=reason, **{"Org Name": "Birch TX PD"})
        for number, reason in enumerate(("ICE+ERO", "stolen vehicle", "***"), 1)
    ]
    assert main(["law", "backtest", export(tmp_path, [AUDIT, *rows]), *arguments, "--json"]) == 0
    printed = capsys.readouterr().out.encode()
    assert json.loads(printed)["searches"] == 3
    check_backtest(printed)


def test_backtest_of_a_network_without_a_record_is_taken() -> None:
    check_backtest(BACKTEST)


@pytest.mark.parametrize("lacking", sorted(set(json.loads(BACKTEST)) - {"why"}))
def test_backtest_that_lacks_a_key_is_refused(lacking: str) -> None:
    found = json.loads(BACKTEST)
    del found[lacking]
    with pytest.raises(BadInput, match="a backtest cannot be read") as refused:
        check_backtest(json.dumps(found).encode())
    assert refused.value.got == f"missing: {lacking}"


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"{}", "missing: files"),
        (b"[]", "model type: the whole"),
        (changed(searches=1), "value error: the whole"),
        (changed(searches=True), "int type: searches"),
        (changed(searches=-1), "greater than equal: searches"),
        (changed(laws=[]), "too short: laws"),
        (changed(pack={"version": "1", "sha256": "AB"}), "string pattern mismatch: pack.sha256"),
        (changed(files=[{}]), "missing: files.[].path"),
    ],
)
def test_backtest_of_another_form_is_refused_and_not_quoted(content: bytes, got: str) -> None:
    with pytest.raises(BadInput, match="a backtest cannot be read") as refused:
        check_backtest(content)
    assert refused.value.got == got


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff",
        BACKTEST[:-1] + b', "more": NaN}',
        BACKTEST[:-1] + b', "searches": 0}',
        BACKTEST[:-1] + b', "more": {"a": 1, "a": 2}}',
        BACKTEST[:-1] + b', "more": "\\ud800"}',
        BACKTEST[:-1] + b', "more": ' + b"9" * 5_000 + b"}",
        BACKTEST[:-1] + b', "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        BACKTEST + b" " * LARGEST_BACKTEST,
    ],
    ids=["cut", "bytes", "nan", "twice", "twice-within", "half-a-sign", "integer", "deep", "large"],
)
def test_backtest_that_is_no_json_of_one_meaning_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match="a backtest cannot be read"):
        check_backtest(content)
