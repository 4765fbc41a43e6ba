"""A log followed over time: what a sound one reports, and each thing that a monitor finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gatehouse.ledger.errors import InvalidTile, LogCorrupt, UntrustedNote
from gatehouse.ledger.monitor import Monitor
from gatehouse.ledger.source import open_source
from gatehouse.model import BadUse
from tests.unit.ledger.followed import DAY, NOW, Followed, kinds, searches
from tests.unit.ledger.published import ORIGIN, PACK, Book, Tree, leaf, log_signer


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


class TestFollowing:
    def test_a_sound_log_is_read_once_and_nothing_is_found(self, followed: Followed) -> None:
        tree = searches(300).tree()
        read = []
        for size in (0, 2, 2, 300, 512, 600):
            report = followed.look(tree, size)
            read.append(report["read"])
        assert report == {
            "origin": ORIGIN,
            "size": 600,
            "root": tree.root().hex(),
            "at": "2026-11-02T12:01:00Z",
            "read": 88,
            "agencies": 1,
            "leaves": 600,
            "foreign": 0,
            "findings": [],
            "unlisted": 0,
            "not_measurable": [],
            "witnesses": [],
        }
        assert read == [0, 2, 0, 298, 212, 88]

    def test_a_checkpoint_that_nobody_signed_is_refused_and_forgotten(self, followed: Followed) -> None:
        followed.look(searches(2).tree())
        before = followed.state.read_bytes()
        with pytest.raises(UntrustedNote):
            followed.look(Tree.of(searches(3).entries, signer=log_signer("another key")))
        assert followed.state.read_bytes() == before

    def test_a_monitor_trusts_a_key_or_is_not_made(self, tmp_path: Path) -> None:
        with pytest.raises(BadUse):
            Monitor(tmp_path / "state.json", keys=[])

    def test_entries_that_were_never_signed_are_refused_at_the_first_look(self, followed: Followed) -> None:
        tree = searches(2).tree()
        tree.publish(followed.log)
        (followed.log / "tile/entries/000.p/4").write_bytes(
            Tree.counted(4).part("tile/entries/000.p/4"),
        )
        with pytest.raises(LogCorrupt, match="another root"):
            followed.look()
        assert not followed.state.exists()

    def test_a_bundle_that_is_cut_off_says_where(self, followed: Followed) -> None:
        searches(2).tree().publish(followed.log)
        path = followed.log / "tile/entries/000.p/4"
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(InvalidTile) as caught:
            followed.look()
        assert caught.value.where == "tile/entries/000.p/4"


class TestHistory:
    def test_two_trees_of_one_size_are_a_split_view_with_both_as_evidence(self, followed: Followed) -> None:
        ours, other = searches(3).tree(), searches(3, agency="birch-pd").tree()
        followed.look(ours)
        report = followed.look(other)
        assert report["findings"] == [
            {
                "kind": "split_view",
                "what": "the log has signed two trees of one size",
                "where": None,
                "expected": f"6 entries, root {ours.root().hex()}",
                "got": f"6 entries, root {other.root().hex()}",
                "evidence": [ours.checkpoint(), other.checkpoint()],
                "proof": [],
            }
        ]
        assert report["root"] == ours.root().hex()

    def test_a_log_that_grows_from_another_tree_is_a_split_view(self, followed: Followed) -> None:
        ours, fork = searches(3).tree(), searches(9, agency="birch-pd").tree()
        followed.look(ours)
        report = followed.look(fork)
        (finding,) = report["findings"]
        assert (finding["kind"], finding["evidence"]) == (
            "split_view",
            [ours.checkpoint(), fork.checkpoint()],
        )
        assert (report["size"], report["agencies"]) == (6, 1)

    def test_a_smaller_tree_that_was_never_there_is_a_split_view(self, followed: Followed) -> None:
        ours = searches(3).tree()
        followed.look(ours)
        other = searches(2, agency="birch-pd").tree()
        (followed.log / "checkpoint").write_text(other.checkpoint())
        (finding,) = followed.look()["findings"]
        assert (finding["kind"], finding["evidence"]) == (
            "split_view",
            [ours.checkpoint(), other.checkpoint()],
        )

    def test_an_earlier_state_is_a_rollback(self, followed: Followed) -> None:
        tree = searches(3).tree()
        followed.look(tree)
        (followed.log / "checkpoint").write_text(tree.checkpoint(4))
        (finding,) = followed.look()["findings"]
        assert (finding["kind"], finding["expected"], finding["got"]) == (
            "rollback",
            "at least 6 entries",
            "4",
        )

    def test_a_fork_without_its_tiles_is_unproven_and_kept(self, followed: Followed) -> None:
        ours, fork = searches(3).tree(), searches(9, agency="birch-pd").tree()
        followed.look(ours)
        fork.publish(followed.log)
        (followed.log / "tile/0/000.p/18").unlink()
        (finding,) = followed.look()["findings"]
        assert (finding["kind"], finding["evidence"]) == (
            "unproven",
            [ours.checkpoint(), fork.checkpoint()],
        )

    def test_what_was_found_stays_found_once(self, followed: Followed) -> None:
        ours, other = searches(3).tree(), searches(3, agency="birch-pd").tree()
        followed.look(ours)
        followed.look(other)
        followed.look(other)
        assert kinds(followed.look(ours)) == ["split_view"]
        assert kinds(followed.look(Tree.of([*ours.entries, b"more"]))) == ["split_view"]


class TestCompare:
    def compare(self, followed: Followed, tree: Tree, note: str) -> dict[str, Any]:
        followed.look(tree)
        monitor = followed.monitor()
        with open_source(followed.log) as source:
            monitor.compare(source, note)
        return monitor.report().as_document()

    @pytest.mark.parametrize("size", [0, 1, 4, 6])
    def test_a_checkpoint_of_this_log_is_no_finding(self, followed: Followed, size: int) -> None:
        tree = searches(3).tree()
        report = self.compare(followed, tree, tree.checkpoint(size))
        assert (report["findings"], report["not_measurable"]) == ([], [])

    @pytest.mark.parametrize("size", [1, 4, 6])
    def test_what_others_were_shown_is_a_split_view(self, followed: Followed, size: int) -> None:
        tree, other = searches(3).tree(), searches(3, agency="birch-pd").tree()
        assert kinds(self.compare(followed, tree, other.checkpoint(size))) == ["split_view"]

    def test_a_larger_checkpoint_is_not_measurable(self, followed: Followed) -> None:
        report = self.compare(followed, searches(3).tree(), searches(4).tree().checkpoint())
        assert report["not_measurable"] == [
            {"what": "a checkpoint of 8 entries", "why": "the log shows only 6 here so far"}
        ]


class TestChains:
    def test_a_gap_is_found_and_the_log_followed_on(self, followed: Followed) -> None:
        entries = searches(3).entries
        del entries[2:4]
        report = followed.look(Tree.of(entries))
        assert report["findings"] == [
            {
                "kind": "gap",
                "what": "entries of an agency are missing",
                "where": "entry 2, agency alder-pd",
                "expected": "sequence 2",
                "got": "sequence 4",
                "evidence": [],
                "proof": [],
            }
        ]

    def test_a_gap_between_two_looks_is_found(self, followed: Followed) -> None:
        entries = searches(3).entries
        followed.look(Tree.of(entries[:2]))
        assert kinds(followed.look(Tree.of([*entries[:2], *entries[4:]]))) == ["gap"]

    def test_a_fork_of_a_chain_is_found(self, followed: Followed) -> None:
        entries = searches(1).entries
        other = leaf("search:plate:requested", sequence=2, previous=PACK)
        assert kinds(followed.look(Tree.of([*entries, other]))) == ["fork"]

    def test_an_entry_that_only_claims_to_be_a_leaf_is_found(self, followed: Followed) -> None:
        entries = searches(1).entries
        bad = entries[0].replace(b'"sequence":0', b'"sequence":-1')
        (finding,) = followed.look(Tree.of([*entries, bad]))["findings"]
        assert (finding["kind"], finding["where"]) == ("invalid_entry", "entry 2")


class TestClock:
    @pytest.mark.parametrize(("before", "found"), [(60, []), (61, ["clock"])])
    def test_an_hour_that_has_not_begun_is_found(
        self, followed: Followed, before: int, found: list[str]
    ) -> None:
        book = Book()
        book.add("search:plate:requested", hours=1)
        followed.now = NOW + 3540 - before
        assert kinds(followed.look(book.tree())) == found

    def test_an_hour_to_come_says_where_and_stays_found(self, followed: Followed) -> None:
        book = searches(1)
        book.add("search:plate:requested", hours=48)
        followed.look(book.tree())
        followed.now += 49 * 3600
        finding, _ = followed.look()["findings"]
        assert finding == {
            "kind": "clock",
            "what": "an entry's hour had not begun when it was read",
            "where": "entry 2, agency alder-pd",
            "expected": "at most 60 s after 2026-11-02T12:01:00Z",
            "got": "2026-11-04T12:00:00Z",
            "evidence": [],
            "proof": [],
        }

    def test_entries_after_an_hour_to_come_are_judged_by_the_hours_before_it(
        self, followed: Followed
    ) -> None:
        book = Book()
        for hours in (0, 48, 0, 0, 1, 2, 1):
            book.add("hotlist:hit:raised", hours=hours)
        followed.now += 3 * 3600
        found = followed.look(book.tree())["findings"]
        assert [(each["kind"], each["where"], each["expected"]) for each in found] == [
            ("clock", "entry 1, agency alder-pd", "at most 60 s after 2026-11-02T15:01:00Z"),
            ("clock", "entry 6", "2026-11-02T14:00:00Z or later"),
        ]

    def test_a_clock_that_stays_ahead_is_found_once_also_between_looks(self, followed: Followed) -> None:
        book = Book()
        for _ in range(3):
            book.add("hotlist:hit:raised", hours=48)
        followed.look(book.tree())
        for hours in (48, 49, 0, 50):
            book.add("hotlist:hit:raised", hours=hours)
        found = followed.look(book.tree())["findings"]
        assert [each["where"] for each in found] == ["entry 0, agency alder-pd", "entry 6, agency alder-pd"]

    def test_a_clock_that_ran_back_is_found_where_it_did(self, followed: Followed) -> None:
        book = Book()
        for hours in (0, 48, 0, 0, 1, 0):
            book.add("hotlist:hit:raised", hours=hours)
        followed.now += 30 * DAY
        found = followed.look(book.tree())["findings"]
        assert [(each["where"], each["expected"], each["got"]) for each in found] == [
            ("entry 2", "2026-11-04T12:00:00Z or later", "2026-11-02T12:00:00Z"),
            ("entry 5", "2026-11-02T13:00:00Z or later", "2026-11-02T12:00:00Z"),
        ]
