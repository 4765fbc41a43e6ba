"""Changes of the rules, from proposal to force."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from gatehouse.ledger.entry import read_entry
from gatehouse.model import Agency, AgencyKind, Agreement, BadInput, Declaration, Purpose
from gatehouse.node.bodies import (
    AgencyBody,
    AgreementBody,
    DeclarationBody,
    Joining,
    Kind,
    OfficerBody,
    OwnerBody,
    SharingBody,
)
from gatehouse.node.change import ChangeState
from gatehouse.node.errors import ChangeRefused
from tests.unit.node.founded import (
    ALDER,
    BACKTEST,
    BIRCH,
    CEDAR,
    DOCUMENT,
    Network,
    agreement,
    copied,
    custodian,
    grown,
    opened,
)

WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grown(tmp_path_factory.mktemp("grown"))


@pytest.fixture
def network(template: Path, tmp_path: Path) -> Iterator[Network]:
    with opened(copied(template, tmp_path)) as network:
        yield network


def shared(network: Network) -> object:
    (terms,) = network.registry.owners(CEDAR).terms
    return terms.agreement


def test_loosening_is_in_force_after_approval_and_waiting_and_not_before(network: Network) -> None:
    by, second = network.custodian(BIRCH), network.custodian(BIRCH, 2)
    for kind, body in (
        (Kind.SHARING, SharingBody(owner="birch-so", shares=True)),
        (Kind.AGREEMENT, agreement(BIRCH, CEDAR)),
    ):
        change = network.changes.propose(kind, body, by=by, backtest=BACKTEST)
        assert (change.state, change.loosens, change.waiting) == (ChangeState.PROPOSED, True, WEEK)
        assert network.changes.ready_at(change) is None
        assert network.changes.approve(change.id, by=second).state is ChangeState.APPROVED
    assert network.changes.ready_at(network.changes.get(change.id)) == network.clock.at + WEEK
    network.clock.at += WEEK - timedelta(seconds=1)
    assert network.changes.advance() == []
    assert shared(network) is False
    network.clock.at += timedelta(seconds=1)
    assert [each.state for each in network.changes.advance()] == [ChangeState.IN_FORCE] * 2
    assert shared(network) == Agreement(frozenset({Purpose.CRIMINAL_INVESTIGATION}), network.clock.at, None)


def test_loosening_goes_through_entries_that_name_both_custodians_and_the_backtest(network: Network) -> None:
    network.agree(BIRCH, CEDAR)
    events = [read_entry(network.ledger.entry(at)).event for at in range(network.ledger.log.size)]
    assert events[-6:] == [
        "rule:sharing:proposed",
        "rule:agreement:proposed",
        "rule:sharing:approved",
        "rule:agreement:approved",
        "rule:sharing:in_force",
        "rule:agreement:in_force",
    ]
    at = len(events) - 5
    proposed, approved = network.ledger.openings(at).values, network.ledger.openings(at + 2).values
    detail = proposed["detail"]
    assert isinstance(detail, dict)
    assert detail["after"] == agreement(BIRCH, CEDAR).as_json()
    assert detail["before"] is None
    assert detail["backtest"] == sha256(BACKTEST).hexdigest()
    assert (proposed["officer"], approved["approver"]) == ("birch-so.c1", "birch-so.c2")
    published = network.folder / "backtests" / f"{detail['backtest']}.json"
    assert published.read_bytes() == BACKTEST


def test_tightening_is_in_force_at_once_with_one_custodian(network: Network) -> None:
    network.agree(BIRCH, CEDAR, Purpose.CRIMINAL_INVESTIGATION, Purpose.STOLEN_VEHICLE_OR_PLATE)
    narrow = agreement(BIRCH, CEDAR, Purpose.STOLEN_VEHICLE_OR_PLATE)
    change = network.changes.propose(Kind.AGREEMENT, narrow, by=network.custodian(BIRCH))
    assert change.state is ChangeState.IN_FORCE
    assert shared(network) == Agreement(narrow.purposes, network.clock.at, None)
    gone = network.changes.propose(
        Kind.AGREEMENT, None, subject="birch-so/cedar-pd", by=network.custodian(BIRCH)
    )
    assert gone.state is ChangeState.IN_FORCE
    assert shared(network) is False


def test_sharing_switched_off_suspends_every_agreement_at_once(network: Network) -> None:
    network.agree(BIRCH, CEDAR)
    off = SharingBody(owner="birch-so", shares=False)
    network.changes.propose(Kind.SHARING, off, by=network.custodian(BIRCH))
    assert shared(network) is False


def test_tightening_for_later_is_in_force_from_then_on(network: Network) -> None:
    network.agree(BIRCH, CEDAR)
    when = network.clock.at + timedelta(days=2)
    change = network.changes.propose(
        Kind.SHARING,
        SharingBody(owner="birch-so", shares=False),
        by=network.custodian(BIRCH),
        valid_from=when,
    )
    assert change.state is ChangeState.PROPOSED
    assert shared(network) is not False
    network.clock.at = when
    network.changes.advance()
    assert shared(network) is False


def test_first_rule_of_an_owner_takes_two_custodians_and_no_waiting(network: Network) -> None:
    body = OwnerBody(owner="cedar-pd", retention_minutes=60)
    change = network.changes.propose(Kind.OWNER, body, by=network.custodian(CEDAR))
    assert (change.state, change.waiting) == (ChangeState.PROPOSED, None)
    assert network.changes.approve(change.id, by=network.custodian(CEDAR, 2)).state is ChangeState.IN_FORCE
    longer = OwnerBody(owner="cedar-pd", retention_minutes=61)
    with pytest.raises(ChangeRefused, match="needs a published backtest"):
        network.changes.propose(Kind.OWNER, longer, by=network.custodian(CEDAR))


def test_waiting_time_that_grew_meanwhile_counts(network: Network) -> None:
    on = SharingBody(owner="birch-so", shares=True)
    change = network.changes.propose(Kind.SHARING, on, by=network.custodian(BIRCH), backtest=BACKTEST)
    network.changes.approve(change.id, by=network.custodian(BIRCH, 2))
    longer = OwnerBody(owner="birch-so", retention_minutes=30 * 24 * 60, waiting_days=20)
    assert (
        network.changes.propose(Kind.OWNER, longer, by=network.custodian(BIRCH)).state is ChangeState.IN_FORCE
    )
    network.clock.at += timedelta(days=19)
    assert network.changes.advance() == []
    network.clock.at += timedelta(days=1)
    assert [each.id for each in network.changes.advance()] == [change.id]


def test_declaration_binds_at_once_and_reaches_every_owner(network: Network) -> None:
    word = DeclarationBody(
        searcher="cedar-pd", covers=frozenset({"immigration_enforcement", "gender"}), document=DOCUMENT
    )
    change = network.changes.propose(Kind.DECLARATION, word, by=network.custodian(CEDAR))
    assert change.state is ChangeState.IN_FORCE
    (terms,) = network.registry.owners(CEDAR).terms
    assert terms.declaration == Declaration(frozenset({"immigration", "gender"}), network.clock.at, None)
    (others,) = network.registry.owners(ALDER).terms
    assert others.declaration is False


def test_change_withdrawn_is_over(network: Network) -> None:
    change = network.changes.propose(
        Kind.SHARING,
        SharingBody(owner="birch-so", shares=True),
        by=network.custodian(BIRCH),
        backtest=BACKTEST,
    )
    assert network.changes.withdraw(change.id, by=network.custodian(BIRCH, 2)).state is ChangeState.WITHDRAWN
    with pytest.raises(ChangeRefused, match="stands elsewhere"):
        network.changes.approve(change.id, by=network.custodian(BIRCH, 2))


def test_change_that_may_not_be_in_force_after_all_holds_up_no_other(network: Network) -> None:
    town = Agency("elm-pd", "Elm Police Department", "IL", AgencyKind.POLICE)
    later = network.clock.at + timedelta(days=1)
    bodies = [
        Joining(
            agency=AgencyBody.of(replace(town, id=name)),
            custodians=tuple(OfficerBody.of(custodian(replace(town, id=name), n)) for n in (1, 2)),
        )
        for name in ("elm-pd", "elm-two")
    ]
    changes = [
        network.changes.propose(Kind.AGENCY, each, by=network.custodian(ALDER), valid_from=later)
        for each in bodies
    ]
    for each in changes:
        network.changes.approve(each.id, by=network.custodian(ALDER, 2))
    off = OwnerBody(owner="birch-so", retention_minutes=60)
    shorter = network.changes.propose(Kind.OWNER, off, by=network.custodian(BIRCH), valid_from=later)
    network.clock.at = later
    assert [each.id for each in network.changes.advance()] == [changes[0].id, shorter.id]
    assert list(network.changes.stuck) == [changes[1].id]
    network.changes.withdraw(changes[1].id, by=network.custodian(ALDER))
    assert (network.changes.advance(), network.changes.stuck) == ([], {})


def test_change_that_changes_nothing_is_refused(network: Network) -> None:
    same = network.registry.view.newest(Kind.OWNER, "birch-so")
    assert same is not None
    with pytest.raises(ChangeRefused, match="changes nothing"):
        network.changes.propose(Kind.OWNER, same.body, by=network.custodian(BIRCH))
    with pytest.raises(ChangeRefused, match="changes nothing"):
        network.changes.propose(
            Kind.AGREEMENT, None, subject="birch-so/cedar-pd", by=network.custodian(BIRCH)
        )


@pytest.mark.parametrize(
    ("state", "minutes", "citation"),
    [("NH", 4, "RSA 261:75-b"), ("ME", 22 * 1440, "29-A M.R.S. 2117-A"), ("IL", 3650 * 1440, None)],
)
def test_retention_longer_than_the_owners_law_allows_is_refused(
    network: Network, state: str, minutes: int, citation: str | None
) -> None:
    town = Agency("elm-pd", "Elm Police Department", state, AgencyKind.POLICE)
    network.join(town)
    body = OwnerBody(owner="elm-pd", retention_minutes=minutes)
    if citation is None:
        network.changes.propose(Kind.OWNER, body, by=network.custodian(town))
        return
    with pytest.raises(ChangeRefused, match="does not let reads be kept so long") as refused:
        network.changes.propose(Kind.OWNER, body, by=network.custodian(town))
    assert refused.value.where == citation
    lawful = OwnerBody(owner="elm-pd", retention_minutes=3)
    network.changes.propose(Kind.OWNER, lawful, by=network.custodian(town))


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"purposes": []}, "purposes"),
        ({"purposes": ["immigration"]}, "purposes"),
        ({"document": "AB"}, "document"),
        ({"until": "2027-01-01T00:00:00"}, "until"),
        ({"owner": "Alder PD"}, "owner"),
        ({"more": 1}, "more"),
    ],
)
def test_agreement_that_says_something_else_is_refused_and_not_quoted(
    changed: dict[str, object], place: str
) -> None:
    usual = json.loads(json.dumps(agreement(BIRCH, CEDAR).as_json()))
    with pytest.raises(BadInput, match="what is said of the agreement does not fit") as refused:
        AgreementBody.read(usual | changed)
    assert refused.value.where is not None
    assert refused.value.where.startswith(place)
    assert "Alder PD" not in str(refused.value)


def test_rulebook_that_tightens_replaces_the_one_in_force_at_once(network: Network, tmp_path: Path) -> None:
    import shutil

    from gatehouse.node.packs import PACKAGED

    folder = tmp_path / "pack"
    shutil.copytree(PACKAGED, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    rules = folder / "network" / "owner.cedar"
    more = (
        '@id("owner/never")\n@cite("A draft")\n@sentence("Nobody searches for this.")\n'
        'forbid (principal, action == Action::"search", resource) when { context.purpose == "other" };\n\n'
    )
    rules.write_text(more + rules.read_text("utf-8"), "utf-8")
    before = network.registry.rulebook
    body = network.packs.install(folder)
    change = network.changes.propose(Kind.PACK, body, by=network.custodian(ALDER))
    assert change.state is ChangeState.IN_FORCE
    assert "owner/never" in network.registry.rulebook.pack.rules
    assert network.registry.pack_sha256.hex() == body.sha256
    back = network.packs.install()
    with pytest.raises(ChangeRefused, match="needs a published backtest"):
        network.changes.propose(Kind.PACK, back, by=network.custodian(ALDER))
    assert before.pack.id.sha256 == back.sha256
