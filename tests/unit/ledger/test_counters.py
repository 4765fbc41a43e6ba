"""Counters of several vaults and owners, set against the entries of a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pytest

from gatehouse.ledger.counters import Counters, Difference, differences, together
from gatehouse.model import BadInput

DAY = "2026-11-02"
RELEASED, DENIED = "search:plate:released", "search:plate:denied"


def counted(
    name: str,
    counts: Mapping[tuple[str, str], int],
    *,
    by: Literal["vault", "owner"] = "vault",
    day: str = DAY,
    events: tuple[str, ...] = (RELEASED,),
) -> Counters:
    return Counters(by, name, day, events, counts)


def test_together_two_vaults_of_a_day_are_held_to_the_entries_in_sum() -> None:
    one = counted("vault-1", {("alder-pd", RELEASED): 2})
    two = counted("vault-2", {("alder-pd", RELEASED): 1, ("birch-so", RELEASED): 4})
    (both,) = together([two, one])
    assert both == counted("vault-1, vault-2", {("alder-pd", RELEASED): 3, ("birch-so", RELEASED): 4})
    assert list(differences(both, {"alder-pd": {RELEASED: 3}, "birch-so": {RELEASED: 4}})) == []
    assert list(differences(both, {"alder-pd": {RELEASED: 2}, "birch-so": {RELEASED: 5}})) == [
        Difference("alder-pd", RELEASED, 2, 3),
        Difference("birch-so", RELEASED, 5, 4),
    ]


def test_together_vaults_add_up_only_where_they_count_the_same_event_and_day() -> None:
    one = counted("vault-1", {("alder-pd", RELEASED): 2, ("alder-pd", DENIED): 5}, events=(DENIED, RELEASED))
    two = counted("vault-2", {("alder-pd", RELEASED): 1})
    next_day = counted("vault-2", {("alder-pd", RELEASED): 7}, day="2026-11-03")
    assert together([one, two, next_day]) == [
        counted("vault-1", {("alder-pd", DENIED): 5}, events=(DENIED,)),
        counted("vault-1, vault-2", {("alder-pd", RELEASED): 3}),
        next_day,
    ]


def test_together_one_vault_and_owners_stay_as_they_are() -> None:
    vault = counted(
        "vault-1", {("alder-pd", RELEASED): 2, ("alder-pd", DENIED): 5}, events=(DENIED, RELEASED)
    )
    owners = [counted(name, {("alder-pd", RELEASED): 2}, by="owner") for name in ("owner-2", "owner-1")]
    assert together([*owners, vault]) == [vault, *owners]


def test_together_vault_given_twice_is_bad_input() -> None:
    one = counted("vault-1", {("alder-pd", RELEASED): 2})
    with pytest.raises(BadInput, match="counted a day twice"):
        together([one, one])
