"""The registry's own rows, each bound to the ledger entry that it came with.

The registry is what follows from its entries, in their order, and from nothing else. Beside each entry
`registry:…` or `rule:…` stands one row with what the entry commits to in `detail` and `at`, and the keys of
those two commitments:

    registry_entry(entry, at, at_key, detail, detail_key)

So a row that was changed does not open its entry, one that was added has no entry, and one that was taken
away leaves an entry without a row: each is `RecordBroken`, and a node with it does not start. The disclosures
stay when the day's openings are shredded. They hold no plate and no reason.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gatehouse.ledger import merkle
from gatehouse.ledger.canonical import Json, to_canonical
from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.commitment import Disclosure, check, field_key
from gatehouse.ledger.entry import draft_entry, read_entry
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.growing import Proofs
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.ledger.note import open_note
from gatehouse.ledger.pending import Pending
from gatehouse.ledger.view import LogView
from gatehouse.model import BadInput, Error
from gatehouse.node.bodies import written
from gatehouse.node.errors import RecordBroken
from gatehouse.vault.protocol import Shown

TABLES = (
    "CREATE TABLE IF NOT EXISTS registry_entry ("
    " entry INTEGER PRIMARY KEY, at INTEGER NOT NULL, at_key BLOB NOT NULL,"
    " detail TEXT NOT NULL, detail_key BLOB NOT NULL) STRICT",
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# In a leaf no string can hold a quotation mark, so these stand nowhere else.
_OURS = 'instr(data, CAST(\'"event":"registry:\' AS BLOB)) OR instr(data, CAST(\'"event":"rule:\' AS BLOB))'
_READ = (
    "SELECT idx, data, at, at_key, detail, detail_key FROM"  # noqa: S608  # nothing from outside
    f" (SELECT idx, data FROM ledger_entry WHERE {_OURS})"
    " LEFT JOIN registry_entry ON entry = idx ORDER BY idx"
)
_STRAY = (
    "SELECT min(entry) FROM registry_entry WHERE entry NOT IN"  # noqa: S608  # nothing from outside
    f" (SELECT idx FROM ledger_entry WHERE {_OURS})"
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry of the registry: what it says (`detail`), and the time that it was given."""

    index: int
    event: str
    agency: str
    at: datetime
    detail: Mapping[str, Json]


def text_of(entry: Recorded, key: str) -> str:
    """Return a name that an entry of the registry holds; one that is none is `BadInput`."""
    found = entry.detail.get(key)
    if not isinstance(found, str):
        raise BadInput("an entry of the registry lacks a name", where=f"entry {entry.index}", expected=key)
    return found


def time_of(entry: Recorded, key: str) -> datetime:
    """Return a time that an entry of the registry holds; one without a zone is `BadInput`."""
    try:
        found = datetime.fromisoformat(text_of(entry, key))
    except ValueError:
        raise BadInput("an entry of the registry lacks a time", where=f"entry {entry.index}") from None
    if found.tzinfo is None:
        raise BadInput("an entry of the registry lacks a time with a zone", where=f"entry {entry.index}")
    return found


def load_record(log: LogView, path: Path) -> Iterator[Recorded]:
    """Yield every entry in order, each checked against its leaf and the leaf against the tree.

    `path` is the log's database. Of entries behind the published checkpoint the leaf alone is checked.
    """
    published, keys = log.checkpoint(), log.keys
    checkpoint = Checkpoint.parse(open_note(published, keys=list(keys)).text)
    proofs = log.proofs(checkpoint.size)
    with closing(_reader(path)) as connection:
        (stray,) = connection.execute(_STRAY).fetchone()
        if stray is not None:
            raise RecordBroken(
                "the registry holds a row that no entry came with", where=f"entry {stray}", hint=_HINT
            )
        for index, data, *row in connection.execute(_READ):
            if index < checkpoint.size:
                _check_place(proofs, index, data, checkpoint)
            yield _opened(index, data, *row)


class RegistryRecord:
    """The entries of the registry in a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def witnessed(self) -> int:
        """Return how many entries others may rely on: those below the published checkpoint."""
        return _size(self._ledger.log.checkpoint(), self._ledger.log.keys)

    def load(self) -> Iterator[Recorded]:
        """Yield every entry in order; see `load_record`."""
        return load_record(self._ledger.log, self._ledger.folder.log)

    def append(
        self,
        event: str,
        *,
        agency: str,
        detail: Mapping[str, Json],
        pack: bytes,
        officer: str | None = None,
        approver: str | None = None,
        owners: tuple[str, ...] = (),
        apply: Callable[[sqlite3.Connection], None] | None = None,
    ) -> tuple[Recorded, Pending]:
        """Put an entry with its row on the record, and return what it says once it is durable.

        Whether witnesses have cosigned it, `settled` says. `apply` is a further change.
        """
        fields: dict[str, Json] = {
            "detail": detail,
            "officer": officer,
            "approver": approver,
            "owners": list(owners) or None,
        }
        draft = draft_entry(event, agency=agency, fields=fields)
        keys = field_key(draft.root, "at"), field_key(draft.root, "detail")
        text = to_canonical(detail).decode()
        placed: list[tuple[int, int]] = []

        def insert(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO registry_entry (entry, at, at_key, detail, detail_key)"
                " VALUES (ledger_index(), ledger_at(), ?, ?, ?)",
                (keys[0], text, keys[1]),
            )
            placed.append(connection.execute("SELECT ledger_index(), ledger_at()").fetchone())
            if apply is not None:
                apply(connection)

        pending = self._ledger.submit(draft, pack=pack, apply=insert)
        pending.wait()
        index, at = placed[-1]
        return Recorded(index, event, agency, _moment(at), json.loads(text)), pending

    def shown(self, index: int) -> Shown:
        """Return an entry below the published checkpoint with its receipt, its time and what it says."""
        with closing(_reader(self._ledger.folder.log)) as connection:
            row = connection.execute(
                "SELECT at, at_key, detail, detail_key FROM registry_entry WHERE entry = ?", (index,)
            ).fetchone()
        entry = self._ledger.entry(index)
        found = _opened(index, entry, *(row or (None, b"", "", b"")))
        openings = (
            Disclosure(index, "at", written(found.at), row[1]),
            Disclosure(index, "detail", dict(found.detail), row[3]),
        )
        return Shown(entry, self._ledger.receipt(index), openings)

    def settled(self, pending: Pending) -> None:
        """Return once witnesses have cosigned an entry, else `NotWitnessed`."""
        self._ledger.log.result(pending)


_HINT = (
    "do not go on with this node: `gatehouse node doctor` and `gatehouse ledger fsck` say what has changed"
)


def _reader(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)


def _size(note: str, keys: tuple[str, ...]) -> int:
    return Checkpoint.parse(open_note(note, keys=list(keys)).text).size


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def _check_place(proofs: Proofs, index: int, data: bytes, checkpoint: Checkpoint) -> None:
    size, root = checkpoint.size, checkpoint.root
    try:
        proof = list(proofs.inclusion(index))
        merkle.verify_inclusion(index=index, size=size, leaf_hash=leaf_hash(data), proof=proof, root=root)
    except Error as error:
        raise RecordBroken(
            "an entry of the registry is not what the log has signed",
            where=f"entry {index}",
            got=error.what,
            hint=_HINT,
        ) from error


def _opened(
    index: int, data: bytes, at: int | None, at_key: bytes, detail: str, detail_key: bytes
) -> Recorded:
    if at is None:
        raise RecordBroken(
            "an entry of the registry has no row: it was taken away, or another program made the entry",
            where=f"entry {index}",
            hint=_HINT,
        )
    leaf = read_entry(data)
    moment = _moment(at)
    try:
        value = json.loads(detail)
        check(leaf, Disclosure(index, "detail", value, detail_key))
        check(leaf, Disclosure(index, "at", written(moment), at_key))
    except (Error, ValueError) as error:
        raise RecordBroken(
            "a row of the registry is not what its entry says", where=f"entry {index}", hint=_HINT
        ) from error
    return Recorded(index, leaf.event, leaf.agency, moment, value)
