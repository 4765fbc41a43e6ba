"""Attempts to have a rule say something else without anybody noticing, or before anybody can object."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.committer import NotWitnessed
from gatehouse.ledger.folder import Ledger
from gatehouse.model import BadInput, Purpose, Role
from gatehouse.node.bodies import Kind, OfficerBody, OwnerBody, SharingBody
from gatehouse.node.change import ChangeState
from gatehouse.node.errors import ChangeRefused, RecordBroken
from gatehouse.node.packs import Packs
from gatehouse.node.record import Recorded
from gatehouse.node.registry import NodeRegistry
from tests.unit.ledger.folders import rely_on_a_dead_witness
from tests.unit.ledger.logs import Clock, database
from tests.unit.node.founded import (
    ALDER,
    BACKTEST,
    BIRCH,
    CEDAR,
    START,
    Network,
    agreement,
    copied,
    custodian,
    grown,
    opened,
)

ON = SharingBody(owner="birch-so", shares=True)
OFF = SharingBody(owner="birch-so", shares=False)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grown(tmp_path_factory.mktemp("grown"))


@pytest.fixture
def network(template: Path, tmp_path: Path) -> Iterator[Network]:
    with opened(copied(template, tmp_path)) as network:
        yield network


@pytest.fixture(scope="module")
def shut(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copied(template, tmp_path_factory.mktemp("shut"))
    with opened(folder) as network:
        network.agree(BIRCH, CEDAR)
        network.changes.propose(Kind.SHARING, OFF, by=network.custodian(BIRCH))
        network.registry.offboard("cedar-pd.c2", by=network.custodian(CEDAR))
    return folder


def shares(network: Network) -> bool:
    return network.registry.owners(CEDAR).terms[0].agreement is not False


class TestAlone:
    def test_custodian_approves_what_the_same_person_proposed(self, network: Network) -> None:
        change = network.changes.propose(Kind.SHARING, ON, by=network.custodian(BIRCH), backtest=BACKTEST)
        with pytest.raises(ChangeRefused, match="a second person approves"):
            network.changes.approve(change.id, by=network.custodian(BIRCH))

    @pytest.mark.parametrize(
        "helper",
        [
            custodian(CEDAR, 1),
            custodian(ALDER, 2),
            replace(custodian(BIRCH, 9)),
            replace(custodian(BIRCH, 1), id="birch-so.c2 "),
        ],
    )
    def test_second_signature_from_somebody_who_does_not_decide(
        self, network: Network, helper: object
    ) -> None:
        change = network.changes.propose(Kind.SHARING, ON, by=network.custodian(BIRCH), backtest=BACKTEST)
        with pytest.raises(ChangeRefused, match="an active custodian of the agency"):
            network.changes.approve(change.id, by=helper)  # type: ignore[arg-type]

    def test_second_signature_from_somebody_who_has_left(self, network: Network) -> None:
        change = network.changes.propose(Kind.SHARING, ON, by=network.custodian(BIRCH), backtest=BACKTEST)
        second = network.custodian(BIRCH, 2)
        network.registry.offboard(second.id, by=network.custodian(BIRCH))
        with pytest.raises(ChangeRefused, match="an active custodian of the agency"):
            network.changes.approve(change.id, by=second)

    def test_custodian_makes_a_second_self(self, network: Network) -> None:
        by = network.custodian(BIRCH)
        myself = replace(custodian(BIRCH, 3), name=by.name)
        with pytest.raises(ChangeRefused, match="added by two custodians"):
            network.registry.add_officer(myself, by=by)
        change = network.changes.propose(Kind.CUSTODIAN, OfficerBody.of(myself), by=by)
        with pytest.raises(ChangeRefused, match="a second person approves"):
            network.changes.approve(change.id, by=by)
        assert [each.id for each in network.registry.people("birch-so", Role.CUSTODIAN)] == [
            "birch-so.c1",
            "birch-so.c2",
        ]

    def test_searcher_opens_the_owner_to_itself(self, network: Network) -> None:
        with pytest.raises(ChangeRefused, match="an active custodian of the agency"):
            network.changes.propose(
                Kind.AGREEMENT, agreement(BIRCH, CEDAR), by=network.custodian(CEDAR), backtest=BACKTEST
            )


class TestEarly:
    def test_rule_that_is_valid_from_last_year(self, network: Network) -> None:
        with pytest.raises(ChangeRefused, match="from before it is on the record"):
            network.changes.propose(
                Kind.SHARING,
                ON,
                by=network.custodian(BIRCH),
                backtest=BACKTEST,
                valid_from=network.clock.at - timedelta(seconds=1),
            )

    def test_backdated_entry_of_its_own_making_counts_from_the_entry(self, network: Network) -> None:
        network.agree(BIRCH, CEDAR)
        agreed = network.registry.owners(CEDAR).terms[0].agreement
        assert not isinstance(agreed, bool) and agreed is not None
        assert agreed.valid_from == network.clock.at

    @pytest.mark.parametrize("content", [b"{}", b'{"searches": NaN}', BACKTEST[:-1] + b', "searches": 9}'])
    def test_loosening_with_a_backtest_that_says_nothing(self, network: Network, content: bytes) -> None:
        size = network.ledger.log.size
        with pytest.raises(BadInput, match="a backtest cannot be read"):
            network.changes.propose(Kind.SHARING, ON, by=network.custodian(BIRCH), backtest=content)
        assert (network.ledger.log.size, list(network.folder.glob("backtests/*"))) == (size, [])

    def test_backtests_that_fill_the_disk_without_a_change(self, network: Network) -> None:
        for by in (network.custodian(CEDAR), replace(custodian(BIRCH, 9))):
            with pytest.raises(ChangeRefused, match="an active custodian of the agency"):
                network.changes.propose(Kind.SHARING, ON, by=by, backtest=BACKTEST)
        assert list(network.folder.glob("backtests/*")) == []

    def test_loosening_without_a_backtest(self, network: Network) -> None:
        with pytest.raises(ChangeRefused, match="needs a published backtest"):
            network.changes.propose(Kind.SHARING, ON, by=network.custodian(BIRCH))

    def test_waiting_time_shortened_first(self, network: Network) -> None:
        by, second = network.custodian(BIRCH), network.custodian(BIRCH, 2)
        long = OwnerBody(owner="birch-so", retention_minutes=30 * 24 * 60, waiting_days=60)
        network.changes.propose(Kind.OWNER, long, by=by)
        short = OwnerBody(owner="birch-so", retention_minutes=30 * 24 * 60)
        change = network.changes.propose(Kind.OWNER, short, by=by, backtest=BACKTEST)
        network.changes.approve(change.id, by=second)
        network.clock.at += timedelta(days=59)
        assert network.changes.advance() == []
        with pytest.raises(BadInput, match="does not fit"):
            OwnerBody.read({"owner": "birch-so", "retention_minutes": 60, "waiting_days": 6})

    def test_entry_in_force_written_before_its_time(self, network: Network) -> None:
        change = network.changes.propose(Kind.SHARING, ON, by=network.custodian(BIRCH), backtest=BACKTEST)
        for _ in range(2):
            with pytest.raises(ChangeRefused, match="may not be in force yet"):
                network.registry.write(
                    "rule:sharing:in_force", agency="birch-so", detail={"change": change.id}
                )
            if network.changes.get(change.id).state is ChangeState.PROPOSED:
                network.changes.approve(change.id, by=network.custodian(BIRCH, 2))

    def test_loosening_that_no_witness_has_seen_is_not_in_force(self, template: Path, tmp_path: Path) -> None:
        with opened(copied(template, tmp_path)) as network:
            network.agree(BIRCH, CEDAR)
            network.changes.propose(Kind.SHARING, OFF, by=network.custodian(BIRCH))
            change = network.changes.propose(Kind.SHARING, ON, by=network.custodian(BIRCH), backtest=BACKTEST)
            network.changes.approve(change.id, by=network.custodian(BIRCH, 2))
            clock = network.clock
        rely_on_a_dead_witness(tmp_path / "ledger")
        clock.at += timedelta(days=7)
        ledger = Ledger.open(tmp_path / "ledger", clock=clock, receipt_wait=timedelta(milliseconds=50))
        registry = NodeRegistry(ledger, Packs(tmp_path), clock=clock)

        def shared() -> bool:
            return registry.owners(CEDAR).terms[0].agreement is not False

        detail = {"change": change.id}
        with pytest.raises(NotWitnessed):
            registry.write("rule:sharing:in_force", agency="birch-so", detail=detail)
        assert registry.view.changes[change.id].state is ChangeState.IN_FORCE
        assert not shared()
        # Taken away again, it is gone whether or not a witness ever comes.
        ledger._opened.close()
        ledger = Ledger.open(tmp_path / "ledger", clock=clock, receipt_wait=timedelta(milliseconds=50))
        registry = NodeRegistry(ledger, Packs(tmp_path), clock=clock)
        assert not shared()
        ledger._opened.close()


class TestBack:
    def test_loosening_that_was_approved_before_a_tightening_undoes_nothing(self, network: Network) -> None:
        by, second = network.custodian(BIRCH), network.custodian(BIRCH, 2)
        network.agree(BIRCH, CEDAR, Purpose.CRIMINAL_INVESTIGATION)
        wide = agreement(BIRCH, CEDAR, Purpose.CRIMINAL_INVESTIGATION, Purpose.PARKING_TOLL_ACCESS)
        change = network.changes.propose(Kind.AGREEMENT, wide, by=by, backtest=BACKTEST)
        network.changes.approve(change.id, by=second)
        network.changes.propose(Kind.AGREEMENT, None, subject="birch-so/cedar-pd", by=by)
        network.clock.at += timedelta(days=8)
        assert [each.state for each in network.changes.advance()] == [ChangeState.WITHDRAWN]
        assert not shares(network)

    def test_earlier_version_brought_back_takes_what_every_loosening_takes(self, network: Network) -> None:
        network.agree(BIRCH, CEDAR)
        before = network.registry.view.newest(Kind.SHARING, "birch-so")
        network.changes.propose(Kind.SHARING, OFF, by=network.custodian(BIRCH))
        assert before is not None
        with pytest.raises(ChangeRefused, match="needs a published backtest"):
            network.changes.propose(Kind.SHARING, before.body, by=network.custodian(BIRCH))
        versions = network.registry.view.rules[Kind.SHARING, "birch-so"]
        assert [each.number for each in versions] == [1, 2]


class TestInTheDatabase:
    @pytest.fixture
    def path(self, shut: Path, tmp_path: Path) -> Path:
        return copied(shut, tmp_path)

    def refused(self, path: Path) -> str:
        with pytest.raises(RecordBroken) as refused, opened(path, Clock(START + timedelta(days=30))):
            pass
        return refused.value.what

    @pytest.mark.parametrize(
        ("statement", "says"),
        [
            (
                "UPDATE registry_entry SET detail = replace(detail, '\"shares\":false', '\"shares\":true')",
                "a row of the registry is not what its entry says",
            ),
            ("UPDATE registry_entry SET at = at - 1000000", "a row of the registry is not what its entry"),
            (
                "DELETE FROM registry_entry WHERE entry = (SELECT max(entry) FROM registry_entry)",
                "has no row",
            ),
            (
                "DELETE FROM registry_entry WHERE instr(detail, '\"shares\":false')",
                "has no row",
            ),
            (
                "INSERT INTO registry_entry SELECT 900, at, at_key, detail, detail_key"
                " FROM registry_entry WHERE entry = 0",
                "a row that no entry came with",
            ),
            (
                "UPDATE registry_entry SET (at, at_key, detail, detail_key) = (SELECT at, at_key, detail,"
                " detail_key FROM registry_entry WHERE entry = 1) WHERE entry = 2",
                "a row of the registry is not what its entry says",
            ),
        ],
    )
    def test_registry_edited_in_the_database_stops_the_node(
        self, path: Path, statement: str, says: str
    ) -> None:
        with database(path / "ledger" / "log.sqlite") as connection:
            changed = connection.execute(statement).rowcount
        assert changed > 0
        assert says in self.refused(path)

    def test_entry_of_a_full_tile_edited_in_the_database_stops_the_node(self, path: Path) -> None:
        """The log itself looks at its right edge only when it is opened."""
        with Ledger.open(path / "ledger", clock=Clock(START + timedelta(days=20))) as ledger:
            for pending in [ledger.log.submit(b"%d" % number) for number in range(256)]:
                ledger.log.result(pending)
        with database(path / "ledger" / "log.sqlite") as connection:
            one, two = (
                connection.execute("SELECT data FROM ledger_entry WHERE idx = ?", (at,)).fetchone()[0]
                for at in (1, 2)
            )
            row = "SELECT at, at_key, detail, detail_key FROM registry_entry WHERE entry = ?"
            other = connection.execute(row, (1,)).fetchone()
            connection.execute("UPDATE ledger_entry SET data = ? WHERE idx = 2", (one,))
            connection.execute(
                "UPDATE registry_entry SET at = ?, at_key = ?, detail = ?, detail_key = ? WHERE entry = 2",
                other,
            )
        assert one != two
        assert "is not what the log has signed" in self.refused(path)

    def test_rule_entered_past_the_node_stops_it(self, path: Path) -> None:
        with Ledger.open(path / "ledger", clock=Clock(START + timedelta(days=20))) as ledger:
            ledger.append(
                "rule:sharing:in_force",
                agency="birch-so",
                fields={"detail": {"change": "c1"}},
                pack=bytes(32),
            )
        assert "has no row" in self.refused(path)

    def test_rule_entered_past_the_node_with_a_row_stops_it(self, path: Path) -> None:
        from gatehouse.node.record import RegistryRecord

        with Ledger.open(path / "ledger", clock=Clock(START + timedelta(days=20))) as ledger:
            detail: dict[str, Json] = {
                "change": "c1",
                "subject": "birch-so",
                "base": 2,
                "after": ON.as_json(),
                "loosens": False,
            }
            detail |= {"valid_from": "2026-11-03T00:00:00Z", "by": "birch-so.c1"}
            RegistryRecord(ledger).append(
                "rule:sharing:proposed", agency="birch-so", detail=detail, pack=bytes(32)
            )
        assert "does not follow from those before" in self.refused(path)

    def test_view_that_is_told_something_of_nobody_refuses_it(self, path: Path) -> None:
        with opened(path, Clock(START + timedelta(days=30))) as network:
            for event in ("registry:node:founded", "rule:agreement:granted", "registry:officer:added"):
                with pytest.raises((ChangeRefused, BadInput)):
                    network.registry.view.copy().fold(Recorded(99, event, "birch-so", START, {}))

    def test_rulebook_changed_on_the_disk_is_not_used(self, path: Path) -> None:
        for pack in (path / "packs").iterdir():
            permit = pack / "network" / "permit.cedar"
            permit.write_text(permit.read_text("utf-8") + "// quietly\n", "utf-8")
        with Ledger.open(path / "ledger", clock=Clock(START + timedelta(days=30))) as ledger:
            registry = NodeRegistry(ledger, Packs(path), clock=Clock(START + timedelta(days=30)))
            with pytest.raises(BadInput, match="the rulebook in force was changed"):
                _ = registry.rulebook
            with pytest.raises(BadInput, match="the rulebook in force was changed"):
                registry.owners(CEDAR)

    def test_apply_of_another_room_does_not_reach_what_entries_say(self, path: Path) -> None:
        """What another room changes in these rows shows at the next start as well."""

        def change(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM registry_entry WHERE entry = 3")

        with Ledger.open(path / "ledger", clock=Clock(START + timedelta(days=20))) as ledger:
            ledger.append(
                "search:plate:requested", agency="birch-so", fields={}, pack=bytes(32), apply=change
            )
        assert "has no row" in self.refused(path)

    def test_folder_of_packs_taken_away_gives_no_answer(self, path: Path) -> None:
        shutil.rmtree(path / "packs")
        clock = Clock(START + timedelta(days=30))
        with Ledger.open(path / "ledger", clock=clock) as ledger:
            registry = NodeRegistry(ledger, Packs(path), clock=clock)
            with pytest.raises(Exception, match="the rulebook in force is not there"):
                registry.owners(CEDAR)
