"""Reading a public leaf for what it hides: by dictionary, by length, by comparing one entry with another."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from itertools import product

from gatehouse.ledger.canonical import Json, to_canonical
from gatehouse.ledger.commitment import FIELDS, commit, field_key
from gatehouse.ledger.entry import read_entry
from gatehouse.model import Purpose
from tests.unit.ledger.entries import AT, PACK, searched

PLATES = [f"TEST{number:03}" for number in range(1000)]
PURPOSES = [purpose.value for purpose in Purpose]


def public_secrets(entry: bytes) -> list[bytes]:
    """Return every 32-byte value that a reader of the log could try as a root or a key."""
    leaf = read_entry(entry)
    clear = [leaf.agency, leaf.event, AT.isoformat(), "", "gatehouse", leaf.hour.isoformat()]
    return [
        bytes(32),
        PACK,
        sha256(entry).digest(),
        *(sha256(text.encode()).digest() for text in clear),
        *leaf.commitments.values(),
    ]


def guesses(field: str, value: str, entry: bytes) -> set[bytes]:
    """Return what a commitment would be if it were a hash, a public salt, or a key that the leaf shows."""
    leaf, spelled = read_entry(entry), to_canonical(value)
    found = set()
    for text in (value.encode(), spelled, f"{field}={value}".encode()):
        found.add(sha256(text).digest())
        found.update(sha256(salt + text).digest() for salt in public_secrets(entry))
        found.update(hmac.digest(salt, text, "sha256") for salt in public_secrets(entry))
    for secret in public_secrets(entry):
        found.add(commit(secret, field, value, agency=leaf.agency, event=leaf.event))
        key = field_key(secret, field)
        found.add(commit(key, field, value, agency=leaf.agency, event=leaf.event))
    return found


def test_dictionary_of_plates_finds_none() -> None:
    entry, _ = searched(fields={"plate": PLATES[123]})
    wanted = set(read_entry(entry).commitments.values())
    # The true plate among them: only the key is not known.
    for plate in (PLATES[123], *PLATES[:40]):
        assert guesses("plate", plate, entry).isdisjoint(wanted)


def test_dictionary_of_purposes_finds_none() -> None:
    entry, _ = searched(fields={"purpose": PURPOSES[0]})
    wanted = set(read_entry(entry).commitments.values())
    for purpose in PURPOSES:
        assert guesses("purpose", purpose, entry).isdisjoint(wanted)


def test_dictionary_with_another_fields_disclosed_key_finds_none() -> None:
    entry, openings = searched()
    leaf = read_entry(entry)
    known = [openings.disclose(field, index=0).key for field in FIELDS if field != "plate"]
    for key, plate in product(known, ("TEST123", *PLATES[:40])):
        for tried in (key, field_key(key, "plate")):
            guess = commit(tried, "plate", plate, agency=leaf.agency, event=leaf.event)
            assert guess != leaf.commitments["plate"]


def test_same_search_twice_shows_no_common_value() -> None:
    first, second = (set(read_entry(searched()[0]).commitments.values()) for _ in range(2))
    assert len(first) == len(second) == len(FIELDS)
    assert first.isdisjoint(second)


def test_length_and_presence_of_a_value_do_not_show() -> None:
    given: list[dict[str, Json]] = [{}, {"reason": "x" * 30_000}, {"plate": "A", "counts": {"reads": 9}}]
    assert len({len(searched(fields=fields)[0]) for fields in given}) == 1


def test_no_hidden_value_stands_in_the_entry() -> None:
    entry, openings = searched()
    text = entry.decode().lower()
    for field in FIELDS:
        value = openings.values[field]
        if isinstance(value, str) and len(value) > 4:
            assert value.lower() not in text, field
    assert json.loads(entry)["hour"] == "2026-11-23T16:00:00Z"
