"""What is proven of a pack: each theorem in words, and as the formula of a request that would break it.

Days and spans come from the facts of the pack, so that a rule which departs from its provision breaks a
theorem. Where a pack lacks a state's provisions, its theorems are to hold on every day, and fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gatehouse.law.facts import Provision, retention_minutes
from gatehouse.law.formula import All, Compare, Covers, Flag, Formula, Is, Meets, Not, Same, Some, Within
from gatehouse.law.pack import Pack
from gatehouse.law.translate import Symbols, Translation
from gatehouse.law.wording import span
from gatehouse.model import FAMILIES, AgencyKind, Outcome

IMMIGRATION_SIGNALS = frozenset(signal.value for signal in FAMILIES["immigration"])
IMMIGRATION_OFFENSES = frozenset({"IMMIG_CIV", "IMMIG_CRIM", "30A", "30B", "30C", "30D", "49C"})
_CIVIL = Some(
    (
        Meets("signals", frozenset({"civil_immigration"})),
        Is("offense", frozenset({"IMMIG_CIV", "49C"})),
        Is("process", frozenset({"administrative_warrant"})),
    )
)
_IMMIGRATION = Some((Meets("signals", IMMIGRATION_SIGNALS), Is("offense", IMMIGRATION_OFFENSES)))
_OUTSIDE = Some((Flag("out_of_state"), Flag("federal"), Is("searcher_kind", frozenset({"federal"}))))
_HEALTH = frozenset({"immigration", "reproductive", "gender"})
_COURT = frozenset({"warrant", "court_order", "judicial_subpoena"})
_POLICE = frozenset({"police", "sheriff", "state_police", "university"})
_KINDS = frozenset(each.value for each in AgencyKind) - {"unknown", "private"}


@dataclass(frozen=True, slots=True)
class Theorem:
    """A statement about every request, and the formula that a counterexample satisfies.

    `first` holds the facts of the request, `second` those of the same request with something changed.
    `existence` marks a statement that some request satisfies the formula.
    """

    id: str
    statement: str
    broken: Any
    first: Symbols
    second: Symbols | None = None
    assumes: tuple[str, ...] = ()
    existence: bool = False


@dataclass(frozen=True, slots=True)
class _Forbidden:
    """A class of requests without any permit; `matters` are those of the provisions that must be in force."""

    id: str
    what: str
    when: Formula
    state: str | None = None
    matters: frozenset[str] = frozenset()
    assumes: tuple[str, ...] = field(default=())


def theorems(translation: Translation) -> Iterator[Theorem]:
    """Yield every theorem that a pack must satisfy."""
    symbols = translation.symbols()
    for forbidden in (*_FORBIDDEN, *_retention(translation.pack)):
        yield _never(forbidden, translation.pack, symbols)
    yield from _changes(translation, symbols)
    yield Theorem(
        "every-refusal-named",
        "A search that is not permitted is refused by a rule, never for want of a permission only.",
        translation.z3.Not(translation.z3.Or(list(symbols.rules.values()))),
        symbols,
        assumes=("codes",),
    )
    yield Theorem(
        "something-permitted",
        "Some request is permitted, so that what is proven of permits is proven of something.",
        symbols.permitted,
        symbols,
        assumes=("codes", "amounts", "federal", "recipients", "kinds", "out_of_state", "own", "declared"),
        existence=True,
    )


_FORBIDDEN = (
    *(
        _Forbidden(
            f"immigration/{code}",
            f"for a search whose text or offense points to immigration enforcement, on {name} data",
            _IMMIGRATION,
            code,
            frozenset({"immigration"}),
        )
        for code, name in (("us-il", "Illinois"), ("us-ca", "California"), ("us-wa", "Washington"))
    ),
    _Forbidden(
        "civil-immigration",
        "for a search whose text, offense or process points to civil immigration enforcement, anywhere",
        _CIVIL,
    ),
    *(
        _Forbidden(
            f"outside/{code}",
            f"to a federal agency, one of another or of no known state, or one that acts for a federal "
            f"agency or one of another state, on {name} data",
            Some((_OUTSIDE, Not(Same("owner_state", "searcher_state")))),
            code,
            frozenset({"out_of_state", "federal"}),
            ("federal", "recipients", "out_of_state"),
        )
        for code, name in (("us-ca", "California"), ("us-va", "Virginia"))
    ),
    _Forbidden(
        "recipients/us-ca",
        "to a private or tribal body or one that acts for it, on data of California owners that are not "
        "private",
        All(
            (Meets("kinds", frozenset({"private", "tribal"})), Not(Is("owner_kind", frozenset({"private"}))))
        ),
        "us-ca",
        frozenset({"out_of_state", "federal"}),
    ),
    _Forbidden(
        "recipients/us-va",
        "to another agency than police, sheriff, state police, university or prosecutor or to one that acts "
        "for it, unless it is the owner or for a court or the defense, on Virginia data",
        All(
            (
                Not(Flag("own")),
                Not(Is("purpose", frozenset({"court_or_defense"}))),
                Not(Within("kinds", _POLICE | {"prosecutor"})),
            )
        ),
        "us-va",
        frozenset({"out_of_state", "federal"}),
        ("federal",),
    ),
    _Forbidden(
        "declaration/us-il",
        "on Illinois data to an agency of another state, or one that acts for it, that has not forsworn "
        "immigration enforcement and the enforcement of laws against reproductive and gender-affirming care",
        All((Flag("out_of_state"), Not(Covers("declared", _HEALTH)))),
        "us-il",
        frozenset({"out_of_state"}),
    ),
    _Forbidden(
        "declaration/us-nm",
        "on New Mexico data to a federal agency, one of another state or one that acts for either, that has "
        "not forsworn immigration enforcement and use against the two kinds of care and protected activity",
        All((_OUTSIDE, Not(Covers("declared", _HEALTH | {"first_amendment"})))),
        "us-nm",
        frozenset({"out_of_state", "federal"}),
        ("federal",),
    ),
    _Forbidden(
        "declaration/us-nj",
        "on New Jersey data to a federal agency, one of another state or one that acts for either, that has "
        "certified nothing and shows no warrant, court order or judicial subpoena",
        All((_OUTSIDE, Within("declared", frozenset()), Not(Is("process", _COURT)))),
        "us-nj",
        frozenset({"out_of_state", "federal"}),
        ("federal",),
    ),
    _Forbidden(
        "declaration/us-ct",
        "on Connecticut data without a warrant to an agency of another state, or one that acts for it, where "
        "it has not forsworn immigration enforcement and use against the two kinds of care, or where one of "
        "the two is of another state than CT, MA, NY or RI or is not police, sheriff, state police or "
        "university",
        All(
            (
                Flag("out_of_state"),
                Not(Is("process", frozenset({"warrant"}))),
                Some(
                    (
                        Not(Covers("declared", _HEALTH)),
                        Not(Within("recipients", frozenset({"CT", "MA", "NY", "RI"}))),
                        Not(Within("kinds", _POLICE)),
                    )
                ),
            )
        ),
        "us-ct",
        frozenset({"out_of_state"}),
        ("federal",),
    ),
    _Forbidden(
        "owner-retention",
        "for a search that reaches further back than the owner keeps reads, or does not say how far",
        All(
            (
                Compare("retention", ">", 0),
                Some((Compare("reach", ">", "retention"), Not(Flag("window")))),
            )
        ),
    ),
    _Forbidden(
        "unknown-searcher",
        "to a private searcher or one of an unknown kind, nor to one that acts for such a body",
        Some((Not(Is("searcher_kind", _KINDS)), Not(Within("kinds", _KINDS)))),
        assumes=("kinds",),
    ),
    _Forbidden(
        "unknown-facts",
        "where the purpose or the owner's state is not known, where another than the owner has no agreement "
        "in force, or where the search is made for a private body or nobody knows for whom",
        Some(
            (
                Is("purpose", frozenset({""})),
                Is("owner_state", frozenset({""})),
                All((Not(Flag("own")), Not(Is("agreement", frozenset({"yes"}))))),
                Not(Is("behalf", frozenset({"none", "agency"}))),
            )
        ),
    ),
)


def _retention(pack: Pack) -> Iterator[_Forbidden]:
    """Yield for each period of a statute that a search past it has no permit."""
    for code, facts in sorted(pack.jurisdictions.items()):
        for provision in facts.provisions.values():
            if provision.retention is None or provision.no_rule is not None:
                continue
            minutes = retention_minutes(provision.retention)
            past: Formula = Some((Compare("reach", ">", minutes), Not(Flag("window"))))
            limits = _PRIVATE if provision.binds == {"private"} else _ONLY_FOR.get(provision.id)
            yield _Forbidden(
                f"retention/{provision.id}",
                f"for a search that reaches further back than {span(minutes)}, or does not say how far, on "
                f"{facts.name} data ({provision.citation})" + (f", {limits[0]}" if limits else ""),
                All((past, limits[1])) if limits else past,
                code,
                frozenset({provision.id}),
            )


_PRIVATE = ("of a private owner", Is("owner_kind", frozenset({"private"})))
# Periods that bind some owners only.
_ONLY_FOR: dict[str, tuple[str, Formula]] = {
    "us-ca/veh-2413": (
        "of the state police (the Highway Patrol)",
        Is("owner_kind", frozenset({"state_police"})),
    ),
}


def _never(forbidden: _Forbidden, pack: Pack, symbols: Symbols) -> Theorem:
    parts: list[Formula] = [forbidden.when]
    statement = f"No permit {forbidden.what}"
    if forbidden.state is not None:
        parts.append(Is("owner_state", frozenset({forbidden.state[3:].upper()})))
        if day := _in_force(pack, forbidden.state, forbidden.matters):
            statement += f", from {day}"
            parts.append(Compare("owner_day", ">=", day.year * 10_000 + day.month * 100 + day.day))
    return Theorem(
        forbidden.id,
        f"{statement}.",
        symbols.z3.And(symbols.permitted, symbols.formula(All(tuple(parts)))),
        symbols,
        assumes=forbidden.assumes,
    )


def _in_force(pack: Pack, code: str, matters: frozenset[str]) -> date | None:
    """Return the first day on which all of a state's provisions on some matters, or of an id, bind owners."""
    facts = pack.jurisdictions.get(code)
    provisions: list[Provision] = list(facts.provisions.values()) if facts else []
    days = [
        each.operative
        for each in provisions
        if each.no_rule is None
        and (each.id in matters or ("owner" in each.binds and not each.matter.isdisjoint(matters)))
    ]
    return max((day for day in days if day is not None), default=None)


def _changes(translation: Translation, first: Symbols) -> Iterator[Theorem]:
    """Yield what a changed request cannot turn into a permit."""
    z3 = translation.z3
    for fact, statement in (
        ("signals", "A further signal from the text turns no refusal and no review into a permit."),
        ("bans", "A further ban of the owner turns no refusal and no review into a permit."),
    ):
        second = first.changing(fact)
        more = [z3.Implies(one, two) for one, two in zip(first.facts[fact], second.facts[fact], strict=True)]
        broken = z3.And(*more, second.permitted, z3.Not(first.permitted))
        yield Theorem(f"more-{fact}", statement, broken, first, second)
    second = first.changing("approvals")
    yield Theorem(
        "approvals",
        "No number of approvals turns a refusal into a permit; approvals settle reviews only.",
        z3.And(second.permitted, z3.Or(first.applying(Outcome.DENY))),
        first,
        second,
    )
    yield Theorem(
        "approvals-monotone",
        "A further approval turns no permit into a refusal or a review.",
        z3.And(
            first.permitted,
            z3.Not(second.permitted),
            second.facts["approvals"] >= first.facts["approvals"],
        ),
        first,
        second,
    )
