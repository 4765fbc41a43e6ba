"""What is wrong with the folder of a vault in a process of its own; it may be running meanwhile."""

from __future__ import annotations

import ssl
import stat
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from gatehouse.findings import Finding, Found, Level, findings
from gatehouse.vault.certificates import expiry_of
from gatehouse.vault.clock import machine_time
from gatehouse.vault.database import reading
from gatehouse.vault.local import DATABASE, ROOT
from gatehouse.vault.terms import Terms, read_terms
from gatehouse.vault.times import from_microseconds, to_microseconds
from gatehouse.vault.tls import tls_context

_SOON = timedelta(days=30)
_SLACK = timedelta(seconds=60)
# A vault that runs sweeps every minute.
_LATE = timedelta(minutes=5)


def examine(folder: Path, *, clock: Callable[[], datetime] = machine_time) -> Iterator[Found]:
    """Yield what each check finds; none of them changes anything."""
    yield from findings({"terms": lambda: _terms(read_terms(folder))})
    try:
        terms = read_terms(folder)
    except Exception:
        # Told by the check above; the other checks need what the file says.
        return
    yield from findings(
        {
            "permissions": lambda: _permissions(folder, terms),
            "keys": lambda: _keys(folder, terms, clock()),
            "certificates": lambda: _certificates(terms, clock()),
        }
    )


def _terms(terms: Terms) -> Iterator[Finding]:
    yield Level.GOOD, f"owners with a retention: {len(terms.owners)}; rulebook {terms.pack_sha256.hex()}"
    if not terms.owners:
        hint = "name owners under [retention_minutes]"
        yield Level.NOTE, "no owner has a retention: no read is taken", hint
    if not terms.policy.witnesses or terms.policy.quorum == "none":
        hint = f"name witnesses and a quorum in {terms.policy_file}"
        yield Level.NOTE, "no witness has to cosign: whoever has the log's key can make up a record", hint


def _permissions(folder: Path, terms: Terms) -> Iterator[Finding]:
    found = (folder, _root(folder, terms), folder / DATABASE, terms.tls.key)
    open_ = [path for path in found if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    for path in open_:
        yield Level.BAD, "others may read or enter this", f"chmod go-rwx {path}", 3
    if not open_:
        yield Level.GOOD, "nobody else may read the vault's files"


def _keys(folder: Path, terms: Terms, at: datetime) -> Iterator[Finding]:
    root = _root(folder, terms)
    if not (folder / DATABASE).is_file() or not root.is_file():
        yield Level.BAD, "the vault or its root key is not there", "reads that it sealed are lost for good", 5
        return
    with reading(folder / DATABASE) as connection:
        name, seen = connection.execute("SELECT name, seen FROM vault").fetchone()
        (due,) = connection.execute(
            "SELECT count(*) FROM shelf WHERE destroy_at <= ?", (to_microseconds(at - _LATE),)
        ).fetchone()
    yield Level.GOOD, f"the vault and its root key are there; its counters bear the name {name}"
    if from_microseconds(seen) - at > _SLACK:
        yield Level.BAD, "the clock is behind a time that the vault has shown", "set the clock", 5
    if due:
        yield Level.BAD, f"{due} groups of keys are due and were not destroyed", "gatehouse vault serve", 5
    if root.stat().st_dev == (folder / DATABASE).stat().st_dev:
        hint = "put `root` on a small volume that is in no backup and no snapshot"
        yield Level.NOTE, "the root key lies on the disk of the keys that it wraps", hint


def _certificates(terms: Terms, at: datetime) -> Iterator[Finding]:
    tls_context(terms.tls, ssl.Purpose.CLIENT_AUTH)
    for path in (terms.tls.certificate, terms.tls.authority):
        until = expiry_of(path.read_bytes())
        what = f"{path.name} is good until {until:%Y-%m-%d}"
        hint = "make both sides anew with `gatehouse vault certificates`"
        if until <= at:
            yield Level.BAD, f"{path.name} has ended on {until:%Y-%m-%d}", hint, 5
        elif until - at < _SOON:
            yield Level.NOTE, what, hint
        else:
            yield Level.GOOD, what


def _root(folder: Path, terms: Terms) -> Path:
    return terms.root or folder / ROOT
