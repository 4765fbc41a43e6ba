"""What a monitor remembers of a log between two looks, and the file that holds it.

The file is JSON, replaced as a whole and only once the new one is durable: a monitor that is interrupted goes
on from what it knew before.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gatehouse.ledger.chains import Chains, LastLeaf
from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.lives import Lives
from gatehouse.ledger.merkle import Frontier
from gatehouse.ledger.note import split_note
from gatehouse.model import BadInput, Error, PartUnavailable
from gatehouse.signing.durable import replace_file

SCHEMA: Final = "gatehouse-monitor/1"
# A finding is a fact about the past and is never dropped; a log that makes more than this is beyond counting.
# Split views are counted apart, so that no number of lesser faults can keep one off the list.
MOST_FINDINGS: Final = 1_000
# Counters are compared within days; entries of older days are no longer counted apart, nor those of days that
# a log with a wrong clock has made up.
KEPT_DAYS: Final = 400
_DAY_SECONDS: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold. `evidence` are signed notes as they came.

    `proof` shows of two checkpoints that one tree cannot have both (see `evidence`).
    """

    kind: str
    what: str
    where: str | None = None
    expected: str | None = None
    got: str | None = None
    evidence: tuple[str, ...] = ()
    proof: tuple[str, ...] = ()

    @classmethod
    def of(cls, kind: str, error: Error, *, evidence: tuple[str, ...] = ()) -> Finding:
        """Return what an error says as a finding."""
        return cls(kind, error.what, error.where, error.expected, error.got, evidence)

    def as_document(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        return {
            "kind": self.kind,
            "what": self.what,
            "where": self.where,
            "expected": self.expected,
            "got": self.got,
            "evidence": list(self.evidence),
            "proof": list(self.proof),
        }


@dataclass(slots=True)
class Watch:
    """A log as far as it was followed. `note` is the last checkpoint that fitted, empty before the first.

    `days` counts entries: day, agency, event. `ahead` says whether the last leaf's hour had not begun.
    """

    origin: str | None = None
    note: str = ""
    frontier: Frontier = field(default_factory=Frontier)
    chains: Chains = field(default_factory=Chains)
    lives: Lives = field(default_factory=Lives)
    days: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    first_day: str | None = None
    findings: list[Finding] = field(default_factory=list)
    unlisted: int = 0
    ahead: bool = False
    _known: set[Finding] = field(default_factory=set, init=False, repr=False)
    _listed: Counter[bool] = field(default_factory=Counter, init=False, repr=False)

    def __post_init__(self) -> None:
        """Remember which findings are listed."""
        self._known = set(self.findings)
        self._listed = Counter(each.kind == "split_view" for each in self.findings)

    @property
    def checkpoint(self) -> Checkpoint | None:
        """Return the last checkpoint that fitted."""
        return Checkpoint.parse(split_note(self.note)[0]) if self.note else None

    def find(self, finding: Finding) -> None:
        """Keep a finding, once."""
        if finding in self._known:
            return
        split = finding.kind == "split_view"
        if self._listed[split] < MOST_FINDINGS:
            self._listed[split] += 1
            self.findings.append(finding)
            self._known.add(finding)
        else:
            self.unlisted += 1

    def count(self, day: str, agency: str, event: str) -> None:
        """Count an entry on its day."""
        events = self.days.setdefault(day, {}).setdefault(agency, {})
        events[event] = events.get(event, 0) + 1

    def compares(self, day: str, now: int) -> bool:
        """Return whether entries of a day are counted apart: one of the last, today, or tomorrow."""
        return _day(now, -KEPT_DAYS) < day <= _day(now, 1)

    def forget_days(self, now: int) -> None:
        """Drop the counts of days that are no longer compared; `first_day` tells where they begin."""
        self.days = {day: counts for day, counts in self.days.items() if self.compares(day, now)}
        self.first_day = max(self.first_day or "", _day(now, 1 - KEPT_DAYS))

    def save(self, path: Path) -> None:
        """Write the file, durable when this returns."""
        text = json.dumps(self._document(), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        try:
            replace_file(path, f"{text}\n".encode())
        except OSError as error:
            raise PartUnavailable(
                "the monitor cannot keep its state", where=str(path), got=error.strerror or str(error)
            ) from error

    @classmethod
    def load(cls, path: Path) -> Watch:
        """Read the file; where there is none, nothing was followed yet."""
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise PartUnavailable(
                "the monitor's state cannot be read", where=str(path), got=type(error).__name__
            ) from error
        try:
            return cls._from_document(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, Error) as error:
            raise BadInput(
                "this is no state of a monitor",
                where=str(path),
                expected=SCHEMA,
                got=type(error).__name__,
                hint="bring back a copy; without one the log has to be followed from its beginning",
            ) from error

    def _document(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "origin": self.origin,
            "note": self.note,
            "size": self.frontier.size,
            "nodes": [each.hex() for each in self.frontier.nodes],
            "hour": self.chains.hour,
            "leaves": self.chains.leaves,
            "foreign": self.chains.foreign,
            "agencies": {name: list(position) for name, position in self.chains.agencies.items()},
            "waiting": self.lives.as_document(),
            "days": self.days,
            "first_day": self.first_day,
            "findings": [each.as_document() for each in self.findings],
            "unlisted": self.unlisted,
            "ahead": self.ahead,
        }

    @classmethod
    def _from_document(cls, document: Mapping[str, Any]) -> Watch:
        if document["schema"] != SCHEMA:
            raise ValueError("another schema")
        _check_kinds(document)
        found = cls(
            origin=document["origin"],
            note=document["note"],
            frontier=Frontier(document["size"], map(bytes.fromhex, document["nodes"])),
            chains=Chains(
                agencies={name: LastLeaf(*each) for name, each in document["agencies"].items()},
                hour=document["hour"],
                leaves=document["leaves"],
                foreign=document["foreign"],
            ),
            lives=Lives.from_document(document["waiting"]),
            days=document["days"],
            first_day=document["first_day"],
            findings=[
                Finding(**{**each, "evidence": tuple(each["evidence"]), "proof": tuple(each["proof"])})
                for each in document["findings"]
            ],
            unlisted=document["unlisted"],
            ahead=document["ahead"],
        )
        checkpoint = found.checkpoint
        size, root = (checkpoint.size, checkpoint.root) if checkpoint else (0, Frontier().root())
        if (found.frontier.size, found.frontier.root()) != (size, root):
            raise ValueError("the tree is not the checkpoint's")
        return found


def _check_kinds(document: Mapping[str, Any]) -> None:
    """Refuse what no state holds: found later, it would stop a look half-way."""
    # Text that is no Unicode could not be written back.
    json.dumps(document, ensure_ascii=False).encode()
    texts = [document["hour"], *(leaf for _, leaf in document["agencies"].values())]
    texts += [each for each in (document["origin"], document["first_day"]) if each is not None]
    numbers = [document["leaves"], document["foreign"], document["unlisted"]]
    numbers += [sequence for sequence, _ in document["agencies"].values()]
    for agencies in document["days"].values():
        numbers += [count for events in agencies.values() for count in events.values()]
    if not all(isinstance(each, str) for each in texts):
        raise TypeError("a text is none")
    if not all(type(each) is int and each >= 0 for each in numbers) or type(document["ahead"]) is not bool:
        raise TypeError("a number or a truth value is none")


def _day(now: int, days: int) -> str:
    """Return the day (UTC) that lies some days from a time."""
    return datetime.fromtimestamp(now + days * _DAY_SECONDS, UTC).strftime("%Y-%m-%d")
