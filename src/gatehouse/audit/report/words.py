"""The report's words for codes: signals, severities, layouts, link tiers, pathways, columns."""

from __future__ import annotations

from collections.abc import Mapping

from gatehouse.audit.document import Confidence, Severity
from gatehouse.model import Layout, LinkTier, Signal

# Label, and what the signal means in one phrase.
SIGNALS: Mapping[Signal, tuple[str, str]] = {
    Signal.CIVIL_IMMIGRATION: (
        "Immigration, civil",
        "immigration status, removal or detention as the purpose",
    ),
    Signal.IMMIGRATION_CRIMINAL: ("Immigration, criminal", "a crime of immigration law, such as re-entry"),
    Signal.IMMIGRATION_AGENCY: (
        "Immigration agency named",
        "an immigration agency by name or initials, with or without a purpose",
    ),
    Signal.HSI: ("HSI named", "Homeland Security Investigations, which also works ordinary crime"),
    Signal.HSI_CRIME: ("HSI with a crime", "Homeland Security Investigations with a crime stated"),
    Signal.FEDERAL_OTHER: ("Other federal agency", "a federal agency outside immigration enforcement"),
    Signal.ON_BEHALF_OF: ("On behalf of another", "the search was made for another agency or person"),
    Signal.REPRODUCTIVE_CARE: ("Reproductive care", "abortion or other reproductive health care"),
    Signal.GENDER_AFFIRMING_CARE: ("Gender-affirming care", "gender-affirming health care"),
    Signal.FIRST_AMENDMENT: ("First Amendment", "protest, press, religion or political activity"),
    Signal.PROTECTED_CHARACTERISTIC: (
        "Protected characteristic",
        "race, religion, origin or similar as the description",
    ),
    Signal.CIVIL_PRIVATE_MATTER: (
        "Civil or private matter",
        "custody, debt, eviction or other private dispute",
    ),
    Signal.PERSONAL: ("Personal", "the searcher's own affairs"),
    Signal.TRAFFIC_INFRACTION: ("Traffic infraction", "an offense against traffic rules only"),
    Signal.DRAGNET: ("Dragnet", "many vehicles or a pattern of movement instead of a known vehicle"),
    Signal.VAGUE: ("Vague", 'a word that names no matter, such as "investigation"'),
    Signal.NONE_STATED: ("None stated", "no reason, or a placeholder in its place"),
    Signal.CASE_NUMBER_ONLY: ("Case number only", "a case number and no words"),
    Signal.STATUTE_CODE: ("Statute code", "the number of a law"),
    Signal.TEST_TRAINING: ("Test or training", "a test of the system or a training"),
    Signal.UI_GENERATED: ("Written by the software", "text that the search screen fills in by itself"),
    Signal.PRETEXT: ("Pretext", "a ground for a stop or an arrest is sought rather than stated"),
}

FAMILIES: Mapping[str, tuple[str, str]] = {
    "immigration": (
        "Immigration-labeled, any kind",
        "any of: immigration civil, immigration criminal, immigration agency named; HSI alone is not counted",
    ),
}

SEVERITIES: Mapping[Severity, str] = {
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
    Severity.INFO: "For information",
}

CONFIDENCES: Mapping[Confidence, str] = {
    Confidence.HIGH: "high: the record shows what the claim says",
    Confidence.MEDIUM: "medium: the record mostly shows it; read the rows",
    Confidence.LOW: "low: the record hints at it; read the rows first",
}

LAYOUTS: Mapping[Layout, str] = {
    Layout.PORTAL: "transparency portal export",
    Layout.NETWORK_AUDIT: "network audit",
    Layout.ORGANIZATION_AUDIT: "organization audit",
    Layout.SHARED_NETWORKS: "shared networks report",
    Layout.EVENT_LOG: "event log",
    Layout.POLICIES: "published policies",
    Layout.USER_LIST: "user list",
    Layout.MAPPED: "described by a mapping file",
    Layout.OTHER: "no search export",
}

LINK_TIERS: Mapping[LinkTier, str] = {
    LinkTier.FIRST: "the row that counts",
    LinkTier.ID: "the vendor's id of the search is the same",
    LinkTier.EXACT: "every cell is the same",
    LinkTier.EVENT_FRAME: "organization, second, networks and time frame are the same",
    LinkTier.EVENT: "organization, second and networks are the same",
    LinkTier.SECOND: "the second is the same, and what both files show of the search",
    LinkTier.PORTAL_HOUR: "agency, hour and justification are the same, in copies of one portal",
}

# Name, and the pathway in one sentence (`docs/pathways.md`).
PATHWAYS: Mapping[str, tuple[str, str]] = {
    "front": (
        "Front door",
        "A federal body or an immigration agency searched, and the owner's sharing list of that day names "
        "it.",
    ),
    "back": (
        "Back door",
        "An outside agency searched that the owner's sharing list of that day does not name: a way in that "
        "the list does not explain, such as a network-wide setting.",
    ),
    "side": (
        "Side door",
        "An agency whose name is not federal searched, and the text speaks for immigration enforcement or a "
        "federal agency.",
    ),
}

KINDS: Mapping[str, str] = {
    "state_police": "state police",
    "other_public": "other public",
    "unknown": "unknown",
}

COLUMNS: Mapping[str, str] = {
    "organization": "Organization",
    "state": "State",
    "kind": "Kind",
    "searches": "Searches",
    "immigration": "Immigration-labeled",
    "organizations": "Organizations",
    "weekday": "Weekday",
    "hour": "Hour",
    "flagged": "Flagged",
    "rate": "Rate",
    "period": "Period",
}


def signal_label(name: str) -> str:
    """Return a signal's or family's label; a name that is neither is shown as it is, with spaces."""
    if name in FAMILIES:
        return FAMILIES[name][0]
    try:
        return SIGNALS[Signal(name)][0]
    except ValueError:
        return plain(name)


def signal_meaning(name: str) -> str:
    """Return what a signal or family means, or nothing for a name that is neither."""
    if name in FAMILIES:
        return FAMILIES[name][1]
    try:
        return SIGNALS[Signal(name)][1]
    except ValueError:
        return ""


def layout_label(name: str) -> str:
    """Return a layout's name in words."""
    try:
        return LAYOUTS[Layout(name)]
    except ValueError:
        return plain(name)


def tier_meaning(name: str) -> str:
    """Return what makes two rows copies in this tier."""
    try:
        return LINK_TIERS[LinkTier(name)]
    except ValueError:
        return plain(name)


def column_label(name: str) -> str:
    """Return a column's heading."""
    if name in COLUMNS:
        return COLUMNS[name]
    label = signal_label(name)
    return label[:1].upper() + label[1:]


def kind_label(name: str) -> str:
    """Return an agency kind in words."""
    return KINDS.get(name, plain(name))


def plain(name: str) -> str:
    """Return a code as words."""
    return name.replace("_", " ")
