"""Answering a search in three steps: `open`, `examine`, `release`; no read leaves before the last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Disclosure
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.receipt import Receipt
from gatehouse.reads.rows import Lookup, SealedRead
from gatehouse.reads.store import MAX_LOOKUPS
from gatehouse.vault.checks import CLOCK_SLACK, Permitted, check_ask, check_release
from gatehouse.vault.clock import ForwardClock
from gatehouse.vault.database import Database
from gatehouse.vault.errors import NotOpen, ReceiptSpent, RowAltered, TooBroad
from gatehouse.vault.keys import Keys, SealingKey
from gatehouse.vault.protocol import Found, OpenAsk, Opened, OpenedRead
from gatehouse.vault.retention import RetentionClass
from gatehouse.vault.sealing import Unsealed, make_token, unpack_read, unseal_row
from gatehouse.vault.searches import Examined, Expected, Kept, Open, Searches
from gatehouse.vault.spent import count, mark_seen, spend
from gatehouse.vault.times import to_microseconds

# Of more plates than these, a search learns how many there are.
MOST_PLATES = 25
_MINUTE = 60_000_000


class Answering:
    """The searches that the vault answers."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        *,
        policy: Callable[[], Policy],
        pack_sha256: Callable[[], bytes],
        clock: ForwardClock,
    ) -> None:
        self._database = database
        self._keys = keys
        self._policy = policy
        self._pack = pack_sha256
        self._clock = clock
        self._searches = Searches()

    def open(self, ask: OpenAsk) -> Opened:
        """Check that a search is permitted on the record, spend its receipt, and say what to look up."""
        now = self._clock()
        permitted = check_ask(ask, policy=self._policy(), pack=self._pack(), now=now)
        buckets = self._buckets(permitted, at=to_microseconds(now))
        tokens = permitted.pattern.count(confusables=permitted.confusables) * len(buckets)
        if tokens > MAX_LOOKUPS:
            raise TooBroad(
                "a search needs more lookups than one may have",
                expected=f"at most {MAX_LOOKUPS}",
                got=str(tokens),
                hint="narrow the window, or find out more of the plate",
            )
        with self._database.transaction() as connection:
            spend(connection, permitted.entry, request=permitted.request.hash)
            mark_seen(connection, self._clock.seen)
        expected: dict[tuple[int, bytes], Expected] = {}
        candidates = list(permitted.pattern.candidates(confusables=permitted.confusables))
        for minutes, bucket in buckets:
            key = self._keys.token(minutes, bucket)
            # One that was destroyed in this moment finds nothing.
            if key is not None:
                for candidate in candidates:
                    expected[bucket, make_token(key, candidate.plate)] = Expected(candidate, minutes)
        opened_id = self._searches.add(Open(permitted, expected, now))
        return Opened(opened_id, tuple(Lookup(*each) for each in expected), permitted.owners)

    def examine(self, opened_id: str, rows: Sequence[SealedRead]) -> Found:
        """Open the rows that the lookups found, keep the reads for `release`, and return numbers."""
        now = self._clock()
        search = self._searches.take_open(opened_id, now=now)
        window = search.permitted.window
        kept: list[Kept] = []
        owners: Counter[str] = Counter()
        expired = outside = 0
        for row, expected in _matched(search, rows):
            key = self._keys.sealing(row.owner_id, expected.minutes, row.bucket, at=to_microseconds(now))
            if key is None:
                expired += 1
                continue
            unsealed = _unsealed(row, key, expected)
            if not window.start <= unsealed.read.captured_at <= window.end:
                outside += 1
                continue
            owners[row.owner_id] += 1
            exact = expected.candidate.exact
            kept.append(
                Kept(OpenedRead(unsealed.read, row.owner_id, row.read_id.hex(), exact), key.destroy_at)
            )
        plates = len({each.read.read.plate for each in kept})
        withheld = plates > MOST_PLATES
        counts: Mapping[str, Json] = {
            "reads": len(kept),
            "plates": plates,
            "owners": dict(sorted(owners.items())),
            "expired": expired,
            "outside_window": outside,
            "withheld": withheld,
        }
        kept.sort(key=lambda each: (each.read.read.captured_at, each.read.read_id))
        self._searches.keep(
            opened_id, Examined(search.permitted, counts, () if withheld else kept, search.at)
        )
        return Found(counts)

    def release(
        self, opened_id: str, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]
    ) -> list[OpenedRead]:
        """Hand out what `examine` found, once `released` with the same numbers is on the record."""
        search = self._searches.examined(opened_id, now=self._clock())
        released = check_release(
            search.permitted,
            search.counts,
            entry=entry,
            receipt=receipt,
            openings=openings,
            policy=self._policy(),
        )
        with self._database.transaction() as connection:
            if not count(connection, released, handed_out=True):
                raise ReceiptSpent(
                    "an entry has let its reads out already",
                    where=f"entry {released.index}",
                    expected="one use",
                )
            mark_seen(connection, self._clock.seen)
        if not self._searches.drop(opened_id):
            raise NotOpen("the search was answered in this moment", where=f"search {opened_id}")
        # The time now, not that of the question: what has expired since is not handed out.
        at = to_microseconds(self._clock())
        return [each.read for each in search.kept if at < each.ends]

    def close(self) -> None:
        """Let go of what is open."""
        self._searches.clear()

    def _buckets(self, permitted: Permitted, *, at: int) -> list[tuple[int, int]]:
        """Return (class, bucket) of the token keys under which reads of the window may lie."""
        # A read lies in the bucket of the earlier of capture and receipt, and may be received up to the slack
        # before its camera says that it was captured.
        slack = round(CLOCK_SLACK.total_seconds() * 1e6)
        earliest = (to_microseconds(permitted.window.start) - slack) // _MINUTE

        def first(minutes: int) -> int:
            return earliest - earliest % RetentionClass(minutes).bucket_minutes

        last = to_microseconds(permitted.window.end) // _MINUTE
        return self._keys.buckets(self._keys.classes(permitted.owners), first=first, last=last, at=at)


def _matched(search: Open, rows: Sequence[SealedRead]) -> list[tuple[SealedRead, Expected]]:
    """Return each row with what its lookup stands for; a row that none of them can have found raises."""
    found = []
    seen = set()
    for row in rows:
        expected = search.expected.get((row.bucket, row.token))
        if expected is None or row.owner_id not in search.permitted.owners:
            raise RowAltered(
                "a row is not one that was looked up",
                expected="rows of the lookups, of the owners that permit",
                got="another token, bucket or owner",
                hint="nothing was released",
            )
        if row.read_id in seen:
            raise RowAltered("a row stands twice", expected="each read once", hint="nothing was released")
        seen.add(row.read_id)
        found.append((row, expected))
    return found


def _unsealed(row: SealedRead, key: SealingKey, expected: Expected) -> Unsealed:
    unsealed = unpack_read(unseal_row(row, key=key.aead))
    if unsealed.read.plate != expected.candidate.plate:
        raise RowAltered("a row holds another plate than the one that it was found by")
    return unsealed
