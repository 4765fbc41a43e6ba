"""The proofs: every theorem holds of the packaged pack; a mutated rule gives a request that breaks it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gatehouse.law import pack as pack_module
from gatehouse.law import prove as prove_module
from gatehouse.law.assumptions import ASSUMPTIONS
from gatehouse.law.engine import CedarEngine
from gatehouse.law.pack import Pack
from gatehouse.law.prove import Proof, RuleUse, prove, rule_use
from gatehouse.law.theorems import theorems
from gatehouse.law.translate import Translation, solver_library
from gatehouse.model import Outcome
from tests.unit.law.packs import DESIGN, ILLINOIS, changed, with_rule, without_rule

DEFAULTS = "network/defaults.cedar"
OWNER = "network/owner.cedar"
PERMIT = "network/permit.cedar"
VIRGINIA = "statutes/us-va/rules.cedar"
# What a mutant is read with: fewer states make it quick, and the theorems of others are not asked for.
STATES = ("us-il", "us-va", "us-wy")


@pytest.fixture(scope="module")
def proofs() -> dict[str, Proof]:
    pack = Pack.load()
    return {proof.id: proof for proof in prove(pack, CedarEngine(pack))}


class TestTheorems:
    def test_prove_packaged_pack_holds_in_every_theorem(self, proofs: dict[str, Proof]) -> None:
        broken = {
            proof.id: [each.words for each in proof.counterexamples]
            for proof in proofs.values()
            if not proof.holds
        }
        assert broken == {}

    def test_prove_names_every_theorem_that_was_promised(self, proofs: dict[str, Proof]) -> None:
        promised = {
            "immigration/us-il",
            "immigration/us-ca",
            "immigration/us-wa",
            "civil-immigration",
            "outside/us-ca",
            "outside/us-va",
            "owner-retention",
            "declaration/us-il",
            "declaration/us-ct",
            "declaration/us-nm",
            "declaration/us-nj",
            "more-signals",
            "more-bans",
            "approvals",
            "every-refusal-named",
            "unknown-searcher",
            "recipients/us-ca",
            "recipients/us-va",
            "unknown-facts",
            "something-permitted",
        }
        assert promised <= set(proofs)
        assert all(proof.statement.endswith(".") for proof in proofs.values())

    @pytest.mark.shared
    def test_theorems_begin_on_the_days_and_cover_the_periods_of_the_reference(self, reference: Path) -> None:
        data = json.loads((reference / "law" / "statutes.json").read_text())
        states = {state["code"]: state for state in data["states"]}
        statements = {each.id: each.statement for each in theorems(Translation(Pack.load()))}
        for theorem, state in (
            ("immigration/us-il", "IL"),
            ("immigration/us-wa", "WA"),
            ("outside/us-va", "VA"),
            ("outside/us-ca", "CA"),
            ("declaration/us-il", "IL"),
            ("declaration/us-nm", "NM"),
            ("declaration/us-nj", "NJ"),
            ("declaration/us-ct", "CT"),
        ):
            assert f"from {states[state]['machine']['operative_from']}." in statements[theorem]
        limited = {code for code, state in states.items() if state["retention_non_hit"]["max_iso8601"]}
        proven = {name.split("/")[1][3:].upper() for name in statements if name.startswith("retention/")}
        assert limited <= proven


def mutant(folder: Path, name: str, old: str, new: str, theorem: str) -> Proof:
    """Return the proof of one theorem for the packaged pack with one thing changed."""

    def change(text: str) -> str:
        return without_rule(text, old) if new == "" else text.replace(old, new, 1)

    with pytest.MonkeyPatch.context() as patch:
        # A pack that a text could bend does not load; what the proof says of it is asked all the same.
        patch.setattr(pack_module, "lifted_by_signals", lambda _: False)
        pack = changed(folder, name, change, states=STATES)
    (proof,) = prove(pack, CedarEngine(pack), only=[theorem])
    return proof


class TestMutants:
    @pytest.mark.parametrize(
        ("name", "old", "new", "theorem", "words"),
        [
            (
                ILLINOIS,
                "us-il/2-130(b)/immigration",
                "",
                "immigration/us-il",
                "the text suggests immigration_criminal",
            ),
            (
                ILLINOIS,
                "context.owner_day >= 20240101",
                "context.owner_day >= 20250101",
                "immigration/us-il",
                "On 2024-",
            ),
            (ILLINOIS, "signals.containsAny", "signals.containsAll", "immigration/us-il", "immigration_"),
            (ILLINOIS, '"30B"', '"30A"', "immigration/us-il", "offense 30B"),
            (
                ILLINOIS,
                "context.out_of_state && context.declaration",
                "!context.out_of_state && context.declaration",
                "declaration/us-il",
                "agency of WY searches the reads of a police agency of IL",
            ),
            (
                ILLINOIS,
                "declared.containsAll",
                "declared.containsAny",
                "declaration/us-il",
                "declaration yes against",
            ),
            (ILLINOIS, "missing:declaration/us-il", "", "declaration/us-il", "declaration unknown"),
            (
                VIRGINIA,
                "context.reach > 30240",
                "context.reach > 43200",
                "retention/us-va/2.2-5517/retention",
                "reaching back 30 days",
            ),
            (
                VIRGINIA,
                "context.reach > 30240",
                "context.reach >= 30240 && !context.own",
                "retention/us-va/2.2-5517/retention",
                "searches its own reads",
            ),
            (
                OWNER,
                "context.reach > resource.retention",
                "context.reach < resource.retention",
                "owner-retention",
                "the owner keeps reads",
            ),
            (
                OWNER,
                'resource.bans.contains("federal")',
                '!(resource.bans.contains("federal"))',
                "more-bans",
                "the owner bans federal",
            ),
            (
                DEFAULTS,
                'context.signals.contains("pretext")',
                '!(context.signals.contains("pretext"))',
                "more-signals",
                "the text suggests pretext",
            ),
            (
                DESIGN,
                'context.signals.contains("dragnet")',
                'context.signals.contains("dragnet") && context.approvals < 2',
                "approvals",
                "the text suggests dragnet; approvals 2",
            ),
            (
                DEFAULTS,
                "context.approvals < 1",
                "context.approvals != 1",
                "approvals-monotone",
                "approvals 2",
            ),
            (
                DESIGN,
                'context.offense == "IMMIG_CIV" || ',
                "false || ",
                "civil-immigration",
                "offense IMMIG_CIV",
            ),
            (OWNER, "owner/no-agreement", "", "every-refusal-named", "the owner has no agreement"),
            (
                PERMIT,
                '"police", ',
                '"police", "a private detective", ',
                "unknown-searcher",
                "kinds that receive: a private detective, police",
            ),
            (
                VIRGINIA,
                "].containsAll(context.kinds)",
                "].contains(principal.kind)",
                "recipients/us-va",
                "a police agency of VA searches the reads of a police agency of VA",
            ),
            (
                PERMIT,
                '(context.own || context.agreement == "yes")',
                'context.agreement == "never"',
                "something-permitted",
                "",
            ),
        ],
    )
    def test_prove_mutated_rule_gives_a_counterexample(
        self, tmp_path: Path, name: str, old: str, new: str, theorem: str, words: str
    ) -> None:
        proof = mutant(tmp_path, name, old, new, theorem)
        assert not proof.holds
        assert words in " ".join(each.words for each in proof.counterexamples)

    def test_prove_counterexample_is_permitted_by_the_engine(self, tmp_path: Path) -> None:
        proof = mutant(tmp_path, ILLINOIS, "us-il/2-130(b)/immigration", "", "immigration/us-il")
        (example,) = proof.counterexamples
        assert example.decision.outcome is Outcome.PERMIT
        assert example.words == (
            "On 2026-10-01 a police agency of IL searches the reads of a police agency of IL for "
            "stolen_vehicle_or_plate; the text suggests immigration_criminal; approvals 1."
        )

    def test_prove_counterexample_to_a_change_shows_both_requests(self, tmp_path: Path) -> None:
        old, new = 'context.signals.contains("pretext")', '!(context.signals.contains("pretext"))'
        proof = mutant(tmp_path, DEFAULTS, old, new, "more-signals")
        before, after = proof.counterexamples
        assert (before.decision.outcome, after.decision.outcome) == (Outcome.REVIEW, Outcome.PERMIT)
        assert after.situation.signals - before.situation.signals == {"pretext"}


class Tired:
    """A solver that comes to no end."""

    def __init__(self, *_: object) -> None:
        self.reason = "timeout"

    def add(self, *_: object) -> None:
        """Take a condition, and do nothing with it."""

    def check(self, *_: object) -> object:
        """Come to no end."""
        return solver_library().unknown


class TestUndecided:
    """What the solver did not find out is neither proven nor disproven, and no pack passes with it."""

    def test_prove_solver_without_an_end_proves_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(prove_module, "_solver", Tired)
        pack = Pack.load()
        (proof,) = prove(pack, CedarEngine(pack), only=["immigration/us-il"])
        assert (proof.holds, proof.undecided, proof.counterexamples) == (False, True, ())

    def test_prove_existence_without_an_end_is_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(prove_module, "_solver", Tired)
        pack = Pack.load()
        (proof,) = prove(pack, CedarEngine(pack), only=["something-permitted"])
        assert (proof.holds, proof.undecided) == (False, True)

    def test_rule_use_solver_without_an_end_calls_no_rule_dead(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(prove_module, "_solver", Tired)
        pack = Pack.load()
        assert rule_use(pack) == RuleUse((), (), tuple(pack.rules))

    def test_prove_theorem_that_fails_is_decided(self, tmp_path: Path) -> None:
        proof = mutant(tmp_path, ILLINOIS, "us-il/2-130(b)/immigration", "", "immigration/us-il")
        assert (proof.holds, proof.undecided) == (False, False)


class TestRuleUse:
    def test_rule_use_rule_that_no_request_meets_is_dead(self, tmp_path: Path) -> None:
        pack = with_rule(tmp_path, 'when { context.own && context.behalf == "agency" }', states=STATES)
        assert rule_use(pack).dead == ("test/rule",)

    def test_rule_use_rule_that_another_implies_is_redundant(self, tmp_path: Path) -> None:
        body = 'when { context.signals.contains("dragnet") && context.own }'
        use = rule_use(with_rule(tmp_path, body, states=STATES))
        assert "test/rule" in use.redundant
        assert "gatehouse/no-dragnet" not in use.redundant


class TestManual:
    def test_manual_lists_every_theorem_and_assumption_as_they_are(self) -> None:
        manual = (Path(__file__).parents[3] / "docs" / "proofs.md").read_text()
        rows = [
            f"| `{each.id}` | {each.statement} | {', '.join(each.assumes) or 'nothing'} |"
            for each in theorems(Translation(Pack.load()))
        ]
        rows += [f"| `{each.id}` | {each.statement} |" for each in ASSUMPTIONS.values()]
        listed = [line for line in manual.splitlines() if line.startswith("| `")]
        # If this fails because a provision changed, put the new rows into docs/proofs.md.
        assert listed == rows
