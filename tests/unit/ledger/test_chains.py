"""The clear part of entries, read fast and as strictly as `read_entry`; and chains that must not break."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.ledger.chains import Chains, Clear, ClearReader, LastLeaf
from gatehouse.ledger.commitment import FIELDS
from gatehouse.ledger.entry import Leaf, read_entry
from gatehouse.ledger.errors import InvalidEntry, Rollback
from gatehouse.ledger.merkle import leaf_hash
from tests.unit.ledger.published import NOON, PACK, Book, leaf

EVENTS = ["search:plate:requested", "search:plate:denied", "hotlist:hit:raised", "log:key:rotated"]


def warm() -> ClearReader:
    """Return a reader that knows the events and hours of these tests, so that it takes the fast way."""
    reader = ClearReader()
    for event in EVENTS:
        for hours in range(3):
            reader.read(leaf(event, hours=hours))
    return reader


def clear(found: Leaf) -> Clear:
    return Clear(
        found.agency,
        found.event,
        found.hour.strftime("%Y-%m-%dT%H:%M:%SZ"),
        None if found.previous is None else found.previous.hex(),
        found.sequence,
    )


def outcome(reader: ClearReader, entry: bytes) -> Clear | str:
    try:
        return reader.read(entry)
    except InvalidEntry as error:
        return error.what


def strict(entry: bytes) -> Clear | str:
    try:
        return clear(read_entry(entry))
    except InvalidEntry as error:
        return error.what


hashes = st.binary(min_size=32, max_size=32)
leaves = st.builds(
    lambda event, agency, sequence, previous, hours, pack, salt: (
        Leaf(
            event,
            agency,
            sequence,
            previous if sequence else None,
            NOON + timedelta(hours=hours),
            pack,
            {field: bytes([at]) + salt[1:] for at, field in enumerate(FIELDS)},
        ).entry
    ),
    event=st.sampled_from(EVENTS),
    agency=st.from_regex(r"[a-z0-9]{1,8}([._-][a-z0-9]{1,8}){0,3}", fullmatch=True),
    sequence=st.integers(0, 2**53 - 1),
    previous=hashes,
    hours=st.integers(0, 2),
    pack=hashes,
    salt=hashes,
)
READER = warm()


class TestClearReader:
    @settings(max_examples=300)
    @given(entry=leaves)
    def test_a_leaf_reads_as_the_strict_reader_reads_it(self, entry: bytes) -> None:
        assert outcome(READER, entry) == strict(entry)

    @settings(max_examples=1500)
    @given(
        entry=leaves,
        at=st.integers(0, 2000),
        change=st.sampled_from([b"", b"a", b"A", b"0", b'"', b"}", b",", b" ", b"\xff", b"\\"]),
        cut=st.integers(0, 2),
    )
    def test_a_leaf_with_a_change_reads_as_the_strict_reader_reads_it(
        self, entry: bytes, at: int, change: bytes, cut: int
    ) -> None:
        at %= len(entry)
        changed = entry[:at] + change + entry[at + cut :]
        assert outcome(READER, changed) == strict(changed)

    @given(entry=leaves, change=st.sampled_from([b"a", b"0", b".a", b"-0", b'"', b"}"]))
    def test_a_leaf_with_more_after_its_commitments_is_no_leaf(self, entry: bytes, change: bytes) -> None:
        end = entry.index(b'},"event"')
        changed = entry[:end] + change + entry[end:]
        assert outcome(READER, changed) == strict(changed) == "an entry is no leaf"

    @pytest.mark.parametrize("field", FIELDS)
    def test_a_key_of_commitments_that_is_another_word_is_refused(self, field: str) -> None:
        entry = leaf("search:plate:denied", sequence=1, previous=PACK)
        for place, letter in enumerate(field):
            other = field[:place] + ("b" if letter == "a" else "a") + field[place + 1 :]
            changed = entry.replace(f'"{field}":'.encode(), f'"{other}":'.encode())
            assert outcome(READER, changed) == strict(changed) == "an entry is no leaf"


class TestChains:
    def test_agencies_are_followed_each_for_itself(self) -> None:
        book = Book()
        for agency in ("a", "b", "a", "a", "b"):
            book.add("search:plate:requested", agency=agency)
        chains = Chains()
        for index, entry in enumerate(book.entries):
            chains.check(index, entry, leaf_hash(entry))
        assert chains.agencies == {
            "a": LastLeaf(2, leaf_hash(book.entries[3]).hex()),
            "b": LastLeaf(1, leaf_hash(book.entries[4]).hex()),
        }
        assert (chains.leaves, chains.foreign, chains.hour) == (5, 0, "2026-11-02T12:00:00Z")

    def test_what_is_no_leaf_says_where(self) -> None:
        broken = leaf(EVENTS[0]).replace(b"gatehouse-leaf/1", b"gatehouse-leaf/9")
        with pytest.raises(InvalidEntry) as caught:
            Chains().check(7, broken, leaf_hash(broken))
        assert caught.value.where == "entry 7"

    def test_a_missing_entry_is_a_gap_that_says_where(self) -> None:
        book = Book()
        for _ in range(3):
            book.add("search:plate:requested")
        chains = Chains()
        chains.check(0, book.entries[0], leaf_hash(book.entries[0]))
        with pytest.raises(InvalidEntry, match="entries of an agency are missing") as caught:
            chains.check(1, book.entries[2], leaf_hash(book.entries[2]))
        assert (caught.value.where, caught.value.expected, caught.value.got) == (
            "entry 1, agency alder-pd",
            "sequence 1",
            "sequence 2",
        )

    def test_a_chain_that_begins_late_is_a_gap(self) -> None:
        entry = leaf("search:plate:requested", sequence=1, previous=PACK)
        with pytest.raises(InvalidEntry, match="missing"):
            Chains().check(0, entry, leaf_hash(entry))

    def test_a_sequence_that_stands_twice_is_a_fork(self) -> None:
        entry = leaf("search:plate:requested")
        chains = Chains()
        chains.check(0, entry, leaf_hash(entry))
        with pytest.raises(InvalidEntry, match="runs back"):
            chains.check(1, entry, leaf_hash(entry))

    def test_another_previous_leaf_is_a_fork(self) -> None:
        first = leaf("search:plate:requested")
        second = leaf("search:plate:denied", sequence=1, previous=PACK)
        chains = Chains()
        chains.check(0, first, leaf_hash(first))
        with pytest.raises(InvalidEntry, match="does not follow") as caught:
            chains.check(1, second, leaf_hash(second))
        assert caught.value.expected == f"previous {leaf_hash(first).hex()}"

    def test_an_earlier_hour_is_a_clock_set_back(self) -> None:
        book = Book()
        book.add("search:plate:requested", agency="a", hours=1)
        book.add("search:plate:requested", agency="b", hours=0)
        chains = Chains()
        chains.check(0, book.entries[0], leaf_hash(book.entries[0]))
        with pytest.raises(Rollback, match="clock has run back"):
            chains.check(1, book.entries[1], leaf_hash(book.entries[1]))

    def test_following_goes_on_after_a_break(self) -> None:
        book = Book()
        for _ in range(5):
            book.add("search:plate:requested")
        chains, kinds = Chains(), []
        for index in (0, 2, 3, 1, 2, 4):
            _, broken = chains.follow(index, book.entries[index], leaf_hash(book.entries[index]))
            kinds.append(broken.kind if broken else None)
        assert kinds == [None, "gap", None, "fork", None, "gap"]

    def test_a_foreign_entry_has_no_chain(self) -> None:
        chains = Chains()
        for entry in (b"", b"one", b"\xff", b'{"agency":"alder-pd","sequence":9}'):
            assert chains.follow(0, entry, leaf_hash(entry)) == (None, None)
        assert (chains.leaves, chains.foreign, chains.agencies) == (0, 4, {})
