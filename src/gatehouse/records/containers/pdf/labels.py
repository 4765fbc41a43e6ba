"""The column labels that tell a table of searches or sharing from other text on a page."""

from __future__ import annotations

import re

_NOT_TELLING = re.compile(r"[^a-z#]+")

# As the exports spell them; a label found on a page is given back in this spelling.
_LABELS = (
    "ID",
    "Name",
    "User",
    "User ID",
    "User Name",
    "Org Name",
    "Organization",
    "Organization Name",
    "Agency",
    "Agency Name",
    "Total Networks Searched",
    "Networks Searched",
    "Network Count",
    "Total Devices Searched",
    "Total Cameras Searched",
    "Devices Searched",
    "Camera Count",
    "Time Frame",
    "Time Frame Start",
    "Time Frame End",
    "License Plate",
    "License Plates",
    "Plate",
    "Reason",
    "Search Reason",
    "Case #",
    "Case Number",
    "Offense Type",
    "Filters",
    "Search Time",
    "Search Date",
    "Search Type",
    "Text Prompt",
    "Test Prompt",
    "Moderation",
    "Networks Shared With Me",
    "Networks I'm Sharing",
    "Page",
)


def label_key(text: str) -> str:
    """Return a label without case, spaces and marks, so that a label broken anywhere compares equal."""
    return _NOT_TELLING.sub("", text.lower())


LABELS = {label_key(label): label for label in _LABELS}
