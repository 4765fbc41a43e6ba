"""A running Gatehouse: the rooms wired together, the work that goes on by itself, and a clean end.

with Node.open(load_config(folder)) as node:
    node.ingest(batch)
    node.door.ask(search, signed=signature)
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Self

from gatehouse.hotlist.asking import HotlistLimits
from gatehouse.hotlist.hotlists import Hotlists
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.hotlist.sealing import EntryKey, LeadKeys
from gatehouse.hotlist.state import HotlistTables
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.log import now
from gatehouse.model import Camera, Error, Officer, Read
from gatehouse.model.batch import SignedBatch
from gatehouse.node.accounts.accounts import Accounts
from gatehouse.node.accounts.oidc import OidcProvider, OidcSettings
from gatehouse.node.accounts.passkeys import RelyingParty
from gatehouse.node.accounts.people import AccountEvent
from gatehouse.node.background import Background, Task
from gatehouse.node.changes import Changes
from gatehouse.node.config import Located, hours
from gatehouse.node.health import Health
from gatehouse.node.images import Images, keeper, sealed_of
from gatehouse.node.intake import IngestResult, Intake
from gatehouse.node.logs import say
from gatehouse.node.making import ACCOUNTS_KEY, HOTLIST_KEY, MARKS_KEY, create_tables
from gatehouse.node.packs import Packs
from gatehouse.node.record import Recorded
from gatehouse.node.registry import NodeRegistry
from gatehouse.node.sessions import Limits as SessionLimits
from gatehouse.node.showing import Showing
from gatehouse.node.upkeep import Counting, Expiry
from gatehouse.node.vaults import open_vault
from gatehouse.node.view import View
from gatehouse.reads.open import open_reads
from gatehouse.reads.store import ReadStore
from gatehouse.search.door import Door
from gatehouse.search.history import History
from gatehouse.search.holding import Holds
from gatehouse.search.limits import Limits
from gatehouse.search.parts import Parts
from gatehouse.search.state import SearchTables
from gatehouse.signing.private_file import read_private
from gatehouse.vault.protocol import Vault

_MINUTE = 60.0


class Node:
    """An open node. Its parts are there to be used; whoever opened it closes it."""

    def __init__(
        self,
        located: Located,
        *,
        ledger: Ledger,
        vault: Vault,
        reads: ReadStore,
        registry: NodeRegistry,
        packs: Packs,
        accounts: Accounts,
        oidc: OidcProvider | None,
        searches: SearchTables,
        door: Door,
        hotlists: Hotlists,
        clock: Callable[[], datetime],
    ) -> None:
        self.located = located
        self.config = located.config
        self.clock = clock
        self.ledger = ledger
        self.vault = vault
        self.reads = reads
        self.registry = registry
        self.packs = packs
        self.accounts = accounts
        self.oidc = oidc
        self.searches = searches
        self.door = door
        self.hotlists = hotlists
        self.holds = Holds(door.parts, sighted=hotlists.hits.sighted)
        self.changes = Changes(registry, located.published / "backtests", clock=clock)
        self._matching: str | None = None
        self._revised: View | None = None
        self._opened = ExitStack()
        wanted = self.config.intake
        self.showing = Showing(registry, vault)
        self.intake = Intake(
            vault=self.showing,
            reads=reads,
            cameras=registry,
            clock=clock,
            on_reads=self._match,
            most_waiting=wanted.most_waiting,
            rows=wanted.rows,
            retry_after=wanted.retry_after,
        )
        self.images = Images(
            sealed_of(vault),
            show=self.showing.camera,
            registry=registry,
            parts=door.parts,
            hotlists=hotlists,
        )
        counting = Counting(
            ledger, vault, registry, located.published, name=self.config.vault.name, clock=clock
        )
        self.background = Background(
            (
                Task("changes", _MINUTE, self._advance),
                Task("showing", _MINUTE, self.showing.changed),
                Task("reviews", _MINUTE, door.expire_due),
                Task("standing", _MINUTE, self._standing),
                Task("sweep", self.config.vault.sweep_every, self._sweep),
                Task("expiry", self.config.reads.expire_every, Expiry(reads, registry, clock=clock)),
                Task("counters", 10 * _MINUTE, counting),
                Task("export", self.config.ledger.export_every, ledger.export),
            )
        )

    @classmethod
    def open(cls, located: Located, *, clock: Callable[[], datetime] = now, background: bool = True) -> Self:
        """Open the node of a folder, which one process can do at a time.

        What a crash left half-done is finished or closed before anybody is answered. Without `background`
        nothing goes on by itself.
        """
        config = located.config
        create_tables(located)
        with ExitStack() as opened:
            ledger = opened.enter_context(
                Ledger.open(
                    located.ledger, clock=clock, receipt_wait=timedelta(seconds=config.ledger.receipt_wait)
                )
            )
            packs = Packs(located.folder)
            registry = NodeRegistry(ledger, packs, clock=clock)
            vault = open_vault(located, ledger, registry, clock=clock)
            opened.callback(vault.close)
            reads = open_reads(located.reads_url())
            opened.callback(reads.close)
            accounts = opened.enter_context(_accounts(located, ledger, registry, clock))
            oidc = _oidc(located, clock)
            if oidc is not None:
                opened.callback(oidc.close)
            searches = SearchTables(ledger.folder.log)
            opened.callback(searches.close)
            limits = _limits(located)
            door = Door(
                Parts(
                    book=ledger,
                    registry=registry,
                    vault=vault,
                    reads=reads,
                    tables=searches,
                    history=History(searches, key=read_private(located.keys / MARKS_KEY), limits=limits),
                    clock=clock,
                    limits=limits,
                )
            )
            listed = HotlistTables(ledger.folder.log)
            opened.callback(listed.close)
            hotlists = Hotlists(
                HotlistParts(
                    book=ledger,
                    registry=registry,
                    tables=listed,
                    key=EntryKey.open(located.keys / HOTLIST_KEY),
                    leads=LeadKeys(located.leads),
                    clock=clock,
                    count=vault.record,
                    limits=HotlistLimits(signature_age=limits.signature_age, review=limits.review),
                    on_raised=keeper(sealed_of(vault)),
                )
            )
            door.recover()
            hotlists.recover()
            node = cls(
                located,
                ledger=ledger,
                vault=vault,
                reads=reads,
                registry=registry,
                packs=packs,
                accounts=accounts,
                oidc=oidc,
                searches=searches,
                door=door,
                hotlists=hotlists,
                clock=clock,
            )
            node.holds.recover()
            node._opened = opened.pop_all()
        # A sweep before the first answer: keys may have come due while the node was down.
        node.background.run_now("sweep")
        node.background.run_now("changes")
        node.background.run_now("standing")
        if background:
            node.background.start()
        say("node opened", count=ledger.log.size)
        return node

    def ingest(self, batch: SignedBatch) -> IngestResult:
        """Take a batch of reads in and return once it is durable; `Busy` means that nothing was taken."""
        return self.intake.ingest(batch)

    def offboard(self, officer: str, *, by: Officer) -> Recorded:
        """End what a person may do, here and now: roles, sessions, factors."""
        try:
            return self.registry.offboard(officer, by=by)
        finally:
            # Also while witnesses are slow; not where the registry refused it.
            if not self.registry.officer(officer).active:
                self.accounts.offboard(officer, by=(by.id,))

    def health(self) -> Sequence[Health]:
        """Return whether each part can do its work; it answers at once."""
        failing = self.background.failing
        return (
            Health("clock", *_why(self._time())),
            Health("ledger", *_why(self._releases())),
            Health("intake", *_why(None if self.intake.healthy else "closed")),
            Health("hotlists", *_why(self._matching)),
            *(Health(name, *_why(failing.get(name))) for name in ("sweep", "changes", "reviews", "standing")),
        )

    def close(self) -> None:
        """Take nothing more, store what waits, bring the public log up to date, and let go of everything."""
        self.background.close()
        try:
            self.intake.close()
        finally:
            self._opened.close()
        say("node closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _match(self, reads: Sequence[Read], camera: Camera, received_at: datetime) -> None:
        """Hand reads that are stored to the hotlists; what fails there must not have them sent again."""
        try:
            self.hotlists.on_reads(reads, camera, received_at)
        except Exception as error:
            self._matching = type(error).__name__
            say("matching failed", level=logging.ERROR, error=error, camera=camera.id)
        else:
            self._matching = None

    def _advance(self) -> None:
        for change in self.changes.advance():
            say("change moved", change=change.id, kind=change.kind.value, state=change.state.value)
        for name, error in self.changes.stuck.items():
            say("change is stuck", level=logging.WARNING, error=error, change=name)

    def _standing(self) -> None:
        """Have standing searches follow the rules in force, and end what is over."""
        view, witnessed = self.registry.view, self.registry.witnessed
        if view is not self._revised:
            self.hotlists.revise()
            # What loosens counts once witnesses have cosigned it, and the view is the same one then.
            if view.settled(witnessed=witnessed):
                self._revised = view
        self.hotlists.sweep()

    def _sweep(self) -> None:
        # Keys that were destroyed in a time that has not come are lost for good.
        self.ledger.log.check_clock()
        swept = self.vault.sweep()
        say("swept", level=logging.DEBUG, count=swept.sealing_keys + swept.token_keys + swept.holds)

    def _time(self) -> str | None:
        try:
            self.clock()
        except Error as error:
            return type(error).__name__
        return None

    def _releases(self) -> str | None:
        try:
            self.ledger.log.check_releases()
        except Error as error:
            return type(error).__name__
        return None


def _why(found: str | None) -> tuple[bool, str | None]:
    return found is None, found


def _limits(located: Located) -> Limits:
    wanted = located.config.search
    return Limits(
        signature_age=timedelta(minutes=wanted.signature_minutes),
        review=hours(wanted.review_hours),
        candidates=wanted.candidates,
        officer_hour=wanted.officer_hour,
        agency_hour=wanted.agency_hour,
        paper=hours(wanted.paper_hours),
        cases=wanted.cases,
        same_plate=wanted.same_plate,
        same_plate_within=timedelta(days=wanted.same_plate_days),
        volume=wanted.volume,
        volume_ratio=wanted.volume_ratio,
        hours_known=wanted.hours_known,
        hours_apart=wanted.hours_apart,
        history=timedelta(days=wanted.history_days),
    )


def _accounts(
    located: Located, ledger: Ledger, registry: NodeRegistry, clock: Callable[[], datetime]
) -> Accounts:
    wanted, http = located.config.accounts, located.config.http

    def record(event: AccountEvent, *, officer: str, by: tuple[str, ...], detail: Mapping[str, Json]) -> None:
        fields: dict[str, Json] = {
            "officer": by[0] if by else None,
            "approver": by[1] if len(by) > 1 else None,
            "detail": {**detail, "officer": officer, "by": list(by)},
        }
        agency = registry.officer(officer).agency
        ledger.append(event, agency=agency, fields=fields, pack=registry.pack_sha256)

    return Accounts(
        located.accounts,
        key=located.keys / ACCOUNTS_KEY,
        officers=registry,
        relying=RelyingParty(wanted.domain, wanted.name, (http.url,)),
        record=record,
        clock=clock,
        limits=SessionLimits(timedelta(minutes=wanted.idle_minutes), hours(wanted.session_hours)),
    )


def _oidc(located: Located, clock: Callable[[], datetime]) -> OidcProvider | None:
    wanted = located.config.oidc
    if wanted is None:
        return None
    secret = None if wanted.client_secret is None else located.secret(wanted.client_secret)
    return OidcProvider(
        OidcSettings(
            issuer=wanted.issuer,
            client_id=wanted.client_id,
            redirect_uri=f"{located.config.http.url}/session/oidc/callback",
            client_secret=secret,
            max_age=hours(wanted.max_age_hours),
            acr_values=wanted.acr_values,
            required_amr=frozenset(wanted.required_amr),
        ),
        clock=clock,
    )
