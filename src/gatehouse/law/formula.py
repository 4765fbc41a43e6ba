"""What a rule can say: Cedar's JSON form read into a small language without anything that fails at run time.

The language has facts (`gatehouse.law.situation`), constants, comparisons of numbers, membership in sets, and
`&&`, `||`, `!`, `if`. Arithmetic, patterns, optional attributes, tags and extension functions are refused:
Cedar skips a forbid that fails while it runs, and with it a refusal. What is left can be solved, proven and
compared, and means the same in every evaluator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, get_type_hints

from gatehouse.law.situation import Situation

_HINTS = get_type_hints(Situation)
TEXTS = frozenset(name for name, kind in _HINTS.items() if kind is str)
FLAGS = frozenset(name for name, kind in _HINTS.items() if kind is bool)
NUMBERS = frozenset(name for name, kind in _HINTS.items() if kind is int)
SETS = frozenset(name for name, kind in _HINTS.items() if kind == frozenset[str])

_OF_OWNER = {"kind": "owner_kind", "retention": "retention", "bans": "bans", "optins": "optins"}
_ENTITIES = {"principal": {"kind": "searcher_kind"}, "resource": _OF_OWNER}
_STATES = {"principal": "searcher_state", "resource": "owner_state"}
_OF_ENTITIES = {*_OF_OWNER.values(), "searcher_kind", *_STATES.values()}
_SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}


class UnknownExpression(ValueError):
    """A rule says something that this language has no word for."""


@dataclass(frozen=True, slots=True)
class Is:
    """A text is one of some constants."""

    fact: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Same:
    """Two texts are equal."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag is set."""

    fact: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A number stands in a relation (`<`, `<=`, `>`, `>=`, `==`) to a constant or to another number."""

    fact: str
    relation: str
    other: int | str


@dataclass(frozen=True, slots=True)
class Meets:
    """A set holds at least one of some constants."""

    fact: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Covers:
    """A set holds all of some constants."""

    fact: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Within:
    """A set holds nothing but some constants."""

    fact: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Member:
    """A set holds the value of a text."""

    fact: str
    text: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two sets share a value."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Superset:
    """The left set holds all that the right one holds."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Formula


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; without parts, always."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds; without parts, never."""

    parts: tuple[Formula, ...]


Atom: TypeAlias = Is | Same | Flag | Compare | Meets | Covers | Within | Member | Overlap | Superset
Formula: TypeAlias = Atom | Not | All | Some


def read_formula(policy: Mapping[str, Any]) -> Formula:
    """Return when a policy (Cedar's JSON form) applies; else `UnknownExpression`."""
    parts: list[Formula] = [*_scope(policy)]
    for condition in policy["conditions"]:
        body = _boolean(condition["body"])
        if condition["kind"] != "when":
            parts.append(Not(body))
        else:
            parts += body.parts if isinstance(body, All) else [body]
    return All(tuple(parts))


def atoms(formula: Formula) -> Iterator[Atom]:
    """Yield every atom of a formula, in the order of its text."""
    if isinstance(formula, Not):
        yield from atoms(formula.part)
    elif isinstance(formula, All | Some):
        for part in formula.parts:
            yield from atoms(part)
    else:
        yield formula


def signals_in(formula: Formula) -> frozenset[str]:
    """Return the signals that a formula names."""
    return frozenset(
        value
        for atom in atoms(formula)
        if isinstance(atom, Meets | Covers | Within) and atom.fact == "signals"
        for value in atom.values
    )


def lifted_by_signals(formula: Formula, *, wanted: bool = True) -> bool:
    """Return whether a further signal could make a formula no longer hold (or hold, unless it is wanted)."""
    match formula:
        case Not(part):
            return lifted_by_signals(part, wanted=not wanted)
        case All(parts) | Some(parts):
            return any(lifted_by_signals(part, wanted=wanted) for part in parts)
        case Within("signals"):
            return wanted
        case Meets("signals") | Covers("signals") | Member("signals"):
            return not wanted
        case Overlap(left, right):
            return not wanted and "signals" in (left, right)
        case Superset(left, right):
            return (left if not wanted else right) == "signals"
    return False


def facts_of(atom: Atom) -> tuple[str, ...]:
    """Return the names of the facts that an atom reads."""
    if isinstance(atom, Same | Overlap | Superset):
        return atom.left, atom.right
    if isinstance(atom, Member):
        return atom.fact, atom.text
    if isinstance(atom, Compare) and isinstance(atom.other, str):
        return atom.fact, atom.other
    return (atom.fact,)


def holds(formula: Formula, situation: Situation) -> bool:
    """Return whether a formula holds in a situation. Decisions come from the engine, never from here."""
    match formula:
        case Not(part):
            return not holds(part, situation)
        case All(parts):
            return all(holds(part, situation) for part in parts)
        case Some(parts):
            return any(holds(part, situation) for part in parts)
        case Is(fact, values):
            return bool(getattr(situation, fact) in values)
        case Flag(fact):
            return bool(getattr(situation, fact))
        case Same(left, right):
            return bool(getattr(situation, left) == getattr(situation, right))
        case Compare(fact, relation, other):
            bound = getattr(situation, other) if isinstance(other, str) else other
            return _compared(int(getattr(situation, fact)), relation, int(bound))
        case Meets(fact, values):
            return not values.isdisjoint(getattr(situation, fact))
        case Covers(fact, values):
            return bool(values <= getattr(situation, fact))
        case Within(fact, values):
            return bool(getattr(situation, fact) <= values)
        case Member(fact, text):
            return bool(getattr(situation, text) in getattr(situation, fact))
        case Overlap(left, right):
            return bool(getattr(situation, left) & getattr(situation, right))
        case Superset(left, right):
            return bool(getattr(situation, left) >= getattr(situation, right))


def _compared(left: int, relation: str, right: int) -> bool:
    match relation:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
    return left == right


def _scope(policy: Mapping[str, Any]) -> Iterator[Formula]:
    action = policy["action"]
    if action["op"] != "All" and action != {"op": "==", "entity": {"type": "Action", "id": "search"}}:
        raise UnknownExpression("a scope names another action than search")
    for variable in ("principal", "resource"):
        scope = policy[variable]
        if scope["op"] == "in" and "entity" in scope:
            yield Is(_STATES[variable], frozenset({_state(scope["entity"])}))
        elif scope["op"] != "All":
            raise UnknownExpression(f"a scope names the {variable} by something else than a jurisdiction")


def _boolean(expression: Mapping[str, Any]) -> Formula:
    ((operator, body),) = expression.items()
    match operator:
        case "Value" if isinstance(body, bool):
            return All(()) if body else Some(())
        case "&&":
            return All(_flat(All, body))
        case "||":
            return Some(_flat(Some, body))
        case "!":
            return Not(_boolean(body["arg"]))
        case "if-then-else":
            condition = _boolean(body["if"])
            return Some(
                (
                    All((condition, _boolean(body["then"]))),
                    All((Not(condition), _boolean(body["else"]))),
                )
            )
        case ".":
            return Flag(_fact(expression, FLAGS))
        case "==":
            return _equal(body["left"], body["right"])
        case "!=":
            return Not(_equal(body["left"], body["right"]))
        case "<" | "<=" | ">" | ">=":
            return _compare(operator, body["left"], body["right"])
        case "contains":
            return _contains(body["left"], body["right"])
        case "containsAny" | "containsAll":
            return _contains_many(operator, body["left"], body["right"])
        case "isEmpty":
            return Within(_fact(body["arg"], SETS), frozenset())
        case "in":
            return _in(body["left"], body["right"])
    raise UnknownExpression(f"no rule can use {operator!r} here")


def _flat(kind: type[All] | type[Some], body: Mapping[str, Any]) -> tuple[Formula, ...]:
    """Return the parts of a chain of one operator, which Cedar nests."""
    found: list[Formula] = []
    for side in ("left", "right"):
        part = _boolean(body[side])
        found += part.parts if isinstance(part, kind) else [part]
    return tuple(found)


def _equal(left: Mapping[str, Any], right: Mapping[str, Any]) -> Formula:
    if "Value" in left:
        left, right = right, left
    name = _fact(left, TEXTS | FLAGS | NUMBERS)
    if name in NUMBERS:
        return _compare("==", left, right)
    if "Value" in right:
        value = right["Value"]
        if name in TEXTS and isinstance(value, str):
            return Is(name, frozenset({value}))
        if name in FLAGS and isinstance(value, bool):
            return Flag(name) if value else Not(Flag(name))
    elif name in TEXTS:
        return Same(name, _fact(right, TEXTS))
    raise UnknownExpression(f"{name} is compared with something of another kind")


def _compare(relation: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> Formula:
    if "Value" in left:
        left, right, relation = right, left, _SWAPPED[relation]
    name = _fact(left, NUMBERS)
    if "Value" not in right:
        return Compare(name, relation, _fact(right, NUMBERS))
    if type(right["Value"]) is not int:
        raise UnknownExpression(f"{name} is compared with something that is no number")
    return Compare(name, relation, right["Value"])


def _contains(left: Mapping[str, Any], right: Mapping[str, Any]) -> Formula:
    if "Set" in left:
        return Is(_fact(right, TEXTS), _constants(left))
    name = _fact(left, SETS)
    if "Value" in right:
        return Meets(name, _constants({"Set": [right]}))
    return Member(name, _fact(right, TEXTS))


def _contains_many(operator: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> Formula:
    some = operator == "containsAny"
    if "Set" in left:
        name, values = _fact(right, SETS), _constants(left)
        return Meets(name, values) if some else Within(name, values)
    name = _fact(left, SETS)
    if "Set" in right:
        return Meets(name, _constants(right)) if some else Covers(name, _constants(right))
    other = _fact(right, SETS)
    return Overlap(name, other) if some else Superset(name, other)


def _in(left: Mapping[str, Any], right: Mapping[str, Any]) -> Formula:
    variable = left.get("Var")
    if variable not in _STATES:
        raise UnknownExpression("only principal and resource can be in a jurisdiction")
    wanted = right.get("Set", [right])
    try:
        return Is(_STATES[variable], frozenset(_state(each["Value"]["__entity"]) for each in wanted))
    except (KeyError, TypeError) as error:
        raise UnknownExpression(f"{variable} is in something else than a jurisdiction") from error


def _fact(expression: Mapping[str, Any], kinds: frozenset[str]) -> str:
    """Return the name of the fact that an attribute reads, if it is of these kinds."""
    body = expression.get(".")
    variable = body["left"].get("Var") if body else None
    if not body or variable is None:
        raise UnknownExpression(f"no rule can use {min(expression)!r} where a fact stands")
    attribute = str(body["attr"])
    if variable == "context":
        name = None if attribute in _OF_ENTITIES else attribute
    else:
        name = _ENTITIES.get(variable, {}).get(attribute)
    if name not in kinds:
        raise UnknownExpression(f"{variable}.{attribute} is no fact that can stand here")
    return str(name)


def _constants(expression: Mapping[str, Any]) -> frozenset[str]:
    values = [each.get("Value") for each in expression["Set"]]
    if not all(isinstance(value, str) for value in values):
        raise UnknownExpression("a set holds something else than texts")
    return frozenset(values)


def _state(entity: Mapping[str, Any]) -> str:
    """Return the state of a jurisdiction: `IL` of `us-il`, "" of `none`."""
    code = entity["id"]
    if entity["type"] != "Jurisdiction" or not (code == "none" or (code[:3] == "us-" and len(code) == 5)):
        raise UnknownExpression(f"no jurisdiction is called {code!r}")
    return "" if code == "none" else str(code[3:].upper())
