"""A caller's own change, and what is attached, in the transaction that appends and seals an entry."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gatehouse.ledger.commitment import check
from gatehouse.ledger.day_keys import DayKeyDestroyed
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.errors import InvalidOpening
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.ledger.sealing import LARGEST_ATTACHMENT, OpeningMissing
from gatehouse.model import BadUse
from tests.unit.ledger.folders import DAY, NEXT_DAY, ORIGIN, PACK, THAT_DAY
from tests.unit.ledger.logs import Clock, database

REQUESTED = "search:plate:requested"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "ledger"
    Ledger.create(made, origin=ORIGIN, at=THAT_DAY)
    with database(made / "log.sqlite") as connection:
        connection.execute("CREATE TABLE state (n INTEGER PRIMARY KEY, at INTEGER, word TEXT)")
    return made


def insert(word: str) -> Callable[[sqlite3.Connection], None]:
    def apply(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO state VALUES (ledger_index(), ledger_at(), ?)", (word,))

    return apply


def rows(path: Path) -> list[tuple[int, int, str]]:
    with database(path / "log.sqlite") as connection:
        return list(connection.execute("SELECT n, at, word FROM state ORDER BY n"))


class TestApply:
    def test_append_with_a_change_makes_both_and_gives_what_opens_the_entry(self, path: Path) -> None:
        with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
            for word in ("one", "two"):
                done = ledger.append(
                    REQUESTED, agency="alder-pd", fields={"plate": "QX1"}, pack=PACK, apply=insert(word)
                )
            assert done.index == 1
            assert done.leaf_hash == leaf_hash(done.entry)
            assert ledger.entry(1) == done.entry
            assert ledger.openings(1) == done.openings
            check(read_entry(done.entry), done.openings.disclose("plate", index=1))
            assert "QX1" not in repr(done)
        at = int(THAT_DAY.timestamp()) * 1_000_000
        assert rows(path) == [(0, at, "one"), (1, at, "two")]

    def test_change_that_raises_leaves_neither_entry_nor_openings(self, path: Path) -> None:
        class Conflict(Exception):
            pass

        def fails(connection: sqlite3.Connection) -> None:
            insert("lost")(connection)
            raise Conflict

        with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
            with pytest.raises(Conflict):
                ledger.append(
                    REQUESTED, agency="alder-pd", fields={}, pack=PACK, apply=fails, attachments={"a": b"b"}
                )
            assert ledger.log.size == 0
        assert rows(path) == []
        with database(path / "log.sqlite") as connection:
            for table in ("ledger_opening", "ledger_attachment"):
                assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM ledger_opening",
            "UPDATE ledger_opening SET sealed = x'00'",
            "INSERT INTO ledger_attachment VALUES (9, 'a', 'alder-pd', '2026-11-23', x'00')",
            "DELETE FROM ledger_attachment",
            "INSERT INTO ledger_ended VALUES ('alder-pd', '2026-11-23', 0)",
            "DELETE FROM ledger_entry",
            "COMMIT",
        ],
    )
    def test_change_behind_the_sealing_is_kept_from_what_the_sealing_may_write(
        self, path: Path, statement: str
    ) -> None:
        with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
            with pytest.raises(BadUse, match="reaches for the log's own"):
                ledger.append(
                    REQUESTED,
                    agency="alder-pd",
                    fields={},
                    pack=PACK,
                    apply=lambda connection: connection.execute(statement),
                    attachments={"decisions": b"x"},
                )
            assert ledger.append(REQUESTED, agency="alder-pd", fields={}, pack=PACK).index == 0

    def test_change_outside_an_append_has_no_index(self, path: Path) -> None:
        with database(path / "log.sqlite") as connection, pytest.raises(sqlite3.OperationalError):
            connection.execute("SELECT ledger_index()")


class TestAttachments:
    def test_attachment_comes_back_for_its_entry_and_name_only(self, path: Path) -> None:
        data = bytes(range(256)) * 40
        with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
            for attached in ({"decisions": data, "empty": b""}, {"decisions": b"other"}):
                ledger.append(REQUESTED, agency="alder-pd", fields={}, pack=PACK, attachments=attached)
            assert ledger.attachment(0, "decisions") == data
            assert ledger.attachment(0, "empty") == b""
            assert ledger.attachment(1, "decisions") == b"other"
            with pytest.raises(OpeningMissing, match="nothing is attached"):
                ledger.attachment(1, "empty")

    @pytest.mark.parametrize(("field", "value"), [("entry", 1), ("name", "other")])
    def test_attachment_moved_to_another_place_does_not_open(
        self, path: Path, field: str, value: int | str
    ) -> None:
        with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
            ledger.append(REQUESTED, agency="alder-pd", fields={}, pack=PACK, attachments={"mine": b"1"})
            ledger.append(REQUESTED, agency="alder-pd", fields={}, pack=PACK)
            with database(path / "log.sqlite") as connection:
                connection.execute(f"UPDATE ledger_attachment SET {field} = ?", (value,))
            place = (1, "mine") if field == "entry" else (0, "other")
            with pytest.raises(InvalidOpening, match="another entry's or has another name"):
                ledger.attachment(*place)

    def test_attachment_ends_with_the_openings_of_its_day(self, path: Path) -> None:
        clock = Clock(THAT_DAY)
        with Ledger.open(path, clock=clock) as ledger:
            ledger.append(REQUESTED, agency="alder-pd", fields={}, pack=PACK, attachments={"mine": b"1"})
            clock.at = NEXT_DAY
            assert ledger.shred("alder-pd", DAY, by="alder-pd").closed == 1
            with pytest.raises(DayKeyDestroyed):
                ledger.attachment(0, "mine")
        with database(path / "log.sqlite") as connection:
            assert connection.execute("SELECT count(*) FROM ledger_attachment").fetchone() == (0,)

    @pytest.mark.parametrize(
        ("name", "data", "says"),
        [
            ("Name", b"", "such a name"),
            ("a\nb", b"", "such a name"),
            ("big", bytes(LARGEST_ATTACHMENT + 1), "too much is attached"),
        ],
    )
    def test_attachment_that_cannot_be_kept_records_nothing(
        self, path: Path, name: str, data: bytes, says: str
    ) -> None:
        with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
            with pytest.raises(BadUse, match=says):
                ledger.append(REQUESTED, agency="alder-pd", fields={}, pack=PACK, attachments={name: data})
            assert ledger.log.size == 0

    def test_attachment_of_a_name_that_is_taken_is_refused(self, path: Path) -> None:
        with Ledger.open(path, clock=Clock(THAT_DAY)) as ledger:
            done = ledger.append(
                REQUESTED, agency="alder-pd", fields={}, pack=PACK, attachments={"mine": b"1"}
            )
            store = ledger.folder.openings()
            with pytest.raises(BadUse, match="attached under this name"):
                store.attach(0, "mine", b"2", entry=done.entry)
            store.attach(0, "more", b"2", entry=done.entry)
            assert ledger.attachment(0, "more") == b"2"
