"""The request document: a search and an owner as JSON, read strictly, and the answer to it as JSON.

The shape is that of `docs/deciding.md`. One object is one question, a list is many. A key that is not
known, a code outside its list, a value of another type or a window that cannot be is refused: `BadInput`
with the place as `[3].searcher.kind`. No error repeats a plate, a reason, a case number or a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gatehouse.law import codes
from gatehouse.law.deciding import Rulebook
from gatehouse.law.jsonread import Node, read_json
from gatehouse.law.pack import Pack
from gatehouse.law.reasons import Lexicon
from gatehouse.law.situation import asked, situation
from gatehouse.law.texts import matches_of
from gatehouse.model import (
    AgencyKind,
    Agreement,
    Behalf,
    Decision,
    Declaration,
    OwnerTerms,
    Party,
    Process,
    SearchRequest,
    Signal,
    SignalMatch,
    Window,
)

_KEYS = (
    "searched_at", "searcher", "owner", "plate", "window", "purpose", "offense", "case_number", "reason",
    "on_behalf_of", "process", "approvals", "agreement", "declaration",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """One request to one owner at a time, and what its free texts suggest, with the field of each match."""

    request: SearchRequest
    owner: OwnerTerms
    at: datetime
    matches: tuple[tuple[str, SignalMatch], ...] = ()

    @property
    def signals(self) -> frozenset[Signal]:
        """Return the distinct signals of the free texts."""
        return frozenset(match.signal for _, match in self.matches)


@dataclass(frozen=True, slots=True)
class Document:
    """The questions of one document, in order; `single` if it held one object and no list."""

    questions: tuple[Question, ...]
    single: bool

    def answer(self, rulebook: Rulebook) -> Any:
        """Return the answers as the document was asked: one object, or a list in the same order."""
        decisions = ask(self.questions, rulebook)
        found = [
            as_document(question, decision, rulebook.pack)
            for question, decision in zip(self.questions, decisions, strict=True)
        ]
        return found[0] if self.single else found


def parse(content: bytes, *, lexicon: Lexicon | None = None, where: str | None = None) -> Document:
    """Return the questions of a document; anything that is not exactly one is `BadInput`.

    `lexicon` reads the reasons, the one built in if none is given. `where` names the file in errors.
    """
    root = read_json(content, where)
    words = lexicon or Lexicon.load()
    if root.is_list:
        return Document(tuple(_question(each, words) for each in root.items()), single=False)
    return Document((_question(root, words),), single=True)


def ask(questions: Sequence[Question], rulebook: Rulebook) -> list[Decision]:
    """Return the decision of each question, in order."""
    situations = [situation(asked(each.request, each.at, each.signals), each.owner) for each in questions]
    return rulebook.judge(situations)


def as_document(question: Question, decision: Decision, pack: Pack) -> dict[str, Any]:
    """Return one answer as it is printed; of the texts it shows where the words stood, never the words.

    `unsettled` of a rule is what it refuses though its sources do not settle that the law reaches it.
    """
    return {
        "decision": decision.outcome.value,
        "rules": [
            {
                "id": rule.id,
                "citation": rule.citation,
                "sentence": rule.sentence,
                "confidence": rule.confidence.value,
                "unsettled": sorted(pack.rules[rule.id].unsettled) if rule.id in pack.rules else [],
            }
            for rule in decision.rules
        ],
        "judgeable": decision.judgeable,
        "signals": [
            {
                "signal": match.signal.value,
                "rule": match.rule,
                "span": [match.start, match.end],
                "field": field,
            }
            for field, match in question.matches
        ],
        "pack": {"version": decision.pack.version, "sha256": decision.pack.sha256},
    }


def _question(node: Node, lexicon: Lexicon) -> Question:
    node.only(*_KEYS)
    at = node.need("searched_at").time()
    node.get("plate").text()
    approvals = [_approver(each) for each in node.get("approvals").items()]
    request = SearchRequest(
        searcher=_party(node.need("searcher")),
        purpose=node.get("purpose").code(codes.PURPOSES),
        offense=node.get("offense").code(codes.OFFENSES),
        case_number=node.get("case_number").text(),
        window=_window(node.get("window"), at),
        on_behalf_of=_behalf(node.get("on_behalf_of")),
        process=_process(node.get("process")),
        approvals=tuple(approvals),
    )
    owner = _owner(
        node.need("owner"), _agreement(node.get("agreement")), _declaration(node.get("declaration"))
    )
    return Question(request, owner, at, tuple(_matches(node, lexicon)))


def _matches(node: Node, lexicon: Lexicon) -> Iterator[tuple[str, SignalMatch]]:
    """Return what the reason suggests, and what words in texts beside it do, as in a record's rows."""
    beside = {"case_number": node.get("case_number").text()}
    if not (process := node.get("process")).absent:
        beside |= {f"process.{key}": process.get(key).text() for key in ("issuer", "reference")}
    return matches_of(lexicon, reason=node.get("reason").text(), beside=beside)


def _party(node: Node, *more: str) -> Party:
    node.only("name", "state", "kind", *more)
    return Party(
        name=node.need("name").name(),
        state=node.get("state").code(codes.STATES),
        kind=node.get("kind").code(codes.KINDS) or AgencyKind.UNKNOWN,
    )


def _owner(
    node: Node, agreement: bool | Agreement | None, declaration: bool | Declaration | None
) -> OwnerTerms:
    party = _party(node, "params")
    params = node.get("params")
    if params.absent:
        return OwnerTerms(party, agreement=agreement, declaration=declaration)
    params.only("retention", "bans", "optins")
    return OwnerTerms(
        party,
        retention=params.get("retention").duration(),
        bans=frozenset().union(*(each.needed(codes.BANS) for each in params.get("bans").items())),
        optins=frozenset(each.needed(codes.OPTINS) for each in params.get("optins").items()),
        agreement=agreement,
        declaration=declaration,
    )


def _window(node: Node, at: datetime) -> Window | None:
    if node.absent:
        return None
    node.only("from", "to")
    window = Window(node.need("from").time(), node.need("to").time())
    if window.end < window.start:
        raise node.wrong("the window ends before it begins", "from no later than to")
    if window.end > at:
        raise node.wrong("the window ends after the search", "to no later than searched_at")
    return window


def _behalf(node: Node) -> Party | Behalf:
    if node.absent:
        return Behalf.NONE
    return node.needed(codes.BEHALF) if node.is_text else _party(node)


def _process(node: Node) -> Process | None:
    if node.absent:
        return None
    node.only("kind", "issuer", "reference")
    return Process(
        node.need("kind").needed(codes.PROCESSES), node.get("issuer").text(), node.get("reference").text()
    )


def _approver(node: Node) -> str:
    if node.is_text:
        return node.name()
    node.only("by", "at")
    if not node.get("at").absent:
        node.get("at").time()
    return node.need("by").name()


def _agreement(node: Node) -> bool | Agreement | None:
    if node.absent or node.is_bool:
        return node.flag()
    node.only("purposes", "from", "to")
    purposes = frozenset(each.needed(codes.PURPOSES) for each in node.get("purposes").items())
    return Agreement(purposes, *_dates(node))


def _declaration(node: Node) -> bool | Declaration | None:
    if node.absent or node.is_bool:
        return node.flag()
    node.only("covers", "from", "to")
    covers = frozenset().union(*(each.needed(codes.MATTERS) for each in node.get("covers").items()))
    return Declaration(covers, *_dates(node))


def _dates(node: Node) -> tuple[datetime | None, datetime | None]:
    """Return from and to; what ends no later than it begins is a mistake, not an agreement."""
    start, end = (None if node.get(key).absent else node.get(key).time() for key in ("from", "to"))
    if start and end and end <= start:
        raise node.wrong("it ends before it begins", "from earlier than to")
    return start, end
