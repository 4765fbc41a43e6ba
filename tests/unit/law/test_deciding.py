"""The decision: what permits, what refuses, and that nothing which fails can permit."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gatehouse import law
from gatehouse.law.deciding import ENGINE_FAILED, NOT_PERMITTED, Rulebook, decide
from gatehouse.law.engine import Verdict
from gatehouse.law.pack import Pack
from gatehouse.law.situation import Situation
from gatehouse.model import (
    AgencyKind,
    Agreement,
    BadUse,
    Behalf,
    Decision,
    Declaration,
    Outcome,
    OwnerTerms,
    Party,
    Purpose,
    SearchRequest,
    Signal,
    Window,
)

AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
TOWN = Party("Prairie Bend PD", "IL", AgencyKind.POLICE)
FAR = Party("Larkspur PD", "MO", AgencyKind.POLICE)
OWNER = OwnerTerms(TOWN, agreement=True, declaration=True)
STOLEN = SearchRequest(FAR, Purpose.STOLEN_VEHICLE_OR_PLATE)


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return Rulebook(Pack.load())


def answer(
    rulebook: Rulebook,
    request: SearchRequest = STOLEN,
    owner: OwnerTerms = OWNER,
    *signals: Signal,
    at: datetime = AT,
) -> tuple[str, list[str]]:
    """Return the outcome and the ids of the rules that decided."""
    (decision,) = decide(request, [owner], at=at, signals=signals, pack=rulebook)
    return decision.outcome.value, [rule.id for rule in decision.rules]


class TestDecide:
    def test_decide_stolen_vehicle_with_declaration_is_permitted(self, rulebook: Rulebook) -> None:
        assert answer(rulebook) == ("permit", ["gatehouse/permit"])

    def test_decide_stolen_vehicle_without_declaration_is_denied(self, rulebook: Rulebook) -> None:
        owner = replace(OWNER, declaration=False)
        assert answer(rulebook, STOLEN, owner) == ("deny", ["us-il/2-130(c)/declaration"])

    def test_decide_declaration_that_lacks_a_matter_is_denied(self, rulebook: Rulebook) -> None:
        owner = replace(OWNER, declaration=Declaration(frozenset({"immigration"})))
        assert answer(rulebook, STOLEN, owner) == ("deny", ["us-il/2-130(c)/declaration"])

    def test_decide_unknown_declaration_is_not_judgeable(self, rulebook: Rulebook) -> None:
        (decision,) = decide(STOLEN, [replace(OWNER, declaration=None)], at=AT, signals=(), pack=rulebook)
        assert decision.outcome is Outcome.DENY
        assert not decision.judgeable

    def test_decide_civil_immigration_text_is_denied_by_law_and_design(self, rulebook: Rulebook) -> None:
        assert answer(rulebook, STOLEN, OWNER, Signal.CIVIL_IMMIGRATION) == (
            "deny",
            ["gatehouse/no-civil-immigration", "us-il/2-130(b)/immigration", "us-il/trust-act/release"],
        )

    def test_decide_text_that_names_another_agency_goes_to_review(self, rulebook: Rulebook) -> None:
        owner = replace(OWNER, party=Party("Gravel Ford PD", "TX", AgencyKind.POLICE))
        assert answer(rulebook, STOLEN, owner, Signal.HSI) == (
            "review",
            ["gatehouse/review-unstated-principal"],
        )
        approved = replace(STOLEN, approvals=("Sgt. A",))
        assert answer(rulebook, approved, owner, Signal.HSI)[0] == "permit"

    def test_decide_deny_outranks_review(self, rulebook: Rulebook) -> None:
        owner = replace(OWNER, declaration=False)
        assert answer(rulebook, STOLEN, owner, Signal.HSI) == ("deny", ["us-il/2-130(c)/declaration"])

    def test_decide_on_behalf_of_a_federal_agency_is_judged_as_federal(self, rulebook: Rulebook) -> None:
        bureau = Party("Federal Bureau", None, AgencyKind.FEDERAL)
        request = SearchRequest(TOWN, Purpose.CRIMINAL_WARRANT, on_behalf_of=bureau)
        assert answer(rulebook, request) == ("deny", ["us-il/2-130(c)/federal"])

    def test_decide_unknown_principal_is_missing(self, rulebook: Rulebook) -> None:
        request = replace(STOLEN, on_behalf_of=Behalf.UNKNOWN)
        assert answer(rulebook, request) == ("deny", ["missing:on_behalf_of"])

    def test_decide_own_data_needs_no_agreement(self, rulebook: Rulebook) -> None:
        request = SearchRequest(Party("prairie  bend pd", "IL", AgencyKind.POLICE), Purpose.CRIMINAL_WARRANT)
        assert answer(rulebook, request, OwnerTerms(TOWN)) == ("permit", ["gatehouse/permit"])

    @pytest.mark.parametrize(
        ("agreement", "rule"),
        [
            (None, "missing:agreement"),
            (False, "owner/no-agreement"),
            (Agreement(frozenset({Purpose.CRIMINAL_WARRANT})), "owner/no-agreement"),
            (Agreement(valid_to=AT), "owner/no-agreement"),
            (Agreement(valid_from=AT + timedelta(seconds=1)), "owner/no-agreement"),
        ],
    )
    def test_decide_without_an_agreement_in_force_is_denied(
        self, rulebook: Rulebook, agreement: bool | Agreement | None, rule: str
    ) -> None:
        assert answer(rulebook, STOLEN, replace(OWNER, agreement=agreement)) == ("deny", [rule])

    def test_decide_window_beyond_the_owners_retention_is_denied(self, rulebook: Rulebook) -> None:
        owner = replace(OWNER, retention=timedelta(days=30))
        within = replace(STOLEN, window=Window(AT - timedelta(days=30), AT))
        beyond = replace(STOLEN, window=Window(AT - timedelta(days=30, seconds=1), AT))
        assert answer(rulebook, within, owner)[0] == "permit"
        assert answer(rulebook, beyond, owner) == ("deny", ["owner/retention"])
        assert answer(rulebook, STOLEN, owner) == ("deny", ["missing:window"])

    def test_decide_day_before_the_law_is_judged_without_it(self, rulebook: Rulebook) -> None:
        owner = replace(OWNER, declaration=False)
        # 06:00 UTC is midnight in Illinois.
        assert answer(rulebook, STOLEN, owner, at=datetime(2024, 1, 1, 5, 59, tzinfo=UTC))[0] == "permit"
        assert answer(rulebook, STOLEN, owner, at=datetime(2024, 1, 1, 6, 0, tzinfo=UTC))[0] == "deny"

    def test_decide_time_without_zone_is_refused(self, rulebook: Rulebook) -> None:
        with pytest.raises(BadUse, match="time zone"):
            answer(rulebook, at=datetime(2026, 3, 2))

    def test_decide_names_version_and_hash_of_the_pack(self, rulebook: Rulebook) -> None:
        (decision,) = decide(STOLEN, [OWNER], at=AT, signals=(), pack=rulebook)
        assert decision.pack == Pack.load().id
        assert len(decision.pack.sha256) == 64


class TestRoom:
    def test_room_exports_decide_as_a_function_of_the_contract(self, rulebook: Rulebook) -> None:
        parameters = inspect.signature(law.decide).parameters.values()
        assert [each.name for each in parameters] == ["request", "owners", "at", "signals", "pack"]
        assert [each.name for each in parameters if each.kind is each.KEYWORD_ONLY] == [
            "at",
            "signals",
            "pack",
        ]
        index = law.OwnerIndex([OWNER])
        (decision,) = law.decide(STOLEN, index, at=AT, signals=(), pack=law.Pack.load())
        assert decision.outcome is Outcome.PERMIT
        assert law.Rulebook is Rulebook

    def test_room_exports_every_name_that_it_lists(self) -> None:
        assert all(
            inspect.isroutine(each) or inspect.isclass(each) for each in map(law.__getattr__, law.__all__)
        )


class Scripted:
    """An engine that answers what it is told to."""

    def __init__(self, *verdicts: Verdict) -> None:
        self.verdicts = list(verdicts)

    def evaluate(self, situations: Sequence[Situation]) -> list[Verdict]:
        return self.verdicts


class TestFailClosed:
    def judged(self, *verdicts: Verdict) -> Decision:
        rulebook = Rulebook(Pack.load(), Scripted(*verdicts))
        return decide(STOLEN, [OWNER], at=AT, signals=(), pack=rulebook)[0]

    @pytest.mark.parametrize(
        "verdicts",
        [
            [Verdict(True, ("gatehouse/permit",), "a forbid was skipped")],
            [Verdict(True, ("a rule of another pack",))],
            [Verdict(True, ("us-il/2-130(c)/federal",))],
            [Verdict(True, ())],
            [Verdict(True, ("gatehouse/permit",))] * 2,
            [],
        ],
    )
    def test_judge_engine_that_cannot_be_trusted_is_denied(self, verdicts: list[Verdict]) -> None:
        decision = self.judged(*verdicts)
        assert (decision.outcome, decision.rules) == (Outcome.DENY, (ENGINE_FAILED,))

    def test_judge_refusal_without_a_rule_names_one(self) -> None:
        decision = self.judged(Verdict(False, ()))
        assert (decision.outcome, decision.rules) == (Outcome.DENY, (NOT_PERMITTED,))

    def test_judge_failure_is_not_remembered(self) -> None:
        engine = Scripted(Verdict(False, (), "out of order"))
        rulebook = Rulebook(Pack.load(), engine)
        assert answer(rulebook)[0] == "deny"
        engine.verdicts = [Verdict(True, ("gatehouse/permit",))]
        assert answer(rulebook)[0] == "permit"
