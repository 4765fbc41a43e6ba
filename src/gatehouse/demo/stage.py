"""What the steps of the story work with: the node, its address, the people, the cameras and the clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gatehouse.demo.cast import name_of
from gatehouse.demo.client import Person, Reader, Site
from gatehouse.demo.clock import StoryClock
from gatehouse.demo.step import Shown, holds
from gatehouse.model import Officer
from gatehouse.node.node import Node


@dataclass(slots=True)
class Stage:
    """Everything that a step may touch. `folder` is the story's own, `began` when its day begins."""

    folder: Path
    node: Node
    vkey: str
    site: Site
    clock: StoryClock
    people: Mapping[str, Person]
    readers: Mapping[str, Sequence[Reader]]
    began: datetime

    def person(self, officer: Officer) -> Person:
        """Return somebody of the cast."""
        return self.people[officer.id]

    def asked(self, plate: str, *, days: float = 1, **words: Any) -> dict[str, Any]:
        """Return a search of the last days as the API takes it; `words` are its further fields."""
        now = self.clock()
        window = {"from": (now - timedelta(days=days)).isoformat(), "to": now.isoformat()}
        return {"plate": plate, "window": window, "on_behalf_of": "none"} | words


def outcomes(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return each owner's outcome: permit, review or deny."""
    return {owner: group["outcome"] for group in answer["groups"] for owner in group["owners"]}


def rules_of(answer: Mapping[str, Any], owner: str) -> list[str]:
    """Return the ids of the rules that decided for an owner."""
    return [rule["id"] for group in answer["groups"] if owner in group["owners"] for rule in group["rules"]]


def decided(answer: Mapping[str, Any], *outcomes: str) -> list[Shown]:
    """Return each rule that decided, with its citation, its sentence and the owners it decided for.

    With `outcomes`, only the rules of these.
    """
    owners: dict[tuple[str, str], list[str]] = {}
    for group in answer["groups"]:
        if not outcomes or group["outcome"] in outcomes:
            for rule in group["rules"]:
                said = f"{rule['citation']}: {rule['sentence']}"
                owners.setdefault((group["outcome"], said), []).extend(group["owners"])
    every = {owner for group in answer["groups"] for owner in group["owners"]}
    return [Shown(f"{_WORDS[outcome]} {_named(who, every)}", said) for (outcome, said), who in owners.items()]


def _named(owners: Sequence[str], every: Collection[str]) -> str:
    if len(every) > 1 and set(owners) == set(every):
        return f"all {len(every)} owners"
    return ", ".join(map(name_of, owners))


_WORDS = {"permit": "permitted by", "review": "review asked by", "deny": "refused by"}


def facts_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a search's answer without any read."""
    return facts_of_entry(answer) | {"reads": len(answer["reads"])}


def facts_of_entry(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of what was decided: a search's, or a standing search's."""
    return {
        "id": answer["id"],
        "state": answer["state"],
        "entry": answer["index"],
        "owners": outcomes(answer),
        "refusals": [
            {
                "rule": each["rule"]["id"],
                "citation": each["rule"]["citation"],
                "sentence": each["rule"]["sentence"],
                "outcome": each["outcome"],
                "owners": each["owners"],
                "remedy": each["remedy"],
            }
            for each in answer["refusals"]
        ],
    }


def comes_out(answer: Mapping[str, Any], state: str, owners: Mapping[str, str]) -> None:
    """Raise `NotAsTold` unless a search came to a state, with these outcomes by owner."""
    holds(
        answer["state"] == state and outcomes(answer) == dict(owners),
        "a search came out otherwise than the story says",
        expected=f"{state}, {dict(sorted(owners.items()))}",
        got=f"{answer['state']}, {dict(sorted(outcomes(answer).items()))}, "
        f"{sorted({each['rule']['id'] for each in answer['refusals']})}",
    )
