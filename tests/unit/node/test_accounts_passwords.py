"""Passwords: which are taken, how they are kept, and that few are hashed at once."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from gatehouse.model import BadInput
from gatehouse.node.accounts import TooManyAttempts
from gatehouse.node.accounts.passwords import Passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def test_hash_by_default_is_argon2id_at_the_cost_of_rfc_9106() -> None:
    hashed = Passwords().hash("orchard ladder winter", login="ames")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_verify_takes_the_same_password_in_another_spelling_of_unicode() -> None:
    passwords = Passwords(CHEAP)
    hashed = passwords.hash("caf\u00e9 ladder winter", login="ames")
    assert passwords.verify(hashed, "cafe\u0301 ladder winter")
    assert not passwords.verify(hashed, "cafe ladder winter")


def test_verify_without_an_account_fits_nothing() -> None:
    passwords = Passwords(CHEAP)
    assert not passwords.verify(None, "nobody has this password")


@pytest.mark.parametrize(
    "password", ["short one", "aaaaaaaaaaaaaaaa", "ames-and-the-rest", "the gatehouse door"]
)
def test_hash_of_a_weak_password_is_refused_without_repeating_it(password: str) -> None:
    with pytest.raises(BadInput) as caught:
        Passwords(CHEAP).hash(password, login="ames")
    assert password not in str(caught.value)


def test_verify_of_a_huge_password_hashes_nothing() -> None:
    passwords = Passwords(CHEAP, at_once=1, wait=0.01)
    with passwords._turn():
        assert not passwords.verify(None, "x" * 1_000_000)


def test_verify_when_all_turns_are_taken_asks_to_come_again() -> None:
    passwords = Passwords(CHEAP, at_once=1, wait=0.01)
    with passwords._turn(), pytest.raises(TooManyAttempts) as caught:
        passwords.verify(None, "orchard ladder winter")
    assert caught.value.retry_after == 5


def test_renewed_gives_a_new_hash_only_when_the_costs_have_changed() -> None:
    old = Passwords(CHEAP).hash("orchard ladder winter", login="ames")
    dearer = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    renewed = dearer.renewed(old, "orchard ladder winter")
    assert renewed is not None and "m=16,t=2" in renewed
    assert dearer.renewed(renewed, "orchard ladder winter") is None
