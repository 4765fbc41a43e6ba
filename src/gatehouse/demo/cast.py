"""The network of the story. Every agency, person, camera and plate here is invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gatehouse.model import Agency, AgencyKind, Officer, Purpose, Role

DAY_MINUTES: Final = 24 * 60
ORIGIN: Final = "ledger.example.org/synthetic-demo"

ILLINOIS = Agency("prairie-bend-il-pd", "Prairie Bend IL PD", "IL", AgencyKind.POLICE, "IL0999900")
TEXAS = Agency("dry-fork-tx-pd", "Dry Fork TX PD", "TX", AgencyKind.POLICE, "TX9999900")
FLORIDA = Agency("palmetto-glade-fl-so", "Palmetto Glade County FL SO", "FL", AgencyKind.SHERIFF, "FL0999900")
CALIFORNIA = Agency("cedar-harbor-ca-pd", "Cedar Harbor CA PD", "CA", AgencyKind.POLICE, "CA0999900")
FEDERAL = Agency(
    "federal-canal-inspection", "Federal Canal Inspection Service", "DC", AgencyKind.FEDERAL, "DCFCI9900"
)

OPERATOR: Final = ILLINOIS
AGENCIES: Final = (ILLINOIS, TEXAS, FLORIDA, CALIFORNIA, FEDERAL)


@dataclass(frozen=True, slots=True)
class Owning:
    """What an owner of cameras has decided: how long it keeps reads, what it bans, with whom it agreed."""

    agency: Agency
    days: int
    agrees_with: tuple[Agency, ...]
    cameras: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    bans: frozenset[str] = frozenset()


# Positions are of open country; no town lies there.
OWNERS: Final = (
    Owning(
        ILLINOIS,
        7,
        (TEXAS, FLORIDA),
        {
            "Main Street at the depot": (40.1503, -89.3601),
            "County Road 9": (40.1710, -89.3904),
            "River bridge": (40.1402, -89.3322),
        },
    ),
    Owning(
        TEXAS,
        30,
        (ILLINOIS, FLORIDA),
        {"Farm Road 12": (31.9021, -99.4410), "Stockyard gate": (31.9204, -99.4702)},
        frozenset({"federal"}),
    ),
    Owning(
        FLORIDA,
        30,
        (ILLINOIS, TEXAS),
        {"Causeway": (27.2102, -81.3003), "Grove Road": (27.2304, -81.3401)},
        frozenset({"federal"}),
    ),
    # It has agreed with others; what its state's law says of that, the day shows.
    Owning(
        CALIFORNIA,
        30,
        (ILLINOIS, TEXAS, FLORIDA),
        {"Harbor Boulevard": (39.4011, -121.9502), "Old Mill Road": (39.4203, -121.9801)},
    ),
)
# What Illinois asks agencies of other states to declare in writing. Texas has; Florida does so that day.
DECLARED: Final = (TEXAS,)
FORSWORN: Final = frozenset({"immigration", "reproductive", "gender"})
AGREED: Final = frozenset(
    {Purpose.STOLEN_VEHICLE_OR_PLATE, Purpose.MISSING_ENDANGERED, Purpose.CRIMINAL_WARRANT}
    | {Purpose.CRIMINAL_INVESTIGATION}
)


def custodian(agency: Agency, number: int) -> Officer:
    """Return one of an agency's two custodians."""
    return Officer(
        f"{agency.id}.custodian{number}", agency.id, f"Custodian {number}", frozenset({Role.CUSTODIAN})
    )


def _person(agency: Agency, name: str, role: Role) -> Officer:
    return Officer(f"{agency.id}.{role.value}", agency.id, name, frozenset({role}))


ILLINOIS_OFFICER = _person(ILLINOIS, "Officer Lindqvist", Role.OFFICER)
ILLINOIS_SUPERVISOR = _person(ILLINOIS, "Sergeant Amari", Role.SUPERVISOR)
TEXAS_OFFICER = _person(TEXAS, "Officer Teague", Role.OFFICER)
TEXAS_SUPERVISOR = _person(TEXAS, "Sergeant Obuya", Role.SUPERVISOR)
FLORIDA_OFFICER = _person(FLORIDA, "Deputy Marsh", Role.OFFICER)
FEDERAL_OFFICER = _person(FEDERAL, "Inspector Vale", Role.OFFICER)


def _colleagues(agency: Agency, *names: str) -> tuple[Officer, ...]:
    officer = frozenset({Role.OFFICER})
    return tuple(
        Officer(f"{agency.id}.officer{number}", agency.id, f"Officer {name}", officer)
        for number, name in enumerate(names, 2)
    )


# Who else searches on ordinary days: a small department, and one of ten people and more.
ILLINOIS_COLLEAGUES = _colleagues(ILLINOIS, "Brandvold", "Castellano", "Ostrowski")
TEXAS_COLLEAGUES = _colleagues(
    TEXAS, "Abara", "Dunmore", "Eklund", "Fairley", "Guzik", "Hollins", "Ibarra", "Jessup", "Kowal"
)
PEOPLE: Final = (
    ILLINOIS_OFFICER,
    ILLINOIS_SUPERVISOR,
    TEXAS_OFFICER,
    TEXAS_SUPERVISOR,
    FLORIDA_OFFICER,
    FEDERAL_OFFICER,
    *ILLINOIS_COLLEAGUES,
    *TEXAS_COLLEAGUES,
)

# Plates that the day is about. All begin with TEST, as no issued plate does.
STOLEN: Final = "TEST417"
ABDUCTED: Final = "TEST926"
WANTED: Final = "TEST350"
MISSING: Final = "TEST608"
EARLY: Final = "TEST111"


def name_of(agency: str) -> str:
    """Return the name of an agency by its id."""
    return {each.id: each.name for each in AGENCIES}[agency]
