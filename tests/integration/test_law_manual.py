"""The manual of the law: what it tells people to type does what it says, and it lists what the code knows."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli import main
from gatehouse.law import codes
from gatehouse.law.deciding import Rulebook
from gatehouse.law.document import parse
from gatehouse.law.facts import BINDS, MATTERS_OF_LAW
from gatehouse.law.pack import Pack
from gatehouse.model import MATTERS, AgencyKind, ProcessKind, Purpose
from tests.conftest import ROOT

DECIDING = (ROOT / "docs/deciding.md").read_text(encoding="utf-8")
WRITING = (ROOT / "docs/writing-rules.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def named(before: str) -> str:
    """Return the file that the paragraph before a block tells to save it as."""
    paragraph = before.rstrip().rsplit("\n\n", 1)[-1]
    return str(re.findall(r"`([\w./-]+\.(?:json|toml|cedar))`", paragraph)[-1])


def followed(page: str, capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[str, str]]:
    """Do what a page says in the current folder; yield each output that it shows with what was printed."""
    printed: list[str] = []
    for block in BLOCK.finditer(page):
        language, body = block.groups()
        if language in ("json", "toml", "cedar"):
            Path(named(page[: block.start()])).write_text(body, encoding="utf-8")
        elif language == "sh":
            printed = [run(line, capsys) for line in body.splitlines()]
        else:
            assert language == "text"
            yield body, printed[-1]


def run(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    words = shlex.split(line)
    if words[0] != "gatehouse":
        subprocess.run(words, check=True)
        return ""
    assert main(words[1:]) == 0
    return capsys.readouterr().out


def test_writing_rules_followed_as_written_changes_the_decisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "src").symlink_to(ROOT / "src")
    monkeypatch.chdir(tmp_path)
    outputs = list(followed(WRITING, capsys))
    assert [shown.split()[0] for shown, _ in outputs] == ["PERMIT", "DENY", "PERMIT", "DENY", "2,000"]
    for shown, printed in outputs:
        assert printed.startswith(shown), printed


def test_writing_rules_invent_a_law_only_where_the_rulebook_has_none() -> None:
    found = Pack.load().jurisdictions.get("us-wy")
    assert found is not None and found.no_rule_found


def test_writing_rules_tell_every_fact_and_key() -> None:
    schema = re.sub(r"//.*", "", Pack.load().schema)
    attributes = set(re.findall(r"^\s+(\w+): (?:String|Long|Bool|Set)", schema, re.M))
    table = WRITING.partition("## What a rule can read")[2]
    assert attributes == set(re.findall(r"`(?:principal|resource|context)\.(\w+)`", table))
    assert [word for word in (*BINDS, *MATTERS_OF_LAW) if f"`{word}`" not in WRITING] == []


def test_deciding_example_gets_the_answer_that_is_shown() -> None:
    request, expected = re.findall(r"^```json\n(.*?)^```$", DECIDING, re.M | re.S)[:2]
    answer: dict[str, Any] = parse(request.encode()).answer(Rulebook(Pack.load()))
    assert answer | {"pack": {"version": "…", "sha256": "…"}} == json.loads(expected)


def test_deciding_lists_every_code() -> None:
    wanted = [*AgencyKind, *Purpose, *ProcessKind, *MATTERS, *codes.OPTINS]
    wanted += [code for code in codes.OFFENSES if "_" in code]
    other = [*codes.PROCESSES, *codes.MATTERS, "federal", "out_of_state", "immigration", "health_care"]
    assert [word for word in (*wanted, *other) if f"`{word}`" not in DECIDING] == []
