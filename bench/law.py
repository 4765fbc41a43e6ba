"""Time decisions for 1, 100 and 5,000 owners against a plain loop over the same rules in Python.

    make bench-law

The loop evaluates the network's rules and those of the two states for every owner
(`gatehouse.law.formula.holds`): the obvious program that needs neither Cedar nor profiles. Requests differ in
what decides (window, purpose, searcher), so that no answer is remembered from the one before. Contenders take
turns within a round; medians and ratios count. `first` is the first request after the owners changed, with a
rulebook that has decided before; `cpu` is the processor's time of the following ones, which a machine busy
with other work stretches less.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from gatehouse.law.clock import EAST_END
from gatehouse.law.deciding import Rulebook, decide
from gatehouse.law.engine import jurisdiction
from gatehouse.law.formula import holds
from gatehouse.law.owners import OwnerIndex
from gatehouse.law.pack import Pack, Rule
from gatehouse.law.profiles import Profiles
from gatehouse.law.situation import asked, situation
from gatehouse.model import (
    AgencyKind,
    Agreement,
    Outcome,
    OwnerTerms,
    Party,
    Purpose,
    SearchRequest,
    Window,
)

OUT = Path(__file__).resolve().parent / "out" / "law.json"
AT = datetime(2026, 11, 2, 15, tzinfo=UTC)
SIZES = (1, 100, 5_000)
GOAL_MS = 60


def owners(number: int, *, various: bool) -> list[OwnerTerms]:
    """Return owners of all states; `various` ones have agreements, periods and bans of their own."""
    chance = random.Random(number)
    found = []
    for at in range(number):
        kind = chance.choice([*["police"] * 6, *["sheriff"] * 3, "transit"])
        party = Party(f"Town {at} PD", chance.choice(sorted(EAST_END)), AgencyKind(kind))
        plain = OwnerTerms(party, timedelta(days=30), agreement=True, declaration=chance.random() < 0.8)
        if not various:
            found.append(plain)
            continue
        begun = AT - timedelta(days=chance.randrange(-60, 900))
        agreement: bool | Agreement = chance.random() < 0.5
        if chance.random() < 0.5:
            agreement = Agreement(valid_from=begun)
        found.append(
            OwnerTerms(
                party,
                retention=timedelta(days=chance.choice([3, 7, 21, 30, 90, 365])),
                bans=frozenset(chance.sample(["federal", "out_of_state", "immigration_agency", "other"], 2)),
                agreement=agreement,
                declaration=chance.choice([True, True, False, None]),
            )
        )
    return found


def requests(number: int) -> list[SearchRequest]:
    """Return requests of which no two have the same facts."""
    searchers = [Party("Larkspur PD", state, AgencyKind.POLICE) for state in ("MO", "IL", "TX", "VA")]
    purposes = [Purpose.STOLEN_VEHICLE_OR_PLATE, Purpose.CRIMINAL_WARRANT, Purpose.MISSING_ENDANGERED]
    return [
        SearchRequest(
            searchers[at % 4], purposes[at % 3], window=Window(AT - timedelta(hours=1 + 7 * at), AT)
        )
        for at in range(number)
    ]


def plainly(request: SearchRequest, many: Sequence[OwnerTerms], pack: Pack) -> list[Outcome]:
    """Decide with a loop over owners and the rules that can apply to them."""
    said = asked(request, AT, ())
    rules: dict[str | None, list[Rule]] = {}
    for rule in pack.rules.values():
        rules.setdefault(rule.jurisdiction, []).append(rule)
    found = []
    for owner in many:
        facts = situation(said, owner)
        codes = {None, jurisdiction(facts.owner_state), jurisdiction(facts.searcher_state)}
        able = [rule for code in codes for rule in rules.get(code, ())]
        outcomes = {rule.outcome for rule in able if holds(rule.formula, facts)}
        strictest = Outcome.PERMIT if outcomes == {Outcome.PERMIT} else Outcome.REVIEW
        found.append(Outcome.DENY if Outcome.DENY in outcomes or not outcomes else strictest)
    return found


def timed(work: Callable[[], object]) -> float:
    """Return milliseconds of wall time."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def measure(pack: Pack, size: int, rounds: int, *, various: bool) -> dict[str, float]:
    """Return medians in milliseconds for owners of one number, after comparing all answers."""
    rulebook, many = Rulebook(pack), owners(size, various=various)
    ask = partial(decide, at=AT, signals=(), pack=rulebook)
    asks = requests(2 * rounds + 4)
    for request in asks[-4:]:  # one of each searcher's state: their texts are parsed now
        ask(request, many)
    times: dict[str, list[float]] = {"first": [], "following": [], "cpu": [], "loop": []}
    for at in range(rounds):
        first, following = asks[2 * at : 2 * at + 2]
        many = [*many[1:], many[0]]
        times["first"].append(timed(partial(ask, first, many)))
        start = time.process_time()
        times["following"].append(timed(partial(ask, following, many)))
        times["cpu"].append((time.process_time() - start) * 1e3)
        times["loop"].append(timed(partial(plainly, following, many, pack)))
        if [each.outcome for each in ask(following, many)] != plainly(following, many, pack):
            raise SystemExit("the loop and the rulebook disagree")
    medians = {name: round(statistics.median(values), 2) for name, values in times.items()}
    _, profiles = Profiles(pack).sort(asked(asks[1], AT, ()), OwnerIndex(many))
    return {"profiles": len(set(profiles)), **medians}


def main() -> int:
    """Measure, print and keep the figures; 1 if 5,000 owners alike are over the goal."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    pack = Pack.load()
    print(f"{len(pack.rules)} rules; wall time in ms, medians of {options.rounds} rounds")
    titles = ("profiles", "first", "following", "cpu", "loop", "loop/following")
    print(f"{'owners':>14} " + " ".join(f"{title:>10}" for title in titles))
    runs = []
    for various in (False, True):
        for size in SIZES:
            run = measure(pack, size, options.rounds, various=various)
            name = f"{size:,}{' various' if various else ''}"
            ratio = run["loop"] / run["following"]
            figures = (
                run["profiles"],
                run["first"],
                run["following"],
                run["cpu"],
                run["loop"],
                round(ratio, 1),
            )
            print(f"{name:>14} " + " ".join(f"{figure:>10}" for figure in figures))
            runs.append({"owners": size, "various": various, **run})
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"rules": len(pack.rules), "runs": runs}, indent=1) + "\n", encoding="utf-8")
    print(f"goal: {GOAL_MS} ms for 5,000 owners on two cores, following requests")
    goal = (run for run in runs if run["owners"] == SIZES[-1] and not run["various"])
    return int(any(run["following"] > GOAL_MS for run in goal))


if __name__ == "__main__":
    raise SystemExit(main())
