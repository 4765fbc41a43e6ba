"""Which files can be held against each other, and as what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from gatehouse.audit.reconcile.result import Kind, NotCompared
from gatehouse.audit.roster import Roster
from gatehouse.model import Layout, Organization
from gatehouse.records.frame import OWN_RECORD, FileFacts, RecordSet

_OF_SEARCHES = OWN_RECORD | {Layout.NETWORK_AUDIT, Layout.MAPPED}


@dataclass(frozen=True, slots=True)
class Task:
    """Two files to compare, by position; `a` comes first in the order given.

    With `Kind.OWN_AND_NETWORK`, `network` is the position of the network audit, of which only the rows of
    `owner` are compared.
    """

    a: int
    b: int
    kind: Kind
    owner: Organization | None
    owner_assumed: bool = False
    network: int | None = None
    one_agency: bool = True  # every row compared is a search by the owner


def plan(records: RecordSet, roster: Roster) -> tuple[list[Task], list[NotCompared]]:
    """Return every two files that can be compared, and for the others why not."""
    owners = [roster.owner(position) for position in range(len(records.files))]
    tasks: list[Task] = []
    refused: list[NotCompared] = []
    for a, b in combinations(range(len(records.files)), 2):
        met = _meet(records.files, owners, a, b)
        if isinstance(met, Task):
            tasks.append(met)
        else:
            refused.append(NotCompared(records.files[a].path, records.files[b].path, met))
    return tasks, refused


def _meet(files: Sequence[FileFacts], owners: Sequence[Organization | None], a: int, b: int) -> Task | str:
    """Return the task for two files, or why there is none."""
    for position in (a, b):
        if files[position].layout not in _OF_SEARCHES:
            return f"{files[position].path} lists no searches: its layout is {files[position].layout.value}"
    same_layout = files[a].layout is files[b].layout
    one, other = owners[a], owners[b]
    own = files[a].layout in OWN_RECORD
    if same_layout and (one is None or other is None):
        return Task(a, b, Kind.PRODUCTIONS, one or other, owner_assumed=True, one_agency=own)
    if same_layout and one is not None and other is not None and one.key == other.key:
        return Task(a, b, Kind.PRODUCTIONS, one, one_agency=own)
    networks = [p for p in (a, b) if files[p].layout is Layout.NETWORK_AUDIT]
    if len(networks) == 1:
        mine = a if networks[0] == b else b
        if files[mine].layout not in OWN_RECORD:
            return "only a portal or an organization audit is an agency's own record"
        if owners[mine] is None:
            return f"whose own record {files[mine].path} is, is not known: name it as FILE@OWNER"
        if "org" not in files[networks[0]].exported:
            return "the network audit does not say who searched"
        return Task(a, b, Kind.OWN_AND_NETWORK, owners[mine], network=networks[0])
    if one is None or other is None:
        return "an owner is not known: name it as FILE@OWNER"
    if one.key != other.key:
        return "they belong to different owners"
    return Task(a, b, Kind.OWN_RECORDS, one)
