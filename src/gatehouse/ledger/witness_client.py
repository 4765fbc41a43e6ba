"""Asking the witnesses of a policy to cosign a checkpoint, by C2SP tlog-witness.

All are asked at once and nothing that they send is believed: of an answer only the line counts that the
witness's own key has made over this checkpoint, at a time that agrees with ours. The caller MUST have stored
the signed checkpoint before it asks: what a witness has seen cannot be unsigned.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from hashlib import sha256
from queue import SimpleQueue
from typing import Final, Self

import httpx

from gatehouse.ledger.background import Background
from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.clock import CLOCK_TOLERANCE_SECONDS, ClocksDisagree
from gatehouse.ledger.encoding import from_decimal, to_base64
from gatehouse.ledger.errors import InvalidNote, InvalidSignature, PolicyNotMet
from gatehouse.ledger.note import Signature, add_signatures, open_note, split_note
from gatehouse.ledger.policy import Policy, WitnessAddress

SECONDS: Final = 5.0
LARGEST_ANSWER: Final = 65_536
# The first 409 tells the size that the witness holds; after another one somebody else is asking it too.
_MOST_TRIES: Final = 3

# Gives the proof that the tree of a size begins the checkpoint's.
Proof = Callable[[int], list[bytes]]
_Wanted = SimpleQueue[tuple[int, "Future[list[bytes]]"] | None]


@dataclass(frozen=True, slots=True)
class Silent:
    """A witness that gave no cosignature that counts, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint with the cosignatures that came; names are the policy's.

    `pending` names those that were not waited for, since the policy was met without them.
    """

    checkpoint: str
    answered: tuple[str, ...]
    silent: tuple[Silent, ...] = ()
    pending: tuple[str, ...] = ()


class _Unusable(Exception):
    """Why a witness's answer does not count."""

    def __init__(self, why: str, *, clock: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.clock = clock


class _NoProof(Exception):
    """Our own tree gave no proof, which is no witness's failure."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(slots=True)
class _Peer:
    """What is remembered of a witness: the size it holds, and that one request at a time is under way."""

    address: WitnessAddress
    lock: asyncio.Lock
    size: int = 0


@dataclass(slots=True)
class _Round:
    """One checkpoint on its way: `begun` names the witnesses whose turn came before it `ended`."""

    text: str
    checkpoint: Checkpoint
    note: str
    wanted: _Wanted
    begun: set[str]
    ended: bool = False


class Witnesses:
    """The witnesses of a policy, over connections that stay open. One thread at a time may `collect`."""

    def __init__(
        self, policy: Policy, *, seconds: float = SECONDS, clock: Callable[[], float] = time.time
    ) -> None:
        self.policy = policy
        self._seconds = seconds
        self._clock = clock
        self._peers = [_Peer(each, asyncio.Lock()) for each in policy.witnesses]
        self._client = httpx.AsyncClient(timeout=seconds, follow_redirects=False)
        self._background = Background("gatehouse-ledger-witnesses")

    def collect(self, checkpoint: str, *, proof: Proof, wait_for_all: bool = False) -> Cosigned:
        """Return a checkpoint's note, which a log of the policy has signed, with the cosignatures that came.

        Ends when the policy is met (with `wait_for_all`: when all have answered), at the latest after the
        time limit. A policy that is not met is `PolicyNotMet`, or `ClocksDisagree` where a witness's time is
        among the reasons; both name each witness that is missing and why. `proof` is called on the caller's
        thread.
        """
        text = open_note(checkpoint, keys=self.policy.log_keys).text
        round_ = _Round(text, Checkpoint.parse(text), checkpoint, SimpleQueue(), set())
        found = self._background.submit(self._collect(round_, wait_for_all))
        found.add_done_callback(lambda _: round_.wanted.put(None))
        made: dict[int, list[bytes]] = {}
        while (wanted := round_.wanted.get()) is not None:
            size, answer = wanted
            try:
                if size not in made:
                    made[size] = proof(size)
                answer.set_result(made[size])
            except Exception as error:  # whatever it is, it is raised again below
                answer.set_exception(_NoProof(error))
        try:
            return found.result()
        except _NoProof as error:
            raise error.reason from None

    def latest(self, origin: str) -> tuple[dict[str, str], tuple[Silent, ...]]:
        """Return the note that each witness cosigned last for a log, unchecked, and who showed none.

        A monitor holds these to what it is shown itself: a log can deceive one of them, not both.
        """
        return self._background.run(self._latest(origin))

    def close(self) -> None:
        """Close the connections; what is under way is given up."""
        self._background.close(self._client.aclose())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _collect(self, round_: _Round, wait_for_all: bool) -> Cosigned:
        asked = {asyncio.create_task(self._ask(peer, round_)): peer for peer in self._peers}
        lines: dict[str, str] = {}
        failed: dict[str, _Unusable] = {}
        try:
            # Lets each request begin, also where the policy needs no witness at all.
            await asyncio.sleep(0)
            await self._gather(asked, lines, failed, wait_for_all)
        finally:
            round_.ended = True
            for task, peer in asked.items():
                # What is under way may finish, so that a slow witness gets its turn; nothing waits behind it.
                if peer.address.name not in round_.begun:
                    task.cancel()
                task.add_done_callback(_forget)
        names = [peer.address.name for peer in self._peers]
        cosigned = add_signatures(round_.note, [lines[name] for name in names if name in lines])
        result = Cosigned(
            cosigned,
            tuple(name for name in names if name in lines),
            tuple(Silent(name, failed[name].why) for name in names if name in failed),
            tuple(name for name in names if name not in lines and name not in failed),
        )
        self._check(result, clock=any(each.clock for each in failed.values()))
        return result

    async def _gather(
        self,
        asked: dict[asyncio.Task[str], _Peer],
        lines: dict[str, str],
        failed: dict[str, _Unusable],
        wait_for_all: bool,
    ) -> None:
        waiting = set(asked)
        while waiting and (wait_for_all or not self.policy.reached(lines)):
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                name = asked[task].address.name
                try:
                    lines[name] = task.result()
                except _Unusable as error:
                    failed[name] = error

    def _check(self, result: Cosigned, *, clock: bool) -> None:
        try:
            self.policy.check(open_note(result.checkpoint, keys=self.policy.keys))
        except PolicyNotMet as error:
            kind = ClocksDisagree if clock else PolicyNotMet
            raise kind(
                "the witnesses' clocks do not agree with ours" if clock else error.what,
                expected=error.expected,
                got=error.got,
                hint="; ".join(f"{each.name}: {each.why}" for each in result.silent) or None,
            ) from error

    async def _ask(self, peer: _Peer, round_: _Round) -> str:
        """Return the witness's signature line; each try with the size that the last answer told."""
        if peer.address.url is None:
            raise _Unusable("the policy gives it no address")
        try:
            async with asyncio.timeout(self._seconds), peer.lock:
                round_.begun.add(peer.address.name)
                for _ in range(_MOST_TRIES):
                    line = await self._try(peer, peer.address.url, round_)
                    if line is not None:
                        return line
        except TimeoutError:
            raise _Unusable(f"no answer within {self._seconds:g} s") from None
        except (_Unusable, _NoProof):
            raise
        except Exception as error:
            # What a witness makes the HTTP client stumble over is its choice: it must not stop the others.
            raise _Unusable(f"cannot be reached: {type(error).__name__}") from error
        raise _Unusable("it tells another size each time")

    async def _try(self, peer: _Peer, url: str, round_: _Round) -> str | None:
        if peer.size > round_.checkpoint.size:
            told, peer.size = peer.size, 0
            raise _Unusable(f"it has cosigned a tree of {told} entries, larger than this one")
        hashes: list[bytes] = []
        if 0 < peer.size < round_.checkpoint.size:
            if round_.ended:
                raise _Unusable("nobody waits for it any more")
            future: Future[list[bytes]] = Future()
            round_.wanted.put((peer.size, future))
            hashes = await asyncio.wrap_future(future)
        lines = "".join(f"{to_base64(each)}\n" for each in hashes)
        body = f"old {peer.size}\n{lines}\n{round_.note}".encode()
        status, media_type, answer = await self._send("POST", f"{url.rstrip('/')}/add-checkpoint", body)
        if status == 200:
            peer.size = round_.checkpoint.size
            return self._line(peer.address, round_.text, answer)
        if status != 409 or media_type != "text/x.tlog.size":
            raise _Unusable(f"it refused with HTTP {status}")
        try:
            peer.size = from_decimal(answer.removesuffix("\n"))
        except ValueError as error:
            raise _Unusable("it tells no size") from error
        return None

    async def _latest(self, origin: str) -> tuple[dict[str, str], tuple[Silent, ...]]:
        shown = await asyncio.gather(*(self._show(peer.address, origin) for peer in self._peers))
        silent = tuple(each for each in shown if isinstance(each, Silent))
        return dict(each for each in shown if isinstance(each, tuple)), silent

    async def _show(self, witness: WitnessAddress, origin: str) -> tuple[str, str] | Silent:
        if witness.url is None:
            return Silent(witness.name, "the policy gives it no address")
        url = f"{witness.url.rstrip('/')}/{sha256(origin.encode()).hexdigest()}/checkpoint"
        try:
            async with asyncio.timeout(self._seconds):
                status, _, note = await self._send("GET", url)
        except TimeoutError:
            return Silent(witness.name, f"no answer within {self._seconds:g} s")
        except _Unusable as error:
            return Silent(witness.name, error.why)
        except Exception as error:
            return Silent(witness.name, f"cannot be reached: {type(error).__name__}")
        return (witness.name, note) if status == 200 else Silent(witness.name, f"HTTP {status}")

    async def _send(self, method: str, url: str, body: bytes | None = None) -> tuple[int, str, str]:
        headers = {"accept-encoding": "identity"}
        if body is not None:
            headers["content-type"] = "text/plain; charset=utf-8"
        async with self._client.stream(method, url, content=body, headers=headers) as answer:
            data = bytearray()
            async for chunk in answer.aiter_raw():
                data += chunk
                if len(data) > LARGEST_ANSWER:
                    raise _Unusable("its answer is too long")
            media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            return answer.status_code, media_type, data.decode()
        except UnicodeDecodeError as error:
            raise _Unusable("its answer is not UTF-8") from error

    def _line(self, witness: WitnessAddress, text: str, answer: str) -> str:
        try:
            _, lines = split_note(f"{text}\n{answer}")
            own = [
                each for each in lines if (each.name, each.key_id) == (witness.key.name, witness.key.key_id)
            ]
            checked = [witness.key.check(text, each) for each in own]
        except (InvalidNote, InvalidSignature) as error:
            raise _Unusable(f"its answer does not hold: {error.what}") from error
        newest = max(checked, key=_timestamp, default=None)
        if newest is None:
            raise _Unusable("its answer bears no cosignature by its key")
        apart = _timestamp(newest) - self._clock()
        # It does not count, so releases stop until the clocks agree again.
        if abs(apart) > CLOCK_TOLERANCE_SECONDS:
            raise _Unusable(
                f"its clock is {apart:+.0f} s from ours, more than {CLOCK_TOLERANCE_SECONDS}", clock=True
            )
        return newest.line


def collect(
    policy: Policy,
    note: str,
    *,
    proof: Proof,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.time,
) -> Cosigned:
    """Ask the witnesses of a policy once, and wait for all of them; see `Witnesses.collect`."""
    with Witnesses(policy, seconds=seconds, clock=clock) as witnesses:
        return witnesses.collect(note, proof=proof, wait_for_all=True)


def _timestamp(signature: Signature) -> int:
    assert signature.timestamp is not None  # INVARIANT: a policy's witness keys are cosignature keys
    return signature.timestamp


def _forget(task: asyncio.Task[str]) -> None:
    """Take the outcome of a request that nobody waited for, so that asyncio does not report it as lost."""
    if not task.cancelled():
        task.exception()
