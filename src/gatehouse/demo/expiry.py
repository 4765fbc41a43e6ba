"""A read that is over: found while its owner kept it, and read by nobody afterwards, from whatever copy."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from gatehouse.demo.cast import EARLY, ILLINOIS, ILLINOIS_OFFICER, OWNERS
from gatehouse.demo.stage import Stage, comes_out, decided, facts_of
from gatehouse.demo.step import Step, holds
from gatehouse.demo.traffic import Passing
from gatehouse.vault.errors import RootMissing
from gatehouse.vault.local import DATABASE, ROOT, LocalVault

_COPIES: Final = "kept-copies"
_STORE: Final = "reads.sqlite"
RETENTION: Final = "owner/retention"
# Days that a search may reach back when its owner keeps reads for seven.
_WITHIN: Final = 6.9


def first_days(stage: Stage) -> int:
    """Have a car pass and be found, keep a copy of all that holds its read, and return how many were found.

    The copy is what a thief or a backup has: the store and the vault's wrapped keys, without the root.
    """
    reader = stage.readers[ILLINOIS.id][0]
    reader.hand_in(stage.site, [Passing(reader.id, stage.clock(), EARLY, "IL").as_read()])
    answer = stage.person(ILLINOIS_OFFICER).search(stage.asked(EARLY, **_ASKED))
    comes_out(answer, "released", {ILLINOIS.id: "permit"})
    copies = stage.folder / _COPIES
    copies.mkdir()
    _copy(stage.node.located.folder / _STORE, copies / _STORE)
    _copy(stage.node.located.vault / DATABASE, copies / DATABASE)
    holds(_opens(stage, stage.folder / "trial"), "the copy does not open with the root of its own day")
    return len(answer["reads"])


_ASKED: Final[dict[str, Any]] = {
    "scope": "own",
    "purpose": "stolen_vehicle_or_plate",
    "offense": "240",
    "case_number": "26-01101",
    "reason": "stolen pickup truck, taken from a farm on County Road 9",
}


def expired(stage: Stage) -> Step:
    """Sweep, then try to read what was found nine days before."""
    for task in ("sweep", "expiry"):
        holds(stage.node.background.run_now(task), f"the {task} failed")
    officer = stage.person(ILLINOIS_OFFICER)
    days = {each.agency.id: each.days for each in OWNERS}[ILLINOIS.id]
    farther = officer.search(stage.asked(EARLY, days=days + 3, **_ASKED))
    comes_out(farther, "denied", {ILLINOIS.id: "deny"})
    within = officer.search(stage.asked(EARLY, days=_WITHIN, **_ASKED))
    comes_out(within, "released", {ILLINOIS.id: "permit"})
    holds(not within["reads"], "a read outlived its retention")
    kept, left = _rows(stage.folder / _COPIES / _STORE), _rows(stage.node.located.folder / _STORE)
    holds(len(kept) == 1 and not kept & left, "the store still holds what has expired")
    holds(
        not _opens(stage, stage.folder / "trial"), "a copy from before the sweep opens with the root of today"
    )
    return Step(
        "expired",
        "A read that is over",
        (
            f"The Illinois town keeps reads for {days} days. Ten days ago its officer looked for a truck and "
            "found one read; a copy of the store and of the wrapped keys was kept that day, as a backup is.",
            "Now the vault destroys the keys that are due, and the root that they were wrapped under. The "
            "same search finds nothing, and one that reaches farther back is refused. The copy, which opened "
            "on its own day, does not open any more: the root of that day is gone.",
        ),
        "1 read then, 0 now; its row is deleted, and the copy of it cannot be opened",
        decided(farther, "deny"),
        {
            "retention_days": days,
            "rows_in_copy": len(kept),
            "rows_left": len(kept & left),
            "copy_opens": False,
            "farther_back": facts_of(farther),
            "within": facts_of(within),
        },
    )


def _copy(source: Path, target: Path) -> None:
    """Copy a database that is in use, its write-ahead log included."""
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)


def _rows(store: Path) -> set[tuple[bytes, bytes]]:
    """Return token and id of every row of a store."""
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        days = [name for (name,) in found if name.removeprefix("reads_").isdecimal()]
        return {
            row
            for name in days
            for row in connection.execute(f"SELECT token, read_id FROM {name}")  # noqa: S608  # own names
        }


def _opens(stage: Stage, trial: Path) -> bool:
    """Return whether the copy of the vault opens with the root that the vault has now."""
    node = stage.node
    trial.mkdir()
    try:
        shutil.copy(stage.folder / _COPIES / DATABASE, trial / DATABASE)
        shutil.copy(node.located.root, trial / ROOT)
        LocalVault(
            trial,
            policy=node.ledger.folder.policy,
            owners=node.registry.keeping,
            pack_sha256=lambda: node.registry.pack_sha256,
            clock=stage.clock,
        ).close()
    except RootMissing:
        return False
    else:
        return True
    finally:
        shutil.rmtree(trial)
