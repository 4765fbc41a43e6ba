"""A ledger leaf: what an entry shows, and how it is spelled.

In clear stand the event, the agency, the agency's own sequence (from 0, without gaps), the hash of the
agency's previous leaf, the hour (UTC), the hash of the rulebook in force, and the schema. Everything else is
a commitment (see `commitment`). An entry is canonical JSON (see `canonical`) of this one form, without blanks
or line breaks:

    {"agency":"alder-pd","commitments":{"approver":"<64 hex digits>",…},"event":"search:plate:requested",
     "hour":"2026-11-23T16:00:00Z","pack":"<64 hex digits>","previous":null,"schema":"gatehouse-leaf/1",
     "sequence":0}

Hashes are written as `sha256sum` prints them. `previous` is null in the first entry of an agency only; `pack`
is null only in what a log records about itself (`log:…`), which no rulebook decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from gatehouse.ledger.canonical import LARGEST_INTEGER, Json, from_canonical
from gatehouse.ledger.commitment import FIELDS, Openings, commit, complete_values, draw_root, field_key
from gatehouse.ledger.errors import InvalidEntry
from gatehouse.ledger.merkle import HASH_BYTES
from gatehouse.model import BadUse, HitState, ListState, SearchState, StandingState

__all__ = ["AGENCY", "FIELDS", "SCHEMA", "Draft", "Leaf", "draft_entry", "read_entry"]

SCHEMA = "gatehouse-leaf/1"

_WORD = r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*"
# An agency's id, at most 64 characters long.
AGENCY = r"(?=[a-z0-9._-]{1,64}(?![a-z0-9._-]))[a-z0-9]+(?:[._-][a-z0-9]+)*"
_EVENT = rf"(?=[a-z0-9_:]{{1,64}}\"){_WORD}:{_WORD}:{_WORD}"
_HASH = r"[0-9a-f]{64}"
# The whole form is one pattern: whatever matches has the one canonical spelling, since no string in it can
# need an escape and the keys stand in their order.
_ENTRY = re.compile(
    rf'\{{"agency":"(?P<agency>{AGENCY})","commitments":\{{(?P<commitments>'
    + ",".join(rf'"{field}":"{_HASH}"' for field in FIELDS)
    + rf')\}},"event":"(?P<event>{_EVENT})"'
    + r',"hour":"(?P<hour>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:00:00Z)"'
    + rf',"pack":(?:null|"(?P<pack>{_HASH})"),"previous":(?:null|"(?P<previous>{_HASH})")'
    + rf',"schema":"{SCHEMA}","sequence":(?P<sequence>0|[1-9][0-9]{{0,15}})\}}',
    re.ASCII,
)
# Where each commitment's digits stand within the object, whose keys and widths never change.
_ENDS = tuple(accumulate(len(f'"{field}":"",') + 2 * HASH_BYTES for field in FIELDS))
_DIGITS = tuple(
    (field, slice(end - 2 - 2 * HASH_BYTES, end - 2)) for field, end in zip(FIELDS, _ENDS, strict=True)
)
# Sources whose states are settled; another source may say what it likes, in the same grammar.
_STATES = {
    "search:plate": frozenset(SearchState),
    "hotlist:entry": frozenset(SearchState) | frozenset(StandingState),
    "hotlist:hit": frozenset(HitState),
    "hotlist:list": frozenset(ListState),
}
_ONLY_HERE = {"search", "hotlist"}
# A search is released, a hit when it is raised.
_RELEASES = frozenset({SearchState.RELEASED, HitState.RAISED})


@dataclass(frozen=True, slots=True)
class Leaf:
    """What an entry shows. `commitments` has every name of `FIELDS`; hashes are 32 bytes; `hour` is UTC."""

    event: str
    agency: str
    sequence: int
    previous: bytes | None
    hour: datetime
    pack: bytes | None
    commitments: Mapping[str, bytes]

    @property
    def entry(self) -> bytes:
        """Return the leaf's one spelling; what breaks the form is `InvalidEntry`."""
        data = self._spelled()
        read_entry(data)
        return data

    def _spelled(self) -> bytes:
        inner = ",".join(f'"{field}":"{self.commitments[field].hex()}"' for field in FIELDS)
        return (
            f'{{"agency":"{self.agency}","commitments":{{{inner}}},"event":"{self.event}"'
            f',"hour":"{self.hour:%Y-%m-%dT%H:%M:%SZ}","pack":{_quoted(self.pack)}'
            f',"previous":{_quoted(self.previous)},"schema":"{SCHEMA}","sequence":{self.sequence}}}'
        ).encode()


def read_entry(data: bytes) -> Leaf:
    """Read an entry; what is not exactly the one spelling of a leaf is `InvalidEntry`."""
    try:
        found = _ENTRY.fullmatch(data.decode("ascii"))
    except UnicodeDecodeError:
        found = None
    if found is None:
        raise InvalidEntry("an entry is no leaf", expected=f"{SCHEMA} as canonical JSON", got=_got(data))
    agency, commitments, event, hour, pack, previous, number = found.groups()
    sequence = int(number)
    _check_event(event)
    if sequence > LARGEST_INTEGER:
        raise InvalidEntry("a sequence is too large", expected="at most 2^53 - 1", got=str(sequence))
    if (sequence == 0) != (previous is None):
        raise InvalidEntry(
            "an agency's chain does not begin at its first entry",
            expected="null before sequence 0, a leaf hash before any other",
            got=f"{'null' if previous is None else 'a hash'} before sequence {sequence}",
        )
    if pack is None and not event.startswith("log:"):
        raise InvalidEntry("an entry names no rulebook", expected="a hash", got="null")
    try:
        began = datetime.fromisoformat(hour)
    except ValueError:
        raise InvalidEntry("there is no such hour", expected="an hour in UTC", got=hour) from None
    return Leaf(
        event=event,
        agency=agency,
        sequence=sequence,
        previous=None if previous is None else bytes.fromhex(previous),
        hour=began,
        pack=None if pack is None else bytes.fromhex(pack),
        commitments={field: bytes.fromhex(commitments[digits]) for field, digits in _DIGITS},
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it has a place: everything is committed but the time.

    It is made before the log is asked, so that the committer's thread has little left to do. A draft MUST be
    used once: two entries of one draft would bear equal commitments and could be linked.
    """

    event: str
    agency: str
    root: bytes
    values: Mapping[str, Json]
    commitments: Mapping[str, bytes]

    def __repr__(self) -> str:
        """Name the entry's clear part only: a traceback must not hold what is hidden."""
        return f"Draft(event={self.event!r}, agency={self.agency!r})"

    @property
    def releases(self) -> bool:
        """Return whether the event lets data out, which needs witnesses."""
        return self.event.rpartition(":")[2] in _RELEASES

    def place(
        self, *, sequence: int, previous: bytes | None, at: datetime, pack: bytes | None
    ) -> tuple[bytes, Openings]:
        """Return the entry and its openings. `at` is an aware time; `previous` and `pack` have 32 bytes."""
        if at.utcoffset() is None:
            raise BadUse("a time without a zone", expected="an aware time")
        if any(each is not None and len(each) != HASH_BYTES for each in (previous, pack)):
            raise BadUse("a hash has the wrong length", expected="32 bytes")
        exact = at.astimezone(UTC)
        moment = exact.isoformat(timespec="microseconds").replace("+00:00", "Z")
        key = field_key(self.root, "at")
        leaf = Leaf(
            event=self.event,
            agency=self.agency,
            sequence=sequence,
            previous=previous,
            hour=exact
            - timedelta(minutes=exact.minute, seconds=exact.second, microseconds=exact.microsecond),
            pack=pack,
            commitments={
                **self.commitments,
                "at": commit(key, "at", moment, agency=self.agency, event=self.event),
            },
        )
        return leaf.entry, Openings(self.agency, self.event, self.root, {**self.values, "at": moment})


def draft_entry(event: str, *, agency: str, fields: Mapping[str, Json], root: bytes | None = None) -> Draft:
    """Commit to an entry's fields. The log gives the time, so `at` is none of them; absent ones are null.

    `root` is random unless given, which is for worked examples: a root that anybody can guess hides nothing.
    """
    if not re.fullmatch(AGENCY, agency, re.ASCII):
        raise BadUse(
            "no agency has such an id",
            expected="small letters and digits, parted by single . _ or -, at most 64",
            got=f"{len(agency)} characters",
        )
    if not re.fullmatch(_EVENT + '"', f'{event}"', re.ASCII):
        raise BadUse(
            "no event has such a name", expected="source:subject:action", got=f"{len(event)} characters"
        )
    _check_event(event, BadUse)
    if "at" in fields:
        raise BadUse("the log gives an entry its time", expected="fields without `at`")
    values = complete_values(fields)
    root = draw_root() if root is None else root
    commitments = {}
    for field in FIELDS:
        if field == "at":
            continue
        try:
            commitments[field] = commit(
                field_key(root, field), field, values[field], agency=agency, event=event
            )
        except ValueError as error:
            raise BadUse(f"`{field}` cannot be written as JSON", got=str(error)) from None
    return Draft(event, agency, root, values, commitments)


def _check_event(event: str, error: type[InvalidEntry] | type[BadUse] = InvalidEntry) -> None:
    """Refuse a state that a known subject cannot have, and an unknown subject of a known source."""
    subject, _, state = event.rpartition(":")
    states = _STATES.get(subject)
    if states is None and subject.partition(":")[0] in _ONLY_HERE:
        raise error("no event has such a subject", expected=", ".join(_STATES), got=subject)
    if states is not None and state not in states:
        raise error(f"`{subject}` has no such state", expected=", ".join(sorted(states)), got=state)


def _quoted(value: bytes | None) -> str:
    return "null" if value is None else f'"{value.hex()}"'


def _got(data: bytes) -> str:
    """Say what is wrong with an entry, without quoting it."""
    size = f"{len(data)} bytes"
    try:
        document = from_canonical(data)
    except ValueError as error:
        return f"{size}: {error}"
    if not isinstance(document, dict):
        return f"{size}: no object"
    return f"{size}: keys or values that a leaf has not"
