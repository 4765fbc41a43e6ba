"""The story of `gatehouse demo`: what comes out of each step, what it leaves behind, and how it fails."""

from __future__ import annotations

import json
import re
from base64 import b32decode
from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from gatehouse.cli import main
from gatehouse.demo import network, searches, story, transcript
from gatehouse.demo.cast import ABDUCTED, EARLY, FLORIDA, MISSING, STOLEN, TEXAS, WANTED
from gatehouse.demo.folder import made_anew
from gatehouse.demo.step import NotAsTold, Step
from gatehouse.ledger.entry import read_entry
from gatehouse.node.config import load_config
from gatehouse.node.node import Node
from gatehouse.web.app import create_app
from gatehouse.web.serve import serving

OUTCOMES = {
    "network": "9 cameras handed in 1,575 reads of a day and a night; 13 changes of rules came into force",
    "stolen-car": "released: 5 reads of 3 owners",
    "amber-alert": "one hit, confirmed by plate, state and image, then by the origin, and closed",
    "ice-ero": "denied by every owner; no read was opened",
    "investigation": "sent to review, and refused by the reviewer; no read was opened",
    "on-behalf-of": "denied by every owner; no read was opened",
    "federal": "denied by every owner; no read was opened",
    "declaration": "Illinois refused, then released 1 read; California refused both times",
    "expired": "1 read then, 0 now; its row is deleted, and the copy of it cannot be opened",
    "audit": "23 searches, 1 labeled immigration, 6 findings for a person to look at",
    "portal": "13 searches are told by the hour and 5 by the day; of 30 on the record the others wait, or "
    "tell their month only",
    "edited": "caught: an entry does not follow its agency's last one",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_anew(tmp_path_factory.mktemp("demo") / "story")


@pytest.fixture(scope="module")
def steps(folder: Path) -> list[Step]:
    return list(story.play(folder))


def fact(steps: list[Step], id: str) -> Any:
    (found,) = (each.facts for each in steps if each.id == id)
    return found


def rules(facts: Any) -> set[str]:
    return {each["rule"] for each in facts["refusals"]}


class TestSteps:
    def test_each_comes_out_as_the_story_says(self, steps: list[Step]) -> None:
        assert {each.id: each.outcome for each in steps[:-1]} == OUTCOMES
        assert re.fullmatch(r"\d+ entries of 5 agencies verified", steps[-1].outcome)

    def test_immigration_search_is_refused_by_network_and_by_statute(self, steps: list[Step]) -> None:
        facts = fact(steps, "ice-ero")
        assert (facts["state"], facts["reads"], facts["stated_purpose_immigration"]) == ("denied", 0, 422)
        assert set(facts["owners"].values()) == {"deny"}
        assert {"gatehouse/no-civil-immigration", "us-il/2-130(b)/immigration"} <= rules(facts)
        everywhere = {each["rule"]: each["owners"] for each in facts["refusals"]}
        assert everywhere["gatehouse/no-civil-immigration"] == 4

    def test_transcript_names_what_is_not_real_and_cites_the_law(self, steps: list[Step]) -> None:
        text = "\n".join(transcript.text(steps))
        assert text.startswith("SYNTHETIC. ")
        assert "the reads are generated" in text
        assert "no photograph" in text
        for number, each in enumerate(steps, start=1):
            assert f"\n{number}. {each.title}\n" in text
        assert "625 ILCS 5/2-130(b): " in text
        assert max(map(len, text.splitlines())) <= 120

    def test_transcript_holds_no_plate(self, steps: list[Step], folder: Path) -> None:
        text = "\n".join(transcript.text(steps)) + json.dumps(transcript.document(steps, folder))
        assert [each for each in (STOLEN, ABDUCTED, WANTED, MISSING, EARLY) if each in text] == []


class TestLeftBehind:
    def test_record_verifies_and_its_edited_copy_does_not(
        self, steps: list[Step], folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        key = ["--key", str(folder / "ledger.vkey")]
        assert main(["ledger", "verify", str(folder / "node/ledger/public"), *key]) == 0
        assert main(["ledger", "verify", str(folder / "edited-copy"), *key]) == 4
        said = capsys.readouterr()
        size = fact(steps, "checkpoint")["size"]
        assert f"ledger.example.org/synthetic-demo: {size} entries, root " in said.out

    def test_node_goes_on_at_the_present_and_its_people_sign_in(
        self, steps: list[Step], folder: Path
    ) -> None:
        person = json.loads((folder / "people.json").read_text("utf-8"))[0]
        located = load_config(folder / "node")
        with Node.open(located, background=False) as node, serving(create_app(node)) as address:
            log = node.ledger.log
            assert read_entry(log.entry(log.size - 1)).hour <= datetime.now(UTC)
            uri = httpx.URL(person["authenticator"])
            given = {name: person[name] for name in ("login", "password")} | {"code": _code(uri)}
            name = located.config.http.url
            found = httpx.post(
                f"{address}/session", json=given, headers={"origin": name, "host": name.partition("//")[2]}
            )
            assert (found.status_code, found.json()["officer"]) == (201, person["login"])


def _code(uri: httpx.URL) -> str:
    totp = TOTP(b32decode(uri.params["secret"]), 6, SHA1(), 30)
    return totp.generate(int(datetime.now(UTC).timestamp())).decode()


def test_step_that_comes_out_otherwise_ends_the_story(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Florida has declared from the start, so Illinois has nothing to refuse it for."""
    monkeypatch.setattr(network, "DECLARED", (TEXAS, FLORIDA))
    monkeypatch.setattr(story, "STEPS", (searches.declaration,))
    with closing(story.play(tmp_path)) as told, pytest.raises(NotAsTold, match="came out otherwise"):
        list(told)


class TestCommand:
    @pytest.fixture
    def failing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def play(_folder: Path, *, told: object) -> Generator[Step, None, None]:
            yield Step("one", "One", ("It is told.",), "done")
            raise NotAsTold("the second came out otherwise", expected="denied", got="released")

        monkeypatch.setattr(story, "play", play)

    @pytest.mark.usefixtures("failing")
    def test_failing_step_is_exit_1_and_what_was_told_stays(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["demo", "--out", str(tmp_path / "out")]) == 1
        said = capsys.readouterr()
        assert "\n1. One\n" in said.out
        assert "error: the second came out otherwise\n" in said.err
        assert "\n1. One\n" in (tmp_path / "out" / "transcript.txt").read_text("utf-8")

    @pytest.mark.usefixtures("failing")
    def test_failing_step_is_told_to_programs(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["demo", "--out", str(tmp_path / "out"), "--json"]) == 1
        found = json.loads(capsys.readouterr().out)
        assert [each["id"] for each in found["steps"]] == ["one"]
        assert found["failed"]["what"] == "the second came out otherwise"

    def test_folder_of_something_else_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "own.txt").write_text("mine")
        assert main(["demo", "--out", str(tmp_path)]) == 2
        assert [each.name for each in tmp_path.iterdir()] == ["own.txt"]
