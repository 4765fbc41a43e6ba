"""Attempt: with portal, tiles, an exported audit and a duty roster, say who searched for what.

The roster is the attacker's best: it names who was at work in every hour, each of them alone. Tiles name the
hour, the agency and the sequence of every entry. What a row adds must never be tied to one person.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pytest

from gatehouse.ledger.entry import read_entry
from gatehouse.node.config import load_config
from gatehouse.web.portal.document import Document
from gatehouse.web.portal.precision import PEOPLE, Precision, begins
from gatehouse.web.portal.render import files
from gatehouse.web.portal.sources import Portal
from tests.unit.ledger.logs import Clock
from tests.unit.node.founded import ALDER, START, custodian
from tests.unit.node.running import made_node, opened_node
from tests.unit.web.portal.town import OFFICERS, REASON, Town, ask, plate

SEARCHES = 36


@pytest.fixture(scope="module", params=[4, 11], ids=["small", "large"])
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Town, dict[int, str]]:
    """Return a town of so many officers after two weeks, and the roster: who searched, by entry."""
    folder = made_node(tmp_path_factory.mktemp("played"))
    clock, draw = Clock(START), random.Random(6)
    truth: dict[int, str] = {}
    with opened_node(folder, clock) as node:
        for each in OFFICERS[1 : request.param]:
            node.registry.add_officer(each, by=custodian(ALDER, 1))
        for number in range(SEARCHES):
            clock.at += timedelta(minutes=draw.choice((3, 9, 200, 900)))
            who, before = draw.randrange(request.param), node.ledger.log.size
            ask(node, clock, number, who)
            truth |= dict.fromkeys(range(before, node.ledger.log.size), OFFICERS[who].id)
    return Town(folder, clock.at + timedelta(days=70)), truth


@pytest.fixture(scope="module")
def document(played: tuple[Town, dict[int, str]]) -> Document:
    return played[0].document()


def leaves(town: Town) -> list[tuple[int, datetime, str]]:
    """Return index, hour and event of every entry, as the tiles give them to anybody."""
    with town.portal().folder.view() as log:
        found = [read_entry(log.entry(index)) for index in range(log.size)]
    return [(index, leaf.hour, leaf.event) for index, leaf in enumerate(found)]


class TestJoin:
    def test_join_rows_with_tiles_and_roster_leaves_each_to_several_people(
        self, played: tuple[Town, dict[int, str]], document: Document
    ) -> None:
        town, truth = played
        requested = [
            (index, hour) for index, hour, event in leaves(town) if event == "search:plate:requested"
        ]
        exact = {(row.begins) for row in document.rows if row.precision is Precision.HOUR}
        told = [row for row in document.rows if not row.withheld]
        assert told, "nothing is told, so nothing is tried"
        for row in told:
            # Entries that could be the row's: of its period, less those that other rows account for.
            could = {
                truth[index]
                for index, hour in requested
                if begins(hour, row.precision) == row.begins
                and (row.precision is Precision.HOUR or hour not in exact)
            }
            assert len(could) >= PEOPLE

    def test_join_entry_that_a_row_names_is_of_an_hour_of_several_people(
        self, played: tuple[Town, dict[int, str]], document: Document
    ) -> None:
        town, truth = played
        hours = {index: hour for index, hour, _ in leaves(town)}
        people: dict[datetime, set[str]] = defaultdict(set)
        for index, who in truth.items():
            people[hours[index]].add(who)
        named = [row.index for row in document.rows if row.index is not None]
        assert all(len(people[hours[index]]) >= PEOPLE for index in named)

    def test_join_portals_of_two_moments_tells_no_more_than_the_later(
        self, played: tuple[Town, dict[int, str]], document: Document
    ) -> None:
        """A row that came earlier than others must not be finer, or say who made it by when it came."""
        town, _ = played
        final = Counter(map(_told, document.rows))
        at = START
        portal = Portal(load_config(town.folder), clock=lambda: at)
        for days in range(0, 75, 3):
            at = START + timedelta(days=days)
            early = portal.document()
            assert early.recorded == len(early.rows) + early.waiting
            assert Counter(map(_told, early.rows)) <= final

    def test_join_files_hold_nothing_of_the_searches_themselves(
        self, played: tuple[Town, dict[int, str]], document: Document
    ) -> None:
        written = b"".join(content for _, content in files(document)).decode("utf-8", "replace")
        for number in range(SEARCHES):
            assert plate(number) not in written
        assert REASON not in written
        assert not any(f'"{each.id}"' in written or f">{each.id}<" in written for each in OFFICERS)

    def test_join_sequence_numbers_are_told_for_no_row(self, document: Document) -> None:
        rows = json.loads(dict(files(document))["data/portal.json"])["rows"]
        for row in rows:
            assert (row["entry"] is None) == (row["precision"] != "hour")
            assert "sequence" not in row


def _told(row: object) -> str:
    return repr(row)
