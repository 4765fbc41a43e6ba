"""Which public-records law a request rests on."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from gatehouse.model import AgencyKind, Organization


@dataclass(frozen=True, slots=True)
class RecordsLaw:
    """A public-records law: what people call it, and its citation."""

    name: str
    citation: str


def records_law(organization: Organization | None) -> RecordsLaw | None:
    """Return the law that binds an agency, or None where its name tells neither state nor federal kind."""
    if organization is None:
        return None
    if organization.kind is AgencyKind.FEDERAL:
        return _laws()["us"]
    return None if organization.state is None else _laws().get(organization.state)


@cache
def _laws() -> Mapping[str, RecordsLaw]:
    text = resources.files("gatehouse.audit.requests").joinpath("laws.toml").read_text("utf-8")
    return {code: RecordsLaw(*law) for code, law in tomllib.loads(text)["laws"].items()}
