"""How far a search may ask, by what it is for: `network/scopes.toml` of a pack.

No scope permits anything: each owner within it still decides. What the file does not list, and a pack without
the file, leaves a search nothing but the searcher's own reads.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gatehouse.law.packfiles import unsound
from gatehouse.model import OFFENSES, Purpose, Scope

NAME = "network/scopes.toml"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a search may ask: as `proposed` it goes without a word, up to `widest` with a stated ground."""

    proposed: Scope = Scope.OWN
    widest: Scope = Scope.OWN

    def within(self, cap: Scope) -> Reach:
        """Return the reach, nowhere wider than a cap."""
        return Reach(*(each if cap.covers(each) else cap for each in (self.proposed, self.widest)))


@dataclass(frozen=True, slots=True)
class Scopes:
    """The reach of each purpose and the cap of each offense."""

    purposes: Mapping[Purpose, Reach] = field(default_factory=dict)
    offenses: Mapping[str, Scope] = field(default_factory=dict)

    def reach(self, purpose: Purpose, offense: str | None) -> Reach:
        """Return how far a search may ask; an offense narrows what its purpose allows."""
        found = self.purposes.get(purpose, Reach())
        return found.within(self.offenses.get(offense, Scope.OWN)) if offense else found


def read_scopes(text: str, *, where: str) -> Scopes:
    """Read the file; an unknown key or code, and an offense that stands twice, is `BadInput`."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise unsound("a file is not TOML", where=where, got=type(error).__name__) from error
    match data:
        case {"purposes": dict() as purposes, "offenses": dict() as offenses, **rest} if not rest:
            pass
        case _:
            raise unsound("the scopes hold something else than purposes and offenses", where=where)
    caps: dict[str, Scope] = {}
    for name, listed in offenses.items():
        scope = _scope(name, where)
        if not isinstance(listed, list):
            raise unsound(f"the offenses of {scope} are no list", where=where)
        for offense in listed:
            if not isinstance(offense, str) or offense not in OFFENSES or offense in caps:
                raise unsound("an offense is no code, or stands twice", where=where, got=ascii(offense)[:20])
            caps[offense] = scope
    return Scopes({_purpose(name, where): _reach(each, where) for name, each in purposes.items()}, caps)


def _reach(value: Any, where: str) -> Reach:
    match value:
        case {"proposed": proposed, "widest": widest, **rest} if not rest:
            found = Reach(_scope(proposed, where), _scope(widest, where))
        case _:
            raise unsound("a purpose has a `proposed` and a `widest` scope, and nothing else", where=where)
    if not found.widest.covers(found.proposed):
        raise unsound("a purpose proposes a scope that is wider than its widest", where=where)
    return found


def _scope(value: Any, where: str) -> Scope:
    if value not in list(Scope):
        raise unsound("a scope is none of the four", where=where, got=ascii(value)[:20])
    return Scope(value)


def _purpose(value: str, where: str) -> Purpose:
    if value not in list(Purpose):
        raise unsound("a purpose is not on the list", where=where, got=ascii(value)[:40])
    return Purpose(value)
