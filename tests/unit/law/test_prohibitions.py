"""The table of what state law bars: dates, boundary days, codes, and what it does not know."""

from __future__ import annotations

import doctest
import hashlib
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from gatehouse.law.prohibitions import Flow, LawConfidence, Prohibitions, Ruling, Standing
from gatehouse.model import BadInput, BadUse, Signal

TABLE = Prohibitions.load()

# Entered by hand from the statutes' own dates: state, effective, operative.
DATES = [
    ("AL", "2022-03-17", "2022-03-17"),
    ("AR", "2013-08-16", "2025-08-04"),
    ("CA", "2016-01-01", "2016-01-01"),
    ("CO", "2025-05-23", "2025-05-23"),
    ("CT", "2026-05-04", "2026-10-01"),
    ("DC", "2025-05-02", "2025-05-02"),
    ("FL", "2014-07-01", "2014-07-01"),
    ("GA", "2018-07-01", "2018-07-01"),
    ("IA", "2024-07-01", "2024-07-01"),
    ("ID", "2025-07-01", "2025-07-01"),
    ("IL", "2024-01-01", "2024-01-01"),
    ("KY", "2026-07-15", "2026-07-15"),
    ("MD", "2014-10-01", "2024-10-01"),
    ("ME", "2010-01-01", "2010-01-01"),
    ("MN", "2015-08-01", "2015-08-01"),
    ("MO", "2026-09-16", "2026-09-16"),
    ("MT", "2017-10-01", "2017-10-01"),
    ("NC", "2015-12-01", "2015-12-01"),
    ("NE", "2018-07-19", "2018-07-19"),
    ("NH", "2016-08-01", "2016-08-01"),
    ("NJ", "2026-03-25", "2026-03-25"),
    ("NM", "2026-07-01", "2026-07-01"),
    ("OR", "2026-03-31", "2026-03-31"),
    ("TN", "2014-07-01", "2014-07-01"),
    ("UT", "2013-05-14", "2013-05-14"),
    ("VA", "2025-07-01", "2025-07-01"),
    ("VT", "2013-07-01", "2025-07-01"),
    ("WA", "2026-03-30", "2026-03-30"),
]

# How each state stood on 2026-11-01: civil immigration, out of state, federal.
STANDINGS = {
    "AL": ("no_rule", "unknown", "unknown"),
    "AR": ("no_rule", "conditional", "conditional"),
    "CA": ("barred", "barred", "barred"),
    "CO": ("unknown", "unknown", "unknown"),
    "CT": ("barred", "conditional", "conditional"),
    "DC": ("no_rule", "unknown", "unknown"),
    "FL": ("no_rule", "not_barred", "not_barred"),
    "GA": ("no_rule", "not_barred", "not_barred"),
    "IA": ("no_rule", "unknown", "unknown"),
    "ID": ("outside_list", "conditional", "conditional"),
    "IL": ("barred", "conditional", "unknown"),
    "KY": ("unknown", "unknown", "unknown"),
    "MD": ("outside_list", "conditional", "conditional"),
    "ME": ("unknown", "unknown", "unknown"),
    "MN": ("no_rule", "unknown", "unknown"),
    "MO": ("unknown", "unknown", "unknown"),
    "MT": ("outside_list", "conditional", "conditional"),
    "NC": ("no_rule", "conditional", "conditional"),
    "NE": ("outside_list", "unknown", "unknown"),
    "NH": ("outside_list", "unknown", "unknown"),
    "NJ": ("barred", "conditional", "conditional"),
    "NM": ("barred", "conditional", "conditional"),
    "OR": ("barred", "conditional", "conditional"),
    "TN": ("no_rule", "unknown", "unknown"),
    "UT": ("outside_list", "conditional", "conditional"),
    "VA": ("outside_list", "barred", "barred"),
    "VT": ("outside_list", "conditional", "conditional"),
    "WA": ("barred", "unknown", "unknown"),
}

TWO_RULES = """
version = "1"
[codes]
open_le = "not_barred"
prohibit = "barred"
[states.ZZ]
law = "An Act"
effective_from = 2020-01-01
operative_from = 2020-01-01
[[states.ZZ.rules]]
id = "us-zz/old"
code = "prohibit"
confidence = "text"
flows = ["federal"]
until = 2022-06-01
sentence = "Nothing goes to federal bodies."
[[states.ZZ.rules]]
id = "us-zz/new"
code = "open_le"
confidence = "text"
flows = ["federal"]
sentence = "Everything may."
[no_rule_found]
YY = ""
"""


class TestDates:
    def test_every_state_with_rules_has_dates_here(self) -> None:
        assert sorted(TABLE.rules) == [state for state, _, _ in DATES]

    @pytest.mark.parametrize(("state", "effective", "operative"), DATES)
    def test_rules_carry_the_dates_of_their_state(self, state: str, effective: str, operative: str) -> None:
        dates = {(rule.effective_from, rule.operative_from) for rule in TABLE.rules[state]}
        assert dates == {(date.fromisoformat(effective), date.fromisoformat(operative))}

    @pytest.mark.parametrize(("state", "effective", "operative"), DATES)
    def test_in_force_on_the_boundary_day_and_not_before(
        self, state: str, effective: str, operative: str
    ) -> None:
        first = date.fromisoformat(operative)
        assert TABLE.in_force(state, first - timedelta(days=1)) == ()
        assert TABLE.in_force(state, first) == TABLE.rules[state]
        assert effective <= operative

    def test_in_force_between_includes_what_began_and_ended_inside(self) -> None:
        first, day = TABLE.rules["IL"][0], date(2024, 1, 1)
        brief = replace(first, operative_from=day + timedelta(days=2), until=day + timedelta(days=3))
        table = Prohibitions("1", "0" * 64, {"IL": (brief,)}, {})
        assert table.in_force_between("IL", day, day + timedelta(days=9)) == (brief,)
        assert table.in_force_between("IL", day, day + timedelta(days=1)) == ()
        assert table.in_force_between("IL", day + timedelta(days=4), day + timedelta(days=9)) == ()

    def test_connecticut_between_signature_and_operation_is_unknown_not_allowed(self) -> None:
        ruling = TABLE.judge("CT", date(2026, 9, 30), signal=Signal.CIVIL_IMMIGRATION)
        assert ruling == Ruling(Standing.UNKNOWN, None, "the table holds no rule in force on 2026-09-30")
        assert TABLE.bars("CT", date(2026, 10, 1), signal=Signal.CIVIL_IMMIGRATION) is not None

    def test_boundary_day_between_two_rules_takes_the_stricter(self) -> None:
        table = Prohibitions.parse(TWO_RULES.encode())
        days = {
            day: table.judge("ZZ", date.fromisoformat(day), flow=Flow.FEDERAL).standing
            for day in ("2019-12-31", "2022-05-31", "2022-06-01", "2022-06-02")
        }
        assert days == {
            "2019-12-31": Standing.UNKNOWN,
            "2022-05-31": Standing.BARRED,
            "2022-06-01": Standing.BARRED,
            "2022-06-02": Standing.NOT_BARRED,
        }


class TestJudge:
    @pytest.mark.parametrize("state", sorted(STANDINGS))
    def test_judge_on_a_day_with_all_rules_in_force(self, state: str) -> None:
        day = date(2026, 11, 1)
        rulings = (
            TABLE.judge(state, day, signal=Signal.CIVIL_IMMIGRATION),
            TABLE.judge(state, day, flow=Flow.OUT_OF_STATE),
            TABLE.judge(state, day, flow=Flow.FEDERAL),
        )
        assert tuple(ruling.standing.value for ruling in rulings) == STANDINGS[state]

    def test_illinois_bars_immigration_purpose_with_its_citation(self) -> None:
        rule = TABLE.bars("IL", date(2025, 3, 1), signal=Signal.CIVIL_IMMIGRATION)
        assert rule is not None
        assert (rule.id, rule.citation, rule.confidence) == (
            "us-il/2-130-b-immigration",
            "625 ILCS 5/2-130(b)",
            LawConfidence.TEXT,
        )

    @pytest.mark.parametrize(
        ("state", "signal", "standing"),
        [
            ("CA", Signal.IMMIGRATION_CRIMINAL, Standing.BARRED),
            ("CA", Signal.IMMIGRATION_AGENCY, Standing.UNKNOWN),
            ("IL", Signal.IMMIGRATION_CRIMINAL, Standing.UNKNOWN),
            ("NJ", Signal.IMMIGRATION_CRIMINAL, Standing.UNKNOWN),
            ("IL", Signal.REPRODUCTIVE_CARE, Standing.BARRED),
            ("IL", Signal.GENDER_AFFIRMING_CARE, Standing.BARRED),
            ("DC", Signal.REPRODUCTIVE_CARE, Standing.BARRED),
            ("OR", Signal.REPRODUCTIVE_CARE, Standing.UNKNOWN),
            ("WA", Signal.FIRST_AMENDMENT, Standing.BARRED),
            ("VA", Signal.FIRST_AMENDMENT, Standing.UNKNOWN),
            ("CT", Signal.PROTECTED_CHARACTERISTIC, Standing.BARRED),
            ("FL", Signal.TRAFFIC_INFRACTION, Standing.BARRED),
            ("ID", Signal.TRAFFIC_INFRACTION, Standing.BARRED),
            ("NC", Signal.TRAFFIC_INFRACTION, Standing.BARRED),
            ("TX", Signal.TRAFFIC_INFRACTION, Standing.NO_RULE),
            ("IL", Signal.VAGUE, Standing.UNKNOWN),
        ],
    )
    def test_judge_signal_outside_immigration_has_its_own_standing(
        self, state: str, signal: Signal, standing: Standing
    ) -> None:
        assert TABLE.judge(state, date(2026, 11, 1), signal=signal).standing is standing

    def test_judge_state_without_rule_says_so(self) -> None:
        ruling = TABLE.judge("OH", date(2026, 11, 1), flow=Flow.FEDERAL)
        assert ruling == Ruling(Standing.NO_RULE, None, "no rule of the state was found")

    @pytest.mark.parametrize("state", [None, "PR", "ZZ", ""])
    def test_judge_unknown_state_is_unknown(self, state: str | None) -> None:
        assert TABLE.judge(state, date(2026, 11, 1), flow=Flow.FEDERAL).standing is Standing.UNKNOWN
        assert TABLE.bars(state, date(2026, 11, 1), flow=Flow.FEDERAL) is None

    def test_judge_no_or_two_questions_is_refused(self) -> None:
        with pytest.raises(BadUse, match="one question"):
            TABLE.judge("IL", date(2026, 11, 1))
        with pytest.raises(BadUse, match="one question"):
            TABLE.judge("IL", date(2026, 11, 1), signal=Signal.HSI, flow=Flow.FEDERAL)

    def test_unverified_rules_settle_nothing(self) -> None:
        unverified = [
            rule
            for rules in TABLE.rules.values()
            for rule in rules
            if rule.confidence is LawConfidence.UNVERIFIED
        ]
        assert unverified
        assert {rule.standing for rule in unverified} == {Standing.UNKNOWN}

    def test_only_a_text_or_digest_that_allows_is_not_barred(self) -> None:
        allowing = {
            rule.state: rule.code
            for rules in TABLE.rules.values()
            for rule in rules
            if rule.standing is Standing.NOT_BARRED
        }
        assert allowing == {"FL": "open_le", "GA": "open_le"}


class TestParse:
    def test_load_carries_the_hash_of_its_file(self) -> None:
        content = resources.files("gatehouse.law").joinpath("prohibitions.toml").read_bytes()
        assert TABLE.pack() == {"version": TABLE.version, "sha256": hashlib.sha256(content).hexdigest()}

    def test_table_covers_the_states_and_the_district_once(self) -> None:
        assert len(TABLE.rules) + len(TABLE.no_rule_found) == 51
        assert not set(TABLE.rules) & set(TABLE.no_rule_found)

    def test_every_rule_has_its_own_sentence(self) -> None:
        sentences = [rule.sentence for rules in TABLE.rules.values() for rule in rules]
        assert all(sentence.endswith(".") and len(sentence) < 220 for sentence in sentences)
        ids = [rule.id for rules in TABLE.rules.values() for rule in rules]
        assert all(re.fullmatch(r"us-[a-z]{2}/[a-z0-9-]+", rule_id) for rule_id in ids)

    @pytest.mark.parametrize(
        ("old", "new", "complaint"),
        [
            ('code = "open_le"', 'code = "open"', "KeyError"),
            ('flows = ["federal"]\nuntil', 'flows = ["abroad"]\nuntil', "abroad"),
            ("us-zz/new", "us-zz/old", "two rules have the id"),
            ("us-zz/new", "us-yy/new", "stands under ZZ"),
            ('flows = ["federal"]\nuntil', "until", "concerns no signal"),
            ("operative_from = 2020-01-01", "operative_from = 2019-12-31", "binds before"),
            ('YY = ""', 'ZZ = ""', "has rules and none"),
            ("until = 2022-06-01", "expires = 2022-06-01", "unknown key 'expires'"),
        ],
    )
    def test_parse_contradictory_table_is_bad_input(self, old: str, new: str, complaint: str) -> None:
        assert old in TWO_RULES
        with pytest.raises(BadInput) as caught:
            Prohibitions.parse(TWO_RULES.replace(old, new).encode())
        assert complaint in str(caught.value.got)

    def test_parse_not_toml_is_bad_input(self) -> None:
        with pytest.raises(BadInput, match="cannot be read"):
            Prohibitions.parse(b"version = ")


class TestManual:
    MANUAL = Path(__file__).resolve().parents[3] / "docs" / "law-table.md"

    def test_manual_examples_answer_as_shown(self) -> None:
        result = doctest.testfile(str(self.MANUAL), module_relative=False)
        assert (result.failed, result.attempted > 0) == (0, True)

    def test_list_of_states_is_the_table(self) -> None:
        day = date(2026, 11, 1)
        rows = re.findall(
            r"^\| (`\w+`.*) \| ((?:[A-Z]{2}, )*[A-Z]{2}) \|$", self.MANUAL.read_text("utf-8"), re.M
        )
        listed = {state: heading for heading, states in rows for state in states.split(", ")}
        assert set(listed) == set(TABLE.rules) | set(TABLE.no_rule_found)
        for state, heading in listed.items():
            standing = TABLE.judge(state, day, signal=Signal.CIVIL_IMMIGRATION).standing
            assert heading.startswith(f"`{standing.value}`"), state
            assert ("no state rule found" in heading) == (state in TABLE.no_rule_found), state


@pytest.fixture(scope="module")
def states(reference: Path) -> dict[str, dict[str, Any]]:
    content = json.loads((reference / "law" / "statutes.json").read_text("utf-8"))
    return {state["code"]: state for state in content["states"]}


@pytest.mark.shared
class TestReference:
    """The whole table against the reference inventory, so that drift shows."""

    def test_table_rules_stand_for_the_states_of_the_reference(
        self, states: dict[str, dict[str, Any]]
    ) -> None:
        # Missouri's order is in the table because it exists, though the reference has no rule codes for it.
        dated = {code for code, state in states.items() if state["machine"]["operative_from"]}
        assert set(TABLE.rules) == dated | {"MO"}
        assert set(TABLE.rules) | set(TABLE.no_rule_found) == set(states)

    def test_table_dates_and_citations_are_those_of_the_reference(
        self, states: dict[str, dict[str, Any]]
    ) -> None:
        for code, rules in TABLE.rules.items():
            machine = states[code]["machine"]
            cited = " ".join(states[code]["citations"])
            for rule in rules:
                if code != "MO":
                    assert rule.effective_from.isoformat() == machine["effective_from"], rule.id
                    assert rule.operative_from.isoformat() == machine["operative_from"], rule.id
                    assert rule.approximate == ("effective_from_note" in machine), rule.id
                for part in re.sub(r"\([a-z]\)$", "", rule.citation).split("; "):
                    assert part in cited or part.split()[-1] in cited, rule.id

    def test_table_codes_are_those_of_the_reference(self, states: dict[str, dict[str, Any]]) -> None:
        for code, state in states.items():
            machine = state["machine"]
            ours = TABLE.rules.get(code, ())
            for flow, key in ((Flow.OUT_OF_STATE, "out_of_state_rule"), (Flow.FEDERAL, "federal_rule")):
                codes = {rule.code for rule in ours if flow in rule.flows} or {"none"}
                assert {"none" if each == "unseen" else each for each in codes} == {machine[key]}, (code, key)
            immigration = {
                rule.code
                for rule in ours
                if Signal.CIVIL_IMMIGRATION in rule.bars | rule.unclear and rule.code != "unseen"
            }
            assert (immigration or {"none"}) == {machine["immigration_rule"]}, code

    def test_table_signals_are_those_of_the_reference(self, states: dict[str, dict[str, Any]]) -> None:
        for code, state in states.items():
            flags = state["machine"]["forbidden_flags"]
            barred = {flag for flag in flags if not flag.endswith("?")}
            inferred = {flag.rstrip("?") for flag in flags if flag.endswith("?")}
            ours = TABLE.rules.get(code, ())
            named = [rule for rule in ours if rule.standing is not Standing.OUTSIDE_LIST]
            barring = {signal.value for rule in named for signal in rule.bars}
            # "All immigration enforcement" takes in the criminal kind, which the reference's flags leave out.
            if state["machine"]["immigration_rule"] == "barred_all":
                barring -= {"immigration_criminal"}
            assert barring == barred, code
            unclear = {signal.value for rule in ours for signal in rule.unclear}
            assert inferred <= unclear, code

    def test_sharing_confidence_is_never_above_the_reference(self, states: dict[str, dict[str, Any]]) -> None:
        for code, rules in TABLE.rules.items():
            theirs = states[code]["machine"]["sharing_confidence"]
            if theirs is None:
                continue
            for rule in rules:
                if rule.flows and rule.confidence is LawConfidence.TEXT:
                    assert theirs.startswith("text"), rule.id
                if rule.flows and theirs == "unverified":
                    assert rule.standing is Standing.UNKNOWN, rule.id
