"""Leaves: one spelling, one grammar, and nothing in clear but what may be."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.ledger.canonical import Json, from_canonical, to_canonical
from gatehouse.ledger.entry import FIELDS, Leaf, draft_entry, read_entry
from gatehouse.ledger.errors import InvalidEntry
from gatehouse.model import (
    SEARCH_ENDS,
    SEARCH_STEPS,
    BadUse,
    HitState,
    ListState,
    LogEvent,
    SearchState,
    StandingState,
)
from tests.unit.ledger.entries import AT, PACK, searched

VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class TestCanonical:
    @given(VALUES)
    def test_value_reads_back_from_its_spelling(self, value: Json) -> None:
        assert from_canonical(to_canonical(value)) == value

    @given(VALUES)
    def test_spelling_is_what_json_reads(self, value: Json) -> None:
        assert json.loads(to_canonical(value)) == value

    def test_keys_stand_in_the_order_of_rfc_8785(self) -> None:
        # Section 3.2.3: by UTF-16 code units, so U+1F600 comes before U+FB33.
        keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
        spelled = to_canonical(dict.fromkeys(keys))
        assert list(json.loads(spelled)) == [
            "\r",
            "1",
            "\u0080",
            "\u00f6",
            "\u20ac",
            "\U0001f600",
            "\ufb33",
        ]

    def test_string_is_escaped_as_rfc_8785_says(self) -> None:
        assert (
            to_canonical('\u20ac$\x0f\nA\'B"\\"/\x7f\x08\t\f\r')
            == '"\u20ac$\\u000f\\nA\'B\\"\\\\\\"/\x7f\\b\\t\\f\\r"'.encode()
        )

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b" 1",
            b"1\n",
            b"1.0",
            b"1e3",
            b"-0",
            b"01",
            b"NaN",
            b"Infinity",
            b"9007199254740992",
            b"-9007199254740992",
            b"1" * 5000,
            b'{"a":1,"a":1}',
            b'{"b":1,"a":1}',
            b'{"a": 1}',
            b'"\\u0041"',
            b'"\\/"',
            b'"\\ud800"',
            b'"\\u000A"',
            b"\xef\xbb\xbf1",
            b'"\xff"',
            b'"\n"',
            b"[" * 33 + b"]" * 33,
            b"[" * 100_000,
        ],
    )
    def test_other_spelling_is_refused(self, data: bytes) -> None:
        with pytest.raises(ValueError, match=r"."):
            from_canonical(data)

    @pytest.mark.parametrize("value", [0.5, float("nan"), 2**53, b"x", {1: 2}, {"a", "b"}, "\ud800"])
    def test_value_without_a_spelling_is_refused(self, value: Json) -> None:
        with pytest.raises(ValueError, match=r"."):
            to_canonical(value)

    def test_two_normal_forms_are_two_values(self) -> None:
        assert to_canonical("\u00e9") != to_canonical("e\u0301")


class TestLeaf:
    def test_entry_is_canonical_json_of_its_leaf(self) -> None:
        entry, openings = searched()
        document = json.loads(entry)
        commitments = document.pop("commitments")
        assert document == {
            "agency": "alder-pd",
            "event": "search:plate:requested",
            "hour": "2026-11-23T16:00:00Z",
            "pack": PACK.hex(),
            "previous": None,
            "schema": "gatehouse-leaf/1",
            "sequence": 0,
        }
        assert commitments == {name: value.hex() for name, value in openings.commitments().items()}
        assert tuple(commitments) == FIELDS
        assert to_canonical({**document, "commitments": commitments}) == entry

    def test_entry_read_is_the_leaf_that_was_made(self) -> None:
        entry, openings = searched(sequence=7, previous=b"\x01" * 32)
        leaf = Leaf(
            event="search:plate:requested",
            agency="alder-pd",
            sequence=7,
            previous=b"\x01" * 32,
            hour=datetime(2026, 11, 23, 16, tzinfo=UTC),
            pack=PACK,
            commitments=openings.commitments(),
        )
        assert read_entry(entry) == leaf
        assert leaf.entry == entry

    @pytest.mark.parametrize(
        ("event", "fields"),
        [
            ("search:plate:requested", {}),
            ("search:plate:released", {"counts": {"reads": 3}}),
            ("log:key:rotated", {"detail": {"vkey": "x"}}),
        ],
    )
    def test_every_event_shows_the_same_fields_and_length(self, event: str, fields: dict[str, Json]) -> None:
        entry, _ = searched(event, fields=fields)
        assert tuple(json.loads(entry)["commitments"]) == FIELDS
        assert len(entry) - len(event) == len(searched()[0]) - len("search:plate:requested")

    def test_time_of_another_zone_is_recorded_in_utc(self) -> None:
        eastern = datetime(2026, 11, 23, 21, 30, 1, tzinfo=timezone(-timedelta(hours=5)))
        entry, openings = searched(at=eastern)
        assert read_entry(entry).hour == datetime(2026, 11, 24, 2, tzinfo=UTC)
        assert openings.values["at"] == "2026-11-24T02:30:01.000000Z"

    def test_draft_placed_is_the_entry_made_at_once(self) -> None:
        fields: dict[str, Json] = {"plate": "TEST123"}
        draft = draft_entry("search:plate:denied", agency="alder-pd", fields=fields, root=b"r" * 32)
        placed = draft.place(sequence=0, previous=None, at=AT, pack=PACK)
        assert placed == searched("search:plate:denied", fields=fields, root=b"r" * 32)

    def test_representation_shows_nothing_hidden(self) -> None:
        draft = draft_entry("search:plate:denied", agency="alder-pd", fields={"plate": "TEST123"})
        assert repr(draft) == "Draft(event='search:plate:denied', agency='alder-pd')"
        _, openings = draft.place(sequence=0, previous=None, at=AT, pack=PACK)
        assert repr(openings) == "Openings(agency='alder-pd', event='search:plate:denied')"


class TestReleases:
    @pytest.mark.parametrize(
        "event", ["search:plate:released", "hotlist:entry:released", "hotlist:hit:raised"]
    )
    def test_what_lets_data_out_releases(self, event: str) -> None:
        assert draft_entry(event, agency="alder-pd", fields={}).releases

    @pytest.mark.parametrize("event", ["search:plate:requested", "hotlist:hit:closed", "hotlist:entry:ended"])
    def test_what_lets_nothing_out_releases_nothing(self, event: str) -> None:
        assert not draft_entry(event, agency="alder-pd", fields={}).releases


class TestGrammar:
    @pytest.mark.parametrize(
        "event",
        [
            *(f"search:plate:{state}" for state in SearchState),
            *(f"hotlist:entry:{state}" for state in SearchState),
            *(f"hotlist:entry:{state}" for state in StandingState),
            *(f"hotlist:hit:{state}" for state in HitState),
            *(f"hotlist:list:{state}" for state in ListState),
            *LogEvent,
            "agreement:purposes:changed",
        ],
    )
    def test_known_and_open_events_are_written(self, event: str) -> None:
        assert read_entry(searched(event)[0]).event == event

    @pytest.mark.parametrize(
        "event",
        [
            "",
            "search",
            "search:plate",
            "search:plate:found",
            "search:person:requested",
            "hotlist:hit:requested",
            "hotlist:list:requested",
            "search:plate:ended",
            "Search:plate:requested",
            "search:plate:requested\n",
            "a:b:c:d",
            "a::c",
            "a:b_:c",
            'a:b:c"',
            "a:b:" + "c" * 61,
            "a:b:é",
        ],
    )
    def test_other_events_are_refused(self, event: str) -> None:
        with pytest.raises(BadUse):
            searched(event)

    @pytest.mark.parametrize(
        "agency", ["", "Alder", "alder pd", "../x", ".", "a..b", "-a", "a-", "a" * 65, 'a"', "a\n", "a/b"]
    )
    def test_other_agency_ids_are_refused(self, agency: str) -> None:
        with pytest.raises(BadUse):
            searched(agency=agency)

    def test_unknown_field_and_given_time_are_refused(self) -> None:
        with pytest.raises(BadUse, match="no such field"):
            searched(fields={"plates": "x"})
        with pytest.raises(BadUse, match="the log gives"):
            searched(fields={"at": "2026-11-23T16:04:05Z"})

    def test_value_without_a_spelling_is_refused_and_not_quoted(self) -> None:
        with pytest.raises(BadUse, match="`plate` cannot be written") as caught:
            searched(fields={"plate": {"TEST123": 0.5}})  # type: ignore[dict-item]
        assert "TEST123" not in str(caught.value)

    def test_chain_begins_at_the_first_entry_and_only_there(self) -> None:
        with pytest.raises(InvalidEntry, match="null before sequence 1"):
            searched(sequence=1)
        with pytest.raises(InvalidEntry, match="a hash before sequence 0"):
            searched(previous=bytes(32))

    def test_only_the_log_speaks_of_itself_without_a_rulebook(self) -> None:
        assert read_entry(searched("log:key:rotated", pack=None)[0]).pack is None
        with pytest.raises(InvalidEntry, match="names no rulebook"):
            searched(pack=None)

    def test_wrong_widths_and_times_are_refused(self) -> None:
        for wrong in ({"pack": b"x"}, {"sequence": 1, "previous": b"x"}, {"at": datetime(2026, 1, 1)}):
            with pytest.raises(BadUse):
                searched(**wrong)
        with pytest.raises(InvalidEntry):
            searched(sequence=2**53, previous=bytes(32))
        with pytest.raises(InvalidEntry):
            searched(sequence=-1, previous=bytes(32))
        with pytest.raises(BadUse, match="32 bytes"):
            searched(root=b"short")

    def test_leaf_with_minutes_or_a_missing_commitment_has_no_entry(self) -> None:
        leaf = read_entry(searched()[0])
        with pytest.raises(InvalidEntry):
            _ = replace(leaf, hour=AT).entry
        with pytest.raises(InvalidEntry):
            _ = replace(leaf, commitments={**leaf.commitments, "plate": b"x"}).entry

    def test_hour_that_no_clock_shows_is_refused(self) -> None:
        entry, _ = searched()
        with pytest.raises(InvalidEntry, match="no such hour"):
            read_entry(entry.replace(b"2026-11-23T16:", b"2026-11-31T16:"))

    @given(st.binary(max_size=200))
    def test_bytes_at_random_are_no_entry(self, data: bytes) -> None:
        with pytest.raises(InvalidEntry):
            read_entry(data)


def test_drafts_of_one_event_draw_another_root_each_time() -> None:
    made = [searched(event="search:plate:denied", fields={"plate": "TEST123"})[0] for _ in range(50)]
    commitments = [value for entry in made for value in read_entry(entry).commitments.values()]
    assert len(set(commitments)) == 50 * len(FIELDS)


def test_search_comes_to_an_end_from_every_state() -> None:
    assert {
        SearchState.DENIED,
        SearchState.REFUSED,
        SearchState.EXPIRED,
        SearchState.RELEASED,
        SearchState.FAILED,
    } == SEARCH_ENDS
    assert {after for steps in SEARCH_STEPS.values() for after in steps} == frozenset(SearchState) - {
        SearchState.REQUESTED
    }
