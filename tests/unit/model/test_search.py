"""The request as an officer asks it: its scopes nest, and its traceback names no plate and no reason."""

from datetime import UTC, datetime

from gatehouse.model import Behalf, PlatePattern, PlateSearch, Purpose, Scope, Window


def test_scopes_each_reach_what_those_before_them_reach() -> None:
    scopes = list(Scope)
    assert [[wide.covers(narrow) for narrow in scopes] for wide in scopes] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]


def test_repr_of_a_search_shows_neither_plate_nor_reason() -> None:
    day = datetime(2026, 11, 1, tzinfo=UTC)
    search = PlateSearch(
        agency="alder-pd",
        officer="o-1",
        entered_by="o-1",
        plate=PlatePattern.parse("XYZ987"),
        window=Window(day, day),
        scope=Scope.OWN,
        purpose=Purpose.STOLEN_VEHICLE_OR_PLATE,
        on_behalf_of=Behalf.NONE,
        reason="a stolen car",
    )
    assert "XYZ" not in repr(search) and "stolen" not in repr(search)
