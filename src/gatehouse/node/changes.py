"""Changes of the rules: proposed, approved where they loosen something, and in force when their time comes.

What tightens is in force with its own entry, at once or from the time that was asked for. What loosens takes
a second custodian of the same agency, the published difference that it would have made on a record, and a
waiting time that begins with the approval. Nothing is in force from before its entry.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

from gatehouse.ledger.canonical import Json
from gatehouse.model import BadUse, Officer, VerificationFailed
from gatehouse.node.backtests import check_backtest
from gatehouse.node.bodies import Body, Kind, OwnerBody, written
from gatehouse.node.change import Change, ChangeState, Version, event_of, subject_of
from gatehouse.node.errors import ChangeRefused, Unknown
from gatehouse.node.lawful import check_retention
from gatehouse.node.registry import NodeRegistry
from gatehouse.signing.durable import replace_file

_OPEN = (ChangeState.PROPOSED, ChangeState.APPROVED)


class Changes:
    """The changes of a registry. `published` is the folder of backtests that the world may see."""

    def __init__(self, registry: NodeRegistry, published: Path, *, clock: Callable[[], datetime]) -> None:
        self._registry = registry
        self._published = published
        self._clock = clock
        self.stuck: Mapping[str, ChangeRefused] = {}

    def all(self, *states: ChangeState) -> Sequence[Change]:
        """Return the changes in some states, or all, in the order of their proposals."""
        found = self._registry.view.changes.values()
        return sorted(
            (each for each in found if not states or each.state in states), key=lambda each: each.entry
        )

    def get(self, change: str) -> Change:
        """Return the change of an id; an unknown one is `Unknown`."""
        found = self._registry.view.changes.get(change)
        if found is None:
            raise Unknown("there is no such change", got=f"{len(change)} characters")
        return found

    def in_force(self) -> Sequence[tuple[Kind, str, Version]]:
        """Return kind, subject and version of each rule that holds now, in the order of their entries."""
        return self._registry.now.rules()

    def propose(
        self,
        kind: Kind,
        after: Body | None,
        *,
        by: Officer,
        subject: str | None = None,
        valid_from: datetime | None = None,
        backtest: bytes | None = None,
    ) -> Change:
        """Propose what a rule shall say; None takes the rule away, and then `subject` names it.

        What only tightens is in force at once, or from `valid_from`. What loosens waits for `approve`, and
        needs `backtest`, what `gatehouse law backtest --json` prints, which is published: `BadInput` if it is
        not that. A time that has passed is `ChangeRefused`. Of what is refused nothing is kept.
        """
        if after is None and subject is None:
            raise BadUse("a rule that is taken away has a name", expected="subject")
        if subject is None:
            assert after is not None
            subject = subject_of(after)
        now = self._clock()
        if isinstance(after, OwnerBody):
            check_retention(after, self._registry.agency(after.owner), self._registry.rulebook, at=now)
        if valid_from is not None and valid_from < now:
            raise ChangeRefused(
                "no rule is in force from before it is on the record",
                where=subject,
                expected=f"from {written(now)} on",
                got=written(valid_from),
            )
        view = self._registry.view
        newest = view.newest(kind, subject)
        needs = view.needs(kind, subject, after)
        hash_, publish = None, None
        if backtest is not None:
            check_backtest(backtest)
            hash_ = sha256(backtest).hexdigest()
            publish = partial(self._publish, hash_, backtest)
        detail: dict[str, Json] = {
            "change": f"c{secrets.token_hex(8)}",
            "subject": subject,
            "base": newest.number if newest else 0,
            "before": newest.body.as_json() if newest and newest.body else None,
            "after": after.as_json() if after else None,
            "loosens": needs.loosens,
            "valid_from": written(valid_from or now),
            "backtest": hash_,
            "waiting_days": needs.waiting.days if needs.waiting is not None else None,
            "by": by.id,
        }
        owners = (subject,) if subject in view.agencies else ()
        done = self._registry.write(
            event_of(kind, ChangeState.PROPOSED),
            agency=view.decider(kind, subject, after),
            detail=detail,
            officer=by.id,
            owners=owners,
            first=publish,
        )
        change = self.get(str(done.detail["change"]))
        return self._advanced(change)

    def approve(self, change: str, *, by: Officer) -> Change:
        """Approve a change as a second custodian; it is in force at once if nothing has to be waited for."""
        found = self.get(change)
        self._registry.write(
            event_of(found.kind, ChangeState.APPROVED),
            agency=found.decider,
            detail={"change": found.id, "by": by.id},
            approver=by.id,
        )
        return self._advanced(self.get(change))

    def withdraw(self, change: str, *, by: Officer) -> Change:
        """End a change that is not in force yet; one custodian can do that."""
        found = self.get(change)
        self._registry.write(
            event_of(found.kind, ChangeState.WITHDRAWN),
            agency=found.decider,
            detail={"change": found.id, "by": by.id},
            officer=by.id,
        )
        return self.get(change)

    def advance(self) -> Sequence[Change]:
        """Put in force what is due, end what another version has overtaken, and return both.

        What may not be in force after all, such as an agency under a name that was taken meanwhile, holds up
        nothing else: `stuck` says why, until somebody withdraws it.
        """
        self._registry.refresh()
        moved, stuck = [], {}
        for change in self.all(*_OPEN):
            try:
                after = self._advanced(change)
            except ChangeRefused as error:
                stuck[change.id] = error
                continue
            if after.state is not change.state:
                moved.append(after)
        self.stuck = stuck
        return moved

    def ready_at(self, change: Change) -> datetime | None:
        """Return from when a change may be in force, None while it waits for approval."""
        return change.ready_at(self._registry.view.waiting(change.decider))

    def backtest(self, change: Change) -> bytes | None:
        """Return the published backtest of a change, None where it needed none."""
        if change.backtest is None:
            return None
        try:
            found = (self._published / f"{change.backtest}.json").read_bytes()
        except FileNotFoundError:
            raise Unknown(
                "the backtest is not among what is published", hint="restore the node's folder `published`"
            ) from None
        if sha256(found).hexdigest() != change.backtest:
            raise VerificationFailed("a published backtest was changed", where=f"change {change.id}")
        return found

    def _publish(self, name: str, backtest: bytes) -> None:
        self._published.mkdir(parents=True, exist_ok=True)
        target = self._published / f"{name}.json"
        if not target.exists():
            replace_file(target, backtest)

    def _advanced(self, change: Change) -> Change:
        view = self._registry.view
        if view.lapsed(change):
            detail: dict[str, Json] = {"change": change.id, "by": None, "why": "overtaken"}
            state = ChangeState.WITHDRAWN
        else:
            ready = self.ready_at(change)
            if ready is None or self._clock() < ready:
                return change
            detail, state = {"change": change.id}, ChangeState.IN_FORCE
        self._registry.write(event_of(change.kind, state), agency=change.decider, detail=detail)
        return self.get(change.id)
