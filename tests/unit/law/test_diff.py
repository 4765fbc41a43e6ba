"""Two packs compared: which requests change, by which rules, with an example that both engines confirm."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.law.deciding import Rulebook
from gatehouse.law.diff import Difference, diff
from gatehouse.law.pack import Pack, read_pack
from gatehouse.law.wording import describe
from gatehouse.model import Outcome
from tests.unit.law.packs import DESIGN, ILLINOIS, changed, copied, without_rule

STATES = ("us-il", "us-va", "us-wy")


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return read_pack(copied(tmp_path_factory.mktemp("pack"), STATES))


def against(pack: Pack, folder: Path, name: str, old: str, new: str) -> Difference:
    """Return the difference to the same pack with one text replaced, or a rule dropped if `new` is empty."""

    def change(text: str) -> str:
        return text.replace(old, new) if new else without_rule(text, old)

    return diff(pack, changed(folder, name, change, states=STATES))


class TestDiff:
    def test_diff_of_a_pack_with_itself_is_empty(self, pack: Pack) -> None:
        found = diff(pack, pack)
        assert (found.rules, found.decisions, found.tried) == ((), (), 0)

    def test_diff_dropped_rule_loosens(self, pack: Pack, tmp_path: Path) -> None:
        found = against(pack, tmp_path, ILLINOIS, "us-il/2-130(c)/federal", "")
        (rule,) = found.rules
        assert (rule.rule, rule.change, rule.after) == ("us-il/2-130(c)/federal", "removed", None)
        first = found.decisions[0]
        assert (first.before, first.after, first.loosens) == (Outcome.DENY, Outcome.PERMIT, True)
        assert first.rules_before == ("us-il/2-130(c)/federal",)
        assert first.rules_after == ("gatehouse/permit",)
        assert describe(first.example) == (
            "On 2026-10-01 a federal agency in IL searches the reads of a police agency of IL for "
            "stolen_vehicle_or_plate."
        )

    def test_diff_added_rule_tightens(self, pack: Pack, tmp_path: Path) -> None:
        weaker = changed(
            tmp_path, ILLINOIS, lambda text: without_rule(text, "us-il/2-130(c)/federal"), states=STATES
        )
        found = diff(weaker, pack)
        assert [(each.rule, each.change) for each in found.rules] == [("us-il/2-130(c)/federal", "added")]
        assert found.decisions
        assert not any(each.loosens for each in found.decisions)

    def test_diff_later_date_changes_the_days_between(self, pack: Pack, tmp_path: Path) -> None:
        found = against(pack, tmp_path, ILLINOIS, "20240101", "20240601")
        assert {each.what for each in found.rules} == {("when",)}
        assert found.decisions
        assert {20240101, 20240102, 20240531} >= {each.example.owner_day for each in found.decisions}

    def test_diff_longer_period_changes_what_lies_between(self, pack: Pack, tmp_path: Path) -> None:
        found = against(pack, tmp_path, "statutes/us-va/rules.cedar", "reach > 30240", "reach > 43200")
        assert all(30240 < each.example.reach <= 43200 for each in found.decisions)
        assert found.decisions[0].after is Outcome.PERMIT

    def test_diff_changed_network_is_tried_in_every_state(self, pack: Pack, tmp_path: Path) -> None:
        found = against(pack, tmp_path, DESIGN, "gatehouse/no-dragnet", "")
        # The base, Illinois and Virginia each have a plain search with that signal.
        assert found.decisions[0].situations >= 3

    def test_diff_changed_sentence_changes_no_decision(self, pack: Pack, tmp_path: Path) -> None:
        found = against(pack, tmp_path, DESIGN, "for private ends", "for ends of one's own")
        assert [(each.rule, each.what) for each in found.rules] == [
            ("gatehouse/no-personal-use", ("sentence",))
        ]
        assert found.decisions == ()

    def test_diff_examples_are_decided_as_it_says(self, pack: Pack, tmp_path: Path) -> None:
        after = changed(
            tmp_path, ILLINOIS, lambda text: text.replace("containsAll", "containsAny"), states=STATES
        )
        found = diff(pack, after)
        assert found.decisions
        for each in found.decisions:
            (old,) = Rulebook(pack).judge([each.example])
            (new,) = Rulebook(after).judge([each.example])
            assert (old.outcome, new.outcome) == (each.before, each.after)

    def test_diff_document_holds_every_change(self, pack: Pack, tmp_path: Path) -> None:
        found = against(pack, tmp_path, ILLINOIS, "us-il/2-130(c)/federal", "")
        document = found.as_document()
        assert document["situations_tried"] == found.tried
        assert len(document["decisions"]) == len(found.decisions)
        assert document["decisions"][0]["loosens"] is True
        assert document["before"]["sha256"] != document["after"]["sha256"]


class TestScopes:
    def test_diff_of_caps_says_what_may_ask_farther(self, pack: Pack, tmp_path: Path) -> None:
        after = changed(
            tmp_path,
            "network/scopes.toml",
            lambda text: text.replace('"39A", ', "").replace(
                'other = { proposed = "own", widest = "neighbors" }',
                'other = { proposed = "neighbors", widest = "neighbors" }',
            ),
            states=STATES,
        )
        found = diff(pack, after)
        assert [(each.code, each.loosens) for each in found.scopes] == [("other", True), ("39A", False)]
        assert found.as_document()["scopes"][1] == {
            "code": "39A",
            "before": {"proposed": "own", "widest": "neighbors"},
            "after": {"proposed": "own", "widest": "own"},
            "loosens": False,
        }
        assert found.rules == ()
        assert found.decisions == ()
