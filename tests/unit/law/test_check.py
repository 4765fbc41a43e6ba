"""The check of a pack: the packaged one is fit, and each kind of fault is found and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.law.check import Fault, check
from gatehouse.law.pack import Pack, read_pack
from tests.unit.law.packs import DESIGN, ILLINOIS, changed, copied, with_rule

STATES = ("us-il", "us-va", "us-wy")
FACTS = "statutes/us-il/facts.toml"
VIRGINIA = "statutes/us-va/rules.cedar"
VIRGINIA_FACTS = "statutes/us-va/facts.toml"


def faults(pack: Pack) -> list[Fault]:
    """Return what is wrong with a pack, apart from the states that it was cut down to."""
    found = check(pack, proofs=False).faults
    return [fault for fault in found if not fault.what.startswith("The pack says nothing")]


class TestCheck:
    def test_check_packaged_pack_is_fit(self) -> None:
        pack = Pack.load()
        report = check(pack)
        assert report.faults == ()
        assert report.fit
        assert report.jurisdictions == 51
        assert report.unused_facts == ()
        assert (report.rules, report.canaries) == (len(pack.rules), len(pack.rules) - 1)
        document = report.as_document()
        assert document["fit"] is True
        assert document["proofs"] and all(proof["holds"] for proof in document["proofs"])

    def test_check_without_proofs_says_that_none_was_tried(self) -> None:
        report = check(Pack.load(), proofs=False)
        assert (report.proofs, report.use) == (None, None)
        assert report.as_document()["proofs"] is None

    def test_check_pack_without_a_state_names_it(self, tmp_path: Path) -> None:
        pack = changed(tmp_path, DESIGN, lambda text: text + "\n", states=STATES)
        missing = [fault.where for fault in check(pack, proofs=False).faults]
        assert len(missing) == 51 - len(STATES)
        assert "us-ca" in missing

    def test_check_says_whether_the_pack_is_sealed(self, tmp_path: Path) -> None:
        assert check(Pack.load(), proofs=False).as_document()["sealed"] is True
        pack = changed(tmp_path, DESIGN, lambda text: text + "\n", states=STATES)
        report = check(pack, proofs=False)
        assert report.as_document()["sealed"] is False
        assert "pack.toml" not in {fault.where for fault in report.faults}

    def test_check_code_that_no_request_can_name_is_a_fault(self, tmp_path: Path) -> None:
        folder = copied(tmp_path, STATES)
        text = (folder / "statutes/us-wy/facts.toml").read_text()
        (folder / "statutes/us-pr").mkdir()
        (folder / "statutes/us-pr/facts.toml").write_text(text.replace("us-wy", "us-pr"))
        assert Fault(
            "us-pr", "No request can name this jurisdiction, so its rules refuse nothing."
        ) in faults(read_pack(folder))

    @pytest.mark.parametrize(
        ("name", "old", "new", "where", "what"),
        [
            (
                ILLINOIS,
                "owner_day >= 20240101",
                "owner_day >= 20240102",
                "us-il/2-130(b)/immigration",
                "It begins on 2024-01-02, its provision on 2024-01-01.",
            ),
            (
                ILLINOIS,
                "owner_day >= 20240101",
                "owner_day >= 20240199",
                "us-il/2-130(b)/immigration",
                "It begins on 20240199, its provision on 2024-01-01.",
            ),
            (
                ILLINOIS,
                "context.owner_day >= 20240101",
                "context.searcher_day >= 20240101",
                "us-il/2-130(b)/immigration",
                "It reads searcher_day, which is not the day of the law that it states.",
            ),
            (
                ILLINOIS,
                "context.owner_day >= 20240101",
                "context.owner_day >= 20240101 && context.owner_day < 20300101",
                "us-il/2-130(b)/immigration",
                "It ends at 2030-01-01, where no provision of Illinois begins.",
            ),
            (
                ILLINOIS,
                "context.owner_day >= 20240101 &&",
                "true &&",
                "us-il/2-130(b)/immigration",
                "It does not say that its provision begins on 2024-01-01.",
            ),
            (
                ILLINOIS,
                '"IMMIG_CRIM"',
                '"IMIG_CRIM"',
                "us-il/2-130(b)/immigration",
                "offense is compared with 'IMIG_CRIM', which no request can hold.",
            ),
            (
                VIRGINIA,
                "].containsAll(context.kinds)",
                "].contains(principal.kind)",
                "us-va/2.2-5517/recipients",
                "It reads principal.kind and overlooks whom the searcher acts for; context.kinds holds both.",
            ),
            (
                FACTS,
                'binds = ["owner", "private"]',
                'binds = ["searcher"]',
                "us-il/2-130(b)/immigration",
                "It restricts release, but us-il/2-130(b) binds no owner.",
            ),
            (
                FACTS,
                '"searcher"]',
                '"owner"]',
                "us-il/trust-act/use",
                "It restricts use, but us-il/trust-act binds no searcher.",
            ),
            (
                VIRGINIA,
                "context.reach > 30240",
                "context.reach > 30241",
                "us-va/2.2-5517/retention",
                "It allows 30,241 minutes (>), its provision 21 days.",
            ),
            (
                VIRGINIA,
                "context.reach > 30240",
                "context.reach >= 30240",
                "us-va/2.2-5517/retention",
                "It allows 21 days (>=), its provision 21 days.",
            ),
            (
                VIRGINIA_FACTS,
                'retention = "P21D"\n',
                'retention = "P22D"\n',
                "us-va/2.2-5517/retention",
                "It allows 21 days (>), its provision 22 days.",
            ),
            (
                DESIGN,
                "A search looks for",
                "a search looks for",
                "gatehouse/no-dragnet",
                "The sentence does not begin with a capital or end with a full stop.",
            ),
            (
                DESIGN,
                "Reads are not looked up for private ends.",
                "Reads are not  looked up.",
                "gatehouse/no-personal-use",
                "The sentence has stray spaces or too few words.",
            ),
            (
                DESIGN,
                "Reads are not looked up for private ends.",
                "Not for signals::personal reads.",
                "gatehouse/no-personal-use",
                "The sentence holds code.",
            ),
            (
                FACTS,
                'no_rule = "a duty of the owner that no search decision rests on"',
                'no_rule = "none"',
                "us-il/2-130(d)",
                "It has no rule, and no reason that a reader could follow.",
            ),
        ],
    )
    def test_check_fault_is_found_and_named(
        self, tmp_path: Path, name: str, old: str, new: str, where: str, what: str
    ) -> None:
        pack = changed(tmp_path, name, lambda text: text.replace(old, new, 1), states=STATES)
        assert Fault(where, what) in faults(pack)

    def test_check_rule_that_no_request_meets_is_a_fault(self, tmp_path: Path) -> None:
        pack = with_rule(tmp_path, 'when { context.own && context.behalf == "agency" }', states=STATES)
        report = check(pack)
        assert Fault("test/rule", "No request that can be made meets this rule.") in report.faults
        assert not report.fit
