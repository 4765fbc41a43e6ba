"""Column labels of exports and the fields they name.

A label is compared without case, blanks and punctuation (`Search_Time`, ` Search Time`, `searchTime` are
one), and without the number that a tool appends to the second column of one name (`Reason_1`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# The parts that some exports split a field into; joined again when the columns are read.
SEARCH_DATE = "search_date"
TIME_FRAME = "time_frame"
# Columns that are known and carry nothing of a search, such as the page of a PDF.
IGNORED = "ignored"

ROLES: Mapping[str, str] = {
    # portal
    "id": "record_id",
    "userid": "user_id",
    "searchdate": SEARCH_DATE,
    "networkcount": "networks",
    "cameracount": "devices",
    "reason": "reason",
    "offensetype": "offense",
    "casenumber": "case_number",
    # network and organization audit
    "searchid": "record_id",
    "name": "officer",
    "username": "officer",
    "orgname": "org",
    "organization": "org",
    "organizationname": "org",
    "totalnetworkssearched": "networks",
    "totalnetworks": "networks",
    "totaldevicessearched": "devices",
    "totaldevices": "devices",
    "timeframe": TIME_FRAME,
    "timeframe2lines": TIME_FRAME,
    "timeframestart": "frame_from",
    "timeframeend": "frame_to",
    "licenseplate": "plate",
    "licenseplates": "plate",
    "plate": "plate",
    "searchreason": "reason",
    "case#": "case_number",
    "caseno": "case_number",
    "filters": "filters",
    "searchtime": "searched_at",
    "searchdatetime": "searched_at",
    "searchtype": "search_type",
    "textprompt": "text_prompt",
    "testprompt": "text_prompt",
    "moderation": "moderation",
    "page": IGNORED,
}

# Labels of the layouts that hold no searches.
SHARED_LABELS = frozenset({"organizationname", "networkssharedwithme", "networksimsharing"})
SHARING_LIST_LABELS = frozenset({"name", "state", "type"})
EVENT_LABELS = frozenset({"timestamp", "user", "eventtype", "entitytype", "entitydetails", "eventid"})
USER_LABELS = frozenset(
    {
        "firstname",
        "lastname",
        "email",
        "phone",
        "title",
        "role",
        "identityprovider",
        "usermgmt",
        "search",
        "hotlisttool",
        "lastlogin",
    }
)
POLICY_LABELS = frozenset(
    {
        "agencyname",
        "state",
        "transparencyurl",
        "whatsdetected",
        "whatsnotdetected",
        "acceptableusepolicy",
        "prohibiteduses",
        "accesspolicy",
        "hotlistpolicy",
        "dataretentionindays",
        "hotlistsalertedon",
        "crawledslug",
        "crawledname",
        "archiveddate",
        "sharingrestrictions",
        "dataretentiondays",
        "cameracount",
        "vehiclesdetected30d",
        "hotlisthits30d",
        "searches30d",
        "nsharingoutbound",
        "nsharinginbound",
        "sharingoutbound",
        "sharinginbound",
    }
)
KNOWN_LABELS = (
    frozenset(ROLES) | SHARED_LABELS | SHARING_LIST_LABELS | EVENT_LABELS | USER_LABELS | POLICY_LABELS
)

_NOISE = re.compile(r"[^0-9a-z#]+")
_NUMBERED = re.compile(r"[ _.](?:duplicated_)?\d+\s*\Z", re.IGNORECASE)
# No label is longer; a reason or a policy text is.
_LONGEST = 60


def normal_label(cell: str | None) -> str:
    """Return a label's comparison form, "" for a blank cell or one too long for a label."""
    if not cell or len(cell) > _LONGEST:
        return ""
    label = _NOISE.sub("", cell.lower())
    if label in KNOWN_LABELS or not cell.rstrip()[-1:].isdigit():
        return label
    shorter = _NOISE.sub("", _NUMBERED.sub("", cell.lower()))
    return shorter if shorter in KNOWN_LABELS else label


def role_of(cell: str | None) -> str | None:
    """Return the field (or field part) that a label of a search export names, or None."""
    return ROLES.get(normal_label(cell))


def known_labels(cells: Sequence[str | None]) -> int:
    """Return how many of a record's cells are labels of a known export."""
    return len({label for label in map(normal_label, cells) if label in KNOWN_LABELS})


def is_header(cells: Sequence[str | None]) -> bool:
    """Return whether a record is a header: at least three known labels, most of its filled cells labels."""
    filled = sum(1 for cell in cells if cell and cell.strip())
    known = known_labels(cells)
    return (known >= 3 and known * 2 >= filled) or (known >= 2 and known == filled)
