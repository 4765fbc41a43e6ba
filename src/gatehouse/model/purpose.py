"""Why a search is made: the purposes it can state and the codes of the offenses behind them.

No purpose for immigration enforcement exists; a search cannot state one. Offenses are NIBRS codes (FBI,
"2023.0 National Incident-Based Reporting System User Manual", section 2) and a few that NIBRS lacks.
"""

from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """What a search is for, as its officer states it in a field."""

    STOLEN_VEHICLE_OR_PLATE = "stolen_vehicle_or_plate"
    CRIMINAL_WARRANT = "criminal_warrant"
    MISSING_ENDANGERED = "missing_endangered"
    HUMAN_TRAFFICKING = "human_trafficking"
    CRIMINAL_INVESTIGATION = "criminal_investigation"
    CRASH_INVESTIGATION = "crash_investigation"
    EXIGENT_THREAT = "exigent_threat"
    PROTECTION_ORDER = "protection_order"
    COMMERCIAL_VEHICLE = "commercial_vehicle"
    REGISTRATION_INSURANCE = "registration_insurance"
    PARKING_TOLL_ACCESS = "parking_toll_access"
    TRAFFIC_ANALYTICS = "traffic_analytics"
    COURT_OR_DEFENSE = "court_or_defense"
    AUDIT_TRAINING = "audit_training"
    FLEET_INTERNAL = "fleet_internal"
    OTHER = "other"


# Group A and B offenses. Illegal entry and the like (30A-30D, 49C) are NIBRS codes too: being coded does not
# make a search lawful.
_NIBRS = (
    "09A 09B 09C 100 11A 11B 11C 11D 120 13A 13B 13C 200 210 220 23A 23B 23C 23D 23E 23F 23G 23H 240 250 "
    "26A 26B 26C 26D 26E 26F 26G 26H 270 280 290 30A 30B 30C 30D 35A 35B 36A 36B 360 370 39A 39B 39C 39D "
    "40A 40B 40C 49A 49B 49C 510 520 521 522 526 58A 58B 61A 61B 620 64A 64B 720 "
    "90A 90B 90C 90D 90E 90F 90G 90H 90I 90J 90K 90L 90M 90Z 101 103"
)
_OTHERS = "HIT_RUN WARRANT MISSING STOLEN_PLATE DUI IMMIG_CIV IMMIG_CRIM ASSIST_AGENCY OTHER"
OFFENSES: frozenset[str] = frozenset(f"{_NIBRS} {_OTHERS}".split())
