"""Whoever bends facts, owners, drafts or the engine gets no permit that the rules do not give."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import cedarpy
import pytest

from gatehouse.law.clock import EAST_END
from gatehouse.law.deciding import ENGINE_FAILED, Rulebook, decide
from gatehouse.law.document import ask, parse
from gatehouse.law.domain import PLAIN
from gatehouse.law.draft import Draft
from gatehouse.law.engine import CedarEngine, Verdict
from gatehouse.law.pack import Pack, read_pack
from gatehouse.law.situation import Situation
from gatehouse.model import (
    AgencyKind,
    BadInput,
    BadUse,
    Outcome,
    OwnerTerms,
    PackId,
    Party,
    Purpose,
    SearchRequest,
    Signal,
    Window,
)
from tests.unit.law.packs import copied

AT = datetime(2026, 11, 2, 15, tzinfo=UTC)
FAR = SearchRequest(Party("Larkspur PD", "TX", AgencyKind.POLICE), Purpose.STOLEN_VEHICLE_OR_PLATE)
OPEN = OwnerTerms(Party("Gravel Ford PD", "WY", AgencyKind.POLICE), agreement=True, declaration=False)
MANY = [replace(OPEN, party=replace(OPEN.party, name=f"Town {at} PD")) for at in range(40)]


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return Rulebook(Pack.load())


def outcomes(
    rulebook: Rulebook, request: SearchRequest, owners: Sequence[OwnerTerms], *signals: Signal
) -> list[Outcome]:
    return [each.outcome for each in decide(request, owners, at=AT, signals=signals, pack=rulebook)]


class TestHideAnOwnerInACrowd:
    @pytest.mark.parametrize("state", ["PR", "ZZ", "il", "Il", "us-il"])
    def test_state_that_the_pack_does_not_know_is_refused_among_many(
        self, rulebook: Rulebook, state: str
    ) -> None:
        owner = replace(OPEN, party=replace(OPEN.party, state=state))
        assert outcomes(rulebook, FAR, [*MANY, owner]) == [Outcome.PERMIT] * 40 + [Outcome.DENY]
        assert outcomes(rulebook, FAR, [owner, *MANY]) == [Outcome.DENY] + [Outcome.PERMIT] * 40
        assert outcomes(rulebook, FAR, [owner]) == [Outcome.DENY]

    def test_state_left_out_of_a_pack_is_refused_among_many(self, tmp_path: Path) -> None:
        rulebook = Rulebook(read_pack(copied(tmp_path, ("us-va", "us-wy", "us-tx"))))
        owner = replace(OPEN, party=replace(OPEN.party, state="IL"))
        assert outcomes(rulebook, FAR, [*MANY, owner]) == [Outcome.PERMIT] * 40 + [Outcome.DENY]


class TestBendAFact:
    @pytest.mark.parametrize("kind", [AgencyKind.FEDERAL, AgencyKind.PROSECUTOR])
    def test_namesake_of_another_kind_is_not_the_owner(self, rulebook: Rulebook, kind: AgencyKind) -> None:
        county = Party("Alder County", "WY", AgencyKind.SHERIFF)
        request = SearchRequest(replace(county, kind=kind), Purpose.STOLEN_VEHICLE_OR_PLATE)
        owners = [OwnerTerms(county)]
        assert outcomes(rulebook, request, owners) == [Outcome.DENY]
        assert outcomes(rulebook, request, [*MANY, *owners])[-1] is Outcome.DENY
        itself = replace(request, searcher=county)
        assert outcomes(rulebook, itself, owners) == [Outcome.PERMIT]

    @pytest.mark.parametrize("period", [timedelta(0), timedelta(days=-1), timedelta(seconds=59)])
    def test_period_of_nothing_is_no_lack_of_a_limit(self, rulebook: Rulebook, period: timedelta) -> None:
        request = replace(FAR, window=Window(AT - timedelta(days=900), AT))
        owner = replace(OPEN, retention=period)
        for owners in ([owner], [*MANY, owner]):
            with pytest.raises(BadUse, match="less than a minute"):
                outcomes(rulebook, request, owners)

    def test_period_with_seconds_counts_in_whole_minutes(self, rulebook: Rulebook) -> None:
        owner = replace(OPEN, retention=timedelta(seconds=119))
        reaches = [timedelta(seconds=60), timedelta(seconds=61)]
        requests = [replace(FAR, window=Window(AT - reach, AT)) for reach in reaches]
        found = [outcomes(rulebook, request, [owner]) for request in requests]
        assert found == [[Outcome.PERMIT], [Outcome.DENY]]

    def test_ban_by_another_name_bans(self, rulebook: Rulebook) -> None:
        owner = replace(OPEN, bans=frozenset({"immigration"}))
        request = replace(FAR, approvals=("a supervisor",))
        signal = Signal.IMMIGRATION_AGENCY
        assert outcomes(rulebook, request, [owner], signal) == [Outcome.DENY]
        assert outcomes(rulebook, request, [*MANY, owner], signal)[-1] is Outcome.DENY

    @pytest.mark.parametrize("offense", ["IMMIG_CRIM", "IMMIG_CIV", "30A", "30B", "30C", "30D", "49C"])
    def test_ban_of_immigration_bans_its_offenses(self, rulebook: Rulebook, offense: str) -> None:
        owner = replace(OPEN, bans=frozenset({"immigration"}))
        request = replace(FAR, offense=offense, approvals=("a supervisor",))
        for owners in ([owner], [*MANY, owner]):
            (*_, decision) = decide(request, owners, at=AT, signals=(), pack=rulebook)
            assert decision.outcome is Outcome.DENY
            assert "owner/banned-offense" in {rule.id for rule in decision.rules}

    def test_ban_that_no_list_names_is_refused(self, rulebook: Rulebook) -> None:
        with pytest.raises(BadUse, match="bans what no search can be"):
            outcomes(rulebook, FAR, [replace(OPEN, bans=frozenset({"Federal"}))])

    def test_offense_that_no_list_names_is_refused(self, rulebook: Rulebook) -> None:
        with pytest.raises(BadUse, match="offense is not on the list"):
            outcomes(rulebook, replace(FAR, offense="immig_civ"), [OPEN])

    @pytest.mark.parametrize("word", ["no", "yes", 1])
    def test_agreement_that_is_neither_true_nor_false_is_none(self, rulebook: Rulebook, word: Any) -> None:
        assert outcomes(rulebook, FAR, [replace(OPEN, agreement=word)]) == [Outcome.DENY]

    @pytest.mark.parametrize("nothing", ["\u200b", "\u3164", "\u2800", "\u00ad\u2060", "-", ". ."])
    def test_text_in_which_nothing_can_be_read_is_no_case_and_no_approver(self, nothing: str) -> None:
        document = {
            "searched_at": "2026-11-02T15:00:00Z",
            "searcher": {"name": "Gravel Ford SO", "state": "WY", "kind": "sheriff"},
            "owner": {"name": "Alder PD", "state": "WY", "kind": "police"},
            "purpose": "criminal_investigation",
            "offense": "240",
            "agreement": True,
        }
        questions = parse(json.dumps({**document, "case_number": nothing}).encode()).questions
        (decision,) = ask(questions, Rulebook(Pack.load()))
        assert [rule.id for rule in decision.rules] == ["missing:case_number"]
        for approval in (nothing, {"by": nothing}):
            with pytest.raises(BadInput, match="a name is missing"):
                parse(json.dumps({**document, "approvals": [approval]}).encode())

    def test_approver_whose_name_cannot_be_read_does_not_count(self, rulebook: Rulebook) -> None:
        request = replace(FAR, purpose=Purpose.OTHER, approvals=("\u200b",))
        assert outcomes(rulebook, request, [OPEN]) == [Outcome.REVIEW]


class TestComeThroughTheSideDoor:
    @pytest.mark.parametrize("kind", [kind for kind in AgencyKind if kind is not AgencyKind.FEDERAL])
    @pytest.mark.parametrize("purpose", [Purpose.STOLEN_VEHICLE_OR_PLATE, Purpose.REGISTRATION_INSURANCE])
    def test_body_gets_nothing_through_the_police_that_it_is_refused_itself(
        self, rulebook: Rulebook, kind: AgencyKind, purpose: Purpose
    ) -> None:
        owners = [
            replace(OPEN, party=replace(OPEN.party, state=state), declaration=True) for state in EAST_END
        ]
        ask = SearchRequest(
            Party("Some body", None, kind),
            purpose,
            case_number="26-1",
            window=Window(AT - timedelta(minutes=2), AT),
            approvals=("a supervisor",),
        )
        slipped = []
        for state in ("CA", "CT", "NY", "OR", "VA", "WY"):
            body = replace(ask.searcher, state=state)
            police = Party("Some police", state, AgencyKind.POLICE)
            itself = outcomes(rulebook, replace(ask, searcher=body), owners)
            through = outcomes(rulebook, replace(ask, searcher=police, on_behalf_of=body), owners)
            pairs = zip(owners, itself, through, strict=True)
            slipped += [
                (state, owner.party.state)
                for owner, direct, led in pairs
                if led is Outcome.PERMIT and direct is not Outcome.PERMIT
            ]
        assert slipped == []


class Faulty:
    """An engine that answers as it is told."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer

    def evaluate(self, situations: Sequence[Situation]) -> list[Verdict]:
        found: list[Verdict] = self.answer()
        return found


def fail() -> Any:
    raise RuntimeError("out of order")


class TestBreakTheEngine:
    @pytest.mark.parametrize(
        "answer",
        [
            fail,
            lambda: None,
            list,
            lambda: ["allow"],
            lambda: [Verdict(True, ())],
            lambda: [Verdict(True, ("gatehouse/permit", "gatehouse/no-dragnet"))],
            lambda: [Verdict(True, ("gatehouse/permit",), "")],
            lambda: [Verdict(False, ("gatehouse/permit",))],
            lambda: [Verdict("no", ("gatehouse/permit",))],  # type: ignore[arg-type]
            lambda: [Verdict(True, ("nobody's rule",))],
        ],
    )
    def test_verdict_that_means_nothing_is_a_failure(self, answer: Callable[[], Any]) -> None:
        (decision,) = Rulebook(Pack.load(), Faulty(answer)).judge([PLAIN])
        assert (decision.outcome, decision.rules) == (Outcome.DENY, (ENGINE_FAILED,))

    @pytest.mark.parametrize("answer", [None, True, [], [None], ["Allow"], [object()]])
    def test_answer_of_cedar_that_means_nothing_is_a_failure(
        self, monkeypatch: pytest.MonkeyPatch, answer: Any
    ) -> None:
        engine = CedarEngine(Pack.load())
        monkeypatch.setattr(cedarpy, "is_authorized_batch", lambda *_: answer)
        (decision,) = Rulebook(Pack.load(), engine).judge([PLAIN])
        assert (decision.outcome, decision.rules) == (Outcome.DENY, (ENGINE_FAILED,))


def drafted(folder: Path, conditions: str, *, sentence: str = "It is not allowed.") -> Draft:
    path = folder / "draft.cedar"
    head = f'@id("town/1") @cite("Draft 1") @sentence("{sentence}")\nforbid (principal, action, resource)\n'
    path.write_text(f"{head}{conditions};\n", encoding="utf-8")
    return Draft.read(path, Pack.load())


class TestSmuggleThroughADraft:
    @pytest.mark.parametrize(
        "conditions",
        [
            'when { !context.signals.contains("case_number_only") }',
            'unless { context.signals.containsAny(["vague"]) }',
            "when { context.signals.isEmpty() }",
            'when { ["vague"].containsAll(context.signals) }',
            "when { resource.bans.containsAll(context.signals) }",
            "when { !(context.signals.containsAll(resource.bans)) }",
            "when { !(context.signals.contains(context.purpose)) }",
            'when { if context.signals.contains("vague") then context.own else !context.own }',
        ],
    )
    def test_draft_that_a_text_could_lift_is_refused(self, tmp_path: Path, conditions: str) -> None:
        with pytest.raises(BadInput, match="a text could turn its refusal into a permit"):
            drafted(tmp_path, conditions)

    @pytest.mark.parametrize(
        "conditions",
        [
            'when { context.signals.contains("vague") }',
            'unless { !context.signals.containsAny(["vague"]) }',
            "when { context.signals.containsAny(resource.bans) && !context.own }",
        ],
    )
    def test_draft_that_refuses_by_signals_is_read(self, tmp_path: Path, conditions: str) -> None:
        assert [rule.id for rule in drafted(tmp_path, conditions).rules] == ["town/1"]

    @pytest.mark.parametrize(
        ("conditions", "got"),
        [
            ('when { context.purpose == "stolen_vehicle" }', "'stolen_vehicle'"),
            ('when { context.purpose == "stol\u0435n_vehicle_or_plate" }', r"'stol\u0435n_vehicle_or_plate'"),
            ('when { context.signals.containsAny(["vague", "ice"]) }', "'ice'"),
            ('when { resource.bans.contains("immigration") }', "'immigration'"),
            ('when { principal.kind == "Police" }', "'Police'"),
        ],
    )
    def test_draft_that_names_what_no_search_can_hold_is_refused(
        self, tmp_path: Path, conditions: str, got: str
    ) -> None:
        with pytest.raises(BadInput, match="is compared with what no search can hold") as caught:
            drafted(tmp_path, conditions)
        assert caught.value.got == got

    @pytest.mark.parametrize(
        "condition",
        [
            "owner_day >= 0",
            "owner_day > -1",
            "owner_day >= 20261399",
            "owner_day < 99991231",
            "searcher_day == 20260230",
            "owner_day > 9223372036854775807",
            "owner_day > context.reach",
        ],
    )
    def test_draft_that_compares_a_day_with_none_is_refused(self, tmp_path: Path, condition: str) -> None:
        with pytest.raises(BadInput, match="is compared with what is no day"):
            drafted(tmp_path, f"when {{ context.{condition} }}")

    @pytest.mark.parametrize("sign", ["\\u{1b}[2J", "\\u{202e}", "\\u{e0041}", "\\r", "\\0", "\\u{fe0f}"])
    def test_draft_with_an_escaped_hidden_sign_is_refused(self, tmp_path: Path, sign: str) -> None:
        with pytest.raises(BadInput, match="a sign that nobody sees"):
            drafted(tmp_path, "when { context.own }", sentence=f"It is{sign} not allowed.")

    @pytest.mark.parametrize(
        ("name", "said"), [("missing:window", "missing fact"), ("engine:failed", "begins with engine:")]
    )
    def test_draft_whose_refusals_would_not_count_is_refused(
        self, tmp_path: Path, name: str, said: str
    ) -> None:
        path = tmp_path / "draft.cedar"
        path.write_text(
            f'@id("{name}/town") @cite("c") @sentence("s.") forbid (principal, action, resource);\n'
        )
        with pytest.raises(BadInput, match=said):
            Draft.read(path, Pack.load())

    def test_decision_under_a_draft_does_not_pass_for_one_of_the_pack(self, tmp_path: Path) -> None:
        pack, draft = Pack.load(), drafted(tmp_path, "when { context.own }")
        (decision,) = Rulebook(draft.added_to(pack)).judge([PLAIN])
        both = sha256(f"{pack.id.sha256}  {draft.sha256}\n".encode()).hexdigest()
        assert decision.pack == PackId(f"{pack.id.version}+draft", both)

    def test_draft_whose_conditions_no_search_meets_is_refused_soon(self, tmp_path: Path) -> None:
        choice = '(context.signals.contains("vague") || context.signals.contains("hsi") || context.window)'
        draft = drafted(tmp_path, f"when {{ {' && '.join([choice] * 30)} && context.approvals < 0 }}")
        with pytest.raises(BadInput, match="no situation was found"):
            CedarEngine(draft.added_to(Pack.load()))

    def test_draft_of_too_many_rules_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "draft.cedar"
        rule = '@id("town/{}") @cite("c") @sentence("s.") forbid (principal, action, resource);\n'
        path.write_text("".join(rule.format(at) for at in range(501)), encoding="utf-8")
        with pytest.raises(BadInput, match="too many rules"):
            Draft.read(path, Pack.load())

    def test_draft_that_never_ends_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "draft.cedar"
        path.write_text("// \n" * 300_000, encoding="utf-8")
        with pytest.raises(BadInput, match="too long"):
            Draft.read(path, Pack.load())
