"""The searches of the story's day: one that is answered, and the ways in which others are not."""

from __future__ import annotations

from typing import Final

from gatehouse.demo.cast import (
    CALIFORNIA,
    FLORIDA,
    ILLINOIS,
    ILLINOIS_OFFICER,
    STOLEN,
    TEXAS,
    TEXAS_OFFICER,
    WANTED,
    name_of,
)
from gatehouse.demo.stage import Stage, comes_out, decided, facts_of, rules_of
from gatehouse.demo.step import Shown, Step, holds

NO_PURPOSE: Final = "gatehouse/no-civil-immigration"
ILLINOIS_IMMIGRATION: Final = "us-il/2-130(b)/immigration"
PERMIT, DENY = "permit", "deny"


def stolen_car(stage: Stage) -> Step:
    """Find a stolen car over three states."""
    answer = stage.person(ILLINOIS_OFFICER).search(
        stage.asked(
            STOLEN,
            days=2,
            scope="network",
            purpose="stolen_vehicle_or_plate",
            offense="240",
            case_number="26-01234",
            reason="stolen Honda Civic taken from Main Street last night",
            ground="a witness saw the car leave the state to the south",
        )
    )
    comes_out(
        answer,
        "released",
        {ILLINOIS.id: PERMIT, TEXAS.id: PERMIT, FLORIDA.id: PERMIT, CALIFORNIA.id: DENY},
    )
    owners = {each["owner"] for each in answer["reads"]}
    holds(
        owners == {ILLINOIS.id, TEXAS.id, FLORIDA.id}
        and {each["plate"] for each in answer["reads"]} == {STOLEN},
        "the stolen car was not found where it had been",
        got=", ".join(sorted(owners)),
    )
    stops = sorted(answer["reads"], key=lambda each: each["captured_at"])
    cameras = {each.id: each.name for each in stage.node.registry.cameras()}
    return Step(
        "stolen-car",
        "A stolen car is found in three states",
        (
            "An Illinois officer looks for a stolen car, signs the search with a second factor, and asks the "
            "whole network, which needs a stated ground.",
            "Each owner decides by its own state's law and its own agreements: three permit, one refuses. "
            "Only the reads of those who permit are unsealed, and only once that is on the record.",
        ),
        f"released: {len(stops)} reads of {len(owners)} owners",
        (
            *(
                Shown(
                    each["captured_at"][:16].replace("T", " "),
                    f"{name_of(each['owner'])}, {cameras[each['camera']]}",
                )
                for each in stops
            ),
            *decided(answer, DENY),
        ),
        facts_of(answer)
        | {
            "stops": [
                {"at": each["captured_at"], "owner": each["owner"], "camera": cameras[each["camera"]]}
                for each in stops
            ]
        },
    )


def ice_ero(stage: Stage) -> Step:
    """Try what thousands of searches of 2025 said."""
    officer = stage.person(TEXAS_OFFICER)
    asked = stage.asked(
        WANTED,
        scope="network",
        purpose="criminal_warrant",
        offense="WARRANT",
        reason="ICE+ERO",
        ground="the person may be in any of the states",
    )
    unknown = officer.refused({"asks": "search", "search": asked | {"purpose": "immigration"}})
    answer = officer.search(asked)
    owners = (ILLINOIS.id, TEXAS.id, FLORIDA.id, CALIFORNIA.id)
    comes_out(answer, "denied", dict.fromkeys(owners, DENY))
    holds(
        all(NO_PURPOSE in rules_of(answer, owner) for owner in owners)
        and ILLINOIS_IMMIGRATION in rules_of(answer, ILLINOIS.id)
        and not answer["reads"],
        "the search was not refused for what it was",
    )
    return Step(
        "ice-ero",
        '"ICE+ERO", a reason that thousands of searches gave in 2025',
        (
            "A Texas officer looks for a car for immigration enforcement. The list of purposes has none for "
            "it: a search that states one is no search here.",
            'So the officer takes the nearest on the list, a warrant, and writes the reason "ICE+ERO". Every '
            "owner refuses it as a purpose that this network does not have, the officer's own department "
            "too; Illinois and California also by their statutes.",
        ),
        "denied by every owner; no read was opened",
        decided(answer),
        facts_of(answer) | {"stated_purpose_immigration": unknown["status"]},
    )
