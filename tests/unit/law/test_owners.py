"""Many owners at once: each gets the decision that it would get alone, and few are evaluated."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatehouse.law import codes
from gatehouse.law.deciding import Rulebook, decide
from gatehouse.law.draft import Draft
from gatehouse.law.engine import CedarEngine, Verdict
from gatehouse.law.owners import OwnerIndex
from gatehouse.law.pack import Pack
from gatehouse.law.situation import Situation, asked, situation
from gatehouse.model import (
    MATTERS,
    AgencyKind,
    Agreement,
    Behalf,
    Declaration,
    OwnerTerms,
    Party,
    Purpose,
    SearchRequest,
    Signal,
    Window,
)

AT = datetime(2026, 11, 2, 15, tzinfo=UTC)
TIMES = (AT, datetime(2024, 1, 1, 5, 59, tzinfo=UTC), datetime(2026, 10, 1, 4, tzinfo=UTC))
STATES = sorted(codes.STATES)
# Rules of all the shapes that telling owners apart has to see through.
DRAFT = """
@id("draft/kind") @cite("d") @sentence("d.")
forbid (principal, action, resource) when { resource.kind == "school" || resource.kind == "transit" };
@id("draft/two-facts") @cite("d") @sentence("d.")
forbid (principal, action, resource) when { resource.bans.containsAny(resource.optins) };
@id("draft/state-or-owner") @cite("d") @sentence("d.")
forbid (principal, action, resource)
when { resource in Jurisdiction::"us-wy" || resource.optins.contains("on_behalf_of") };
@id("draft/numbers") @cite("d") @sentence("d.") @outcome("review")
forbid (principal, action, resource)
when { resource.retention < context.reach || context.owner_day < 20260101 };
@id("draft/choice") @cite("d") @sentence("d.")
forbid (principal, action, resource)
when {
  if context.agreement == "no" then resource.retention > 50000 else context.declared.contains("gender")
};
@id("draft/same") @cite("d") @sentence("d.")
forbid (principal, action, resource) when { context.agreement == context.declaration };
@id("draft/place") @cite("d") @sentence("d.")
forbid (principal, action, resource)
when { !(resource in [Jurisdiction::"us-il", Jurisdiction::"none"]) && context.own };
"""


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return Rulebook(Pack.load())


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    path = Path(tmp_path_factory.mktemp("draft")) / "draft.cedar"
    path.write_text(DRAFT, encoding="utf-8")
    pack = Draft.read(path, Pack.load()).added_to(Pack.load())
    return Rulebook(pack)


def owners(number: int, seed: int = 1) -> list[OwnerTerms]:
    """Return owners as various as a national network has them, each with an agreement of its own."""
    chance = random.Random(seed)
    found = []
    for at in range(number):
        begun = AT - timedelta(days=chance.randrange(-30, 900))
        declared = Declaration(frozenset(chance.sample(sorted(MATTERS), chance.randrange(5))))
        party = Party(f"Town {at} PD", chance.choice(STATES), chance.choice(list(AgencyKind)))
        found.append(
            OwnerTerms(
                party if chance.random() > 0.02 else replace(party, state=None),
                retention=chance.choice(
                    [None, timedelta(minutes=3), timedelta(days=30), timedelta(days=365)]
                ),
                bans=frozenset(
                    chance.sample(["federal", "out_of_state", "hsi", "other"], chance.randrange(3))
                ),
                optins=frozenset(chance.sample(["on_behalf_of", "audit_training"], chance.randrange(3))),
                agreement=chance.choice([True, False, None, Agreement(valid_from=begun)]),
                declaration=chance.choice([True, False, None, declared]),
            )
        )
    return found


def alike(number: int, seed: int) -> list[OwnerTerms]:
    """Return owners of few states that differ from a plain one in a term or two."""
    chance = random.Random(seed)
    found = []
    for at, other in enumerate(owners(number, seed)):
        party = Party(f"Town {at} PD", chance.choice(["IL", "IL", "MO", "NM", "WY"]), AgencyKind.POLICE)
        plain = OwnerTerms(party, agreement=True, declaration=True)
        changed = chance.sample(
            ["retention", "bans", "optins", "agreement", "declaration"], chance.randrange(3)
        )
        kind = other.party.kind if chance.random() < 0.1 else AgencyKind.POLICE
        terms = {name: getattr(other, name) for name in changed}
        found.append(replace(plain, party=replace(party, kind=kind), **terms))
    return found


parties = st.builds(
    Party,
    st.sampled_from(["Town 3 PD", " town  4  pd", "Larkspur PD"]),
    st.none() | st.sampled_from(STATES),
    st.sampled_from(AgencyKind),
)
REQUESTS = st.builds(
    SearchRequest,
    searcher=st.just(Party("Larkspur PD", "MO", AgencyKind.POLICE)) | parties,
    purpose=st.sampled_from(Purpose),
    offense=st.sampled_from(["240", "IMMIG_CRIM", None]),
    case_number=st.sampled_from(["26-1", None]),
    window=st.none() | st.sampled_from([3, 21, 45]).map(lambda days: Window(AT - timedelta(days=days), AT)),
    on_behalf_of=st.sampled_from(Behalf) | parties,
    approvals=st.sampled_from([(), ("A",)]),
)
ASKED = given(
    REQUESTS, st.sampled_from(TIMES), st.frozensets(st.sampled_from(Signal), max_size=2), st.integers(0, 9)
)
SLOWLY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def compare(
    rulebook: Rulebook, request: SearchRequest, at: datetime, signals: frozenset[Signal], seed: int
) -> None:
    many = [*alike(60, seed), *owners(20, seed)]
    if request.searcher.state is not None:
        many[3] = replace(many[3], party=replace(many[3].party, state=request.searcher.state))
    together = decide(request, many, at=at, signals=signals, pack=rulebook)
    said = asked(request, at, signals)
    assert together == rulebook.judge([situation(said, each) for each in many])


class TestManyOwners:
    @SLOWLY
    @ASKED
    def test_decide_many_owners_decides_each_as_if_alone(
        self, rulebook: Rulebook, request: SearchRequest, at: datetime, signals: frozenset[Signal], seed: int
    ) -> None:
        compare(rulebook, request, at, signals, seed)

    @SLOWLY
    @ASKED
    def test_decide_many_owners_sees_through_rules_of_any_shape(
        self, drafted: Rulebook, request: SearchRequest, at: datetime, signals: frozenset[Signal], seed: int
    ) -> None:
        compare(drafted, request, at, signals, seed)

    def test_decide_index_gives_what_the_list_gives(self, rulebook: Rulebook) -> None:
        many = owners(200)
        request = SearchRequest(Party("Larkspur PD", "MO", AgencyKind.POLICE), Purpose.CRIMINAL_WARRANT)
        given_list, given_index = (
            decide(request, each, at=AT, signals=(), pack=rulebook) for each in (many, OwnerIndex(many))
        )
        assert given_list == given_index

    def test_decide_owner_that_changes_is_noticed(self, rulebook: Rulebook) -> None:
        many = [
            OwnerTerms(Party(f"Town {at} PD", "WY", AgencyKind.POLICE), agreement=True) for at in range(50)
        ]
        request = SearchRequest(Party("Larkspur PD", "WY", AgencyKind.POLICE), Purpose.CRIMINAL_WARRANT)
        before = decide(request, many, at=AT, signals=(), pack=rulebook)
        many[7] = replace(many[7], bans=frozenset({"criminal_warrant"}))
        after = decide(request, many, at=AT, signals=(), pack=rulebook)
        assert {each.outcome.value for each in before} == {"permit"}
        assert [at for at, each in enumerate(after) if each != before[at]] == [7]

    def test_decide_no_owners_gives_no_decisions(self, rulebook: Rulebook) -> None:
        request = SearchRequest(Party("Larkspur PD", "MO", AgencyKind.POLICE))
        assert decide(request, OwnerIndex(()), at=AT, signals=(), pack=rulebook) == []

    def test_decide_5000_owners_evaluates_few(self) -> None:
        counting = Counting(Pack.load())
        rulebook = Rulebook(Pack.load(), counting)
        request = SearchRequest(
            Party("Larkspur PD", "MO", AgencyKind.POLICE),
            Purpose.STOLEN_VEHICLE_OR_PLATE,
            window=Window(AT - timedelta(days=3), AT),
        )
        many = OwnerIndex(owners(5_000))
        assert len(decide(request, many, at=AT, signals=(), pack=rulebook)) == 5_000
        assert len(many.examples) > 3_000
        assert counting.evaluated < 1_000


class Counting:
    """Cedar, and how many situations it was asked about."""

    def __init__(self, pack: Pack) -> None:
        self._engine = CedarEngine(pack)
        self.evaluated = 0

    def evaluate(self, situations: Sequence[Situation]) -> list[Verdict]:
        self.evaluated += len(situations)
        return self._engine.evaluate(situations)


class TestOwnerIndex:
    def test_index_groups_equal_terms_and_keeps_order(self) -> None:
        first = OwnerTerms(Party("A PD", "IL", AgencyKind.POLICE), agreement=True)
        other = OwnerTerms(Party("B PD", "IL", AgencyKind.POLICE), agreement=False)
        index = OwnerIndex([first, other, replace(first, party=replace(first.party, name="C PD"))])
        assert (index.members, index.examples) == ([0, 1, 0], [first, other])
        assert (len(index), index[1], list(index)[1]) == (3, other, other)

    def test_index_tells_true_from_an_agreement_without_bounds(self) -> None:
        party = Party("A PD", "IL", AgencyKind.POLICE)
        index = OwnerIndex([OwnerTerms(party, agreement=each) for each in (True, Agreement(), None, False)])
        assert index.agreements == (True, Agreement(), None, False)

    @given(st.lists(parties, max_size=8), parties)
    def test_index_finds_the_owners_that_are_a_party(self, many: list[Party], party: Party) -> None:
        index = OwnerIndex([OwnerTerms(each) for each in many])
        assert list(index.places_of(party)) == [at for at, each in enumerate(many) if each.same_as(party)]
