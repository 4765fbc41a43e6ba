"""Which files can be held against each other, and as what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import polars as pl

from gatehouse.audit.reconcile.result import Kind, NotCompared
from gatehouse.audit.roster import OWN_RECORD
from gatehouse.model import Layout, Organization
from gatehouse.records.frame import FileFacts, RecordSet
from gatehouse.records.organizations import parse

_OF_SEARCHES = OWN_RECORD | {Layout.NETWORK_AUDIT, Layout.EVENT_LOG, Layout.MAPPED}


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


def plan(records: RecordSet) -> tuple[list[Task], list[NotCompared]]:
    """Return every two files that can be compared, and for the others why not."""
    owners = [_owner(records, position) for position in range(len(records.files))]
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
            return f"a {files[position].layout.value} file lists no searches"
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


def _owner(records: RecordSet, position: int) -> Organization | None:
    """Return the owner as given, else the one organization that an organization audit names."""
    file = records.files[position]
    if file.owner is not None:
        return parse(file.owner)
    if file.layout is not Layout.ORGANIZATION_AUDIT or "org" not in file.exported:
        return None
    named = {organization.key: organization for organization in _organizations(records, position)}
    return next(iter(named.values())) if len(named) == 1 else None


def _organizations(records: RecordSet, position: int) -> Iterator[Organization]:
    seen = records.frame.filter(pl.col("file") == position).select(pl.col("org").drop_nulls().unique())
    texts = seen.collect().join(records.texts["org"], left_on="org", right_on="key").sort("text")
    return (parse(text) for text in texts["text"].to_list())


def spellings(records: RecordSet, key: str) -> pl.Series:
    """Return the text keys of all spellings of one agency."""
    texts = records.texts["org"]
    return texts.filter(pl.Series([parse(text).key == key for text in texts["text"]], dtype=pl.Boolean))[
        "key"
    ]


def agency_keys(records: RecordSet) -> pl.DataFrame:
    """Return `org` (text key) and `agency`, equal for all spellings of one agency."""
    texts = records.texts["org"].sort("text")
    index: dict[str, int] = {}
    agencies = [index.setdefault(parse(text).key, len(index)) for text in texts["text"].to_list()]
    return pl.DataFrame(
        {"org": texts["key"], "agency": agencies}, schema={"org": pl.UInt64, "agency": pl.UInt32}
    )
