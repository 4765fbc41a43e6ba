"""A vault in a process of its own, as `gatehouse vault serve` runs it, on the load's clock (`node_load`).

It can end itself at a step, as `kill -9` would: `release:before` as a call comes in, `release:after` once its
effect is durable and nobody has the answer.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from gatehouse.law import Pack
from gatehouse.vault.certificates import make_certificates
from gatehouse.vault.local import DATABASE, LocalVault
from gatehouse.vault.server import serve
from gatehouse.vault.terms import TERMS, LiveTerms, create_vault, read_terms
from tests.faults.node_load import MONTH, Running, make
from tests.unit.node.founded import ALDER, START

_NOWHERE = "https://127.0.0.1:8470"


@dataclass(slots=True)
class Elsewhere:
    """A node's folder and its vault's, and the process that runs the vault."""

    node: Path
    vault: Path
    processes: ForkServerContext
    since: float
    process: BaseProcess | None = None

    @classmethod
    def make(cls, folder: Path, processes: ForkServerContext, *, since: float) -> Elsewhere:
        """Make a node and its vault, and start the vault."""
        made = cls(folder / "node", folder / "vault", processes, since)
        make_certificates(
            folder / "tls", hosts=["127.0.0.1"], lasting=timedelta(days=1), at=datetime.now(UTC)
        )
        side = folder / "tls" / "node"
        names = ("certificate", "key", "authority")
        lines = [f'{name} = "{side / name}.pem"' for name in names]
        make(made.node, more="\n".join(["[vault]", f'url = "{_NOWHERE}"', *lines, ""]))
        create_vault(
            made.vault,
            name="vault",
            policy=(made.node / "ledger" / "policy").read_text(),
            pack=Pack.load().id.sha256,
            owners={ALDER.id: MONTH},
            at=START,
        )
        (folder / "tls" / "vault").rename(made.vault / "tls")
        _reword(made.vault / TERMS, "port = 8470", "port = 0")
        url = made.start()
        _reword(made.vault / TERMS, "port = 0", f"port = {url.rpartition(':')[2]}")
        _reword(made.node / "node.toml", _NOWHERE, url)
        return made

    @property
    def database(self) -> Path:
        """Return the file of what the vault has counted."""
        return self.vault / DATABASE

    def start(self, *, ends_at: str = "") -> str:
        """Run the vault, and return its address."""
        reading, writing = self.processes.Pipe(duplex=False)
        self.process = self.processes.Process(
            target=until_killed, args=(str(self.vault), writing, self.since, ends_at)
        )
        self.process.start()
        writing.close()
        with reading:
            return str(reading.recv())

    def kill(self) -> None:
        """End the vault at once."""
        assert self.process is not None
        self.process.kill()
        self.ended()

    def ended(self) -> None:
        """Wait until the vault has been killed."""
        assert self.process is not None
        self.process.join(60)
        assert self.process.exitcode == -signal.SIGKILL
        self.process.close()
        self.process = None


def until_killed(folder: str, telling: Connection, since: float, ends_at: str) -> None:
    """Serve a vault, and tell its address."""
    place = Path(folder)
    terms, live = read_terms(place), LiveTerms(place)
    vault = LocalVault(
        place,
        policy=live.policy,
        owners=live.keeping,
        pack_sha256=live.pack_sha256,
        backlog=live.backlog,
        clock=Running(since),
    )
    if ends_at:
        call, _, when = ends_at.partition(":")
        setattr(vault, call, _ending(getattr(vault, call), when))
    vault.sweep()
    serve(vault, terms.tls, host=terms.host, port=terms.port, ready=telling.send)


def _ending(call: Callable[..., Any], when: str) -> Callable[..., Any]:
    def called(*args: Any, **named: Any) -> Any:
        if when == "after":
            call(*args, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return called


def _reword(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
