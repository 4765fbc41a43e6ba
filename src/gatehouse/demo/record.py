"""The record of the day: audited like any other, edited by nobody unseen, and checked by its key alone."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from gatehouse.demo.cast import ILLINOIS, name_of
from gatehouse.demo.stage import Stage
from gatehouse.demo.step import NotAsTold, Shown, Step, holds
from gatehouse.ledger.commitment import check
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.source import Directory
from gatehouse.ledger.verify import Verified, verify
from gatehouse.model import SearchState, VerificationFailed

_REQUESTED: Final = f"search:plate:{SearchState.REQUESTED.value}"
_FIELDS: Final = ("officer", "plate", "reason", "case_number", "window", "detail")
EXPORT: Final = "SYNTHETIC-network-audit.csv"
EDITED: Final = "edited-copy"
KEY: Final = "ledger.vkey"
_TIME: Final = "%m/%d/%Y, %I:%M:%S %p UTC"
_HEX: Final = b"0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Requested:
    """A search as the record has it: the index of its entry, its agency and the fields that were opened."""

    index: int
    agency: str
    values: dict[str, Any]


def requests(stage: Stage) -> Iterator[Requested]:
    """Yield the searches of the record, each field opened by a disclosure that fits its leaf."""
    ledger = stage.node.ledger
    for index in range(ledger.log.size):
        leaf = read_entry(ledger.entry(index))
        if leaf.event == _REQUESTED:
            openings = ledger.openings(index)
            found = [openings.disclose(field, index=index) for field in _FIELDS]
            for each in found:
                check(leaf, each)
            yield Requested(index, leaf.agency, {each.field: each.value for each in found})


def audited(stage: Stage) -> Step:
    """Export what asked the Illinois town's cameras and run the audit on it."""
    from gatehouse.audit.document import gravest_first
    from gatehouse.audit.options import AuditOptions
    from gatehouse.audit.outputs import write
    from gatehouse.audit.run import audited as audit_of
    from gatehouse.records import ImportOptions, Input, import_files
    from gatehouse.records.link import link

    owner = name_of(ILLINOIS.id)
    rows = [
        each
        for each in requests(stage)
        if each.agency == ILLINOIS.id or each.values["detail"]["scope"] == "network"
    ]
    export = stage.folder / EXPORT
    _write(stage, rows, export)
    records = import_files(
        [Input(str(export), owner)], ImportOptions(keep=frozenset({"case_number", "filters"}))
    )
    with audit_of(link(records), AuditOptions()) as (audit, ground):
        write(audit, ground, stage.folder / "audit")
    immigration = audit.families["immigration"]
    marked = sum(1 for each in rows if each.values["reason"] == "ICE+ERO")
    holds(
        audit.searches == len(rows)
        and immigration is not None
        and immigration.n == marked == 1
        and audit.synthetic,
        "the audit counts otherwise than the record",
        expected=f"{len(rows)} searches, {marked} of them labeled immigration",
        got=f"{audit.searches}, {None if immigration is None else immigration.n}",
    )
    found = gravest_first([each for each in audit.findings if each.count])
    return Step(
        "audit",
        "The audit of that record",
        (
            f"The searches that asked for {owner}'s reads are opened from the record, each field checked "
            "against the entry that committed to it, and written as a network audit like those that towns "
            "get today. Then `gatehouse audit` reads it as it reads any export.",
            "It finds the immigration search here too. The difference to 2025: this one was refused before "
            "any read was opened, and the record says so.",
        ),
        f"{len(rows)} searches, {marked} labeled immigration, {len(found)} findings for a person to look at",
        (
            *(Shown(each.severity.value, f"{each.title} ({each.count})") for each in found[:6]),
            Shown("report", str(stage.folder / "audit" / "report.html")),
        ),
        {
            "searches": len(rows),
            "immigration": marked,
            "findings": {each.id: each.count for each in found},
            "export": EXPORT,
            "report": "audit/report.html",
        },
    )


def edited(stage: Stage) -> Step:
    """Change one byte in a copy of the public record, and have the check find it."""
    stage.node.ledger.export()
    public = stage.node.ledger.folder.public
    (stage.folder / KEY).write_text(f"{stage.vkey}\n", encoding="utf-8")
    copy = stage.folder / EDITED
    shutil.copytree(public, copy)
    _checked(stage, copy)
    index = next(each.index for each in requests(stage) if each.values["reason"] == "ICE+ERO")
    _edit(copy, stage.node.ledger.entry(index))
    caught = _doubt(stage, copy)
    return Step(
        "edited",
        "An edited record is caught",
        (
            "Somebody copies the public record, which verifies, and changes one byte of it: in what the "
            'entry of the "ICE+ERO" search has committed to as its reason.',
            "The check rebuilds everything from the entries up and ends with exit code 4. Nobody has to be "
            "asked or believed for that; the key is enough.",
        ),
        f"caught: {caught.what}",
        (Shown("try it", f"gatehouse ledger verify {copy} --key {stage.folder / KEY}"),),
        {"entry": index, "exit_code": caught.exit_code, "error": caught.as_document()},
    )


def checkpoint(stage: Stage) -> Step:
    """Check the real record as anybody can who has its key."""
    stage.node.ledger.export()
    public = stage.node.ledger.folder.public
    found = _checked(stage, public)
    holds(found.checkpoint.size == stage.node.ledger.log.size, "the public record lacks entries")
    return Step(
        "checkpoint",
        "The record of the day, verified",
        (
            "The real record holds: every entry, tile and signature fits, and no agency's sequence has a "
            "gap. This checkpoint stands for all of it; whoever keeps it can prove later that something was "
            "changed.",
            "No witness cosigns in this story. With one, the operator could not show another history to "
            "somebody who has kept nothing.",
        ),
        f"{found.checkpoint.size} entries of {len(found.agencies)} agencies verified",
        (
            *(Shown("checkpoint", line) for line in found.raw.splitlines() if line),
            Shown("try it", f"gatehouse ledger verify {public} --key {stage.folder / KEY}"),
        ),
        found.as_document() | {"checkpoint": found.raw, "vkey": stage.vkey},
    )


def _checked(stage: Stage, public: Path) -> Verified:
    with Directory(public) as source:
        return verify(source, keys=[stage.vkey])


def _doubt(stage: Stage, public: Path) -> VerificationFailed:
    """Return what does not hold in a copy; one that holds is `NotAsTold`."""
    try:
        _checked(stage, public)
    except VerificationFailed as error:
        return error
    raise NotAsTold("an edited record was taken for sound")


def _edit(public: Path, entry: bytes) -> None:
    """Change one hex digit of the commitment to an entry's reason."""
    (bundle,) = (
        path
        for path in (public / "tile" / "entries").rglob("*")
        if path.is_file() and entry in path.read_bytes()
    )
    data = bytearray(bundle.read_bytes())
    at = data.index(b'"reason":"', data.index(entry)) + len(b'"reason":"')
    data[at] = _HEX[(_HEX.index(data[at]) + 1) % len(_HEX)]
    bundle.write_bytes(data)


def _write(stage: Stage, rows: list[Requested], path: Path) -> None:
    """Write searches in the columns of a vendor's network audit, the newest last."""
    registry = stage.node.registry
    cameras = {each.id: len(registry.cameras(each.id)) for each in registry.agencies()}
    owners = [agency for agency, count in cameras.items() if count]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(_HEADER)
        for each in rows:
            values = each.values
            asked = owners if values["detail"]["scope"] == "network" else [each.agency]
            window = values["window"]
            table.writerow(
                (
                    values["detail"]["search"],
                    registry.officer(values["officer"]).name,
                    registry.agency(each.agency).name,
                    len(asked),
                    sum(cameras[owner] for owner in asked),
                    "\n".join(_stamp(datetime.fromisoformat(window[end])) for end in ("from", "to")),
                    values["plate"],
                    values["reason"],
                    values["case_number"] or "",
                    "",
                    _stamp(stage.node.searches.search(values["detail"]["search"]).at),
                    "lookup",
                )
            )


_HEADER: Final = (
    "ID",
    "Name",
    "Org Name",
    "Total Networks Searched",
    "Total Devices Searched",
    "Time Frame",
    "License Plate",
    "Reason",
    "Case #",
    "Filters",
    "Search Time",
    "Search Type",
)


def _stamp(at: datetime) -> str:
    return at.strftime(_TIME)
