"""What a monitor finds between entries: intents without outcomes, and counts that differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatehouse.ledger.counters import read_counters
from gatehouse.ledger.lives import Lives, known_by
from gatehouse.ledger.watch import Watch
from gatehouse.model import BadInput
from tests.unit.ledger.followed import DAY, NOW, Followed, kinds, searches
from tests.unit.ledger.published import NOON, Book


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


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
                "proof": [],
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
                "proof": [],
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
