"""With which period a search is told, and when."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatehouse.model import SearchState
from gatehouse.web.portal.precision import (
    PEOPLE,
    SEARCHERS,
    Placing,
    Precision,
    begins,
    ends,
    place,
)
from gatehouse.web.portal.seen import FOLLOWED, People, Seen

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RELEASED = ("search:plate:requested", "search:plate:permitted", "search:plate:released")
REVIEWED = ("search:plate:requested", "search:plate:review_pending", "search:plate:approved")


def seen(officer: int, at: datetime = NOON, agency: str = "alder-pd", **more: Any) -> Seen:
    found = Seen(
        "search",
        agency,
        begins(at, Precision.HOUR),
        SearchState.RELEASED,
        at,
        begins(at, Precision.HOUR),
        People(f"o{officer}", f"o{officer}"),
        RELEASED,
        purpose="criminal_warrant",
        decided=int(at.timestamp()),
    )
    return replace(found, **more)


def placed(*searches: Seen, now: datetime = NOON + 60 * DAY, searchers: int = SEARCHERS) -> Placing:
    return place(searches, now=now, searchers=lambda _agency, _at: searchers, delay=lambda _seen: DAY)


def told(placing: Placing) -> Counter[Precision]:
    return Counter(each.precision for each in placing.told)


class TestPlace:
    def test_place_three_people_of_a_large_agency_in_an_hour_gives_the_hour(self) -> None:
        found = placed(*(seen(n, NOON + timedelta(minutes=n)) for n in range(PEOPLE)))
        assert [(each.precision, each.begins) for each in found.told] == [(Precision.HOUR, NOON)] * PEOPLE

    def test_place_small_agency_gives_the_day(self) -> None:
        found = placed(*map(seen, range(PEOPLE)), searchers=SEARCHERS - 1)
        assert told(found) == {Precision.DAY: PEOPLE}
        assert found.told[0].begins == NOON.replace(hour=0)

    def test_place_two_people_in_an_hour_are_told_with_others_of_the_day(self) -> None:
        evening = NOON + timedelta(hours=8)
        found = placed(seen(1), seen(2), seen(3, evening))
        assert told(found) == {Precision.DAY: 3}

    def test_place_one_person_many_times_is_told_with_the_month_only(self) -> None:
        found = placed(*(seen(1, NOON + timedelta(minutes=n)) for n in range(9)))
        assert told(found) == {Precision.WITHHELD: 9}
        assert {each.begins for each in found.told} == {NOON.replace(day=1, hour=0)}

    def test_place_three_people_in_a_month_give_the_month(self) -> None:
        found = placed(*(seen(n, NOON + n * DAY) for n in range(3)))
        assert told(found) == {Precision.MONTH: 3}

    def test_place_people_of_another_agency_protect_nobody(self) -> None:
        found = placed(seen(1), seen(2, agency="birch-so"), seen(3, agency="birch-so"))
        assert told(found) == {Precision.WITHHELD: 3}

    def test_place_hour_that_is_over_waits_for_the_delay(self) -> None:
        searches = [seen(n) for n in range(PEOPLE)]
        end = NOON + timedelta(hours=1) + DAY
        assert placed(*searches, now=end - timedelta(seconds=1)).told == ()
        assert len(placed(*searches, now=end - timedelta(seconds=1)).waiting) == PEOPLE
        assert told(placed(*searches, now=end)) == {Precision.HOUR: PEOPLE}

    def test_place_what_a_destroyed_key_sealed_keeps_its_row_and_protects_nobody(self) -> None:
        found = placed(seen(1), seen(2), seen(3, opened=False))
        assert told(found) == {Precision.WITHHELD: 3}

    def test_place_month_of_which_a_day_has_ended_tells_no_details(self) -> None:
        searches = [seen(n, NOON + n * DAY) for n in range(4)]
        assert told(placed(*searches)) == {Precision.MONTH: 4}
        ended = [seen(0, NOON, opened=False), *searches[1:]]
        assert told(placed(*ended)) == {Precision.WITHHELD: 4}

    def test_place_search_that_looks_otherwise_in_the_tiles_is_protected_by_nobody_else(self) -> None:
        denied = seen(3, state=SearchState.DENIED, trace=("search:plate:requested", "search:plate:denied"))
        found = placed(*map(seen, range(3)), denied)
        assert told(found) == {Precision.HOUR: 3, Precision.WITHHELD: 1}

    def test_place_standing_search_is_not_protected_by_searches(self) -> None:
        found = placed(*map(seen, range(3)), seen(3, kind="standing"))
        assert told(found) == {Precision.HOUR: 3, Precision.WITHHELD: 1}

    def test_place_searches_entered_by_one_person_are_told_without_details(self) -> None:
        found = placed(*(seen(n, people=People(f"o{n}", "dispatcher")) for n in range(5)))
        assert told(found) == {Precision.WITHHELD: 5}

    def test_place_searches_reviewed_by_one_person_are_told_without_details(self) -> None:
        def reviewed(n: int, by: int) -> Seen:
            people = People(f"o{n}", f"o{n}", frozenset({f"r{by}"}))
            return seen(n, trace=REVIEWED, people=people)

        assert told(placed(*(reviewed(n, 0) for n in range(5)))) == {Precision.WITHHELD: 5}
        assert told(placed(*(reviewed(n, n) for n in range(3)))) == {Precision.HOUR: 3}

    def test_place_person_who_is_not_named_is_nobody(self) -> None:
        found = placed(seen(1), seen(2), seen(3, people=People(None, "o3")))
        assert told(found) == {Precision.WITHHELD: 3}

    def test_place_search_under_review_holds_its_hour_back_until_it_is_settled(self) -> None:
        pending = seen(3, state=SearchState.REVIEW_PENDING, trace=REVIEWED[:2])
        searches = [*map(seen, range(3)), pending]
        early = NOON + timedelta(hours=1) + DAY
        assert len(placed(*searches, now=early).waiting) == 4
        over = NOON + FOLLOWED + DAY
        assert len(placed(*searches, now=over - timedelta(seconds=1)).waiting) == 4
        assert told(placed(*searches, now=over))[Precision.HOUR] == 3

    def test_place_agency_that_has_grown_tells_its_past_as_before(self) -> None:
        def searchers(_agency: str, at: datetime) -> int:
            return SEARCHERS if at > NOON else SEARCHERS - 1

        later = NOON + 60 * DAY
        found = place(map(seen, range(3)), now=later, searchers=searchers, delay=lambda _seen: DAY)
        assert told(found) == {Precision.DAY: 3}

    def test_place_order_within_a_day_does_not_follow_the_time(self) -> None:
        searches = [seen(n, NOON + timedelta(hours=n)) for n in range(5)]
        first = placed(*searches, searchers=1)
        second = placed(*reversed(searches), searchers=1)
        keys = [(each.seen.purpose, each.seen.state) for each in first.told]
        assert keys == [(each.seen.purpose, each.seen.state) for each in second.told]

    @given(
        st.lists(st.tuples(st.integers(0, 6), st.integers(0, 60 * 24 * 70)), max_size=60),
        st.integers(0, 80),
        st.sampled_from((1, SEARCHERS)),
    )
    def test_place_any_searches_leaves_none_out_and_tells_none_of_a_few(
        self, made: list[tuple[int, int]], days: int, searchers: int
    ) -> None:
        searches = [seen(who, NOON + timedelta(minutes=minute)) for who, minute in made]
        now = NOON + days * DAY
        found = placed(*searches, now=now, searchers=searchers)
        assert len(found.told) + len(found.waiting) == len(searches)
        groups: dict[tuple[Precision, datetime], set[str | None]] = {}
        for each in found.told:
            assert (
                ends(
                    each.begins,
                    each.precision if each.precision is not Precision.WITHHELD else Precision.MONTH,
                )
                + DAY
                <= now
            )
            if each.precision is not Precision.WITHHELD:
                groups.setdefault((each.precision, each.begins), set()).add(each.seen.people.officer)
            if each.precision is Precision.HOUR:
                assert searchers >= SEARCHERS
        assert all(len(people) >= PEOPLE for people in groups.values())
