"""Commitments and disclosures: one field opens, and nothing else."""

from __future__ import annotations

import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.ledger.commitment import FIELDS, Disclosure, check, field_key
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.errors import InvalidOpening
from gatehouse.model import BadUse
from tests.unit.ledger.entries import searched


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_opens_alone(field: str) -> None:
    entry, openings = searched()
    disclosure = openings.disclose(field, index=12)
    check(read_entry(entry), disclosure)
    assert Disclosure.parse(disclosure.text) == Disclosure.parse(disclosure.text + "\n") == disclosure
    assert openings.root.hex() not in disclosure.text


def test_commitment_is_what_the_docstring_says() -> None:
    entry, openings = searched()
    key = hmac.digest(openings.root, b"gatehouse-leaf/1 key\nplate", "sha256")
    spelled = b'gatehouse-leaf/1 value\nplate\nalder-pd\nsearch:plate:requested\n"TEST123"'
    assert read_entry(entry).commitments["plate"] == hmac.digest(key, spelled, "sha256")


def test_key_of_a_disclosure_is_neither_root_nor_another_fields() -> None:
    keys = {field_key(b"r" * 32, field) for field in FIELDS}
    assert len(keys) == len(FIELDS)
    assert b"r" * 32 not in keys


def test_repr_of_a_disclosure_shows_neither_value_nor_key() -> None:
    shown = Disclosure(4, "plate", "QX7193", b"k" * 32)
    assert repr(shown) == "Disclosure(index=4, field='plate')"


def test_absent_field_opens_as_null() -> None:
    entry, openings = searched(fields={})
    disclosure = openings.disclose("plate", index=0)
    assert disclosure.value is None
    check(read_entry(entry), disclosure)


def test_openings_open_their_own_leaf_only() -> None:
    entry, openings = searched()
    openings.check(read_entry(entry))
    with pytest.raises(InvalidOpening, match="does not open"):
        openings.check(read_entry(searched()[0]))
    with pytest.raises(InvalidOpening, match="another entry's"):
        openings.check(read_entry(searched(agency="birch-pd")[0]))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"field":"plate","index":0,"key":"00","schema":"gatehouse-disclosure/1","value":"x"}',
        f'{{"field":"plate","index":-1,"key":"{"0" * 64}","schema":"gatehouse-disclosure/1","value":"x"}}',
        f'{{"field":"plate","index":true,"key":"{"0" * 64}","schema":"gatehouse-disclosure/1","value":"x"}}',
        f'{{"field":"plates","index":0,"key":"{"0" * 64}","schema":"gatehouse-disclosure/1","value":"x"}}',
        f'{{"field":"plate","index":0,"key":"{"0" * 64}","schema":"gatehouse-disclosure/2","value":"x"}}',
        f'{{"field":"plate","index":0,"key":"{"A" * 64}","schema":"gatehouse-disclosure/1","value":"x"}}',
        f'{{"field":"plate","index":0,"key":"{"0" * 64}","schema":"gatehouse-disclosure/1"}}',
        f'{{"a":1,"field":"plate","index":0,"key":"{"0" * 64}","schema":"gatehouse-disclosure/1","value":1}}',
        f'{{"index":0,"field":"plate","key":"{"0" * 64}","schema":"gatehouse-disclosure/1","value":"x"}}',
        "\ud800",
    ],
)
def test_text_that_is_no_disclosure_is_refused(text: str) -> None:
    with pytest.raises(InvalidOpening) as caught:
        Disclosure.parse(text)
    assert caught.value.expected
    assert caught.value.got


def test_refusal_does_not_quote_the_value() -> None:
    with pytest.raises(InvalidOpening) as caught:
        Disclosure.parse('{"field":"plate","value":"TEST123"}')
    assert "TEST123" not in str(caught.value)


@given(st.text())
def test_text_at_random_is_refused(text: str) -> None:
    with pytest.raises(InvalidOpening):
        Disclosure.parse(text)


def test_disclosure_with_a_key_of_another_length_is_refused() -> None:
    entry, openings = searched()
    disclosure = openings.disclose("plate", index=0)
    # HMAC pads keys with zeros, so these would compute the same if they were let in.
    for key in (disclosure.key + b"\0", disclosure.key[:-1], b""):
        with pytest.raises(InvalidOpening, match="32 bytes"):
            check(read_entry(entry), replace(disclosure, key=key))


def test_unknown_field_is_bad_use() -> None:
    entry, openings = searched()
    with pytest.raises(BadUse, match="no field"):
        openings.disclose("plates", index=0)
    with pytest.raises(InvalidOpening, match="no such field"):
        check(read_entry(entry), Disclosure(0, "plates", None, bytes(32)))
