"""What witnesses hold, set against the log that is followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gatehouse.ledger.monitor import Monitor
from gatehouse.ledger.note import add_signatures
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.source import open_source
from gatehouse.ledger.witness_client import Silent
from gatehouse.ledger.witness_views import ask_witnesses
from tests.unit.ledger.followed import NOW, Followed, searches
from tests.unit.ledger.published import ORIGIN, Tree, log_signer, witness_signer


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


def cosigned(tree: Tree, size: int, name: str = "w1") -> str:
    """Return the checkpoint of a size with a witness's cosignature."""
    note = tree.checkpoint(size)
    return add_signatures(note, [witness_signer(name).line(note.partition("\n\n")[0] + "\n", at=NOW)])


class Held:
    """Witnesses w1 and w2 that show what a test gives them."""

    def __init__(self, notes: dict[str, str], silent: tuple[Silent, ...] = ()) -> None:
        keys = "".join(f"witness {name} {witness_signer(name).vkey}\n" for name in ("w1", "w2"))
        self.policy = Policy.parse(f"log {log_signer().vkey}\n{keys}quorum none\n")
        self._shown = notes, silent

    def latest(self, origin: str) -> tuple[dict[str, str], tuple[Silent, ...]]:
        assert origin == ORIGIN
        return self._shown


class Look:
    """One look at a log, its witnesses asked; `slept` counts the seconds that were waited."""

    def __init__(self, followed: Followed) -> None:
        self._followed = followed
        self.slept = 0.0

    def report(self, held: Held) -> dict[str, Any]:
        monitor = Monitor(self._followed.state, policy=held.policy, clock=lambda: self._followed.now)
        with open_source(self._followed.log) as source:
            monitor.follow(source)
            ask_witnesses(monitor, source, held, sleep=self.sleep)
        return monitor.report().as_document()

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


def test_witnesses_that_hold_this_log_are_named_with_what_they_hold(followed: Followed) -> None:
    tree = searches(3).tree()
    tree.publish(followed.log)
    look = Look(followed)
    report = look.report(Held({"w1": cosigned(tree, 6), "w2": cosigned(tree, 4, "w2")}))
    assert (report["findings"], report["not_measurable"], look.slept) == ([], [], 0)
    assert report["witnesses"] == [{"name": "w1", "size": 6}, {"name": "w2", "size": 4}]


@pytest.mark.parametrize("size", [2, 6])
def test_witness_that_was_shown_another_book_is_a_split_view_for_good(followed: Followed, size: int) -> None:
    tree, other = searches(3).tree(), searches(3, agency="birch-pd").tree()
    tree.publish(followed.log)
    note = cosigned(other, size)
    (finding,) = Look(followed).report(Held({"w1": note}))["findings"]
    assert (finding["kind"], finding["evidence"]) == ("split_view", [tree.checkpoint(), note])
    assert Look(followed).report(Held({}))["findings"] == [finding]


def test_log_that_stays_behind_a_witness_is_found_and_no_longer_once_it_has_caught_up(
    followed: Followed,
) -> None:
    tree = searches(4).tree()
    tree.publish(followed.log, 6)
    note, look = cosigned(tree, 8), Look(followed)
    assert look.report(Held({"w1": note}))["findings"] == [
        {
            "kind": "behind",
            "what": "the log shows less here than a witness has cosigned",
            "where": "witness w1",
            "expected": "at least 8 entries",
            "got": "6",
            "evidence": [note],
            "proof": [],
        }
    ]
    assert look.slept == 10
    tree.publish(followed.log)
    assert look.report(Held({"w1": note}))["findings"] == []
    assert look.slept == 10


def test_log_that_publishes_while_it_is_waited_for_is_not_behind(followed: Followed) -> None:
    tree = searches(4).tree()
    tree.publish(followed.log, 6)

    class Publishing(Look):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.slept == 3:
                tree.publish(followed.log)

    look = Publishing(followed)
    report = look.report(Held({"w1": cosigned(tree, 8)}))
    assert (report["size"], report["findings"], look.slept) == (8, [], 3)


def test_log_that_grew_into_another_book_than_a_witness_holds_is_a_split_view(followed: Followed) -> None:
    tree, other = searches(4).tree(), searches(4, agency="birch-pd").tree()
    tree.publish(followed.log, 6)
    held = Held({"w1": cosigned(other, 8)})
    assert [each["kind"] for each in Look(followed).report(held)["findings"]] == ["behind"]
    tree.publish(followed.log)
    assert [each["kind"] for each in Look(followed).report(held)["findings"]] == ["split_view"]


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (lambda tree: "", "a note ends with a blank line and signatures"),
        (lambda tree: tree.checkpoint(), "the witness itself has not cosigned it"),
        (lambda tree: cosigned(tree, 6, "w2"), "the witness itself has not cosigned it"),
        (
            lambda tree: cosigned(Tree(tree.entries, log_signer("other")), 6),
            "no log's key that is trusted has signed",
        ),
        (
            lambda tree: cosigned(Tree(tree.entries, log_signer(origin="other.example")), 6),
            "the checkpoint is another log's",
        ),
    ],
    ids=["nothing", "not cosigned", "by another", "another key", "another log"],
)
def test_witness_that_shows_what_it_cannot_have_cosigned_is_left_open(
    followed: Followed, note: Any, why: str
) -> None:
    tree = searches(3).tree()
    tree.publish(followed.log)
    report = Look(followed).report(Held({"w1": note(tree)}))
    assert (report["findings"], report["witnesses"]) == ([], [])
    assert report["not_measurable"] == [
        {"what": "what witness w1 holds", "why": f"what it shows does not count: {why}"}
    ]


def test_silent_witnesses_are_named(followed: Followed) -> None:
    searches(3).tree().publish(followed.log)
    silent = (Silent("w1", "no answer within 5 s"), Silent("w2", "the policy gives it no address"))
    assert Look(followed).report(Held({}, silent))["not_measurable"] == [
        {"what": "what witness w1 holds", "why": "no answer within 5 s"},
        {"what": "what witness w2 holds", "why": "the policy gives it no address"},
    ]
