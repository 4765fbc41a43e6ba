"""A vault in another process or on another host, called over HTTPS with a client certificate."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Self, TypeVar

import httpx

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Disclosure
from gatehouse.ledger.receipt import Receipt
from gatehouse.model.batch import SignedBatch
from gatehouse.reads.rows import SealedRead
from gatehouse.vault import wire
from gatehouse.vault.errors import VaultUnreachable
from gatehouse.vault.protocol import (
    Found,
    Learned,
    OpenAsk,
    Opened,
    OpenedRead,
    SealedBatch,
    Shown,
    Swept,
)
from gatehouse.vault.tls import Tls, tls_context
from gatehouse.vault.wire import Document

T = TypeVar("T")

TIMEOUT_SECONDS: Final = 30.0


class RemoteVault:
    """A vault at an address such as `https://vault.example:8470`. Its threads may share it.

    Nothing is asked twice: a receipt may have been spent although the answer was lost.
    """

    def __init__(self, url: str, tls: Tls, *, timeout: float = TIMEOUT_SECONDS) -> None:
        context = tls_context(tls, ssl.Purpose.SERVER_AUTH)
        # Proxies of the environment are none of its business.
        self._client = httpx.Client(base_url=url, verify=context, timeout=timeout, trust_env=False)
        self._url = url

    def enroll(self, shown: Shown) -> bool:
        """Take a camera as the record has it; see `Vault.enroll`."""
        return self._call("enroll", {"camera": wire.shown_out(shown)}, lambda got: bool(got["new"]))

    def retain(self, *, proposed: Shown, in_force: Shown, approved: Shown | None = None) -> bool:
        """Take an owner's retention as the record has it; see `Vault.retain`."""
        steps = {"proposed": proposed, "in_force": in_force, "approved": approved}
        document = {name: None if each is None else wire.shown_out(each) for name, each in steps.items()}
        return self._call("retain", document, lambda got: bool(got["new"]))

    def learned(self) -> Learned:
        """Return which cameras and retentions are known; see `Vault.learned`."""
        return self._call("learned", {}, wire.learned_in)

    def seal(self, batch: SignedBatch, *, received_at: datetime) -> SealedBatch:
        """Check a batch and seal its reads; see `Vault.seal`."""
        return self._call("seal", wire.batch_out(batch, received_at), wire.sealed_in)

    def open(self, ask: OpenAsk) -> Opened:
        """Check that a search is permitted on the record; see `Vault.open`."""
        return self._call("open", wire.ask_out(ask), wire.opened_in)

    def examine(self, opened_id: str, rows: Sequence[SealedRead]) -> Found:
        """Open the rows that the lookups found; see `Vault.examine`."""
        return self._call(
            "examine", {"id": opened_id, "rows": wire.rows_out(rows)}, lambda got: Found(got["counts"])
        )

    def release(
        self, opened_id: str, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]
    ) -> list[OpenedRead]:
        """Hand out what was found, once it is on the record; see `Vault.release`."""
        proof = wire.proof_out(entry, receipt, openings)
        return self._call(
            "release",
            {"id": opened_id, "proof": proof},
            lambda got: [wire.read_in(each) for each in got["reads"]],
        )

    def record(self, entry: bytes, receipt: Receipt) -> bool:
        """Count an entry that no call here needs; see `Vault.record`."""
        proof = wire.proof_out(entry, receipt)
        return self._call("record", {"proof": proof}, lambda got: bool(got["counted"]))

    def hold(self, row: SealedRead, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]) -> str:
        """Seal one read under a case key of its own; see `Vault.hold`."""
        proof = wire.proof_out(entry, receipt, openings)
        return self._call(
            "hold", {"rows": wire.rows_out([row]), "proof": proof}, lambda got: str(got["hold"])
        )

    def open_hold(
        self, hold: str, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]
    ) -> OpenedRead:
        """Hand out a held read, once it is on the record; see `Vault.open_hold`."""
        proof = wire.proof_out(entry, receipt, openings)
        return self._call("open-hold", {"hold": hold, "proof": proof}, wire.read_in)

    def end_hold(self, hold: str, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]) -> None:
        """Destroy a case key; see `Vault.end_hold`."""
        proof = wire.proof_out(entry, receipt, openings)
        self._call("end-hold", {"hold": hold, "proof": proof}, lambda _: None)

    def sweep(self) -> Swept:
        """Destroy the keys that are due, and put those that stay under a fresh root."""
        return self._call("sweep", {}, wire.swept_in)

    def counters(self, day: date) -> Mapping[str, Json]:
        """Return the day's counts of entries as a document of `gatehouse-counters/1`."""
        return self._answer("GET", f"/counters/{day.isoformat()}", None)

    def close(self) -> None:
        """End the connections; the vault goes on."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, name: str, document: Document, read: Callable[[Document], T]) -> T:
        found = self._answer("POST", f"/{name}", wire.dump(document))
        try:
            return read(found)
        except (KeyError, TypeError, ValueError):
            raise wire.malformed() from None

    def _answer(self, method: str, path: str, content: bytes | None) -> Document:
        try:
            response = self._client.request(method, path, content=content)
        except httpx.HTTPError as error:
            raise VaultUnreachable(
                "the vault does not answer",
                where=self._url,
                got=type(error).__name__,
                hint="see to the vault and to both certificates; then ask again",
            ) from error
        found: dict[str, Any] = wire.load(response.content)
        if response.status_code != httpx.codes.OK:
            raise wire.raised(found)
        return found
