"""What loosens and what tightens: whatever is not shown to tighten loosens."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.law.codes import BANS
from gatehouse.model import Purpose, Scope
from gatehouse.node.bodies import (
    AgreementBody,
    Body,
    DeclarationBody,
    OwnerBody,
    PackBody,
    SharingBody,
)
from gatehouse.node.loosening import loosens, pack_tightens
from gatehouse.node.packs import PACKAGED

DOCUMENT = "ab" * 32
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
A, B = Purpose.STOLEN_VEHICLE_OR_PLATE, Purpose.CRIMINAL_INVESTIGATION


def agreed(*purposes: Purpose, until: datetime | None = None, owner: str = "alder-pd") -> AgreementBody:
    return AgreementBody(
        owner=owner, searcher="cedar-pd", purposes=frozenset(purposes), until=until, document=DOCUMENT
    )


def declared(*covers: str, until: datetime | None = None) -> DeclarationBody:
    return DeclarationBody(searcher="cedar-pd", covers=frozenset(covers), until=until, document=DOCUMENT)


def owns(**changed: object) -> OwnerBody:
    usual: dict[str, object] = {
        "owner": "alder-pd",
        "retention_minutes": 1000,
        "bans": ["federal"],
        "optins": ["audit_training"],
        "scope_caps": {"parking_toll_access": "neighbors"},
        "waiting_days": 10,
    }
    return OwnerBody.read(usual | changed)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, agreed(A), True),
        (agreed(A), None, False),
        (agreed(A, B), agreed(A), False),
        (agreed(A), agreed(A, B), True),
        (agreed(A), agreed(B), True),
        (agreed(A), agreed(A, until=UNTIL), False),
        (agreed(A, until=UNTIL), agreed(A), True),
        (agreed(A, until=UNTIL), agreed(A, until=UNTIL + timedelta(days=1)), True),
        (agreed(A, B), agreed(A, owner="birch-so"), True),
        (declared("immigration", "gender"), declared("immigration"), False),
        (declared("immigration"), declared("immigration", "gender"), True),
        (declared("immigration"), declared("civil_immigration"), False),
        (declared("immigration"), declared("immigration", until=UNTIL), False),
        (None, owns(), True),
        (owns(), owns(retention_minutes=999), False),
        (owns(), owns(retention_minutes=1001), True),
        (owns(), owns(bans=["federal", "out_of_state"]), False),
        (owns(), owns(bans=[]), True),
        (owns(bans=["immigration"]), owns(bans=["immigration_enforcement"]), False),
        (owns(bans=["immigration"]), owns(bans=["civil_immigration"]), True),
        (owns(), owns(optins=[]), False),
        (owns(), owns(optins=["audit_training", "on_behalf_of"]), True),
        (owns(), owns(scope_caps={"parking_toll_access": "own"}), False),
        (owns(), owns(scope_caps={"parking_toll_access": "own", "09A": "region"}), False),
        (owns(), owns(scope_caps={"parking_toll_access": "region"}), True),
        (owns(), owns(scope_caps={}), True),
        (owns(), owns(waiting_days=11), False),
        (owns(), owns(waiting_days=9), True),
        (owns(), owns(longest_hold_days=89), False),
        (owns(), owns(longest_hold_days=91), True),
        (owns(), owns(portal_delay_hours=0), True),
        (owns(), owns(portal_delay_hours=48), True),
        (owns(), owns(retention_minutes=1, bans=[]), True),
        (None, SharingBody(owner="alder-pd", shares=True), True),
        (None, SharingBody(owner="alder-pd", shares=False), False),
        (SharingBody(owner="alder-pd", shares=True), SharingBody(owner="alder-pd", shares=False), False),
        (
            PackBody(version="1", sha256=DOCUMENT, lexicon=DOCUMENT),
            PackBody(version="2", sha256="cd" * 32, lexicon=DOCUMENT),
            True,
        ),
    ],
)
def test_loosens_says_so_of_everything_that_is_not_shown_to_tighten(
    before: Body | None, after: Body | None, expected: bool
) -> None:
    assert loosens(before, after) is expected
    if after is not None:
        assert loosens(after, after) is False


_OWNERS = st.builds(
    owns,
    retention_minutes=st.sampled_from([10, 1000]),
    bans=st.sets(st.sampled_from(["federal", "immigration", "civil_immigration"])).map(sorted),
    optins=st.sets(st.sampled_from(["audit_training", "on_behalf_of"])).map(sorted),
    scope_caps=st.dictionaries(st.sampled_from(["09A", "other"]), st.sampled_from([s.value for s in Scope])),
    waiting_days=st.sampled_from([7, 30]),
)


@given(_OWNERS, _OWNERS, _OWNERS)
def test_tightening_twice_tightens(one: OwnerBody, two: OwnerBody, three: OwnerBody) -> None:
    if not loosens(one, two) and not loosens(two, three):
        assert not loosens(one, three)


@given(_OWNERS, _OWNERS)
def test_what_tightens_both_ways_lets_the_same_happen(one: OwnerBody, two: OwnerBody) -> None:
    if not loosens(one, two) and not loosens(two, one):
        assert one.retention_minutes == two.retention_minutes
        assert one.optins == two.optins
        assert one.scope_caps == two.scope_caps
        bans = [frozenset().union(*(BANS[code] for code in each.bans)) for each in (one, two)]
        assert bans[0] == bans[1]


class TestPack:
    @pytest.fixture
    def packs(self, tmp_path: Path) -> Callable[[str, str, str], Path]:
        def changed(name: str, old: str, new: str) -> Path:
            target = tmp_path / "changed"
            shutil.copytree(PACKAGED, target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
            path = target / name
            text = path.read_text("utf-8")
            assert old in text
            path.write_text(text.replace(old, new, 1), "utf-8")
            return target

        return changed

    MORE = (
        '@id("owner:never")\n@cite("A draft")\n@sentence("Nobody searches for this.")\n'
        'forbid (principal, action, resource) when { context.purpose == "other" };\n'
    )

    def test_pack_with_a_further_refusal_tightens_and_without_it_loosens(
        self, packs: Callable[[str, str, str], Path]
    ) -> None:
        first = '@id("'
        more = packs("network/owner.cedar", first, self.MORE + first)
        assert pack_tightens(PACKAGED, more)
        assert not pack_tightens(more, PACKAGED)

    def test_pack_with_another_sentence_tightens_both_ways(
        self, packs: Callable[[str, str, str], Path]
    ) -> None:
        said = packs("network/owner.cedar", '@sentence("', '@sentence("Note: ')
        assert pack_tightens(PACKAGED, said)
        assert pack_tightens(said, PACKAGED)

    def test_review_made_a_refusal_tightens_and_the_other_way_round_loosens(
        self, packs: Callable[[str, str, str], Path]
    ) -> None:
        stricter = packs("network/defaults.cedar", '@outcome("review")', '@outcome("deny")')
        assert pack_tightens(PACKAGED, stricter)
        assert not pack_tightens(stricter, PACKAGED)

    @pytest.mark.parametrize(
        ("name", "old", "new"),
        [
            ("network/defaults.cedar", "context.approvals < 1", "context.approvals < 0"),
            ("network/scopes.toml", "own", "network"),
            ("network/schema.cedarschema", "// ", "// now "),
        ],
    )
    def test_pack_that_differs_where_nothing_is_shown_loosens(
        self, packs: Callable[[str, str, str], Path], name: str, old: str, new: str
    ) -> None:
        assert not pack_tightens(PACKAGED, packs(name, old, new))
