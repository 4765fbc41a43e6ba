"""Published rules, from every form in which they come."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from gatehouse.model import FAMILIES, BadInput, Signal
from gatehouse.records.organizations import parse
from gatehouse.records.policies import Policy, load_policies, policy_for
from gatehouse.records.prohibited_uses import prohibited_uses

USUAL = (
    "Immigration enforcement, traffic enforcement, harrassment or intimidation, usage based solely on a "
    "protected class (i.e. race, sex, religion), Personal use."
)


def names(text: str) -> list[str]:
    return [use.name for use in prohibited_uses(text)]


class TestProhibitedUses:
    @pytest.mark.parametrize("text", [USUAL, USUAL.replace("harrassment", "harassment"), USUAL.upper()])
    def test_usual_sentence_in_both_spellings_names_five_uses(self, text: str) -> None:
        assert names(text) == [
            "immigration enforcement",
            "traffic enforcement",
            "personal use",
            "use based on a protected class",
            "harassment or intimidation",
        ]

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("", []),
            (
                "Civil immigration enforcement; personal use.",
                ["civil immigration enforcement", "personal use"],
            ),
            ("Speed enforcement, red light cameras.", ["traffic enforcement"]),
            (
                "Non-law enforcement, personal, and commercial use.",
                ["personal use", "use other than law enforcement"],
            ),
            ("Use of personal information is limited to members.", []),
            ("Gender and reproductive care.", ["reproductive health care", "gender-affirming care"]),
            ("First Amendment rights, civil matters.", ["watching speech or assembly", "civil matters"]),
            ("Sharing across state lines.", ["sharing across state lines"]),
            ("To harass or intimidate anybody.", ["harassment or intimidation"]),
            (
                "Personal use.\n\nIt is prohibited to place any such cameras where they see a clinic of "
                "reproductive or gender-affirming care.",
                ["personal use"],
            ),
        ],
    )
    def test_phrases_of_published_rules_are_told_apart(self, text: str, found: list[str]) -> None:
        assert names(text) == found

    def test_immigration_means_the_family_unless_only_the_civil_kind_is_named(self) -> None:
        (every,) = prohibited_uses("Immigration enforcement")
        (civil,) = prohibited_uses("Civil immigration enforcement")
        assert (every.signals, civil.signals) == (
            FAMILIES["immigration"],
            frozenset({Signal.CIVIL_IMMIGRATION}),
        )

    def test_use_that_no_signal_shows_stays_named(self) -> None:
        (use,) = prohibited_uses("Harassment")
        assert use.signals == frozenset()


ENTRY = {
    "crawled_slug": "mill-creek-il-pd",
    "crawled_name": "Mill Creek IL PD",
    "archived_date": "2026-04-29",
    "prohibited_uses": USUAL,
    "acceptable_use_policy": "Law enforcement only.",
    "sharing_restrictions": "",
    "data_retention_days": 30,
    "camera_count": 24,
    "hotlists_alerted_on": "NCMEC Amber Alert",
    "vehicles_detected_30d": 774611,
    "hotlist_hits_30d": None,
    "searches_30d": 614,
    "sharing_outbound": ["Harbor Point IL PD", "University of Elm, East Campus"],
    "sharing_inbound": [],
}


def written(path: Path, entries: list[dict[str, object]]) -> Path:
    path.write_text(json.dumps(entries), "utf-8")
    return path


class TestLoading:
    def test_portal_entry_keeps_every_field(self, tmp_path: Path) -> None:
        path = written(tmp_path / "policies.json", [ENTRY])
        (policy,) = load_policies(path)
        assert policy == Policy(
            organization="Mill Creek IL PD",
            key=parse("Mill Creek IL PD").key,
            on=date(2026, 4, 29),
            prohibited_uses=USUAL,
            path=str(path),
            sha256=policy.sha256,
            row=2,
            acceptable_use="Law enforcement only.",
            hotlists="NCMEC Amber Alert",
            retention_days=30,
            cameras=24,
            vehicles_30d=774611,
            searches_30d=614,
            outbound=("Harbor Point IL PD", "University of Elm, East Campus"),
        )
        assert policy.prohibited_signals == FAMILIES["immigration"] | {
            Signal.TRAFFIC_INFRACTION,
            Signal.PERSONAL,
            Signal.PROTECTED_CHARACTERISTIC,
        }

    def test_entry_without_a_name_is_named_by_its_address(self, tmp_path: Path) -> None:
        entry = ENTRY | {"crawled_name": None, "crawled_slug": "-mill-creek-pd-il"}
        (policy,) = load_policies(written(tmp_path / "policies.json", [entry]))
        assert policy.key == parse("Mill Creek IL PD").key
        assert policy.notes == (("name_from_address", "the agency is named by its page's address"),)

    def test_entry_that_says_nothing_is_left_out(self, tmp_path: Path) -> None:
        empty = dict.fromkeys(ENTRY, None)
        assert len(load_policies(written(tmp_path / "policies.json", [ENTRY, empty]))) == 1

    def test_workbook_lists_an_agency_in_two_sheets_and_it_stands_once(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        first, second = book.worksheets[0], book.create_sheet("master")
        first.append(
            [
                "Agency Name",
                "State",
                "Prohibited Uses",
                "Data retention (in days)",
                "Number of LPR and other cameras",
            ]
        )
        first.append(["Mill Creek IL PD", "IL", USUAL, "30 days", 24])
        first.append(["Oak Bend IL PD", "IL", USUAL, "-Infinity days", "N/A"])
        second.append(
            [
                "Agency Name",
                "Prohibited Uses",
                "Data retention (in days)",
                "External organizations with access",
            ]
        )
        second.append(["Mill Creek IL PD", USUAL, "30 days", "Harbor Point IL PD,  Elm County IL SO "])
        second.append(["Oak Bend IL PD", "Personal use.", "N/A", "For a list please ask our department."])
        book.save(tmp_path / "policies.xlsx")
        policies = load_policies(tmp_path / "policies.xlsx", on=date(2025, 6, 11))
        assert [
            (policy.organization, policy.on, policy.retention_days, policy.cameras) for policy in policies
        ] == [
            ("Mill Creek IL PD", date(2025, 6, 11), 30, 24),
            ("Oak Bend IL PD", date(2025, 6, 11), None, None),
            ("Oak Bend IL PD", date(2025, 6, 11), None, None),
        ]
        assert policies[0].outbound == ("Harbor Point IL PD", "Elm County IL SO")
        assert [policy.notes for policy in policies] == [
            (("listed_again", "the agency is listed 2 times, with the same rules"),),
            (
                ("not_a_number", "retention days cannot be read"),
                ("rules_differ", "the agency is listed 2 times, with different rules"),
            ),
            (
                ("not_a_list", "a sentence stands in place of the organizations"),
                ("rules_differ", "the agency is listed 2 times, with different rules"),
            ),
        ]

    def test_rules_written_by_hand_are_read_from_toml(self, tmp_path: Path) -> None:
        path = tmp_path / "rules.toml"
        path.write_text(
            '[[policy]]\norganization = "Mill Creek IL PD"\non = 2025-01-15\n'
            'prohibited_uses = "Personal use."\nretention_days = 30\noutbound = ["Harbor Point IL PD"]\n'
        )
        (policy,) = load_policies(path)
        assert (policy.organization, policy.on, policy.retention_days, policy.outbound) == (
            "Mill Creek IL PD",
            date(2025, 1, 15),
            30,
            ("Harbor Point IL PD",),
        )

    def test_rules_written_by_hand_are_read_from_csv(self, tmp_path: Path) -> None:
        path = tmp_path / "rules.csv"
        path.write_text("organization,date,prohibited uses\nMill Creek IL PD,2025-01-15,Personal use\n")
        (policy,) = load_policies(path)
        assert (policy.on, [use.name for use in policy.prohibits]) == (date(2025, 1, 15), ["personal use"])

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("[[policy]]\nname = 'x'\n", "unknown key"),
            ("[[policy]]\nprohibited_uses = 'x'\n", "without an organization"),
            ("policy = 3\n", "cannot be read"),
            ("[[policy\n", "cannot be read"),
        ],
    )
    def test_toml_that_is_no_list_of_rules_is_refused(
        self, tmp_path: Path, text: str, complaint: str
    ) -> None:
        path = tmp_path / "rules.toml"
        path.write_text(text)
        with pytest.raises(BadInput, match=complaint):
            load_policies(path)

    def test_file_without_rules_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "audit.csv"
        path.write_text("id,reason,searchDate\na1,bolo,2025-06-18\n")
        with pytest.raises(BadInput, match="no published rules"):
            load_policies(path)

    def test_date_that_cannot_be_read_is_refused_without_its_text(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match=r"a date cannot be read.*row 2.*aaaa 9999"):
            load_policies(written(tmp_path / "policies.json", [ENTRY | {"archived_date": "June 2025"}]))


class TestPolicyFor:
    def policy(self, on: date | None, text: str = USUAL) -> Policy:
        return Policy("Mill Creek IL PD", parse("Mill Creek IL PD").key, on, text, "p.json", "", 2)

    def test_policy_for_a_day_is_the_latest_copy_not_after_it(self) -> None:
        old, new, undated = self.policy(date(2025, 1, 1)), self.policy(date(2025, 6, 1)), self.policy(None)
        key = old.key
        days = (date(2024, 1, 1), date(2025, 3, 1), date(2025, 6, 1), date(2026, 1, 1))
        assert [policy_for([new, old, undated], key, day) for day in days] == [undated, old, new, new]
        assert policy_for([new, old], key, date(2024, 1, 1)) is None
        assert policy_for([new, old], "another", date(2026, 1, 1)) is None

    def test_policy_for_copies_of_one_day_is_the_strictest(self) -> None:
        loose, strict = self.policy(date(2025, 1, 1), "Personal use."), self.policy(date(2025, 1, 1))
        assert policy_for([loose, strict, loose], loose.key, date(2025, 2, 1)) is strict


@pytest.mark.shared
def test_real_policies_read_whole(reference: Path) -> None:
    portals = load_policies(reference / "records" / "portal-policies.json")
    workbook = load_policies(reference / "records" / "portal-policies-2025-06-11.xlsx", on=date(2025, 6, 11))
    assert (len(portals), len(workbook)) == (187, 516)
    assert sum(bool(policy.prohibited_uses) and not policy.prohibits for policy in portals + workbook) == 0
    uses = Counter(use.name for policy in portals for use in policy.prohibits)
    assert (uses["immigration enforcement"], uses["traffic enforcement"]) == (182, 175)
    assert {policy.on for policy in workbook} == {date(2025, 6, 11)}
