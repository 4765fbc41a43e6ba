"""A monitor: follows a published log and reports what should not be.

It reads each entry once and holds the log to all it has seen before: two checkpoints that no one log can have
signed (a split view), an earlier state shown again, gaps in an agency's sequence, intents without an outcome,
and counts of vault and owners that the entries do not bear out. What it finds in the log itself stays in its
state and in every later report.

Nobody signs the state, so it vouches for nothing: in each report the signed checkpoints that it names are
checked anew, and a split view that they do not prove (see `evidence`) is not held against the log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gatehouse.ledger.checkpoint import Checkpoint, SignedCheckpoint
from gatehouse.ledger.clock import CLOCK_TOLERANCE_SECONDS
from gatehouse.ledger.counters import Counters, differences, together
from gatehouse.ledger.errors import InvalidProof, LogCorrupt, VerificationError
from gatehouse.ledger.evidence import beginning_proof, check_split_view
from gatehouse.ledger.following import entries, take, written
from gatehouse.ledger.merkle import leaf_hash, root
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.source import Source
from gatehouse.ledger.tiles import TileReader
from gatehouse.ledger.verify import Trust
from gatehouse.ledger.watch import Finding, Watch
from gatehouse.model import Error, PartUnavailable

OUTCOME_SECONDS: Final = 15 * 60
REVIEW_SECONDS: Final = 24 * 3600
# A day can be compared once no entry of it is still on its way.
_DAY_GRACE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Report:
    """What a look at a log found. `not_measurable` says what could not be compared, and why.

    `witnesses` have shown what they cosigned last, a name and a size each.
    """

    origin: str | None
    size: int
    root: bytes
    at: datetime
    read: int
    agencies: int
    leaves: int
    foreign: int
    findings: tuple[Finding, ...]
    unlisted: int
    not_measurable: tuple[tuple[str, str], ...]
    witnesses: tuple[tuple[str, int], ...] = ()

    def as_document(self) -> dict[str, Any]:
        """Return the report as the JSON object that `--json` prints."""
        return {
            "origin": self.origin,
            "size": self.size,
            "root": self.root.hex(),
            "at": self.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "read": self.read,
            "agencies": self.agencies,
            "leaves": self.leaves,
            "foreign": self.foreign,
            "findings": [each.as_document() for each in self.findings],
            "unlisted": self.unlisted,
            "not_measurable": [{"what": what, "why": why} for what, why in self.not_measurable],
            "witnesses": [{"name": name, "size": size} for name, size in self.witnesses],
        }


class Monitor:
    """A monitor with its state file. `keys` are vkeys of the log (and its witnesses), as in `verify`."""

    def __init__(
        self,
        state: Path,
        *,
        keys: Sequence[str] | None = None,
        policy: Policy | None = None,
        outcome_seconds: int = OUTCOME_SECONDS,
        review_seconds: int = REVIEW_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        # Without a key forgeries would count as the log's own words: `Trust.of` refuses an empty list.
        trust = Trust.of(keys or (), policy)
        assert trust is not None
        self._trust = trust
        self._state = state
        self._limits = (outcome_seconds, review_seconds)
        self._clock = clock
        self._watch = Watch.load(state)
        self._not_measurable: list[tuple[str, str]] = []
        self._witnessed: dict[str, int] = {}
        self._passing: list[Finding] = []
        self._read = 0

    @property
    def origin(self) -> str | None:
        """Return the name of the log that is followed, once there is one."""
        return self._watch.origin

    @property
    def size(self) -> int:
        """Return how many entries were followed."""
        return self._watch.frontier.size

    def follow(self, source: Source) -> None:
        """Read what the log has more than at the last look, and keep the state.

        A checkpoint that the keys or the policy refuse raises, and so do parts that do not lead to the signed
        root while nothing shows why; the state then stays as it was.
        """
        opened = self._trust.open(source.checkpoint(), origin=self._watch.origin)
        self._trust.check(opened)
        last, new = self._watch.checkpoint, opened.checkpoint
        if last is not None and new.size < last.size:
            self._earlier(source, last, opened)
        elif last is not None and new.size == last.size:
            if new.root != last.root:
                self._split(last, opened, "the log has signed two trees of one size")
        else:
            self._extend(source, opened)
        self._watch.save(self._state)

    def open(self, note: str) -> SignedCheckpoint:
        """Return the checkpoint of a note that the followed log has signed, or raise."""
        return self._trust.open(note, origin=self._watch.origin)

    def compare(self, source: Source, note: str) -> None:
        """Hold a checkpoint seen elsewhere (in a receipt, in a newspaper) to the log that is followed."""
        opened = self.open(note)
        last, other = self._watch.checkpoint, opened.checkpoint
        if last is None or other.size > last.size:
            held = 0 if last is None else last.size
            self.leave_open(f"a checkpoint of {other.size} entries", f"the log shows only {held} here so far")
            return
        if other.size == last.size:
            if other.root != last.root:
                self._split(last, opened, "the log has signed two trees of one size")
        else:
            self._earlier(source, last, opened, served=False)
        self._watch.save(self._state)

    def witnessed(self, source: Source, name: str, note: str) -> None:
        """Hold what a witness has cosigned last to the log: it MUST be shown here too."""
        opened = self.open(note)
        size = self._witnessed[name] = opened.checkpoint.size
        if size <= self.size:
            self.compare(source, note)
            return
        self._passing.append(
            Finding(
                "behind",
                "the log shows less here than a witness has cosigned",
                where=f"witness {name}",
                expected=f"at least {size} entries",
                got=str(self.size),
                evidence=(note,),
            )
        )

    def leave_open(self, what: str, why: str) -> None:
        """Have the next report say what could not be compared."""
        self._not_measurable.append((what, why))

    def report(self, counters: Sequence[Counters] = ()) -> Report:
        """Return all that is known to be wrong, with what counters of vault and owners add.

        What was read, asked and left open is told of once.
        """
        watch, now = self._watch, int(self._clock())
        not_measurable = list(dict.fromkeys(self._not_measurable))
        findings = [*map(self._borne_out, watch.findings), *self._passing, *self._overdue(now)]
        for each in together(counters):
            why = self._why_not(each, now)
            if why is not None:
                not_measurable.append((f"counters of {each.by} {each.name} for {each.day}", why))
                continue
            findings += _differing(each, watch)
        report = Report(
            watch.origin,
            watch.frontier.size,
            watch.frontier.root(),
            datetime.fromtimestamp(now, UTC),
            self._read,
            len(watch.chains.agencies),
            watch.chains.leaves,
            watch.chains.foreign,
            tuple(findings),
            watch.unlisted,
            tuple(not_measurable),
            tuple(self._witnessed.items()),
        )
        self._not_measurable, self._passing, self._witnessed, self._read = [], [], {}, 0
        return report

    def _borne_out(self, finding: Finding) -> Finding:
        """Return a finding of the state, or what to think of it where its evidence does not bear it out."""
        try:
            if finding.kind == "split_view":
                check_split_view(
                    finding.evidence, finding.proof, trust=self._trust, origin=self._watch.origin
                )
            else:
                for note in finding.evidence:
                    self.open(note)
        except Error as error:
            return Finding(
                "unfounded",
                f"the evidence of a {finding.kind} in the state does not bear it out: {error.what}",
                where=str(self._state),
                expected=error.expected,
                got=error.got,
                evidence=finding.evidence,
                proof=finding.proof,
            )
        return finding

    def _extend(self, source: Source, opened: SignedCheckpoint) -> None:
        # Read into a copy: what is served may turn out not to be what was signed.
        work, now = Watch.load(self._state), int(self._clock())
        latest = written(now + CLOCK_TOLERANCE_SECONDS)
        before, new = work.frontier.size, opened.checkpoint
        for index, entry in entries(source, before, new.size):
            hashed = leaf_hash(entry)
            work.frontier.append(hashed)
            take(work, index, entry, hashed, now=now, latest=latest)
        if work.frontier.root() != new.root:
            self._does_not_fit(source, opened)
            return
        work.origin, work.note = new.origin, opened.raw
        work.forget_days(now)
        self._watch, self._read = work, self._read + new.size - before

    def _does_not_fit(self, source: Source, opened: SignedCheckpoint) -> None:
        """Find out why a larger checkpoint is not what the entries lead to."""
        last, new = self._watch.checkpoint, opened.checkpoint
        if last is not None:
            tiles = TileReader(source.fetch, new.size)
            try:
                shown, beginning = root(tiles, new.size), root(tiles, last.size)
                proof = beginning_proof(tiles, size=last.size, of=new.size)
            except Error as error:
                self._find("unproven", opened, last, f"and its tiles cannot be read: {error.what}")
                return
            if shown == new.root and beginning != last.root:
                self._split(last, opened, "the log has grown from another tree than it signed before", proof)
                return
            if shown != new.root:
                self._find("unproven", opened, last, "and its tiles lead to another root too")
                return
        raise LogCorrupt(
            "the entries lead to another root than the signed one",
            where=f"the first {new.size} entries",
            expected=new.root.hex(),
            got="another",
            hint="the log serves entries that it has not signed; look again, or from another place",
        )

    def _earlier(
        self, source: Source, last: Checkpoint, opened: SignedCheckpoint, *, served: bool = True
    ) -> None:
        """Judge a checkpoint of fewer entries: an earlier state of this log, or one that it never had."""
        other = opened.checkpoint
        tiles = TileReader(source.fetch, last.size)
        try:
            if root(tiles, last.size) != last.root:
                raise InvalidProof("the tiles lead to another root", expected=last.root.hex(), got="another")
            beginning = root(tiles, other.size)
            proof = beginning_proof(tiles, size=other.size, of=last.size)
        except (VerificationError, PartUnavailable) as error:
            kind = "rollback" if served else "unproven"
            self._find(kind, opened, last, f"and it cannot be compared: {error.what}")
            return
        if beginning != other.root:
            self._split(last, opened, "the log has signed a tree that it never grew from", proof)
        elif served:
            self._watch.find(
                Finding(
                    "rollback",
                    "the log shows an earlier state as its newest",
                    expected=f"at least {last.size} entries",
                    got=f"{other.size}",
                    evidence=(self._watch.note, opened.raw),
                )
            )

    def _split(
        self, last: Checkpoint, opened: SignedCheckpoint, what: str, proof: tuple[str, ...] = ()
    ) -> None:
        other = opened.checkpoint
        self._watch.find(
            Finding(
                "split_view",
                what,
                expected=f"{last.size} entries, root {last.root.hex()}",
                got=f"{other.size} entries, root {other.root.hex()}",
                evidence=(self._watch.note, opened.raw),
                proof=proof,
            )
        )

    def _find(self, kind: str, opened: SignedCheckpoint, last: Checkpoint, why: str) -> None:
        other = opened.checkpoint
        self._watch.find(
            Finding(
                kind,
                f"a checkpoint was not shown to fit the one before, {why}",
                expected=f"{last.size} entries, root {last.root.hex()}",
                got=f"{other.size} entries, root {other.root.hex()}",
                evidence=(self._watch.note, opened.raw),
            )
        )

    def _overdue(self, now: int) -> Iterator[Finding]:
        seconds, review_seconds = self._limits
        for each in self._watch.lives.overdue(now=now, seconds=seconds, review_seconds=review_seconds):
            since = written(each.since)
            yield Finding(
                "no_outcome",
                "intents have come to no outcome",
                where=f"agency {each.agency}, {each.subject}:{each.stage}",
                expected="an outcome for each",
                got=f"at least {each.count} without one, the first since {since} or earlier",
            )

    def _why_not(self, counters: Counters, now: int) -> str | None:
        """Return why a day's counters cannot be compared, if so."""
        watch = self._watch
        began = datetime.combine(date.fromisoformat(counters.day), datetime.min.time(), UTC)
        if datetime.fromtimestamp(now, UTC) - began < timedelta(days=1) + _DAY_GRACE:
            return "the day is not over"
        if watch.first_day is not None and counters.day < watch.first_day:
            return "entries of that day are no longer counted apart"
        if watch.checkpoint is None:
            return "no log has been followed yet"
        return None


def _differing(counters: Counters, watch: Watch) -> Iterator[Finding]:
    for each in differences(counters, watch.days.get(counters.day, {})):
        at_most = "at most " if counters.by == "owner" else ""
        yield Finding(
            "counters_differ",
            f"what the {counters.by} counted is not what the log records",
            where=f"{counters.name}, {counters.day}, agency {each.agency}, {each.event}",
            expected=f"{at_most}{each.entries}",
            got=str(each.counted),
        )
