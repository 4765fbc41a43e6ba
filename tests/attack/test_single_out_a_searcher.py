"""Attempt: with portal, tiles and a duty roster, say who searched for what.

The attacker here is stronger than any in truth: the roster names the one person behind every entry, searcher
or reviewer, and which entries belong to one search is known too. What a row adds (purpose, rules, owners)
must still fit at least `PEOPLE` of them. An audit's export that an agency has given out tells no more of who
searched when than this roster does.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gatehouse.ledger.entry import read_entry
from gatehouse.model import Role
from gatehouse.node.config import load_config
from gatehouse.web.portal.document import Document
from gatehouse.web.portal.precision import PEOPLE, Precision, begins
from gatehouse.web.portal.render import files
from gatehouse.web.portal.sources import Portal
from tests.unit.ledger.logs import Clock
from tests.unit.node.founded import ALDER, START, copied, custodian, officer
from tests.unit.node.running import made_node, opened_node
from tests.unit.web.portal.town import OFFICERS, REASON, Town, ask, plate

SEARCHES = 60


@dataclass(frozen=True, slots=True)
class Played:
    """A town after weeks of searches: the person `behind` each entry, and the entries of each search."""

    town: Town
    behind: dict[int, str]
    chains: list[range]


@pytest.fixture(scope="module", params=[4, 11], ids=["small", "large"])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Return a town of so many officers, of whose searches some are refused, and one by one."""
    folder = made_node(tmp_path_factory.mktemp("played"))
    clock, draw = Clock(START), random.Random(6)
    behind: dict[int, str] = {}
    chains: list[range] = []
    with opened_node(folder, clock) as node:
        for each in OFFICERS[1 : request.param]:
            node.registry.add_officer(each, by=custodian(ALDER, 1))
        clock.at += timedelta(days=1)
        for number in range(SEARCHES):
            clock.at += timedelta(minutes=draw.choice((3, 9, 200, 900)))
            who, before = draw.randrange(request.param), node.ledger.log.size
            ask(node, clock, number, who, reason=draw.choice((REASON, REASON, "ICE+ERO")))
            chains.append(range(before, node.ledger.log.size))
            behind |= dict.fromkeys(chains[-1], OFFICERS[who].id)
    return Played(Town(folder, clock.at + timedelta(days=70)), behind, chains)


@pytest.fixture(scope="module")
def document(played: Played) -> Document:
    return played.town.document()


def leaves(town: Town) -> list[tuple[int, datetime, str]]:
    """Return index, hour and event of every entry, as the tiles give them to anybody."""
    with town.portal().folder.view() as log:
        found = [read_entry(log.entry(index)) for index in range(log.size)]
    return [(index, leaf.hour, leaf.event) for index, leaf in enumerate(found)]


def visible(played: Played) -> list[tuple[datetime, str, str]]:
    """Return of each search what the tiles show, hour and last event, and who is behind it."""
    shown = {index: (hour, event) for index, hour, event in leaves(played.town)}
    return [(shown[each[0]][0], shown[each[-1]][1], played.behind[each[0]]) for each in played.chains]


class TestJoin:
    def test_join_rows_with_tiles_and_roster_leaves_each_to_several_people(
        self, played: Played, document: Document
    ) -> None:
        searches = visible(played)
        told = [row for row in document.rows if not row.withheld]
        assert {row.state for row in told} == {"released", "denied"}, "what is not told is not tried"
        levels = list(Precision)
        fine: set[tuple[Precision, datetime, str | None]] = set()
        for row in sorted(told, key=lambda row: levels.index(row.precision)):
            # Searches that could be the row's: of its period and of its outcome, less those of periods that
            # are told more finely, since their rows account for all that look like them there.
            finer = levels[: levels.index(row.precision)]
            could = {
                who
                for hour, event, who in searches
                if begins(hour, row.precision) == row.begins
                and event == f"search:plate:{row.state}"
                and not any((each, begins(hour, each), row.state) in fine for each in finer)
            }
            assert len(could) >= PEOPLE, row.precision
            fine.add((row.precision, row.begins, row.state))

    def test_join_entry_that_a_row_names_is_of_an_hour_of_several_people(
        self, played: Played, document: Document
    ) -> None:
        town, truth = played.town, played.behind
        hours = {index: hour for index, hour, _ in leaves(town)}
        people: dict[datetime, set[str]] = defaultdict(set)
        for index, who in truth.items():
            people[hours[index]].add(who)
        named = [row.index for row in document.rows if row.index is not None]
        assert all(len(people[hours[index]]) >= PEOPLE for index in named)

    def test_join_portals_of_two_moments_tells_no_more_than_the_later(
        self, played: Played, document: Document
    ) -> None:
        """A row that came earlier than others must not be finer, or say who made it by when it came."""
        town = played.town
        final = Counter(map(_told, document.rows))
        at = START
        portal = Portal(load_config(town.folder), clock=lambda: at)
        for days in range(0, 75, 3):
            at = START + timedelta(days=days)
            early = portal.document()
            assert early.recorded == len(early.rows) + early.waiting
            assert Counter(map(_told, early.rows)) <= final

    def test_join_portals_before_and_after_somebody_joins_tells_no_more_than_either(
        self, played: Played, document: Document, tmp_path: Path
    ) -> None:
        folder = copied(played.town.folder, tmp_path)
        clock = Clock(played.town.at - timedelta(hours=1))
        with opened_node(folder, clock) as node:
            for number in range(20, 30):
                node.registry.add_officer(officer(ALDER, number, Role.OFFICER), by=custodian(ALDER, 1))
        assert Town(folder, played.town.at).document().rows == document.rows

    def test_join_files_hold_nothing_of_the_searches_themselves(
        self, played: Played, document: Document
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
