"""A draft ordinance: Cedar rules in a file, tried on a record before anybody votes on them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gatehouse.law.pack import Pack, Rule, make_rule, parse_rules, scope_of
from gatehouse.model import BadInput, Confidence


@dataclass(frozen=True, slots=True)
class Draft:
    """The rules of one file, each with @id, @cite and @sentence; a draft only forbids."""

    text: str
    sha256: str
    rules: tuple[Rule, ...]

    @classmethod
    def read(cls, path: Path, pack: Pack) -> Draft:
        """Read a draft against the facts of a pack; one that is not sound is `BadInput`."""
        try:
            content = path.read_bytes()
            text = content.decode()
        except OSError as error:
            raise BadInput(
                "the draft cannot be read", where=str(path), got=error.strerror, hint="check the path"
            ) from error
        except UnicodeDecodeError as error:
            raise BadInput("the draft is not UTF-8", where=f"{path}, byte {error.start + 1}") from error
        rules = tuple(_rules(text, str(path), pack))
        if not rules:
            raise BadInput("the draft holds no rule", where=str(path), hint="see docs/writing-rules.md")
        return cls(text, hashlib.sha256(content).hexdigest(), rules)

    def added_to(self, pack: Pack) -> Pack:
        """Return the pack with the draft's rules in force for every owner."""
        rules: Mapping[str, Rule] = {**pack.rules, **{rule.id: rule for rule in self.rules}}
        return replace(pack, network=f"{pack.network}\n{self.text}", rules=rules)


def _rules(text: str, where: str, pack: Pack) -> list[Rule]:
    found: list[Rule] = []
    for notes, policy in parse_rules(text, where, pack.schema):
        place = f"{where}, {notes['id']}"
        if policy["effect"] != "forbid":
            raise BadInput("a draft forbids; it cannot permit what another rule refuses", where=place)
        if notes["id"] in pack.rules or notes["id"] in {rule.id for rule in found}:
            raise BadInput("the draft uses an @id that is taken", where=place)
        side, code = scope_of(policy) or ("network", None)
        found.append(make_rule(notes, policy, side, Confidence.RULE, code))
    return found
