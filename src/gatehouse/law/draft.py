"""A draft ordinance: Cedar rules in a file, tried on a record before anybody votes on them.

Nobody checks a draft before it is tried, so it is read more strictly than a pack, which `law check` examines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from gatehouse.law.domain import VALUES
from gatehouse.law.formula import Compare, Covers, Is, Meets, Within, atoms
from gatehouse.law.pack import Pack, Rule, make_rule, parse_rules, scope_of
from gatehouse.model import BadInput, Confidence, PackId

# An ordinance is a few pages. Each rule is tried before any decides, against all others.
_LONGEST = 1 << 20
_MOST_RULES = 500
_DAYS = ("owner_day", "searcher_day")
_YEARS = range(1970, 2200)


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
            with path.open("rb") as file:
                content = file.read(_LONGEST + 1)
            if len(content) > _LONGEST:
                raise BadInput("the draft is too long", where=str(path), expected="1 MiB at most")
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
        """Return the pack with the draft's rules in force for every owner.

        It has an id of its own, so that no decision under a draft passes for one of the pack: `VERSION+draft`
        and the SHA-256 of `<SHA-256 of pack>  <SHA-256 of draft>` with a line feed.
        """
        rules: Mapping[str, Rule] = {**pack.rules, **{rule.id: rule for rule in self.rules}}
        both = hashlib.sha256(f"{pack.id.sha256}  {self.sha256}\n".encode()).hexdigest()
        return replace(
            pack,
            id=PackId(f"{pack.id.version}+draft", both),
            network=f"{pack.network}\n{self.text}",
            rules=rules,
        )


def _rules(text: str, where: str, pack: Pack) -> list[Rule]:
    found: list[Rule] = []
    parsed = parse_rules(text, where, pack.schema)
    if len(parsed) > _MOST_RULES:
        raise BadInput(
            "the draft holds too many rules",
            where=where,
            expected=f"{_MOST_RULES} at most",
            got=str(len(parsed)),
        )
    for notes, policy in parsed:
        place = f"{where}, {notes['id']}"
        if policy["effect"] != "forbid":
            raise BadInput("a draft forbids; it cannot permit what another rule refuses", where=place)
        if notes["id"].startswith("missing:"):
            raise BadInput(
                "the draft has a rule for a missing fact, whose refusals would count as no answer",
                where=place,
                expected="an @id that begins otherwise; missing facts are found without such rules",
            )
        if notes["id"] in pack.rules or notes["id"] in {rule.id for rule in found}:
            raise BadInput("the draft uses an @id that is taken", where=place)
        side, code = scope_of(policy) or ("network", None)
        rule = make_rule(notes, policy, side, Confidence.RULE, code)
        _check(rule, place)
        found.append(rule)
    return found


def _check(rule: Rule, place: str) -> None:
    """Refuse a rule that asks for what no search can be."""
    for atom in atoms(rule.formula):
        if isinstance(atom, Is | Meets | Covers | Within):
            listed = (*VALUES[atom.fact], "")
            if unknown := sorted(atom.values.difference(listed)):
                raise BadInput(
                    f"{atom.fact} is compared with what no search can hold",
                    where=place,
                    expected=f"one of {', '.join(filter(None, listed))}",
                    got=ascii(unknown[0]),
                    hint="see docs/deciding.md",
                )
        if isinstance(atom, Compare) and atom.fact in _DAYS and not _is_day(atom.other):
            raise BadInput(
                f"{atom.fact} is compared with what is no day",
                where=place,
                expected="a day such as 20260701, from 1970 to 2199",
            )


def _is_day(other: int | str) -> bool:
    """Return whether a day is compared with a day, or with the day of the other state."""
    if isinstance(other, str):
        return other in _DAYS
    try:
        return date(other // 10_000, other // 100 % 100, other % 100).year in _YEARS
    except (ValueError, OverflowError):
        return False
