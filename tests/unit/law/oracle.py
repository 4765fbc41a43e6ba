"""Two independent readings of the rules, to compare the engine with.

`Reader` evaluates the text of the rules: Cedar's JSON form, by Cedar's semantics as its documentation gives
them, on plain Python values. It shares no code with `gatehouse.law.formula`. `tests.unit.law.readings` reads
no rule text at all: it says by hand, from the facts of the statutes and the design, what is refused and why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gatehouse.law.pack import Pack
from gatehouse.law.situation import Situation

_OWNER = {"kind": "owner_kind", "retention": "retention", "bans": "bans", "optins": "optins"}


class Entity:
    """A principal, a resource or a jurisdiction: a name, attributes and the one parent it has."""

    def __init__(self, kind: str, name: str, parent: tuple[str, str] | None, attributes: Any = None) -> None:
        self.uid = (kind, name)
        self.parent = parent
        self.attributes = attributes

    def __getitem__(self, name: str) -> Any:
        return self.attributes[name]

    def is_in(self, other: tuple[str, str]) -> bool:
        return other in {self.uid, self.parent}


class Reader:
    """Evaluates the policies of a pack; a policy that fails is an error, never a policy left out."""

    def __init__(self, pack: Pack) -> None:
        self.permits: set[str] = set()
        self.everywhere: dict[str, Compiled] = {}
        # By what the scope names, so that a policy is evaluated only where its scope can match.
        self.scoped: dict[tuple[str, str], dict[str, Compiled]] = {}
        for rule in pack.rules.values():
            if rule.policy["effect"] == "permit":
                self.permits.add(rule.id)
            scopes = (("principal", rule.policy["principal"]), ("resource", rule.policy["resource"]))
            named = [(variable, scope["entity"]["id"]) for variable, scope in scopes if scope["op"] != "All"]
            where = self.scoped.setdefault(named[0], {}) if named else self.everywhere
            where[rule.id] = _policy(rule.policy)

    def decide(self, situation: Situation) -> tuple[bool, set[str]]:
        """Return whether a situation is allowed, and the rules that say so: forbids override permits."""
        scene = _scene(situation)
        searcher, owner = scene["principal"].parent[1], scene["resource"].parent[1]
        found = set()
        for where in (
            self.everywhere,
            self.scoped.get(("principal", searcher), {}),
            self.scoped.get(("resource", owner), {}),
        ):
            found |= {rule for rule, applies in where.items() if applies(scene)}
        if forbids := found - self.permits:
            return False, forbids
        return bool(found), found


Scene = Mapping[str, Any]
Compiled = Callable[[Scene], Any]


def _scene(situation: Situation) -> Scene:
    facts = situation._asdict()
    searcher = _jurisdiction(situation.searcher_state)
    owner = _jurisdiction(situation.owner_state)
    return {
        "principal": Entity("Searcher", "s", searcher, {"kind": situation.searcher_kind}),
        "action": Entity("Action", "search", None),
        "resource": Entity("Owner", "o", owner, {key: facts[fact] for key, fact in _OWNER.items()}),
        "context": facts,
    }


def _jurisdiction(state: str) -> tuple[str, str]:
    return "Jurisdiction", f"us-{state.lower()}" if state else "none"


def _policy(policy: Mapping[str, Any]) -> Compiled:
    variables = [each for each in ("principal", "action", "resource") if policy[each]["op"] != "All"]
    scopes = [_scope(variable, policy[variable]) for variable in variables]
    conditions = [(each["kind"] == "when", _compile(each["body"])) for each in policy["conditions"]]

    def applies(scene: Scene) -> bool:
        for scope in scopes:
            if not scope(scene):
                return False
        return all(_boolean(body(scene)) is wanted for wanted, body in conditions)

    return applies


def _scope(variable: str, scope: Mapping[str, Any]) -> Compiled:
    uid = _uid(scope["entity"])
    if scope["op"] == "==":
        return lambda scene: scene[variable].uid == uid
    assert scope["op"] == "in", scope
    return lambda scene: scene[variable].is_in(uid)


def _compile(expression: Mapping[str, Any]) -> Compiled:
    ((operator, body),) = expression.items()
    if operator == "Value":
        value = _uid(body["__entity"]) if isinstance(body, dict) else body
        return lambda _: value
    if operator == "Var":
        return lambda scene: scene[body]
    if operator == "Set":
        if all("Value" in each for each in body):
            # Nearly every set is of constants, and is asked for a million times.
            constant = frozenset(_compile(each)({}) for each in body)
            return lambda _: constant
        parts = [_compile(each) for each in body]
        return lambda scene: frozenset(part(scene) for part in parts)
    if operator == ".":
        return _attribute(_compile(body["left"]), body["attr"])
    if operator == "if-then-else":
        test, yes, no = (_compile(body[key]) for key in ("if", "then", "else"))
        return lambda scene: yes(scene) if _boolean(test(scene)) else no(scene)
    if operator in {"!", "isEmpty"}:
        arg = _compile(body["arg"])
        if operator == "!":
            return lambda scene: not _boolean(arg(scene))
        return lambda scene: not _set(arg(scene))
    return _binary(operator, _compile(body["left"]), _compile(body["right"]))


def _attribute(of: Compiled, name: str) -> Compiled:
    return lambda scene: of(scene)[name]


def _binary(operator: str, left: Compiled, right: Compiled) -> Compiled:
    if operator == "&&":
        return lambda scene: _boolean(left(scene)) and _boolean(right(scene))
    if operator == "||":
        return lambda scene: _boolean(left(scene)) or _boolean(right(scene))
    if operator == "in":
        return lambda scene: any(left(scene).is_in(each) for each in _uids(right(scene)))
    if operator in {"==", "!="}:
        return _equality(left, right, operator == "==")
    values: dict[str, Callable[[Any, Any], bool]] = {
        "<": lambda a, b: _long(a) < _long(b),
        "<=": lambda a, b: _long(a) <= _long(b),
        ">": lambda a, b: _long(a) > _long(b),
        ">=": lambda a, b: _long(a) >= _long(b),
        "contains": lambda a, b: b in _set(a),
        "containsAny": lambda a, b: not _set(a).isdisjoint(_set(b)),
        "containsAll": lambda a, b: _set(b) <= _set(a),
    }
    apply = values[operator]
    return lambda scene: apply(left(scene), right(scene))


def _equality(left: Compiled, right: Compiled, wanted: bool) -> Compiled:
    def compare(scene: Scene) -> bool:
        one, other = left(scene), right(scene)
        return (type(one) is type(other) and one == other) is wanted

    return compare


def _uids(value: Any) -> frozenset[Any]:
    return value if isinstance(value, frozenset) else frozenset({value})


def _uid(entity: Mapping[str, str]) -> tuple[str, str]:
    return entity["type"], entity["id"]


def _boolean(value: Any) -> bool:
    assert isinstance(value, bool), value
    return value


def _long(value: Any) -> int:
    assert type(value) is int, value
    return value


def _set(value: Any) -> frozenset[Any]:
    assert isinstance(value, frozenset), value
    return value
