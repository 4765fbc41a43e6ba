"""With which period a search is told, and when."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gatehouse.web.portal.precision import (
    PEOPLE,
    SEARCHERS,
    Placing,
    Precision,
    begins,
    ends,
    place,
)
from gatehouse.web.portal.seen import Seen

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def seen(officer: int, at: datetime = NOON, agency: str = "alder-pd", *, opened: bool = True) -> Seen:
    return Seen(
        "search",
        agency,
        begins(at, Precision.HOUR),
        "released",
        at,
        officer=f"o{officer}",
        purpose="criminal_warrant",
        decided=int(at.timestamp()),
        opened=opened,
    )


def placed(*searches: Seen, now: datetime = NOON + 60 * DAY, searchers: int = SEARCHERS) -> Placing:
    return place(searches, now=now, searchers=lambda _agency: searchers, delay=lambda _seen: DAY)


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
                groups.setdefault((each.precision, each.begins), set()).add(each.seen.officer)
            if each.precision is Precision.HOUR:
                assert searchers >= SEARCHERS
        assert all(len(people) >= PEOPLE for people in groups.values())
