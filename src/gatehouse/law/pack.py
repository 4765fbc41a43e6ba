"""The law pack: every rule and fact that decides, versioned and hashed as one.

    pack.toml                      version, and the SHA-256 of all other files
    network/*.cedar                design limits, owners' rules, agreements, defaults, missing facts
    network/schema.cedarschema     the facts that rules read
    network/scopes.toml            how far a search may ask, by what it is for
    statutes/us-xx/facts.toml      provisions with citation, dates and confidence
    statutes/us-xx/rules.cedar     the rules that rest on them

A pack that is not sound in every part is refused whole; see `docs/writing-rules.md`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import cedarpy

from gatehouse.law import scopes as scopes_file
from gatehouse.law.facts import Jurisdiction, read_facts
from gatehouse.law.formula import (
    All,
    Formula,
    UnknownExpression,
    atoms,
    facts_of,
    lifted_by_signals,
    read_formula,
    signals_in,
)
from gatehouse.law.packfiles import identified, legible, read_files, sha256_of, text_of, unsound
from gatehouse.law.scopes import Scopes
from gatehouse.law.unseen import hidden_sign
from gatehouse.model import BadInput, CitedRule, Confidence, Outcome, PackId

_HERE = Path(__file__).parent
# Where data go: to another state, to a federal agency. Facts that a rule can refuse on caution alone.
FLOWS = frozenset({"out_of_state", "federal"})
_RULE_ID = re.compile(r"[a-z0-9:./()_-]+")
_ANNOTATIONS = {"id", "cite", "sentence", "outcome", "provision", "unsettled"}
# Cedar's parser overflows its stack, and ends the process, on a condition nested a thousand deep.
_DEEPEST = 40
_LONGEST = 20_000
# What holds no code: strings, and comments, which Cedar ends at either sign of an end of line.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\r\n]*')
_NESTING = re.compile(r"[()\[\]{}]")


@dataclass(frozen=True, slots=True)
class Rule:
    """One Cedar policy. `side` says whose law it is: `owner` (release), `searcher` (use) or `network`.

    `formula` says when the policy applies; `unsettled` names the signals and the flows (`FLOWS`) that it
    refuses though the sources do not settle that the law reaches them.
    """

    id: str
    outcome: Outcome
    citation: str
    sentence: str
    confidence: Confidence
    side: str
    policy: Mapping[str, Any]
    formula: Formula
    jurisdiction: str | None = None
    provision: str | None = None
    unsettled: frozenset[str] = frozenset()

    @property
    def cited(self) -> CitedRule:
        """Return what a person is told of the rule."""
        return CitedRule(self.id, self.citation, self.sentence, self.confidence)


@dataclass(frozen=True, slots=True)
class Pack:
    """A sound pack. `texts` holds the Cedar text of each jurisdiction, `network` that of the network.

    `sealed` says that its `pack.toml` names the hash of the other files, so that none changes unnoticed.
    """

    id: PackId
    schema: str
    network: str
    texts: Mapping[str, str]
    rules: Mapping[str, Rule]
    jurisdictions: Mapping[str, Jurisdiction]
    sealed: bool = False
    scopes: Scopes = field(default_factory=Scopes)

    @classmethod
    def load(cls, directory: Path | None = None) -> Pack:
        """Return the pack of a directory, the one that comes with the package if none is named."""
        return _packaged() if directory is None else read_pack(directory)

    def policies(self, *codes: str) -> str:
        """Return the Cedar text of the network's rules and of some jurisdictions'."""
        wanted = dict.fromkeys(code for code in codes if code in self.texts)
        return "\n".join((self.network, *(self.texts[code] for code in wanted)))


@cache
def _packaged() -> Pack:
    pack = read_pack(_HERE)
    if not pack.sealed:
        # Whoever installed it trusts a version; a folder of one's own says `+changed` and is read.
        raise BadInput(
            "the law pack is refused: its files changed since its version was named",
            where=str(_HERE / "pack.toml"),
            expected="a new version and the hash that `make law-pages` writes",
            got=pack.id.version,
            hint="see docs/writing-rules.md",
        )
    return pack


def read_pack(directory: Path) -> Pack:
    """Read a pack from `pack.toml`, `network/` and `statutes/`; an unsound one is `BadInput`."""
    files = read_files(directory)
    version, sealed = identified(files, directory)
    schema = text_of(files, "network/schema.cedarschema", directory)
    _check_text(schema, "network/schema.cedarschema")
    network = {
        name: text_of(files, name, directory) for name in files if re.fullmatch(r"network/[^/]+\.cedar", name)
    }
    rules: dict[str, Rule] = {}
    for name, text in network.items():
        _add(rules, _network_rules(text, name, schema))
    jurisdictions, texts = {}, {}
    for name in files:
        if not name.startswith("statutes/"):
            continue
        match = re.fullmatch(r"statutes/(us-[a-z]{2})/(facts\.toml|rules\.cedar)", name)
        if match is None:
            raise unsound("a folder of statutes/ is not called like us-il", got=name)
        if match[2] == "rules.cedar":
            # Rules without facts would otherwise be left out in silence, and with them a state's refusals.
            text_of(files, f"statutes/{match[1]}/facts.toml", directory)
            continue
        facts = read_facts(files[name], where=str(directory / name))
        code = match[1]
        if facts.code != code:
            raise unsound(f"the facts in {name} call themselves {facts.code}")
        jurisdictions[code] = facts
        beside = f"statutes/{code}/rules.cedar"
        text = text_of(files, beside, directory) if beside in files else ""
        if bool(text) is not any(each.no_rule is None for each in facts.provisions.values()):
            raise unsound(f"{code} has provisions with rules exactly if it has rules.cedar")
        if text:
            texts[code] = text
            _add(rules, _statute_rules(text, beside, schema, facts))
    if not network or not jurisdictions:
        raise unsound(f"{directory} holds no network rules or no statutes")
    scopes = Scopes()
    if scopes_file.NAME in files:
        where = str(directory / scopes_file.NAME)
        scopes = scopes_file.read_scopes(text_of(files, scopes_file.NAME, directory), where=where)
    permits = [rule for rule in rules.values() if rule.outcome is Outcome.PERMIT]
    if len(permits) != 1 or permits[0].formula == All(()):
        raise unsound(
            "a pack has one permission, and it has conditions",
            where=str(directory),
            got=", ".join(rule.id for rule in permits) or "no permission",
        )
    return Pack(
        PackId(version, sha256_of(files)),
        schema,
        "\n".join(network.values()),
        texts,
        rules,
        jurisdictions,
        sealed,
        scopes,
    )


def parse_rules(text: str, where: str, schema: str) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """Return annotations and policy (Cedar's JSON form) of each policy of a text, strictly validated."""
    _check_text(text, where)
    try:
        result = cedarpy.validate_policies(text, schema)
        policies = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError as error:
        raise unsound("a text is not Cedar", where=where, got=str(error)) from error
    except RecursionError as error:
        raise unsound("a policy is too long or nested too deep", where=where) from error
    if not result.validation_passed:
        raise unsound("a policy does not fit the schema", where=where, got=str(result.errors[0]))
    if policies["templates"] or policies["templateLinks"]:
        raise unsound("a pack holds no templates", where=where)
    found = []
    for policy in policies["staticPolicies"].values():
        notes = policy.get("annotations", {})
        for name, said in notes.items():
            # As decoded: an escape is visible in the text, and what it stands for is not.
            if sign := hidden_sign(said) or ("U+000A" if "\n" in said else None):
                raise unsound(f"@{name} holds a sign that nobody sees", where=where, got=sign)
        if unknown := set(notes) - _ANNOTATIONS:
            raise unsound(f"unknown annotation @{min(unknown)}", where=where)
        for needed in ("id", "cite", "sentence"):
            if not notes.get(needed):
                raise unsound(f"a policy has no @{needed}", where=f"{where}, {notes.get('id', 'unnamed')}")
        if not _RULE_ID.fullmatch(notes["id"]):
            raise unsound("an @id holds other signs than a-z 0-9 : . / ( ) _ -", where=where, got=notes["id"])
        if notes["id"].startswith("engine:"):
            raise unsound("an @id begins with engine:, which tells of failures", where=where, got=notes["id"])
        if notes.get("outcome", "deny") not in ("deny", "review"):
            raise unsound("an @outcome is neither deny nor review", where=f"{where}, {notes['id']}")
        found.append((notes, policy))
    return found


def _check_text(text: str, where: str) -> None:
    """Refuse a text that could mislead its reader, or that the parser cannot survive."""
    legible(text, where)
    for policy in _QUOTED.sub("", text).split(";"):
        depth = deepest = 0
        for sign in _NESTING.findall(policy):
            depth += 1 if sign in "([{" else -1
            deepest = max(deepest, depth)
        if deepest > _DEEPEST or policy.count("if") > _DEEPEST or len(policy) > _LONGEST:
            raise unsound("a policy is too long or nested too deep", where=where)


def scope_of(policy: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return (`owner` or `searcher`, jurisdiction) of a policy whose scope names one, else None."""
    for variable, side in (("resource", "owner"), ("principal", "searcher")):
        scope = policy[variable]
        if scope["op"] != "All":
            if scope["op"] != "in" or scope["entity"]["type"] != "Jurisdiction":
                raise unsound(
                    f"the scope of a policy names a {variable} by something else than a jurisdiction"
                )
            return side, str(scope["entity"]["id"])
    return None


def _network_rules(text: str, where: str, schema: str) -> list[Rule]:
    rules = []
    for notes, policy in parse_rules(text, where, schema):
        if scope_of(policy) is not None or "provision" in notes:
            raise unsound("a rule of the network belongs to no jurisdiction", where=f"{where}, {notes['id']}")
        rules.append(make_rule(notes, policy, "network", Confidence.RULE))
    return rules


def _statute_rules(text: str, where: str, schema: str, facts: Jurisdiction) -> list[Rule]:
    rules = []
    for notes, policy in parse_rules(text, where, schema):
        place = f"{where}, {notes['id']}"
        if policy["effect"] != "forbid":
            raise unsound("a statute's rule forbids; what is permitted stands in network/", where=place)
        scope = scope_of(policy)
        if scope is None or scope[1] != facts.code:
            raise unsound(f"the scope of the rule is not {facts.code}", where=place)
        provision = facts.provisions.get(notes.get("provision", ""))
        if provision is None or provision.no_rule is not None:
            raise unsound("@provision names no provision of the facts that has rules", where=place)
        if not notes["id"].startswith((f"{facts.code}/", "missing:")):
            raise unsound(f"@id begins neither with {facts.code}/ nor with missing:", where=place)
        if notes["cite"] != provision.citation:
            raise unsound("@cite is not the citation of the provision", where=place, got=notes["cite"])
        rules.append(make_rule(notes, policy, scope[0], provision.confidence, facts.code))
    bare = {key for key, each in facts.provisions.items() if each.no_rule is None} - {
        rule.provision for rule in rules
    }
    if bare:
        raise unsound("a provision has neither a rule nor a reason why", where=where, got=min(bare))
    return rules


def make_rule(
    notes: Mapping[str, str],
    policy: Mapping[str, Any],
    side: str,
    confidence: Confidence,
    jurisdiction: str | None = None,
) -> Rule:
    """Return the rule of a policy that `parse_rules` has read; one that no rule can say is `BadInput`."""
    permits = policy["effect"] == "permit"
    try:
        formula = read_formula(policy)
    except (UnknownExpression, RecursionError) as error:
        raise unsound(
            "a policy says what no rule can say", where=notes["id"], got=str(error) or "too deep a condition"
        ) from error
    if permits and any("signals" in facts_of(atom) for atom in atoms(formula)):
        raise unsound("a permission reads signals, and a text could give it", where=notes["id"])
    if not permits and lifted_by_signals(formula):
        raise unsound(
            "a rule refuses where a signal is absent, so a text could turn its refusal into a permit",
            where=notes["id"],
            got="signals after `!`, in `unless` or in the condition of `if`",
        )
    unsettled = frozenset(notes.get("unsettled", "").replace(",", " ").split())
    flows = FLOWS.intersection(fact for atom in atoms(formula) for fact in facts_of(atom))
    if stray := unsettled - signals_in(formula) - flows:
        raise unsound("@unsettled names what the rule does not", where=notes["id"], got=min(stray))
    return Rule(
        id=notes["id"],
        outcome=Outcome.PERMIT if permits else Outcome(notes.get("outcome", "deny")),
        citation=notes["cite"],
        sentence=notes["sentence"],
        confidence=confidence,
        side=side,
        jurisdiction=jurisdiction,
        provision=notes.get("provision"),
        policy=policy,
        formula=formula,
        unsettled=unsettled,
    )


def _add(rules: dict[str, Rule], more: list[Rule]) -> None:
    for rule in more:
        if rule.id in rules:
            raise unsound("two rules have one id", got=rule.id)
        rules[rule.id] = rule
