"""A log followed over time: what a sound one reports, and each thing that a monitor finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatehouse.ledger.counters import read_counters
from gatehouse.ledger.errors import InvalidTile, LogCorrupt, UntrustedNote
from gatehouse.ledger.lives import Lives, known_by
from gatehouse.ledger.monitor import Monitor
from gatehouse.ledger.source import open_source
from gatehouse.ledger.watch import Finding, Watch
from gatehouse.model import BadInput, BadUse
from tests.unit.ledger.published import NOON, ORIGIN, PACK, Book, Tree, leaf, log_signer

KEY = log_signer().vkey
NOW = int(NOON.timestamp()) + 60
DAY = 24 * 3600


class Followed:
    """A log in a directory and its monitor, made anew for each look as a timer would start it."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        self.state = folder / "state.json"
        self.now = float(NOW)

    def look(self, tree: Tree | None = None, size: int | None = None) -> dict[str, Any]:
        if tree is not None:
            tree.publish(self.log, size)
        monitor = self.monitor()
        with open_source(self.log) as source:
            monitor.follow(source)
        return monitor.report().as_document()

    def monitor(self) -> Monitor:
        return Monitor(self.state, keys=[KEY], clock=lambda: self.now)


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


def kinds(report: dict[str, Any]) -> list[str]:
    return [each["kind"] for each in report["findings"]]


def searches(count: int, *, agency: str = "alder-pd", outcome: str = "denied") -> Book:
    book = Book()
    for _ in range(count):
        book.add("search:plate:requested", agency=agency)
        book.add(f"search:plate:{outcome}", agency=agency)
    return book


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
        }


class TestLives:
    @pytest.mark.parametrize(
        ("states", "late"),
        [
            (["requested"], [("requested", 900)]),
            (["requested", "denied"], []),
            (["requested", "permitted"], [("permitted|approved", 900)]),
            (["requested", "permitted", "released"], []),
            (["requested", "permitted", "failed"], []),
            (["requested", "review_pending"], [("review_pending", DAY)]),
            (["requested", "review_pending", "expired"], []),
            (["requested", "review_pending", "approved"], [("permitted|approved", 900)]),
            (["requested", "review_pending", "approved", "released"], []),
        ],
    )
    def test_an_intent_without_its_next_step_is_found_after_its_time(
        self, followed: Followed, states: list[str], late: list[tuple[str, int]]
    ) -> None:
        book = Book()
        for state in states:
            book.add(f"search:plate:{state}")
        tree = book.tree()
        assert followed.look(tree)["findings"] == []
        for stage, seconds in late:
            followed.now = NOW + seconds
            assert followed.look(tree)["findings"] == []
            followed.now += 1
            (finding,) = followed.look(tree)["findings"]
            assert finding == {
                "kind": "no_outcome",
                "what": "intents have come to no outcome",
                "where": f"agency alder-pd, search:plate:{stage}",
                "expected": "an outcome for each",
                "got": "at least 1 without one, the first since 2026-11-02T12:01:00Z or earlier",
                "evidence": [],
            }
        followed.now = NOW + 9 * DAY
        assert len(followed.look(tree)["findings"]) == len(late)

    def test_an_outcome_that_comes_late_ends_the_finding(self, followed: Followed) -> None:
        book = Book()
        book.add("search:plate:requested")
        followed.look(book.tree())
        followed.now += 901
        assert kinds(followed.look()) == ["no_outcome"]
        book.add("search:plate:denied")
        assert kinds(followed.look(book.tree())) == []

    def test_outcomes_are_set_against_the_oldest_of_their_own_agency(self) -> None:
        lives = Lives()
        for at in (10, 10, 20, 30):
            lives.take("a", "search:plate:requested", at)
        lives.take("b", "search:plate:requested", 10)
        for _ in range(3):
            assert lives.take("a", "search:plate:denied", 40) is None
        late = lives.overdue(now=100, seconds=0, review_seconds=0)
        assert [(each.agency, each.count, each.since) for each in late] == [("a", 1, 30), ("b", 1, 10)]
        assert Lives.from_document(lives.as_document()).as_document() == lives.as_document()

    def test_an_outcome_without_an_intent_is_found(self, followed: Followed) -> None:
        book = Book()
        for state in ("requested", "permitted", "released", "released"):
            book.add(f"search:plate:{state}")
        (finding,) = followed.look(book.tree())["findings"]
        assert (finding["kind"], finding["where"], finding["expected"], finding["got"]) == (
            "no_intent",
            "entry 3, agency alder-pd",
            "permitted|approved before it",
            "search:plate:released",
        )

    def test_hits_are_no_intents(self) -> None:
        lives = Lives()
        assert lives.take("a", "hotlist:hit:raised", 1) is None
        assert lives.take("a", "log:key:rotated", 1) is None
        assert lives.waiting == {}

    def test_an_old_log_is_known_by_the_ends_of_its_hours(self) -> None:
        noon = int(NOON.timestamp())
        assert known_by("2026-11-02T12:00:00Z", noon + 60) == noon + 60
        assert known_by("2026-11-02T12:00:00Z", noon + DAY) == noon + 3600


class TestCounters:
    def counters(self, **changed: object) -> str:
        document = {
            "schema": "gatehouse-counters/1",
            "by": "vault",
            "name": "vault-1",
            "day": "2026-11-02",
            "events": ["search:plate:denied"],
            "counts": [{"agency": "alder-pd", "event": "search:plate:denied", "count": 3}],
        }
        return json.dumps({**document, **changed})

    def report(self, followed: Followed, text: str, *, days: float = 2) -> dict[str, Any]:
        followed.look(searches(3).tree())
        followed.now = NOW + days * DAY
        return followed.monitor().report([read_counters(text)]).as_document()

    def test_counters_that_agree_are_no_finding(self, followed: Followed) -> None:
        report = self.report(followed, self.counters())
        assert (report["findings"], report["not_measurable"]) == ([], [])

    @pytest.mark.parametrize(("by", "counted", "expected"), [("vault", 2, "3"), ("vault", 4, "3")])
    def test_a_vault_s_count_must_be_the_log_s(
        self, followed: Followed, by: str, counted: int, expected: str
    ) -> None:
        rows = [{"agency": "alder-pd", "event": "search:plate:denied", "count": counted}]
        assert self.report(followed, self.counters(by=by, counts=rows))["findings"] == [
            {
                "kind": "counters_differ",
                "what": "what the vault counted is not what the log records",
                "where": "vault-1, 2026-11-02, agency alder-pd, search:plate:denied",
                "expected": expected,
                "got": str(counted),
                "evidence": [],
            }
        ]

    def test_an_agency_that_a_vault_leaves_out_counts_nothing(self, followed: Followed) -> None:
        (finding,) = self.report(followed, self.counters(counts=[]))["findings"]
        assert (finding["expected"], finding["got"]) == ("3", "0")

    def test_an_agency_that_the_log_does_not_know_is_found(self, followed: Followed) -> None:
        rows = [
            {"agency": "alder-pd", "event": "search:plate:denied", "count": 3},
            {"agency": "birch-pd", "event": "search:plate:denied", "count": 1},
        ]
        (finding,) = self.report(followed, self.counters(counts=rows))["findings"]
        assert (finding["where"], finding["expected"]) == (
            "vault-1, 2026-11-02, agency birch-pd, search:plate:denied",
            "0",
        )

    @pytest.mark.parametrize(("counted", "found"), [(0, []), (3, []), (4, ["at most 3"])])
    def test_an_owner_s_count_must_not_be_above_the_log_s(
        self, followed: Followed, counted: int, found: list[str]
    ) -> None:
        rows = [{"agency": "alder-pd", "event": "search:plate:denied", "count": counted}]
        report = self.report(followed, self.counters(by="owner", counts=rows))
        assert [each["expected"] for each in report["findings"]] == found

    def test_a_day_that_is_not_over_is_not_measurable(self, followed: Followed) -> None:
        report = self.report(followed, self.counters(counts=[]), days=0.5)
        assert report["findings"] == []
        assert report["not_measurable"] == [
            {"what": "counters of vault vault-1 for 2026-11-02", "why": "the day is not over"}
        ]

    def test_a_day_whose_counts_are_gone_is_not_measurable(self) -> None:
        watch = Watch()
        for day in ("2025-09-28", "2025-09-29", "2026-11-02", "2026-11-03", "2026-11-04", "9999-12-31"):
            watch.count(day, "a", "search:plate:denied")
        watch.forget_days(NOW)
        assert sorted(watch.days) == ["2025-09-29", "2026-11-02", "2026-11-03"]
        assert [watch.compares(day, NOW) for day in ("2025-09-28", "2025-09-29", "2026-11-03")] == [
            False,
            True,
            True,
        ]
        watch.forget_days(NOW + DAY)
        assert (sorted(watch.days), watch.first_day) == (["2026-11-02", "2026-11-03"], "2025-09-30")
        # A clock that was set back brings no counts back.
        watch.forget_days(NOW)
        assert watch.first_day == "2025-09-30"

    @pytest.mark.parametrize("day", ["2026-11-03", "9999-12-31"])
    def test_a_day_to_come_is_not_measurable(self, followed: Followed, day: str) -> None:
        report = self.report(followed, self.counters(day=day), days=0)
        assert report["not_measurable"] == [
            {"what": f"counters of vault vault-1 for {day}", "why": "the day is not over"}
        ]

    @pytest.mark.parametrize(
        "changed",
        [
            {"schema": "other"},
            {"by": "somebody"},
            {"day": "2026-11-31"},
            {"day": "20261102"},
            {"events": []},
            {"more": 1},
            {"counts": [{"agency": "a", "event": "search:plate:released", "count": 1}]},
            {"counts": [{"agency": "a", "event": "search:plate:denied", "count": -1}]},
            {"counts": [{"agency": "a", "event": "search:plate:denied", "count": True}]},
            {"counts": [{"agency": "a", "event": "search:plate:denied"}]},
            {"counts": [{"agency": 1, "event": "search:plate:denied", "count": 1}]},
            {"counts": 2 * [{"agency": "a", "event": "search:plate:denied", "count": 1}]},
        ],
    )
    def test_unclear_counters_are_refused(self, changed: dict[str, object]) -> None:
        with pytest.raises(BadInput, match="these are no counters"):
            read_counters(self.counters(**changed))

    @pytest.mark.parametrize("text", ["", "[]", "1", "{}", "[" * 100_000])
    def test_what_is_no_document_is_refused(self, text: str) -> None:
        with pytest.raises(BadInput, match="these are no counters"):
            read_counters(text)


class TestState:
    def test_a_state_is_what_was_saved(self, followed: Followed) -> None:
        followed.look(searches(300).tree())
        watch = Watch.load(followed.state)
        watch.find(Finding("gap", "found", evidence=("a", "b")))
        before = followed.state.read_bytes()
        watch.save(followed.state)
        again = Watch.load(followed.state)
        assert again.findings == [Finding("gap", "found", evidence=("a", "b"))]
        again.findings.clear()
        again.save(followed.state)
        assert followed.state.read_bytes() == before

    @pytest.mark.parametrize(
        ("part", "other"),
        [
            ('"size":6', '"size":7'),
            ("gatehouse-monitor/1", "gatehouse-monitor/2"),
            ('"nodes":["', '"nodes":["00'),
        ],
    )
    def test_a_state_that_was_changed_is_refused(self, followed: Followed, part: str, other: str) -> None:
        followed.look(searches(3).tree())
        text = followed.state.read_text()
        assert part in text
        followed.state.write_text(text.replace(part, other, 1))
        with pytest.raises(BadInput, match="no state of a monitor"):
            followed.monitor()

    def test_a_state_of_nothing_but_brackets_is_refused(self, followed: Followed) -> None:
        followed.state.write_text("[" * 100_000)
        with pytest.raises(BadInput, match="no state of a monitor"):
            followed.monitor()

    def test_findings_beyond_counting_are_counted(self) -> None:
        watch = Watch()
        for number in range(1_003):
            watch.find(Finding("gap", "found", where=str(number)))
        assert (len(watch.findings), watch.unlisted) == (1_000, 3)
        watch.find(Finding("split_view", "found"))
        assert (watch.findings[-1].kind, watch.unlisted) == ("split_view", 3)
