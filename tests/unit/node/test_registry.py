"""Who takes part and what is in force, as it follows from the record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.model import Agency, Agreement, BadInput, CameraStatus, Party, Purpose, Role, Scope
from gatehouse.node.bodies import AgencyBody, Joining, Kind, OfficerBody, OwnerBody
from gatehouse.node.errors import ChangeRefused
from gatehouse.search.registry import OwnerRules
from tests.unit.node.founded import (
    ALDER,
    BIRCH,
    CEDAR,
    Network,
    camera,
    copied,
    custodian,
    made,
    officer,
    opened,
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("joined")
    with opened(made(folder)) as network:
        network.join(BIRCH)
        network.join(CEDAR)
    return folder


@pytest.fixture
def network(template: Path, tmp_path: Path) -> Iterator[Network]:
    with opened(copied(template, tmp_path)) as network:
        yield network


class TestPeople:
    def test_founded_registry_knows_its_operator_and_its_rulebook(self, network: Network) -> None:
        registry = network.registry
        assert registry.operator == ALDER
        assert [each.id for each in registry.people("alder-pd", Role.CUSTODIAN)] == [
            "alder-pd.c1",
            "alder-pd.c2",
        ]
        assert registry.rulebook.pack.id.sha256 == registry.pack_sha256.hex()
        assert registry.lexicon.sha256 == registry.now.pack.lexicon

    def test_officer_added_is_found_by_role_until_offboarded_and_the_id_is_never_free_again(
        self, network: Network
    ) -> None:
        registry, by = network.registry, network.custodian(ALDER)
        person = officer(ALDER, 1, Role.OFFICER, Role.SUPERVISOR)
        registry.add_officer(person, by=by)
        assert registry.officer(person.id) == person
        assert registry.people("alder-pd", Role.SUPERVISOR) == (person,)
        registry.offboard(person.id, by=by)
        assert registry.people("alder-pd", Role.SUPERVISOR) == ()
        assert registry.officer(person.id) == replace(person, active=False)
        for again in (person, replace(person, name="Somebody else")):
            with pytest.raises(ChangeRefused, match="one person for good"):
                registry.add_officer(again, by=by)
        with pytest.raises(ChangeRefused, match="not taken back"):
            registry.change_officer(person, by=by)

    def test_custodian_alone_makes_no_other_custodian(self, network: Network) -> None:
        registry, by = network.registry, network.custodian(ALDER)
        registry.add_officer(officer(ALDER, 1), by=by)
        for attempt in (registry.add_officer, registry.change_officer):
            third = custodian(ALDER, 3) if attempt == registry.add_officer else officer(ALDER, 1)
            with pytest.raises(ChangeRefused, match="added by two custodians"):
                attempt(replace(third, roles=frozenset({Role.CUSTODIAN})), by=by)

    def test_custodian_added_by_two_decides_from_then_on(self, network: Network) -> None:
        third = custodian(ALDER, 3)
        change = network.changes.propose(Kind.CUSTODIAN, OfficerBody.of(third), by=network.custodian(ALDER))
        assert third.id not in network.registry.view.officers
        network.changes.approve(change.id, by=network.custodian(ALDER, 2))
        network.registry.offboard("alder-pd.c1", by=third)
        with pytest.raises(ChangeRefused, match="fewer than two custodians"):
            network.registry.offboard("alder-pd.c2", by=third)

    def test_officer_of_another_agency_is_none_of_a_custodians_business(self, network: Network) -> None:
        with pytest.raises(ChangeRefused, match="active custodian of the agency"):
            network.registry.add_officer(officer(BIRCH, 1), by=network.custodian(ALDER))
        network.registry.add_officer(officer(BIRCH, 1), by=network.custodian(BIRCH))
        with pytest.raises(ChangeRefused, match="active custodian of the agency"):
            network.registry.offboard("birch-so.o1", by=network.custodian(ALDER))

    def test_agency_left_with_one_custodian_gets_another_from_the_operators(self, network: Network) -> None:
        network.registry.offboard("birch-so.c2", by=network.custodian(BIRCH))
        change = network.changes.propose(
            Kind.CUSTODIAN, OfficerBody.of(custodian(BIRCH, 3)), by=network.custodian(ALDER)
        )
        network.changes.approve(change.id, by=network.custodian(ALDER, 2))
        assert network.registry.officer("birch-so.c3").active

    def test_agency_with_the_name_of_another_in_its_state_is_refused(self, network: Network) -> None:
        with pytest.raises(ChangeRefused, match="another agency of that state has this name"):
            network.join(replace(BIRCH, id="birch-two", name="BIRCH  county sheriff"))

    def test_agency_that_takes_another_name_leaves_its_own_to_others(self, network: Network) -> None:
        def renamed(agency: Agency) -> None:
            body = Joining(agency=AgencyBody.of(agency))
            change = network.changes.propose(Kind.AGENCY, body, by=network.custodian(ALDER))
            network.changes.approve(change.id, by=network.custodian(ALDER, 2))

        renamed(replace(BIRCH, name="Birch Sheriff", neighbors=frozenset({"alder-pd"})))
        assert network.registry.agency("birch-so").name == "Birch Sheriff"
        assert network.registry.agency("birch-so").neighbors == {"alder-pd"}
        network.join(replace(BIRCH, id="birch-two"))
        with pytest.raises(ChangeRefused, match="keeps its state and its kind"):
            renamed(replace(BIRCH, state="TX"))

    @pytest.mark.parametrize("what", ["agency", "officer", "camera"])
    def test_registry_asked_for_what_it_does_not_know_quotes_nothing(
        self, network: Network, what: str
    ) -> None:
        with pytest.raises(BadInput, match=f"no such {what if what != 'officer' else 'person'}") as refused:
            getattr(network.registry, what)("jane doe")
        assert "jane" not in str(refused.value)


class TestCameras:
    def test_camera_is_kept_to_the_millionth_of_a_degree_and_changes_its_status(
        self, network: Network
    ) -> None:
        registry, by = network.registry, network.custodian(BIRCH)
        registry.add_camera(camera(BIRCH), by=by)
        assert registry.camera("birch-so.cam1") == camera(BIRCH)
        suspended = replace(camera(BIRCH), status=CameraStatus.SUSPENDED)
        registry.change_camera(suspended, by=by)
        assert registry.cameras("birch-so") == [suspended]
        assert registry.cameras("alder-pd") == []

    def test_camera_belongs_to_one_agency(self, network: Network) -> None:
        network.registry.add_camera(camera(BIRCH), by=network.custodian(BIRCH))
        taken = replace(camera(BIRCH), agency="alder-pd")
        with pytest.raises(ChangeRefused, match="one camera for good"):
            network.registry.add_camera(taken, by=network.custodian(ALDER))
        with pytest.raises(ChangeRefused, match="stays with its agency"):
            network.registry.change_camera(taken, by=network.custodian(ALDER))


class TestOwners:
    def test_agency_without_a_rule_keeps_no_reads_and_is_no_owner(self, network: Network) -> None:
        assert network.registry.keeping("birch-so") is None
        assert network.registry.own_rule("birch-so") == OwnerRules(retention=None)
        assert network.registry.owners(ALDER).ids == ()

    def test_new_owner_shares_with_nobody(self, network: Network) -> None:
        network.own(BIRCH)
        network.own(ALDER)
        owners = network.registry.owners(CEDAR)
        assert owners.ids == ("alder-pd", "birch-so")
        assert owners.regions == (None, "mid")
        assert [each.agreement for each in owners.terms] == [False, False]
        assert [each.declaration for each in owners.terms] == [False, False]
        keeping = network.registry.keeping("birch-so")
        assert keeping is not None
        assert keeping.retention.minutes == 30 * 24 * 60

    def test_owner_that_agreed_shares_for_what_it_agreed_to_from_its_entry_on(self, network: Network) -> None:
        network.own(BIRCH)
        network.agree(BIRCH, CEDAR, Purpose.STOLEN_VEHICLE_OR_PLATE)
        (terms,) = network.registry.owners(CEDAR).terms
        assert terms.party == Party(BIRCH.name, "IL", BIRCH.kind)
        assert terms.agreement == Agreement(
            frozenset({Purpose.STOLEN_VEHICLE_OR_PLATE}), network.clock.at, None
        )
        (others,) = network.registry.owners(ALDER).terms
        assert others.agreement is False

    def test_owners_are_the_same_object_until_something_changes(self, network: Network) -> None:
        network.own(BIRCH)
        first = network.registry.owners(CEDAR)
        assert network.registry.owners(CEDAR) is first
        network.own(ALDER)
        assert network.registry.owners(CEDAR) is not first

    def test_owner_rule_says_caps_bans_and_waiting(self, network: Network) -> None:
        body = OwnerBody(
            owner="birch-so",
            retention_minutes=180,
            bans=frozenset({"federal", "immigration"}),
            optins=frozenset({"audit_training"}),
            scope_caps={"parking_toll_access": Scope.OWN},
            waiting_days=30,
            longest_hold_days=14,
        )
        change = network.changes.propose(Kind.OWNER, body, by=network.custodian(BIRCH))
        network.changes.approve(change.id, by=network.custodian(BIRCH, 2))
        assert network.registry.own_rule("birch-so") == OwnerRules(
            timedelta(hours=3),
            {"parking_toll_access": Scope.OWN},
            frozenset({"audit_training"}),
            timedelta(days=30),
            timedelta(days=14),
        )
        (terms,) = network.registry.owners(CEDAR).terms
        assert terms.bans == {"federal", "civil_immigration", "immigration_criminal", "immigration_agency"}


def test_registry_opened_again_answers_the_same(tmp_path: Path) -> None:
    with opened(made(tmp_path)) as network:
        network.join(BIRCH)
        network.own(BIRCH)
        network.agree(BIRCH, ALDER)
        network.registry.add_camera(camera(BIRCH), by=network.custodian(BIRCH))
        network.registry.offboard("birch-so.c2", by=network.custodian(BIRCH))
        view, owners, clock = network.registry.view, network.registry.owners(ALDER), network.clock
    with opened(tmp_path, clock) as network:
        again = network.registry.view
        for name in ("operator", "agencies", "officers", "cameras", "rules", "changes"):
            assert getattr(again, name) == getattr(view, name)
        found = network.registry.owners(ALDER)
        assert (found.ids, list(found.terms)) == (owners.ids, list(owners.terms))
