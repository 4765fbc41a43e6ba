"""Passing one thing off as another: swapped commitments, borrowed openings, entries spelled differently."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gatehouse.ledger.commitment import FIELDS, check
from gatehouse.ledger.day_keys import DayKeys
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.errors import InvalidEntry, InvalidOpening
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.ledger.sealing import OpeningStore, seal, unseal
from gatehouse.model import PartUnavailable
from tests.unit.ledger.entries import AT, searched
from tests.unit.ledger.entries import FIELDS as VALUES


def test_swapped_commitments_open_neither_field() -> None:
    entry, openings = searched()
    leaf = read_entry(entry)
    swapped = replace(
        leaf,
        commitments={
            **leaf.commitments,
            "plate": leaf.commitments["reason"],
            "reason": leaf.commitments["plate"],
        },
    )
    for field in ("plate", "reason"):
        with pytest.raises(InvalidOpening):
            check(swapped, openings.disclose(field, index=0))
    assert leaf_hash(swapped.entry) != leaf_hash(entry)


def test_field_disclosed_under_another_name_is_refused() -> None:
    entry, openings = searched(fields=dict.fromkeys(VALUES, "same"))
    for field in VALUES:
        if field != "plate":
            disclosed = replace(openings.disclose("plate", index=0), field=field)
            with pytest.raises(InvalidOpening):
                check(read_entry(entry), disclosed)


@pytest.mark.parametrize("value", ["TEST124", "test123", "TEST123 ", ["TEST123"], None, 0])
def test_another_value_under_the_true_key_is_refused(value: str | list[str] | int | None) -> None:
    entry, openings = searched()
    with pytest.raises(InvalidOpening):
        check(read_entry(entry), replace(openings.disclose("plate", index=0), value=value))


def test_opening_of_one_entry_opens_no_other_of_the_same_values() -> None:
    openings = searched()[1]
    other = read_entry(searched()[0])
    for field in FIELDS:
        with pytest.raises(InvalidOpening):
            check(other, openings.disclose(field, index=0))


@pytest.mark.parametrize(
    "change", [{"agency": "birch-pd"}, {"event": "search:plate:released"}], ids=["agency", "event"]
)
def test_commitments_copied_into_another_agencys_entry_do_not_open(change: dict[str, str]) -> None:
    entry, openings = searched()
    copied = replace(read_entry(entry), **change)  # type: ignore[arg-type]
    read_entry(copied.entry)
    for field in FIELDS:
        with pytest.raises(InvalidOpening):
            check(copied, openings.disclose(field, index=0))


def test_sealed_openings_moved_to_another_entry_do_not_open() -> None:
    key = b"d" * 32
    first, openings = searched(root=b"r" * 32)
    sealed = seal(openings, entry=first, key=key)
    # The same agency, day, root and values: only the place in the chain differs.
    second, _ = searched(root=b"r" * 32, sequence=1, previous=leaf_hash(first))
    with pytest.raises(InvalidOpening):
        unseal(sealed, entry=second, key=key)
    for at in range(0, len(sealed), 37):
        altered = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(InvalidOpening):
            unseal(altered, entry=first, key=key)
    for cut in (b"", sealed[:11], sealed[:-1]):
        with pytest.raises(InvalidOpening):
            unseal(cut, entry=first, key=key)


def test_false_values_sealed_beside_the_true_root_do_not_open() -> None:
    entry, openings = searched()
    false = replace(openings, values={**openings.values, "plate": "TEST999"})
    with pytest.raises(InvalidOpening, match="`plate`"):
        unseal(seal(false, entry=entry, key=b"d" * 32), entry=entry, key=b"d" * 32)


def test_openings_exchanged_in_the_store_do_not_open(tmp_path: Path) -> None:
    store = OpeningStore(tmp_path / "openings.sqlite", keys=DayKeys(tmp_path / "keys", kek=b"k" * 32))
    first, second = searched(), searched(fields={"plate": "TEST999"})
    for index, (entry, openings) in enumerate((first, second)):
        store.add(openings, index=index, entry=entry)
    with pytest.raises(InvalidOpening):
        store.open_field("plate", 1, entry=first[0])


def spellings() -> dict[str, bytes]:
    """Return other spellings of an entry that a lax reader would take for the same leaf."""
    entry, _ = searched()
    document = json.loads(entry)
    text = entry.decode()
    turned = dict(reversed(list(document.items())))
    lacking = {name: value for name, value in document["commitments"].items() if name != "plate"}

    def spelled(value: object) -> bytes:
        return json.dumps(value, separators=(",", ":")).encode()

    return {
        "blanks": json.dumps(document).encode(),
        "newline after": entry + b"\n",
        "CRLF after": entry + b"\r\n",
        "blank before": b" " + entry,
        "byte order mark": b"\xef\xbb\xbf" + entry,
        "keys in another order": spelled(turned),
        "key twice": text.replace('"sequence":0', '"sequence":0,"sequence":0').encode(),
        "event twice": text.replace('"event":', '"event":"search:plate:denied","event":').encode(),
        "another key": spelled({**document, "zone": "UTC"}),
        "commitment left out": spelled({**document, "commitments": lacking}),
        "commitment added": spelled({**document, "commitments": {**document["commitments"], "zz": "0" * 64}}),
        "capital digits": text.replace("08090a", "08090A").encode(),
        "escaped letter": text.replace("alder", "\\u0061lder").encode(),
        "letter of another alphabet": text.replace("alder", "\u0430lder").encode(),
        "digit of another alphabet": text.replace('"sequence":0', '"sequence":\u0660').encode(),
        "sequence as text": text.replace('"sequence":0', '"sequence":"0"').encode(),
        "sequence as fraction": text.replace('"sequence":0', '"sequence":0.0').encode(),
        "sequence below nothing": text.replace('"sequence":0', '"sequence":-0').encode(),
        "sequence with zeros": text.replace('"sequence":0', '"sequence":00').encode(),
        "exact time": text.replace("T16:00:00Z", "T16:04:05Z").encode(),
        "offset in place of Z": text.replace("T16:00:00Z", "T16:00:00+00:00").encode(),
        "small t": text.replace("T16:00:00Z", "t16:00:00Z").encode(),
        "another schema": text.replace("gatehouse-leaf/1", "gatehouse-leaf/2").encode(),
        "a list": b"[" + entry + b"]",
        "two entries": entry + entry,
        "UTF-16": text.encode("utf-16"),
        "nothing": b"",
    }


@pytest.mark.parametrize("name", spellings())
def test_entry_spelled_differently_is_refused(name: str) -> None:
    data = spellings()[name]
    assert data != searched()[0]
    with pytest.raises(InvalidEntry) as caught:
        read_entry(data)
    assert caught.value.expected
    assert caught.value.got


def contents(folder: Path) -> bytes:
    """Return every file below a folder, one after the other, names included."""
    return b"".join(
        str(path).encode() + path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    )


def test_nothing_opens_after_its_day_key_is_destroyed(tmp_path: Path) -> None:
    keys = DayKeys(tmp_path / "keys", kek=b"k" * 32)
    store = OpeningStore(tmp_path / "openings.sqlite", keys=keys)
    entry, openings = searched()
    store.add(openings, index=0, entry=entry)
    disclosed = store.open_field("purpose", 0, entry=entry)
    key, wrapped = keys.read("alder-pd", AT.date()), (tmp_path / "keys/alder-pd/2026-11-23.key").read_bytes()
    with closing(sqlite3.connect(store.path)) as connection:
        (sealed,) = connection.execute("SELECT sealed FROM ledger_opening").fetchone()
    for written in (wrapped, sealed):
        assert written in contents(tmp_path)
    assert store.destroy("alder-pd", AT.date()) == 1
    for other in (store, OpeningStore(store.path, keys=DayKeys(keys.directory, kek=b"k" * 32))):
        with pytest.raises(PartUnavailable, match="was destroyed"):
            other.open_field("plate", 0, entry=entry)
    left = contents(tmp_path)
    for secret in (key, key.hex().encode(), openings.root, openings.root.hex().encode(), b"TEST123"):
        assert secret not in left
    for written in (wrapped, sealed):
        assert not any(written[at : at + 12] in left for at in range(0, len(written), 12))
    assert key not in keys._known.values()
    # The leaf stands as before, and what was shown in time still holds.
    check(read_entry(entry), disclosed)


def test_backup_from_before_is_dead_once_the_key_encryption_key_is_renewed(tmp_path: Path) -> None:
    keys = DayKeys(tmp_path / "keys", kek=b"k" * 32)
    store = OpeningStore(tmp_path / "openings.sqlite", keys=keys)
    entry, openings = searched()
    store.add(openings, index=0, entry=entry)
    later, later_openings = searched(at=AT.replace(day=24))
    store.add(later_openings, index=1, entry=later)
    backup = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    store.destroy("alder-pd", AT.date())
    keys.rewrap(b"n" * 32)
    for path, data in backup.items():
        path.write_bytes(data)
        path.chmod(0o600)
    (tmp_path / "keys/alder-pd/2026-11-23.destroyed").unlink()
    restored = OpeningStore(store.path, keys=DayKeys(keys.directory, kek=b"n" * 32))
    for index, each in enumerate((entry, later)):
        with pytest.raises(PartUnavailable, match="another key-encryption key"):
            restored.open_field("plate", index, entry=each)
