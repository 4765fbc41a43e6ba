"""Front, back and side door."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gatehouse.audit.document import Pathway, Severity
from gatehouse.audit.findings.ways import BackDoor, FrontDoor, SideDoor
from gatehouse.audit.options import AuditOptions
from gatehouse.audit.pathways import pathways
from gatehouse.audit.wording import NO_REASON
from gatehouse.model import FieldState, Layout
from gatehouse.records.organizations import parse
from gatehouse.records.sharing import SharingEntry, SharingList
from tests.unit.audit.builders import FEDERAL, OWNER, SEARCHER, Row, file_facts, ground
from tests.unit.audit.findings.measuring import measured, not_measured

JUNE = (date(2025, 6, 1), date(2025, 6, 30))


def sharing(
    *names: str, owner: str | None = OWNER, days: tuple[date, date] = JUNE, **entry: date
) -> AuditOptions:
    """Return options with one list of these names."""
    entries = tuple(SharingEntry(parse(name), **entry) for name in names)
    listed = SharingList(
        owner=owner,
        first=days[0],
        last=days[1],
        entries=entries,
        inbound=frozenset(),
        path="sharing.csv",
        sha256="0" * 64,
    )
    return AuditOptions(sharing=(listed,))


def at(month: int, day: int) -> datetime:
    return datetime(2025, month, day, 12, tzinfo=UTC)


def test_doors_by_the_list_of_the_day() -> None:
    rows: list[Row] = [
        {"org": FEDERAL, "searched_at": at(6, 1)},  # listed: front
        {"org": FEDERAL, "searched_at": at(7, 1)},  # after the list: unknown
        {"org": SEARCHER, "searched_at": at(6, 30)},  # not listed: back
        {"org": SEARCHER, "searched_at": at(5, 31)},  # before the list: unknown
        {"org": "TX - Marrowmere PD", "searched_at": at(6, 15)},  # listed under another spelling
        {"org": OWNER, "searched_at": at(6, 15)},
        {"org": FieldState.WITHHELD, "searched_at": at(6, 15)},
        {"org": SEARCHER, "searched_at": FieldState.WITHHELD},
    ]
    options = sharing(FEDERAL, "Marrowmere TX PD")
    assert pathways(ground(rows, options=options)) == {
        "front": Pathway(1, 2),
        "back": Pathway(1, 4),
        "side": Pathway(0, 0),
    }
    assert measured(FrontDoor(), rows, options=options)[1] == [2]
    outcome, found = measured(BackDoor(), rows, options=options)
    assert found == [4]
    assert outcome.claim.endswith("; for 4 more the record cannot tell")


def test_back_door_after_the_entry_ended() -> None:
    rows = [{"org": SEARCHER, "searched_at": at(6, day)} for day in (9, 10, 11)]
    options = sharing(SEARCHER, last=date(2025, 6, 10))
    assert measured(BackDoor(), rows, options=options)[1] == [4]


def test_back_door_between_two_lists_is_unknown() -> None:
    first = sharing(FEDERAL, days=(date(2025, 6, 1), date(2025, 6, 1))).sharing
    second = sharing(FEDERAL, days=(date(2025, 6, 30), date(2025, 6, 30))).sharing
    rows = [{"org": SEARCHER, "searched_at": at(6, day)} for day in (1, 15, 30)]
    options = AuditOptions(sharing=first + second)
    assert pathways(ground(rows, options=options))["back"] == Pathway(2, 1)


def test_days_of_a_list_are_the_owners() -> None:
    # Central Daylight Time: the first two days of the list run from 05:00 UTC to 05:00 UTC.
    times = [(1, 4), (1, 5), (3, 4), (3, 5)]
    rows = [
        {"org": org, "searched_at": datetime(2025, 6, day, hour, minute, tzinfo=UTC)}
        for org in (FEDERAL, SEARCHER)
        for day, hour in times
        for minute in (0, 59)
    ]
    options = sharing(FEDERAL, days=(date(2025, 6, 1), date(2025, 6, 2)))
    # Before and after the list: two rows each of both agencies.
    assert pathways(ground(rows, options=options)) == {
        "front": Pathway(4, 4),
        "back": Pathway(4, 8),
        "side": Pathway(0, 0),
    }
    assert measured(FrontDoor(), rows, options=options)[1] == [4, 5, 6, 7]
    assert measured(BackDoor(), rows, options=options)[1] == [12, 13, 14, 15]


def test_days_of_a_list_are_those_of_each_owner() -> None:
    hawaii = "Tarrinholt HI PD"
    files = [
        file_facts(),
        file_facts(path="hawaii.csv", owner=hawaii),
        file_facts(path="x.csv", owner="Nowhere"),
    ]
    moment = datetime(2025, 6, 2, 4, 30, tzinfo=UTC)
    rows = [{"file": file, "org": SEARCHER, "searched_at": moment} for file in range(3)]
    for day, owners in ((1, (OWNER, hawaii)), (2, ("Nowhere",))):
        lists = tuple(
            listed
            for owner in (OWNER, hawaii, "Nowhere")
            for listed in sharing(FEDERAL, owner=owner, days=(date(2025, 6, day),) * 2).sharing
        )
        made = ground(rows, files=files, options=AuditOptions(sharing=lists))
        assert pathways(made)["back"] == Pathway(len(owners), 3 - len(owners))


def test_back_door_between_lists_and_outside_them_is_unknown_day_by_day() -> None:
    spans = [(date(2025, 6, 3), date(2025, 6, 4)), (date(2025, 6, 8), date(2025, 6, 8))]
    lists = tuple(listed for days in spans for listed in sharing(FEDERAL, days=days).sharing)
    rows = [{"org": SEARCHER, "searched_at": at(6, day)} for day in range(1, 11)]
    options = AuditOptions(sharing=lists)
    assert pathways(ground(rows, options=options))["back"] == Pathway(3, 7)
    assert measured(BackDoor(), rows, options=options)[1] == [4, 5, 9]


def test_doors_without_a_list_are_null_and_count_the_unknown() -> None:
    ways = pathways(ground([{"org": FEDERAL}, {}, {"org": OWNER}]))
    why = "no dated sharing list of the owner was given (--sharing)"
    assert ways["front"] == Pathway(None, 1, why)
    assert ways["back"] == Pathway(None, 2, why)


def test_doors_with_another_owners_list_are_null() -> None:
    why = not_measured(BackDoor(), [{}], options=sharing(FEDERAL, owner="Marrowmere TX PD"))
    assert why == "no sharing list belongs to the owner of a file"


def test_doors_of_an_own_record_are_null() -> None:
    facts = [file_facts(layout=Layout.ORGANIZATION_AUDIT)]
    why = not_measured(FrontDoor(), [{"org": OWNER}], files=facts, options=sharing(FEDERAL))
    assert why.startswith("the record holds an agency's own searches")


@pytest.mark.parametrize(
    ("row", "count"),
    [
        ({"reason": "assist ICE"}, 1),
        ({"reason": "ICE+ERO"}, 1),
        ({"reason": "immigration"}, 1),
        ({"reason": "HSI request"}, 1),
        ({"reason": "HSI narcotics"}, 0),
        ({"reason": "agency assist"}, 0),
        ({"reason": "stolen vehicle"}, 0),
        ({"reason": "ICE+ERO", "org": FEDERAL}, 0),
        ({"reason": "ICE+ERO", "org": OWNER}, 1),
    ],
)
def test_side_door_is_a_local_search_for_somebody_else(row: Row, count: int) -> None:
    assert pathways(ground([row, {}]))["side"] == Pathway(count, 0)


def test_side_door_masked_reasons_are_unknown() -> None:
    rows: list[Row] = [{"reason": "immigration"}, {"reason": FieldState.REDACTED_VENDOR}]
    assert pathways(ground(rows))["side"] == Pathway(1, 1)
    assert "the number lies between 1 and 2" in measured(SideDoor(), rows)[0].claim


def test_side_door_no_reason_readable_is_null() -> None:
    way = pathways(ground([{"reason": FieldState.WITHHELD}]))["side"]
    assert way == Pathway(None, 1, NO_REASON)


def test_side_door_without_immigration_is_of_low_severity() -> None:
    assert measured(SideDoor(), [{"reason": "HSI request"}])[0].severity is Severity.LOW
    assert measured(SideDoor(), [{"reason": "immigration"}])[0].severity is None


def test_back_door_of_a_record_of_no_stated_owner_is_null() -> None:
    # Nobody would be the owner, so that its own searches would look like an outsider's.
    way = pathways(ground([{}], files=[file_facts(owner=None)]))["back"]
    assert (way.n, way.unknown) == (None, 1)
    assert way.why is not None and "name the owner with --owner" in way.why


def test_doors_where_no_list_covers_a_day_are_null() -> None:
    rows: list[Row] = [{"org": FEDERAL, "searched_at": at(7, 1)}, {"org": SEARCHER, "searched_at": at(7, 2)}]
    why = "no sharing list covers a day on which an outside agency searched"
    ways = pathways(ground(rows, options=sharing(FEDERAL)))
    assert ways["front"] == Pathway(None, 1, why)
    assert ways["back"] == Pathway(None, 2, why)


def test_ways_where_no_searcher_is_named_are_null() -> None:
    why = "no search of others in the owner's data names the agency that made it"
    rows: list[Row] = [{"org": FieldState.WITHHELD, "reason": "immigration"}]
    assert pathways(ground(rows, options=sharing(FEDERAL))) == dict.fromkeys(
        ("front", "back", "side"), Pathway(None, 1, why)
    )


def test_doors_of_the_owners_searches_alone_are_zero() -> None:
    ways = pathways(ground([{"org": OWNER}], options=sharing(FEDERAL)))
    assert (ways["front"], ways["back"]) == (Pathway(0, 0), Pathway(0, 0))


def test_side_door_of_an_unnamed_searcher_is_unknown() -> None:
    # It may be a federal agency's own search.
    rows: list[Row] = [
        {"reason": "immigration"},
        {"org": FieldState.WITHHELD, "reason": "immigration"},
        {"org": FieldState.WITHHELD, "reason": FieldState.WITHHELD},
        {"org": FieldState.WITHHELD, "reason": "stolen vehicle"},
    ]
    assert pathways(ground(rows))["side"] == Pathway(1, 2)
    outcome, found = measured(SideDoor(), rows)
    assert (outcome.count, outcome.of, found) == (1, 1, [2])
    assert outcome.claim.endswith("so the number lies between 1 and 3")


def test_side_door_of_an_own_record_without_an_owner_is_counted() -> None:
    facts = [file_facts(layout=Layout.PORTAL, owner=None, exported=frozenset({"reason", "searched_at"}))]
    row: Row = {"org": FieldState.NOT_EXPORTED, "reason": "immigration"}
    assert pathways(ground([row], files=facts))["side"] == Pathway(1, 0)
