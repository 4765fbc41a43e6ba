"""What the invented town publishes about itself: whom it shares with, and its rules."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from gatehouse.records.synth.agencies import (
    FIRST_DAY,
    LIST_LAST_DAY,
    NEVER,
    OWNER,
    Agencies,
    day_at,
)

SHARING_HEADER = ("Organization Name", "Shared From", "Shared To", "List From", "List To")


def write_sharing(agencies: Agencies, path: Path) -> None:
    """Write the dated sharing list: one line an agency, first and last day shared, and the list's own dates.

    An empty `Shared To` means still shared when the list ends. Outside the list's dates nothing is known.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(SHARING_HEADER)
        for item, first, last in sorted(
            zip(agencies.items, agencies.shared_from, agencies.shared_until, strict=True),
            key=lambda row: row[0].name,
        ):
            if first >= NEVER or item.name == OWNER:
                continue
            until = day_at(int(last))
            still = until >= LIST_LAST_DAY
            writer.writerow((item.name, day_at(int(first)), "" if still else until, FIRST_DAY, LIST_LAST_DAY))


def write_policies(agencies: Agencies, path: Path, *, marker: str) -> None:
    """Write the town's published rules in the form of a transparency portal."""
    outbound = sorted(
        item.name
        for item, last in zip(agencies.items, agencies.shared_until, strict=True)
        if day_at(int(last)) >= LIST_LAST_DAY and item.name != OWNER
    )
    policies = [
        {
            "crawled_slug": "synthetic-prairie-bend-il-pd",
            "crawled_name": OWNER,
            "archived_date": LIST_LAST_DAY.isoformat(),
            "prohibited_uses": "Immigration enforcement, traffic enforcement, harassment or intimidation, "
            "usage based solely on a protected class, personal use.",
            "acceptable_use_policy": f"Law enforcement purposes only; a case number is required. {marker}",
            "sharing_restrictions": "No sharing for immigration enforcement or reproductive health care.",
            "data_retention_days": 30,
            "camera_count": 24,
            "hotlists_alerted_on": "NCMEC Amber Alert",
            "n_sharing_outbound": len(outbound),
            "sharing_outbound": outbound,
        }
    ]
    path.write_text(json.dumps(policies, indent=1) + "\n", "utf-8")
