"""What the network and four states refuse, by hand, from design and statutes and not from the rules' text.

Each entry says when a rule of that id applies. A rule that changes its meaning has to be changed here, too,
by somebody who has read the provision.
"""

from __future__ import annotations

from collections.abc import Callable

from gatehouse.law.situation import Situation

Reading = Callable[[Situation], bool]


def words(text: str) -> set[str]:
    """Return the words of a text."""
    return set(text.split())


CIVIL = {"IMMIG_CIV", "49C"}
CRIMINAL = {"IMMIG_CRIM", "30A", "30B", "30C", "30D"}
PURPOSES = words(
    "stolen_vehicle_or_plate criminal_warrant missing_endangered human_trafficking criminal_investigation "
    "crash_investigation exigent_threat protection_order commercial_vehicle registration_insurance "
    "parking_toll_access court_or_defense audit_training fleet_internal other"
)
PUBLIC = words(
    "police sheriff state_police prosecutor corrections tribal university school transit fusion federal "
    "regulator other_public"
)
BY_A_JUDGE = {"warrant", "court_order", "judicial_subpoena"}


def suggests(s: Situation, *signals: str) -> bool:
    """Say whether the text suggests any of some matters."""
    return any(signal in s.signals for signal in signals)


def unapproved(s: Situation) -> bool:
    return s.approvals <= 0


def immigration(s: Situation) -> bool:
    """Immigration enforcement of either kind, or by an agency whose name does not tell which."""
    text = suggests(s, "civil_immigration", "immigration_criminal", "immigration_agency")
    return text or s.offense in CIVIL | CRIMINAL


NETWORK: dict[str, Reading] = {
    "gatehouse/permit": lambda s: (
        s.purpose in PURPOSES
        and s.kinds <= PUBLIC
        and (s.own or s.agreement == "yes")
        and s.behalf in {"none", "agency"}
    ),
    "gatehouse/no-civil-immigration": lambda s: (
        suggests(s, "civil_immigration") or s.offense in CIVIL or s.process == "administrative_warrant"
    ),
    "gatehouse/no-aggregate-lookup": lambda s: s.purpose == "traffic_analytics",
    "gatehouse/no-dragnet": lambda s: suggests(s, "dragnet"),
    "gatehouse/no-personal-use": lambda s: suggests(s, "personal"),
    "gatehouse/no-private-searcher": lambda s: "private" in {*s.kinds, s.behalf},
    "gatehouse/process-for-court": lambda s: s.purpose == "court_or_defense" and s.process not in BY_A_JUDGE,
    "gatehouse/own-fleet-only": lambda s: s.purpose == "fleet_internal" and not s.own,
    "gatehouse/no-private-dispute": lambda s: (
        suggests(s, "civil_private_matter") and s.purpose != "court_or_defense"
    ),
    "gatehouse/review-other": lambda s: s.purpose == "other" and unapproved(s),
    "gatehouse/review-training": lambda s: (
        (s.purpose == "audit_training" or suggests(s, "test_training"))
        and unapproved(s)
        and "audit_training" not in s.optins
    ),
    "gatehouse/review-on-behalf-of": lambda s: (
        s.behalf == "agency" and unapproved(s) and "on_behalf_of" not in s.optins
    ),
    "gatehouse/review-unstated-principal": lambda s: (
        s.behalf == "none"
        and unapproved(s)
        and s.searcher_kind != "federal"
        and suggests(s, "on_behalf_of", "immigration_agency", "hsi", "hsi_crime", "federal_other")
    ),
    "gatehouse/review-immigration": lambda s: (
        (suggests(s, "immigration_criminal", "immigration_agency") or s.offense in CRIMINAL) and unapproved(s)
    ),
    "gatehouse/review-protected-matter": lambda s: (
        suggests(
            s, "reproductive_care", "gender_affirming_care", "first_amendment", "protected_characteristic"
        )
        and unapproved(s)
    ),
    "gatehouse/review-unstated-reason": lambda s: (
        suggests(s, "vague", "none_stated", "case_number_only", "ui_generated") and unapproved(s)
    ),
    "gatehouse/review-pretext": lambda s: suggests(s, "pretext") and unapproved(s),
    "gatehouse/review-assist": lambda s: (
        s.offense == "ASSIST_AGENCY" and s.behalf != "agency" and unapproved(s)
    ),
    "missing:purpose": lambda s: not s.purpose,
    "missing:searcher_kind": lambda s: bool(s.kinds & {"", "unknown"}),
    "missing:owner_kind": lambda s: s.owner_kind in {"", "unknown"},
    "missing:searcher_state": lambda s: "" in s.recipients,
    "missing:owner_state": lambda s: not s.owner_state,
    "missing:on_behalf_of": lambda s: s.behalf not in {"none", "agency", "private"},
    "missing:agreement": lambda s: not s.own and s.agreement == "unknown",
    "missing:offense": lambda s: s.purpose == "criminal_investigation" and not s.offense,
    "missing:case_number": lambda s: s.purpose == "criminal_investigation" and not s.case_number,
    "missing:window": lambda s: s.retention > 0 and not s.window,
    "owner/no-agreement": lambda s: not s.own and s.agreement not in {"yes", "unknown"},
    "owner/banned-purpose": lambda s: s.purpose in s.bans,
    "owner/banned-matter": lambda s: bool(s.bans & s.signals),
    "owner/banned-offense": lambda s: (
        ("immigration_criminal" in s.bans and s.offense in CRIMINAL)
        or ("civil_immigration" in s.bans and s.offense in CIVIL)
    ),
    "owner/no-federal": lambda s: s.federal and "federal" in s.bans,
    "owner/no-out-of-state": lambda s: s.out_of_state and "out_of_state" in s.bans,
    "owner/retention": lambda s: 0 < s.retention < s.reach,
}


def release(state: str, since: int, reading: Reading) -> Reading:
    """Apply a reading to data of a state's owners, from a day on."""
    return lambda s: s.owner_state == state and s.owner_day >= since and reading(s)


def use(state: str, since: int, reading: Reading) -> Reading:
    """Apply a reading to searches by a state's agencies, from a day on."""
    return lambda s: s.searcher_state == state and s.searcher_day >= since and reading(s)


def _forsworn(s: Situation) -> bool:
    return all(matter in s.declared for matter in ("immigration", "reproductive", "gender"))


def _civil(s: Situation) -> bool:
    """Civil immigration enforcement; neither a bare agency's name nor an unsigned warrant tells otherwise."""
    text = suggests(s, "civil_immigration", "immigration_agency")
    return text or s.offense in CIVIL or s.process == "administrative_warrant"


ILLINOIS: dict[str, Reading] = {
    "us-il/2-130(b)/immigration": release("IL", 20240101, immigration),
    "us-il/2-130(b)/health-care": release(
        "IL", 20240101, lambda s: suggests(s, "reproductive_care", "gender_affirming_care")
    ),
    "us-il/2-130(c)/declaration": release(
        "IL",
        20240101,
        # A searcher of no known state is missing, rather than of another state.
        lambda s: (
            s.out_of_state and "" not in s.recipients and s.declaration != "unknown" and not _forsworn(s)
        ),
    ),
    "missing:declaration/us-il": release(
        "IL", 20240101, lambda s: s.out_of_state and s.declaration == "unknown"
    ),
    "us-il/2-130(c)/federal": release("IL", 20240101, lambda s: s.federal),
    "us-il/trust-act/use": use("IL", 20170828, _civil),
    "us-il/trust-act/release": release("IL", 20170828, _civil),
}

CALIFORNIA: dict[str, Reading] = {
    "us-ca/1798.90.55/out-of-state": release(
        "CA", 20160101, lambda s: s.owner_kind != "private" and s.out_of_state and "" not in s.recipients
    ),
    "us-ca/1798.90.55/federal": release("CA", 20160101, lambda s: s.owner_kind != "private" and s.federal),
    "us-ca/1798.90.55/not-public-agency": release(
        "CA", 20160101, lambda s: s.owner_kind != "private" and bool(s.kinds & {"private", "tribal"})
    ),
    "us-ca/1798.90.55/private-out-of-state": release(
        "CA", 20160101, lambda s: s.owner_kind == "private" and s.out_of_state and "" not in s.recipients
    ),
    "us-ca/1798.90.55/private-federal": release(
        "CA", 20160101, lambda s: s.owner_kind == "private" and s.federal
    ),
    # No day was found for the Values Act and section 2413: they hold on every day.
    "us-ca/7284.6/release": release("CA", 20180101, immigration),
    "us-ca/7284.6/use": use("CA", 20180101, immigration),
    "us-ca/veh-2413/retention": release(
        "CA", 0, lambda s: s.owner_kind == "state_police" and s.window and s.reach > 60 * 24 * 60
    ),
    "missing:window/us-ca": release("CA", 0, lambda s: s.owner_kind == "state_police" and not s.window),
}


def _both(table: dict[str, Reading], rule: str, state: str, since: int, reading: Reading) -> None:
    """Enter a reading that binds owners and searching agencies alike."""
    table[rule] = release(state, since, reading)
    table[f"{rule}-use"] = use(state, since, reading)


def _hit_and_run(s: Situation) -> bool:
    return s.purpose == "crash_investigation" and s.offense == "HIT_RUN"


_VIRGINIA_LIST = words(
    "criminal_investigation human_trafficking missing_endangered criminal_warrant stolen_vehicle_or_plate "
    "court_or_defense exigent_threat"
)
VIRGINIA: dict[str, Reading] = {
    "us-va/2.2-5517/retention": release("VA", 20250701, lambda s: s.window and s.reach > 21 * 24 * 60),
    "missing:window/us-va": release("VA", 20250701, lambda s: not s.window),
    "us-va/2.2-5517/out-of-state": release("VA", 20250701, lambda s: s.out_of_state),
    "us-va/2.2-5517/federal": release("VA", 20250701, lambda s: s.federal),
    "us-va/2.2-5517/recipients": release(
        "VA",
        20250701,
        lambda s: (
            not s.own
            and s.purpose != "court_or_defense"
            # Federal agencies have a refusal of their own, and an unknown kind is missing.
            and bool(
                s.kinds
                - {"police", "sheriff", "state_police", "university", "prosecutor", "federal", "unknown"}
            )
        ),
    ),
    "us-va/2.2-5517/protected-activity": release(
        "VA", 20250701, lambda s: suggests(s, "first_amendment") and unapproved(s)
    ),
}
_both(
    VIRGINIA,
    "us-va/2.2-5517/purposes",
    "VA",
    20250701,
    lambda s: bool(s.purpose) and s.purpose not in _VIRGINIA_LIST and not _hit_and_run(s),
)
_both(
    VIRGINIA,
    "us-va/2.2-5517/immigration",
    "VA",
    20250701,
    lambda s: suggests(s, "civil_immigration", "immigration_criminal") or s.offense in CIVIL | CRIMINAL,
)
_both(VIRGINIA, "us-va/2.2-5517/hit-and-run", "VA", 20250701, lambda s: _hit_and_run(s) and unapproved(s))
_both(
    VIRGINIA,
    "us-va/2.2-5517/threat",
    "VA",
    20250701,
    lambda s: s.purpose == "exigent_threat" and unapproved(s),
)

_WASHINGTON_LIST = words(
    "stolen_vehicle_or_plate missing_endangered criminal_warrant criminal_investigation human_trafficking "
    "parking_toll_access traffic_analytics commercial_vehicle exigent_threat"
)
_GRAVE = words("09A 09B 100 11A 11B 11C 11D 120 13A 200 210 220 240 64A 64B")
WASHINGTON: dict[str, Reading] = {
    "us-wa/10.130/health-care": release(
        "WA",
        20260330,
        lambda s: suggests(s, "reproductive_care", "gender_affirming_care") and unapproved(s),
    ),
    "us-wa/10.130/retention": release("WA", 20260330, lambda s: s.window and s.reach > 21 * 24 * 60),
    "missing:window/us-wa": release("WA", 20260330, lambda s: not s.window),
    "us-wa/10.130/out-of-state": release("WA", 20260330, lambda s: s.out_of_state),
    "us-wa/10.130/federal": release("WA", 20260330, lambda s: s.federal),
    "us-wa/10.130.050/private-data": use(
        "WA", 20260330, lambda s: s.owner_kind == "private" and s.process != "warrant"
    ),
}
_both(
    WASHINGTON,
    "us-wa/10.130/purposes",
    "WA",
    20260330,
    lambda s: bool(s.purpose) and s.purpose not in _WASHINGTON_LIST and not _hit_and_run(s),
)
_both(
    WASHINGTON,
    "us-wa/10.130/grade",
    "WA",
    20260330,
    lambda s: (
        (s.purpose == "criminal_investigation" or _hit_and_run(s))
        and unapproved(s)
        and bool(s.offense)
        and s.offense not in _GRAVE
    ),
)
_both(
    WASHINGTON,
    "us-wa/10.130/threat",
    "WA",
    20260330,
    lambda s: s.purpose == "exigent_threat" and unapproved(s),
)
_both(
    WASHINGTON,
    "us-wa/10.130/parking",
    "WA",
    20260330,
    lambda s: s.purpose == "parking_toll_access" and unapproved(s),
)
_both(WASHINGTON, "us-wa/10.130/immigration", "WA", 20260330, immigration)
_both(WASHINGTON, "us-wa/10.130/first-amendment", "WA", 20260330, lambda s: suggests(s, "first_amendment"))

STATES: dict[str, dict[str, Reading]] = {
    "us-il": ILLINOIS,
    "us-ca": CALIFORNIA,
    "us-va": VIRGINIA,
    "us-wa": WASHINGTON,
}
