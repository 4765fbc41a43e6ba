"""Ordinals of plates and people."""

from __future__ import annotations

from gatehouse.model import LinkTier
from tests.unit.audit.builders import SEARCHER, Row, ground

ROWS: list[Row] = [
    {"plate": "INVENT3", "officer": "invented b"},
    {"plate": "INVENT1", "officer": "invented a"},
    {"plate": "INVENT3", "officer": "invented a"},
    {"plate": "INVENT2", "officer": "invented a", "org": "Calderbeck GA PD"},
    {"search": 1, "tier": LinkTier.ID, "plate": "INVENT9"},
]


def test_plates_are_numbered_by_first_appearance_copies_included() -> None:
    made = ground(ROWS)
    texts = dict(made.linked.records.texts["plate"].iter_rows())
    ordinals = {texts[key]: ordinal for key, ordinal in made.plate_ordinals.iter_rows()}
    assert ordinals["INVENT3"] == 1
    assert {ordinals["INVENT1"], ordinals["INVENT9"]} == {2, 3}
    assert ordinals["INVENT2"] == 4


def test_plate_numbers_of_some_are_those_of_all() -> None:
    made = ground(ROWS)
    every = dict(made.plate_ordinals.iter_rows())
    some = made.plate_ordinals["plate"].head(2)
    assert made.plate_numbers(some) == {key: every[key] for key in some}
    assert made.plate_numbers(some.clear()) == {}


def test_officers_of_one_name_at_two_agencies_are_two() -> None:
    made = ground(ROWS)
    names = dict(made.linked.records.texts["officer"].iter_rows())
    numbered = {
        (made.roster.name(agency), names[officer]): ordinal
        for (agency, officer), ordinal in made.officer_number.items()
    }
    assert numbered == {
        (SEARCHER, "invented b"): 1,
        (SEARCHER, "invented a"): 2,
        ("Calderbeck GA PD", "invented a"): 3,
    }
