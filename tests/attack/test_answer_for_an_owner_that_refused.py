"""Ways to get reads of an owner that did not permit: by words, purposes, scopes, approvals and a second try.

What the door answers is held against the rulebook asked directly, with the words read as those of a request
document.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.law import decide
from gatehouse.model import (
    AgencyKind,
    Behalf,
    Outcome,
    Party,
    PlateSearch,
    Process,
    ProcessKind,
    Purpose,
    Role,
    Scope,
    SearchState,
)
from gatehouse.search.answer import Answer
from gatehouse.search.fields import party_of, request_of
from gatehouse.search.limits import Limits
from tests.unit.search.world import ALDER, BIRCH, CEDAR, DUNE, PEOPLE, PLATE, World

REASONS = [
    "stolen vehicle taken from Main Street",
    "inv",
    "",
    "ICE ERO hold",
    "assist HSI",
    "for a friend, my ex wife",
    "protest at city hall, list who came",
    "abortion clinic visit",
    "custody dispute",
    "training test",
]
BEHALF = [
    Behalf.NONE,
    Behalf.UNKNOWN,
    Party("Gravel Ford SO", "WY", AgencyKind.SHERIFF),
    Party("US Immigration and Customs Enforcement", None, AgencyKind.FEDERAL),
    Party("Repo Co", "WY", AgencyKind.PRIVATE),
]
SEARCHES = st.fixed_dictionaries(
    {},
    optional={
        "purpose": st.sampled_from(Purpose),
        "offense": st.sampled_from([None, "240", "290", "90Z", "IMMIG_CIV", "IMMIG_CRIM", "09A"]),
        "scope": st.sampled_from(Scope),
        "ground": st.sampled_from([None, "seen leaving", "ICE ERO"]),
        "reason": st.sampled_from(REASONS),
        "case_number": st.sampled_from([None, "26-1", "ICE ERO 26-1"]),
        "on_behalf_of": st.sampled_from(BEHALF),
        "process": st.sampled_from(
            [None, *(Process(kind, "Circuit Court", "26-77") for kind in ProcessKind)]
        ),
    },
)
TERMS = st.fixed_dictionaries(
    {
        "agreements": st.dictionaries(st.sampled_from([ALDER, BIRCH, DUNE]), st.booleans()),
        "declarations": st.dictionaries(st.sampled_from([DUNE]), st.booleans()),
        "bans": st.dictionaries(
            st.sampled_from([CEDAR, ALDER, BIRCH]),
            st.frozensets(st.sampled_from(["immigration", "out_of_state", "stolen_vehicle_or_plate"])),
        ),
    }
)


@pytest.fixture
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        limits = Limits(officer_hour=10_000, agency_hour=10_000, candidates=10**9)
        world = World(Path(folder), limits)
        for owner in (CEDAR, ALDER, BIRCH, DUNE):
            world.take(PLATE, owner=owner)
        yield world
        world.close()


def permitting(world: World, search: PlateSearch, approvals: tuple[str, ...]) -> set[str]:
    """Return the owners that permit a search when the rulebook itself is asked."""
    registry = world.registry
    agency = registry.agency(search.agency)
    owners = registry.owners(agency)
    texts: dict[str, str | None] = {"case_number": search.case_number, "ground": search.ground}
    if search.process is not None:
        texts |= {"issuer": search.process.issuer, "reference": search.process.reference}
    matches = [*registry.lexicon.classify(search.reason)]
    for text in texts.values():
        matches += registry.lexicon.classify_beside(text)
    decisions = decide(
        request_of(search, agency, approvals),
        owners.terms,
        at=world.clock.at,
        signals={each.signal for each in matches},
        pack=registry.rulebook,
    )
    found = zip(owners.ids, decisions, strict=True)
    return {owner for owner, each in found if each.outcome is Outcome.PERMIT}


def test_ask_anything_answers_with_owners_that_permit_alone(world: World) -> None:
    met: set[SearchState] = set()

    @settings(max_examples=80, deadline=None)
    @given(SEARCHES, TERMS)
    def attempt(asked: dict[str, Any], terms: dict[str, Any]) -> None:
        world.registry.agreements = dict.fromkeys((ALDER, BIRCH, DUNE, "elm-pd"), False) | terms["agreements"]
        world.registry.declarations = terms["declarations"]
        world.registry.bans = terms["bans"]
        search = world.search(**asked)
        answer: Answer = world.door.ask(search, signed=world.sign(search))
        approvals: tuple[str, ...] = ()
        if answer.state is SearchState.REVIEW_PENDING:
            assert answer.reads == ()
            world.approve(answer.id, "s1")
            answer, approvals = world.door.collect(answer.id, by=PEOPLE["o1"]), ("s1",)
        met.add(answer.state)
        owners = {each.owner for each in answer.reads}
        assert owners <= permitting(world, search, approvals)
        assert bool(owners) <= (answer.state is SearchState.RELEASED)
        if search.scope is Scope.OWN:
            assert owners <= {CEDAR}

    attempt()
    assert {SearchState.RELEASED, SearchState.DENIED} <= met


def test_approve_lifts_no_denial(world: World) -> None:
    asked = world.ask(reason="inv")
    world.approve(asked.id, "s1")
    world.registry.agreements[ALDER] = False
    answer = world.door.collect(asked.id, by=PEOPLE["o1"])
    assert [each.owner for each in answer.reads] == [CEDAR]
    assert [(each.rule.id, each.owners) for each in answer.refusals] == [("owner/no-agreement", 1)]


def test_ask_as_a_namesake_of_the_owner_is_not_the_owner(world: World) -> None:
    registry = world.registry
    owner = registry.agencies[CEDAR]
    impostor = type(owner)("cedar-so", "Cedar  pd", "WY", AgencyKind.SHERIFF, region="mountain")
    registry.agencies["cedar-so"] = impostor
    officer = PEOPLE["o1"]
    registry.officers["x1"] = type(officer)("x1", "cedar-so", "X", frozenset({Role.OFFICER}))
    registry.agreements[CEDAR] = False
    assert party_of(impostor) != party_of(owner)
    answer = world.ask(
        agency="cedar-so", officer="x1", entered_by="x1", scope=Scope.REGION, ground="seen there"
    )
    assert CEDAR not in {each.owner for each in answer.reads}
    own = world.ask(agency="cedar-so", officer="x1", entered_by="x1", scope=Scope.OWN)
    assert (own.state, own.reads) == (SearchState.DENIED, ())
