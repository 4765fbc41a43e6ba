"""The backtest: what a pack, a statute or a draft makes of a small invented record."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from gatehouse.audit.backtest import Plan, as_document, backtest
from gatehouse.law.draft import Draft
from gatehouse.law.pack import Pack
from gatehouse.model import BadInput, BadUse
from gatehouse.records import Input, import_files
from gatehouse.records.link import link
from tests.unit.records.exports import AUDIT, audit_row

OWNER = "Prairie Bend IL PD"
OUTSIDE = "Larkspur MO PD"

# (searcher, reason, case number)
STORY = [
    (OWNER, "stolen vehicle", "25-000001"),
    (OUTSIDE, "stolen vehicle", "25-000002"),
    (OUTSIDE, "ICE+ERO", ""),
    (OUTSIDE, "ICE WARRANT", "25-000004"),
    (OUTSIDE, "REDACTED", "25-000005"),
    ("US Border Patrol", "stolen vehicle", "25-000006"),
]


def write(path: Path, rows: list[tuple[str, str, str]], *, time: str = "3/2/2025, 03:00:00 PM UTC") -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(AUDIT)
        for number, (org, reason, case) in enumerate(rows, 1):
            changes = {"Org Name": org, "Reason": reason, "Case #": case, "Search Time": time}
            table.writerow(audit_row(number, **changes))
    return path


def tried(
    path: Path,
    *laws: str,
    draft: Path | None = None,
    owner: str | None = OWNER,
    assume: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    linked = link(import_files([Input(str(path), owner)]))
    pack = Pack.load()
    plan = Plan(pack, laws, Draft.read(draft, pack) if draft else None, assume)
    return as_document(backtest(linked, plan), linked)


def answers(document: dict[str, Any]) -> tuple[int, int, int, int]:
    found = document["answers"]
    return found["refused"], found["review"], found["permitted"], found["not_judgeable"]


@pytest.fixture
def story(tmp_path: Path) -> Path:
    return write(tmp_path / "story.csv", STORY)


class TestStatute:
    def test_backtest_illinois_refuses_what_its_law_refuses(self, story: Path) -> None:
        document = tried(story, "us-il")
        assert document["searches"] == 6
        assert answers(document) == (3, 0, 1, 2)
        assert [(rule["id"], rule["refused"]) for rule in document["by_rule"]] == [
            ("us-il/2-130(b)/immigration", 2),
            ("us-il/trust-act/release", 2),
            ("us-il/2-130(c)/federal", 1),
        ]
        assert document["lacked"] == [
            {"fact": "declaration", "searches": 2},
            {"fact": "reason", "searches": 1},
        ]

    def test_backtest_tells_refusals_apart_that_rest_on_what_the_law_leaves_open(
        self, tmp_path: Path
    ) -> None:
        rows = [(OUTSIDE, reason, "25-000001") for reason in ("ICE", "ICE", "ICE+ERO", "immigration")]
        document = tried(write(tmp_path / "ice.csv", [*rows, (OUTSIDE, "ICE abortion", "25-2")]), "us-il")
        assert answers(document) == (5, 0, 0, 0)
        # The last is refused for health care, which is settled.
        assert document["unsettled"] == 2
        assert [(rule["id"], rule["refused"], rule["unsettled"]) for rule in document["by_rule"]] == [
            ("us-il/2-130(b)/immigration", 5, 3),
            ("us-il/trust-act/release", 5, 3),
            ("us-il/2-130(b)/health-care", 1, 0),
        ]
        assert [month["unsettled"] for month in document["by_month"]] == [2]
        assert [body["unsettled"] for body in document["by_organization"]] == [2]

    def test_backtest_statute_of_another_state_is_tried_as_the_owners_own(self, tmp_path: Path) -> None:
        """The owner's neighbors count as the statute's own agencies, its real agencies as strangers."""
        neighbor, californian = "Oak Hollow IL PD", "Gold Creek CA PD"
        rows = [(neighbor, "stolen vehicle", "25-000001"), (californian, "stolen vehicle", "25-000002")]
        document = tried(write(tmp_path / "two.csv", rows), "us-ca")
        assert {
            each["organization"]: (each["refused"], each["permitted"]) for each in document["by_organization"]
        } == {
            californian: (1, 0),
            neighbor: (0, 1),
        }
        assert [rule["id"] for rule in document["by_rule"]] == ["us-ca/1798.90.55/out-of-state"]

    def test_backtest_masked_reason_is_never_permitted(self, tmp_path: Path) -> None:
        path = write(tmp_path / "own.csv", [(OWNER, "REDACTED", "25-000001")] * 3)
        document = tried(path, "us-il")
        assert answers(document) == (0, 0, 0, 3)
        assert document["lacked"] == [{"fact": "reason", "searches": 3}]

    def test_backtest_day_before_the_law_permits(self, tmp_path: Path) -> None:
        rows = [(OUTSIDE, "reproductive clinic patient, abortion", "1-23456789")]
        # 06:00 UTC is midnight in Illinois.
        before = tried(write(tmp_path / "a.csv", rows, time="1/1/2024, 05:59:59 AM UTC"), "us-il")
        after = tried(write(tmp_path / "b.csv", rows, time="1/1/2024, 06:00:00 AM UTC"), "us-il")
        assert answers(before) == (0, 0, 1, 0)
        assert answers(after) == (1, 0, 0, 0)
        assert [month["month"] for month in before["by_month"]] == ["2023-12"]
        assert [month["month"] for month in after["by_month"]] == ["2024-01"]

    @pytest.mark.parametrize(
        ("owner", "time", "refused"),
        [
            (OWNER, "10/1/2026, 04:59:59 AM UTC", 0),  # Connecticut's first day has begun, Illinois' has not
            (OWNER, "10/1/2026, 05:00:00 AM UTC", 1),
            (OWNER, "10/1/2026, 11:00:00 PM UTC", 1),
            (None, "9/30/2026, 01:59:59 PM UTC", 0),
            (None, "9/30/2026, 02:00:00 PM UTC", 1),  # the first of October begins in Guam
        ],
    )
    def test_backtest_statute_of_another_state_begins_on_the_owners_clock(
        self, tmp_path: Path, owner: str | None, time: str, refused: int
    ) -> None:
        path = write(tmp_path / "a.csv", [("US Border Patrol", "abortion", "25-000001")], time=time)
        document = tried(path, "us-ct", owner=owner)
        assert document["answers"]["refused"] == refused

    def test_backtest_counts_apart_what_is_earlier_than_the_statute(self, tmp_path: Path) -> None:
        rows = [(OUTSIDE, "ICE+ERO", ""), (OUTSIDE, "stolen vehicle", "")]
        early = tried(write(tmp_path / "a.csv", rows), "us-wa")
        assert answers(early) == (0, 0, 2, 0)
        assert early["before_in_force"] == 2
        assert [month["before_in_force"] for month in early["by_month"]] == [2]
        assert {(each["law"], each["from"], each["searches_before"]) for each in early["in_force"]} == {
            ("us-wa", "2026-03-30", 2)
        }
        assert all(each["citations"] for each in early["in_force"])
        late = tried(write(tmp_path / "b.csv", rows, time="4/2/2026, 03:00:00 PM UTC"), "us-wa")
        assert answers(late) == (2, 0, 0, 0)
        assert late["before_in_force"] == 0
        assert [each["searches_before"] for each in late["in_force"]] == [0]

    def test_backtest_of_the_whole_rulebook_names_no_first_days(self, story: Path) -> None:
        document = tried(story)
        assert (document["before_in_force"], document["in_force"]) == (0, [])

    def test_backtest_unknown_law_is_bad_use(self, story: Path) -> None:
        with pytest.raises(BadUse, match="no rules of that code"):
            tried(story, "us-zz")


class TestWholePack:
    def test_backtest_all_rules_cannot_judge_what_exports_lack(self, story: Path) -> None:
        document = tried(story)
        assert document["laws"] == ["all"]
        assert sum(document["answers"].values()) == document["searches"] == 6
        assert document["answers"]["refused"] == 3
        lacked = {each["fact"] for each in document["lacked"]}
        assert {"agreement", "declaration"} <= lacked

    def test_backtest_counts_by_month_and_organization_add_up(self, story: Path) -> None:
        document = tried(story)
        for table in ("by_month", "by_organization"):
            for answer, n in document["answers"].items():
                assert sum(group[answer] for group in document[table]) == n
        assert document["by_organization"][0]["organization"] == OUTSIDE

    def test_backtest_state_whose_law_is_not_known_counts_as_unknown(self, tmp_path: Path) -> None:
        rows = [("San Juan PR PD", "stolen vehicle", "25-000001"), ("San Juan PR PD", "ICE WARRANT", "")]
        document = tried(write(tmp_path / "a.csv", rows))
        assert answers(document) == (1, 0, 0, 1)
        assert "searcher_state" in [each["fact"] for each in document["lacked"]]

    def test_backtest_without_an_owner_says_so_and_tries_no_law_of_its_state(self, story: Path) -> None:
        document = tried(story, owner=None)
        assert (document["owner_not_known"], tried(story)["owner_not_known"]) == (6, 0)
        assert "owner_state" in [each["fact"] for each in document["lacked"]]
        assert not [rule for rule in document["by_rule"] if rule["id"].startswith("us-il/2-130")]

    def test_backtest_twice_is_the_same(self, story: Path) -> None:
        assert tried(story) == tried(story)


class TestAssume:
    def test_backtest_assumed_declaration_answers_what_lacked_one(self, story: Path) -> None:
        document = tried(story, "us-il", assume=frozenset({"declaration"}))
        assert document["assumed"] == ["declaration"]
        # The masked reason is not judgeable all the same, and the refusals stand.
        assert answers(document) == (3, 0, 2, 1)
        assert document["lacked"] == [{"fact": "reason", "searches": 1}]

    def test_backtest_assumes_nothing_that_is_not_asked_for(self, story: Path) -> None:
        plain, assumed = tried(story), tried(story, assume=frozenset({"agreement"}))
        assert plain["assumed"] == []
        facts = {each["fact"] for each in plain["lacked"]}
        assert facts - {each["fact"] for each in assumed["lacked"]} == {"agreement"}
        assert plain["answers"]["refused"] == assumed["answers"]["refused"]

    def test_backtest_assumption_serves_a_draft_and_not_the_owner(self, tmp_path: Path, story: Path) -> None:
        draft = tmp_path / "draft.cedar"
        draft.write_text(DRAFT.replace("context.case_number == false", 'context.agreement != "yes"'))
        assert answers(tried(story, draft=draft)) == (0, 0, 1, 5)
        assert answers(tried(story, draft=draft, assume=frozenset({"agreement"}))) == (0, 0, 6, 0)

    def test_backtest_of_what_cannot_be_assumed_is_bad_use(self, story: Path) -> None:
        with pytest.raises(BadUse, match="cannot assume"):
            tried(story, assume=frozenset({"purpose"}))


DRAFT = """
@id("draft/case-number")
@cite("Draft ordinance 2027-1, section 3")
@sentence("A search by another agency names a case number.")
forbid (principal, action == Action::"search", resource)
when { context.own == false && context.case_number == false };
"""


class TestDraft:
    def write(self, tmp_path: Path, text: str = DRAFT) -> Path:
        path = tmp_path / "draft.cedar"
        path.write_text(text, encoding="utf-8")
        return path

    def test_backtest_draft_alone_refuses_what_it_says(self, tmp_path: Path, story: Path) -> None:
        document = tried(story, draft=self.write(tmp_path))
        assert document["laws"] == ["draft"]
        assert answers(document) == (1, 0, 5, 0)
        assert document["draft"]["rules"] == ["draft/case-number"]
        assert [(rule["id"], rule["refused"]) for rule in document["by_rule"]] == [("draft/case-number", 1)]

    def test_backtest_draft_with_a_statute_tries_both(self, tmp_path: Path, story: Path) -> None:
        document = tried(story, "us-il", draft=self.write(tmp_path))
        assert document["answers"]["refused"] == 3
        assert "draft/case-number" in [rule["id"] for rule in document["by_rule"]]

    def test_backtest_draft_on_a_fact_that_no_export_has_is_not_judgeable(
        self, tmp_path: Path, story: Path
    ) -> None:
        text = DRAFT.replace("context.case_number == false", "context.approvals < 2")
        document = tried(story, draft=self.write(tmp_path, text))
        assert answers(document) == (0, 0, 1, 5)
        assert document["lacked"] == [{"fact": "approvals", "searches": 5}]

    @pytest.mark.parametrize(
        "condition",
        ["context.owner_day >= 20270101", "20261231 < context.owner_day", "!(context.owner_day < 20270101)"],
    )
    def test_backtest_draft_with_a_first_day_says_what_is_earlier(
        self, tmp_path: Path, story: Path, condition: str
    ) -> None:
        text = DRAFT.replace("context.own ==", f"{condition} && context.own ==")
        document = tried(story, draft=self.write(tmp_path, text))
        assert answers(document) == (0, 0, 6, 0)
        assert document["before_in_force"] == 6
        assert document["in_force"] == [
            {
                "law": "draft",
                "from": "2027-01-01",
                "citations": ["Draft ordinance 2027-1, section 3"],
                "searches_before": 6,
            }
        ]

    def test_backtest_draft_on_the_owner_without_one_is_not_judgeable(
        self, tmp_path: Path, story: Path
    ) -> None:
        text = DRAFT.replace("context.own == false", "context.out_of_state")
        document = tried(story, draft=self.write(tmp_path, text), owner=None)
        # Five name a case, and are fine whoever owns the data.
        assert answers(document) == (0, 0, 5, 1)
        assert document["lacked"] == [{"fact": "owner_state", "searches": 1}]
        document = tried(story, draft=self.write(tmp_path), owner=None)
        assert document["lacked"] == [{"fact": "owner", "searches": 1}]

    def test_backtest_draft_of_a_review_counts_who_would_have_asked_a_supervisor(
        self, tmp_path: Path, story: Path
    ) -> None:
        text = DRAFT.replace("@cite", '@outcome("review")\n@cite').replace(
            "context.case_number == false", "context.case_number == false && context.approvals < 1"
        )
        document = tried(story, draft=self.write(tmp_path, text))
        assert answers(document) == (0, 1, 5, 0)
        assert [(rule["id"], rule["refused"], rule["review"]) for rule in document["by_rule"]] == [
            ("draft/case-number", 0, 1)
        ]

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("", "holds no rule"),
            ("forbid (", "not Cedar"),
            (DRAFT.replace("forbid", "permit"), "cannot permit"),
            (DRAFT.replace("context.case_number", "context.case_numbr"), "does not fit the schema"),
            (DRAFT.replace('@cite("Draft ordinance 2027-1, section 3")', ""), "no @cite"),
            (DRAFT.replace("draft/case-number", "owner/retention"), "@id that is taken"),
        ],
    )
    def test_read_unsound_draft_is_refused(self, tmp_path: Path, text: str, what: str) -> None:
        with pytest.raises(BadInput, match=what):
            Draft.read(self.write(tmp_path, text), Pack.load())
