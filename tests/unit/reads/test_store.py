"""What every read store promises, on both back ends."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatehouse.model import BadUse
from gatehouse.reads import Lookup, ReadBatch, ReadStore, SealedRead, StoreRefused, init_reads, open_reads
from gatehouse.reads.rows import DAY_MINUTES
from gatehouse.reads.store import take_in
from tests.unit.reads.examples import BUCKET, TODAY, asked, batch, sealed, token

ALDER, BIRCH = sealed("one"), sealed("one", owner="birch-pd", read="r2")


class TestAdd:
    def test_new_batch_is_found_and_counted(self, store: ReadStore) -> None:
        assert store.last_batch("alder-1") == 0
        assert store.add([batch(1, ALDER)]) == [True]
        assert store.last_batch("alder-1") == 1
        assert store.lookup(asked(ALDER), owners=["alder-pd"]) == [ALDER]

    def test_same_number_again_stores_nothing(self, store: ReadStore) -> None:
        store.add([batch(1, ALDER)])
        other = sealed("two", read="r9")
        assert store.add([batch(1, other)]) == [False]
        assert store.lookup(asked(other), owners=["alder-pd"]) == []

    def test_number_below_the_newest_stores_nothing(self, store: ReadStore) -> None:
        assert store.add([batch(7)]) == [True]
        assert store.add([batch(6, ALDER)]) == [False]
        assert store.last_batch("alder-1") == 7

    def test_batches_of_one_camera_out_of_order_are_all_taken(self, store: ReadStore) -> None:
        two = sealed("two", read="r2")
        assert store.add([batch(2, two), batch(1, ALDER), batch(2, two)]) == [True, True, False]
        assert store.lookup(asked(ALDER, two), owners=["alder-pd"]) == [ALDER, two]

    def test_cameras_have_numbers_of_their_own(self, store: ReadStore) -> None:
        one, two = batch(3, ALDER, camera="alder-1"), batch(1, BIRCH, camera="birch-1")
        assert store.add([one, two]) == [True, True]
        assert (store.last_batch("alder-1"), store.last_batch("birch-1")) == (3, 1)

    def test_row_stored_already_is_refused_and_the_whole_call_undone(self, store: ReadStore) -> None:
        store.add([batch(1, ALDER)])
        with pytest.raises(StoreRefused, match="stored already"):
            store.add([batch(2, sealed("two", read="r2"), ALDER), batch(1, BIRCH, camera="birch-1")])
        assert (store.last_batch("alder-1"), store.last_batch("birch-1")) == (1, 0)
        assert store.lookup(asked(sealed("two"), BIRCH), owners=["alder-pd", "birch-pd"]) == [ALDER]

    def test_rows_of_several_days_are_all_found(self, store: ReadStore) -> None:
        rows = [sealed("one", bucket=BUCKET + days * DAY_MINUTES, read=f"r{days}") for days in range(-3, 3)]
        store.add([batch(1, *rows)])
        assert store.lookup(asked(*rows), owners=["alder-pd"]) == rows

    def test_nothing_is_stored_as_nothing(self, store: ReadStore) -> None:
        assert store.add([]) == []

    @pytest.mark.parametrize(
        "wrong",
        [
            ReadBatch("alder-1", 0, ()),
            ReadBatch("alder-1", 2**63, ()),
            ReadBatch("", 1, ()),
            ReadBatch("a\0b", 1, ()),
            batch(1, SealedRead(b"short", BUCKET, "alder-pd", token("r1"), b"")),
            batch(1, SealedRead(token("one"), BUCKET, "alder-pd", b"short", b"")),
            batch(1, SealedRead(token("one"), -1, "alder-pd", token("r1"), b"")),
            batch(1, SealedRead(token("one"), 2**31, "alder-pd", token("r1"), b"")),
            batch(1, SealedRead(token("one"), BUCKET, "", token("r1"), b"")),
            batch(1, SealedRead(token("one"), BUCKET, "\ud800", token("r1"), b"")),
        ],
        ids=lambda wrong: f"{wrong.number}-{len(wrong.rows)}",
    )
    def test_batch_that_no_intake_makes_is_refused(self, store: ReadStore, wrong: ReadBatch) -> None:
        with pytest.raises(BadUse):
            store.add([batch(1, sealed("two", read="r2"), camera="birch-1"), wrong])
        assert store.last_batch("birch-1") == 0


class TestLookup:
    def test_owner_that_did_not_permit_is_left_out(self, store: ReadStore) -> None:
        store.add([batch(1, ALDER, BIRCH)])
        assert store.lookup(asked(ALDER), owners=["birch-pd"]) == [BIRCH]
        assert store.lookup(asked(ALDER), owners={"alder-pd", "birch-pd"}) == [ALDER, BIRCH]

    def test_token_in_another_bucket_is_left_out(self, store: ReadStore) -> None:
        later = sealed("one", bucket=BUCKET + 60, read="r2")
        store.add([batch(1, ALDER, later)])
        assert store.lookup(asked(later), owners=["alder-pd"]) == [later]

    def test_tokens_and_buckets_do_not_cross(self, store: ReadStore) -> None:
        two = sealed("two", bucket=BUCKET + 60, read="r2")
        store.add([batch(1, ALDER, two)])
        crossed = [Lookup(two.bucket, ALDER.token), Lookup(ALDER.bucket, two.token)]
        assert store.lookup(crossed, owners=["alder-pd"]) == []

    def test_lookup_asked_twice_is_answered_once(self, store: ReadStore) -> None:
        store.add([batch(1, ALDER)])
        assert store.lookup(asked(ALDER, ALDER), owners=["alder-pd", "alder-pd"]) == [ALDER]

    def test_day_without_reads_is_empty(self, store: ReadStore) -> None:
        assert store.lookup([Lookup(0, token("one"))], owners=["alder-pd"]) == []
        assert store.lookup([], owners=["alder-pd"]) == []


class TestDeletion:
    def test_expire_deletes_one_owners_buckets_before_the_minute(self, store: ReadStore) -> None:
        rows = [sealed("one", bucket=BUCKET + minutes, read=f"r{minutes}") for minutes in (-1, 0, 1)]
        birch = sealed("one", owner="birch-pd", bucket=BUCKET - 1, read="b")
        store.add([batch(1, *rows, birch)])
        assert store.expire(owner="alder-pd", before=BUCKET + 1) == 2
        assert store.lookup(asked(*rows), owners=["alder-pd", "birch-pd"]) == [birch, rows[2]]

    def test_expire_again_finds_what_came_late(self, store: ReadStore) -> None:
        store.add([batch(1, ALDER)])
        assert store.expire(owner="alder-pd", before=BUCKET + 1) == 1
        store.add([batch(2, ALDER)])
        assert store.expire(owner="alder-pd", before=BUCKET + 1) == 1

    def test_expire_back_in_time_deletes_nothing_more(self, store: ReadStore) -> None:
        later = sealed("one", bucket=BUCKET + 5, read="r2")
        store.add([batch(1, later)])
        assert store.expire(owner="alder-pd", before=BUCKET + 5) == 0
        assert store.expire(owner="alder-pd", before=BUCKET) == 0
        assert store.lookup(asked(later), owners=["alder-pd"]) == [later]

    def test_expire_owners_takes_each_at_its_own_minute(self, store: ReadStore) -> None:
        rows = [
            sealed("one", owner=owner, bucket=BUCKET + minutes, read=f"{owner} {minutes}")
            for owner in ("alder-pd", "birch-pd")
            for minutes in (0, 10)
        ]
        store.add([batch(1, *rows)])
        assert store.expire_owners({"alder-pd": BUCKET + 1, "birch-pd": BUCKET + 2 * DAY_MINUTES}) == 3
        assert store.lookup(asked(*rows), owners=["alder-pd", "birch-pd"]) == [rows[1]]

    def test_drop_days_drops_only_days_that_have_ended(self, store: ReadStore) -> None:
        rows = [sealed("one", bucket=(TODAY + days) * DAY_MINUTES, read=f"r{days}") for days in (-2, -1, 0)]
        store.add([batch(1, *rows)])
        assert store.drop_days(BUCKET - 1) == 1
        assert store.lookup(asked(*rows), owners=["alder-pd"]) == rows[1:]
        assert store.drop_days(BUCKET) == 1
        assert store.drop_days(BUCKET) == 0
        assert store.lookup(asked(*rows), owners=["alder-pd"]) == rows[2:]

    def test_dropped_day_can_be_filled_again(self, store: ReadStore) -> None:
        store.add([batch(1, ALDER)])
        assert store.drop_days(BUCKET + DAY_MINUTES) >= 1
        assert store.add([batch(2, ALDER)]) == [True]
        assert store.lookup(asked(ALDER), owners=["alder-pd"]) == [ALDER]


def test_store_opened_again_holds_what_was_acknowledged(url: str) -> None:
    first = open_reads(url)
    first.add([batch(4, ALDER)])
    first.close()
    init_reads(url)
    second = open_reads(url)
    assert second.last_batch("alder-1") == 4
    assert second.lookup(asked(ALDER), owners=["alder-pd"]) == [ALDER]
    second.close()


def test_threads_that_add_and_look_up_at_once_lose_nothing(store: ReadStore) -> None:
    cameras, numbers, each = 4, 10, 20

    def rows(camera: int, number: int) -> list[SealedRead]:
        return [sealed(f"{camera} {number} {row}", bucket=BUCKET + number * 200) for row in range(each)]

    def add(camera: int) -> list[bool]:
        return [
            stored
            for number in range(1, numbers + 1)
            for stored in store.add([batch(number, *rows(camera, number), camera=f"camera-{camera}")])
        ]

    def look(camera: int) -> Iterator[int]:
        for number in range(1, numbers + 1):
            yield len(store.lookup(asked(*rows(camera, number)), owners=["alder-pd"]))

    with ThreadPoolExecutor(cameras * 2) as pool:
        adding = pool.map(add, range(cameras))
        looking = pool.map(lambda camera: list(look(camera)), range(cameras))
        assert list(adding) == [[True] * numbers] * cameras
        # A batch is there whole or not at all.
        assert {seen for one in looking for seen in one} <= {0, each}
    assert [list(look(camera)) for camera in range(cameras)] == [[each] * numbers] * cameras


def test_same_batch_from_many_threads_is_stored_once(store: ReadStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: store.add([batch(1, ALDER)]), range(8)))
    assert sorted(found) == [[False]] * 7 + [[True]]
    assert store.lookup(asked(ALDER), owners=["alder-pd"]) == [ALDER]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 6)), max_size=12),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 4)),
)
def test_take_in_agrees_with_one_batch_after_the_other(
    calls: list[tuple[str, int]], had: dict[str, int]
) -> None:
    batches = [ReadBatch(camera, number, (sealed(f"{camera}{number}"),)) for camera, number in calls]
    intake = take_in(batches, had)
    expected = {(camera, number) for camera, number in calls if number > had.get(camera, 0)}
    taken = [each for each, new in zip(calls, intake.new, strict=True) if new]
    assert len(taken) == len(expected) and set(taken) == expected
    assert [row[0] for row in intake.rows] == sorted(
        token(f"{camera}{number}") for camera, number in expected
    )
    newest = {camera: max(n for c, n in expected if c == camera) for camera, _ in expected}
    assert intake.numbers == newest
