"""What a row of an export gives of the facts that rules read, and which it leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gatehouse.audit.texts import BIT
from gatehouse.law.engine import jurisdiction
from gatehouse.law.situation import Situation, asked, situation
from gatehouse.model import MATTERS, AgencyKind, OwnerTerms, Party, SearchRequest, Signal

if TYPE_CHECKING:
    from gatehouse.audit.backtest.plan import Plan
    from gatehouse.audit.backtest.rows import Constants
    from gatehouse.audit.roster import Roster
    from gatehouse.law.purposes import Stated

# What no export holds. For what else may be missing the pack has rules of its own, `missing:*`; that a record
# shows no approval means that a supervisor would have been asked.
NEVER_EXPORTED = frozenset({"process"})
_UNSTATED = NEVER_EXPORTED | {"approvals", "declaration", "declared", "behalf"}
_NOBODY = Party("(not stated)", None, AgencyKind.UNKNOWN)
_ANYBODY = "(another agency)"
# The columns of `rows.ALIKE` that few rows differ in.
_SETTLING = ("file", "own", "state", "kind", "epoch")


class Given(NamedTuple):
    """A situation with stand-ins for what is not known, and the facts that are not."""

    known: Situation
    unknown: frozenset[str]


class Givens:
    """Reads rows: the columns of `rows.ALIKE`.

    A state whose law the pack does not know counts as unknown; what the plan assumes counts as known.
    """

    def __init__(self, plan: Plan, roster: Roster, constants: Constants, phrases: Sequence[Stated]) -> None:
        self._assume = plan.assume
        self._roster = roster
        self._constants = constants
        self._phrases = phrases
        self._heard = plan.pack.jurisdictions
        self._settled: dict[tuple[Any, ...], Given] = {}
        self._signals: dict[int, frozenset[str]] = {}

    def of(self, row: Mapping[str, Any]) -> Given:
        """Return what a row gives."""
        key = tuple(row[name] for name in _SETTLING)
        settled = self._settled.get(key)
        if settled is None:
            settled = self._settled[key] = self._of_parties(row)
        unknown = set(settled.unknown)
        said = None if row["said"] is None else self._phrases[row["said"]]
        if said is None:
            unknown |= {"purpose"}
        if said is None or said.offense is None:
            unknown |= {"offense"}
        if row["case"] is None:
            unknown |= {"case_number"}
        if not row["readable"]:
            unknown |= {"signals"}
        step = row["step"]
        if step is None:
            unknown |= {"reach", "window"}
        known = settled.known._replace(
            purpose=said.purpose.value if said else "",
            offense=(said.offense or "") if said else "",
            case_number=bool(row["case"]),
            signals=self._signals_in(row["bits"]),
            window=step is not None,
            reach=0 if step is None else self._constants.reach(step),
        )
        return Given(known, frozenset(unknown))

    def _of_parties(self, row: Mapping[str, Any]) -> Given:
        """Return what the two agencies and the time of search give."""
        unknown = set(_UNSTATED)
        found = self._roster.owner(row["file"])
        owner = Party(found.name, self._known(found.state), found.kind) if found else _NOBODY
        name = owner.name if row["own"] else _ANYBODY
        searcher = Party(name, self._known(row["state"]), AgencyKind(row["kind"]))
        if found is None:
            unknown |= {"own", "owner_kind"}
        if owner.state is None:
            unknown |= {"owner_state", "out_of_state"}
        if searcher.kind is AgencyKind.UNKNOWN:
            unknown |= {"searcher_kind", "kinds", "federal"}
        if searcher.state is None and searcher.kind is not AgencyKind.FEDERAL:
            unknown |= {"searcher_state", "out_of_state", "recipients"}
        epoch = row["epoch"]
        if epoch is None:
            unknown |= {"owner_day", "searcher_day"}
        said_to_all = asked(SearchRequest(searcher), self._constants.moment(epoch or 0), ())
        known = situation(said_to_all, OwnerTerms(owner))
        if not known.own:
            unknown |= {"agreement"}
            known = self._assumed(known, unknown)
        return Given(known, frozenset(unknown))

    def _assumed(self, known: Situation, unknown: set[str]) -> Situation:
        """Return what is known with what the plan assumes, and take that from the unknown facts."""
        if "agreement" in self._assume:
            unknown -= {"agreement"}
            known = known._replace(agreement="yes")
        if "declaration" in self._assume:
            unknown -= {"declaration", "declared"}
            known = known._replace(declaration="yes", declared=MATTERS)
        return known

    def _known(self, state: str | None) -> str | None:
        return state if state and jurisdiction(state) in self._heard else None

    def _signals_in(self, mask: int) -> frozenset[str]:
        found = self._signals.get(mask)
        if found is None:
            found = self._signals[mask] = frozenset(signal.value for signal in Signal if mask & BIT[signal])
        return found
