"""`gatehouse law check`: everything that makes a pack trustworthy, in one report.

A pack that loads is sound in form (`gatehouse.law.pack`), and its engine was seen to refuse what each rule
describes (`gatehouse.law.canaries`). Here rules are held against the provisions they rest on, and proven.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from gatehouse.law.clock import EAST_END
from gatehouse.law.domain import VALUES
from gatehouse.law.engine import CedarEngine
from gatehouse.law.facts import Jurisdiction, Provision, retention_minutes
from gatehouse.law.formula import Atom, Compare, Covers, Is, Meets, Within, atoms, facts_of
from gatehouse.law.pack import Pack, Rule
from gatehouse.law.prove import Proof, RuleUse, prove, rule_use
from gatehouse.law.situation import Situation
from gatehouse.law.translate import Translation
from gatehouse.law.wording import span
from gatehouse.model import PackId

_DAYS = {"owner": "owner_day", "searcher": "searcher_day"}
_RELEASING = frozenset({"owner", "private"})
_LONGEST_SENTENCE = 300
_UNDECIDED = "The solver did not find out in time whether a request meets this rule."


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong with a rule, a provision or the pack, in a sentence."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. `proofs` and `use` are None where no proof was asked for.

    Faults make a pack unfit; unused facts, redundant rules and whether the pack is sealed (`Pack.sealed`) are
    for its authors to know.
    """

    pack: PackId
    jurisdictions: int
    provisions: int
    rules: int
    canaries: int
    faults: tuple[Fault, ...]
    unused_facts: tuple[str, ...]
    sealed: bool
    proofs: tuple[Proof, ...] | None = None
    use: RuleUse | None = None

    @property
    def fit(self) -> bool:
        """Return whether nothing is wrong and every theorem that was tried holds."""
        return not self.faults and all(proof.holds for proof in self.proofs or ())

    def as_document(self) -> dict[str, Any]:
        """Return the report as the JSON object that `law check --json` prints."""
        return {
            "fit": self.fit,
            "pack": {"version": self.pack.version, "sha256": self.pack.sha256},
            "jurisdictions": self.jurisdictions,
            "provisions": self.provisions,
            "rules": self.rules,
            "canaries": self.canaries,
            "faults": [{"where": fault.where, "what": fault.what} for fault in self.faults],
            "unused_facts": list(self.unused_facts),
            "sealed": self.sealed,
            "redundant_rules": None if self.use is None else list(self.use.redundant),
            "proofs": None if self.proofs is None else [_document(proof) for proof in self.proofs],
        }


def check(pack: Pack, *, proofs: bool = True) -> Report:
    """Check a pack that loads; its rules' canaries may still make it `BadInput`.

    Proofs need the solver, without which they are `PartUnavailable`.
    """
    engine = CedarEngine(pack)
    faults = [*_faults(pack)]
    translation = Translation(pack) if proofs else None
    use = rule_use(pack, translation=translation) if proofs else None
    if use is not None:
        faults += [Fault(rule, "No request that can be made meets this rule.") for rule in use.dead]
        faults += [Fault(rule, _UNDECIDED) for rule in use.undecided]
    read = {fact for rule in pack.rules.values() for atom in atoms(rule.formula) for fact in facts_of(atom)}
    return Report(
        pack.id,
        len(pack.jurisdictions),
        sum(len(each.provisions) for each in pack.jurisdictions.values()),
        len(pack.rules),
        engine.canaries,
        tuple(sorted(faults)),
        tuple(fact for fact in Situation._fields if fact not in read),
        pack.sealed,
        tuple(prove(pack, engine, translation=translation)) if proofs else None,
        use,
    )


def _faults(pack: Pack) -> Iterator[Fault]:
    for state in sorted(EAST_END):
        code = f"us-{state.lower()}"
        if code not in pack.jurisdictions:
            yield Fault(code, "The pack says nothing of this jurisdiction, not even that no rule was found.")
    for code in pack.jurisdictions:
        if code.removeprefix("us-").upper() not in EAST_END:
            yield Fault(code, "No request can name this jurisdiction, so its rules refuse nothing.")
    for rule in pack.rules.values():
        yield from (Fault(rule.id, what) for what in _sentence(rule.sentence))
        yield from (Fault(rule.id, what) for what in _codes(rule))
        if rule.jurisdiction is not None and rule.provision is not None:
            facts = pack.jurisdictions[rule.jurisdiction]
            provision = facts.provisions[rule.provision]
            yield from (Fault(rule.id, what) for what in _binding(rule, provision))
            yield from (Fault(rule.id, what) for what in _side_door(rule))
            yield from (Fault(rule.id, what) for what in _dates(rule, provision, facts))
            yield from (Fault(rule.id, what) for what in _spans(rule, provision))
    for facts in pack.jurisdictions.values():
        yield from _provisions(facts, pack)


def _sentence(sentence: str) -> Iterator[str]:
    if not re.match(r"[A-Z0-9]", sentence) or not sentence.endswith("."):
        yield "The sentence does not begin with a capital or end with a full stop."
    if sentence != " ".join(sentence.split()) or len(sentence.split()) < 3:
        yield "The sentence has stray spaces or too few words."
    if len(sentence) > _LONGEST_SENTENCE:
        yield f"The sentence is longer than {_LONGEST_SENTENCE} characters."
    if re.search(r"[_`{}\[\]]|::|&&|\|\|", sentence):
        yield "The sentence holds code."


def _codes(rule: Rule) -> Iterator[str]:
    for atom in _atoms(rule):
        if isinstance(atom, Is | Meets | Covers | Within):
            for value in sorted(atom.values - {*VALUES[atom.fact], ""}):
                yield f"{atom.fact} is compared with {value!r}, which no request can hold."


def _binding(rule: Rule, provision: Provision) -> Iterator[str]:
    if rule.side == "owner" and provision.binds.isdisjoint(_RELEASING):
        yield f"It restricts release, but {provision.id} binds no owner."
    if rule.side == "searcher" and "searcher" not in provision.binds:
        yield f"It restricts use, but {provision.id} binds no searcher."


def _side_door(rule: Rule) -> Iterator[str]:
    if rule.side == "owner" and any("searcher_kind" in facts_of(atom) for atom in _atoms(rule)):
        yield "It reads principal.kind and overlooks whom the searcher acts for; context.kinds holds both."


def _dates(rule: Rule, provision: Provision, facts: Jurisdiction) -> Iterator[str]:
    """Yield what is wrong with the days of a rule: it begins with its provision and ends where one begins."""
    mine = _DAYS[rule.side]
    begins = provision.operative
    others = {each.operative for each in facts.provisions.values()} - {None}
    found = False
    for atom in _atoms(rule):
        if not isinstance(atom, Compare) or atom.fact not in _DAYS.values():
            continue
        day = _date(atom.other)
        if atom.fact != mine:
            yield f"It reads {atom.fact}, which is not the day of the law that it states."
        elif atom.relation == ">=":
            found = True
            if day != begins:
                yield f"It begins on {day or atom.other}, its provision on {begins or 'no known day'}."
        elif atom.relation != "<" or day not in others:
            yield f"It ends at {day or atom.other}, where no provision of {facts.name} begins."
    if begins is not None and not found:
        yield f"It does not say that its provision begins on {begins}."


def _spans(rule: Rule, provision: Provision) -> Iterator[str]:
    for atom in _atoms(rule):
        if not isinstance(atom, Compare) or atom.fact != "reach" or not isinstance(atom.other, int):
            continue
        if provision.retention is None:
            # A condition on old reads, rather than a period: only a slip of the pen can be told.
            if atom.other % (24 * 60):
                yield f"It compares how far a search reaches with {span(atom.other)}, no number of days."
            continue
        period = retention_minutes(provision.retention)
        if (atom.relation, atom.other) != (">", period):
            yield f"It allows {span(atom.other)} ({atom.relation}), its provision {span(period)}."


def _provisions(facts: Jurisdiction, pack: Pack) -> Iterator[Fault]:
    resting: dict[str, list[Rule]] = {}
    for rule in pack.rules.values():
        resting.setdefault(rule.provision or "", []).append(rule)
    for provision in facts.provisions.values():
        if provision.no_rule is not None and len(provision.no_rule.split()) < 3:
            yield Fault(provision.id, "It has no rule, and no reason that a reader could follow.")
        limits = any(
            isinstance(atom, Compare) and atom.fact == "reach"
            for rule in resting.get(provision.id, ())
            for atom in _atoms(rule)
        )
        if provision.retention is not None and provision.no_rule is None and not limits:
            yield Fault(provision.id, "It names a period, and no rule limits how far a search reaches.")


def _atoms(rule: Rule) -> Iterator[Atom]:
    return atoms(rule.formula)


def _date(number: int | str) -> date | None:
    """Return the day that a number such as 20260331 means, or None if it means none."""
    try:
        return date.fromisoformat(str(number))
    except ValueError:
        return None


def _document(proof: Proof) -> dict[str, Any]:
    return {
        "id": proof.id,
        "statement": proof.statement,
        "assumes": list(proof.assumes),
        "holds": proof.holds,
        "undecided": proof.undecided,
        "counterexamples": [
            {
                "request": each.words,
                "decision": each.decision.outcome.value,
                "rules": [rule.id for rule in each.decision.rules],
            }
            for each in proof.counterexamples
        ],
    }
