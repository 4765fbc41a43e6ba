"""The searches of the story's day: one that is answered, and the ways in which others are not."""

from __future__ import annotations

from typing import Any, Final

from gatehouse.demo import network
from gatehouse.demo.cast import (
    CALIFORNIA,
    FEDERAL_OFFICER,
    FLORIDA,
    FLORIDA_OFFICER,
    ILLINOIS,
    ILLINOIS_OFFICER,
    MISSING,
    STOLEN,
    TEXAS,
    TEXAS_OFFICER,
    TEXAS_SUPERVISOR,
    WANTED,
    name_of,
)
from gatehouse.demo.stage import Stage, comes_out, decided, facts_of, rules_of
from gatehouse.demo.step import Shown, Step, holds

NO_PURPOSE: Final = "gatehouse/no-civil-immigration"
ILLINOIS_IMMIGRATION: Final = "us-il/2-130(b)/immigration"
ILLINOIS_FEDERAL: Final = "us-il/2-130(c)/federal"
CALIFORNIA_FEDERAL: Final = "us-ca/1798.90.55/federal"
OUT_OF_STATE: Final = "us-ca/1798.90.55/out-of-state"
UNDECLARED: Final = "us-il/2-130(c)/declaration"
NO_FEDERAL: Final = "owner/no-federal"
UNSTATED: Final = "gatehouse/review-unstated-reason"
PERMIT, REVIEW, DENY = "permit", "review", "deny"


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


def investigation(stage: Stage) -> Step:
    """Try the same with a word that says nothing."""
    officer, supervisor = stage.person(TEXAS_OFFICER), stage.person(TEXAS_SUPERVISOR)
    answer = officer.search(
        stage.asked(
            WANTED,
            scope="network",
            purpose="criminal_warrant",
            offense="WARRANT",
            reason="investigation",
            ground="the person may be in any of the states",
        )
    )
    comes_out(
        answer,
        "review_pending",
        {TEXAS.id: REVIEW, ILLINOIS.id: REVIEW, FLORIDA.id: REVIEW, CALIFORNIA.id: DENY},
    )
    holds(UNSTATED in rules_of(answer, ILLINOIS.id), "the review was asked for by another rule")
    waiting = [each["search"] for each in supervisor.get("/reviews")["searches"]]
    holds(waiting == [answer["id"]], "the review waits for somebody else")
    refusal = "No case, no warrant number, and nothing that says what is investigated."
    signed = supervisor.signed(
        {"asks": "review", "search": answer["id"], "approves": False, "reason": refusal}
    )
    supervisor.post(f"/searches/{answer['id']}/refuse", {"signed": signed, "reason": refusal})
    after = officer.get(f"/searches/{answer['id']}")
    holds(after["state"] == "refused" and not after["reads"], "the supervisor's refusal did not hold")
    return Step(
        "investigation",
        'The same search, now as "investigation"',
        (
            'The officer tries again with the word that such records are full of: "investigation", and no '
            "case number.",
            "The word says nothing of the matter, so nobody's reads are opened until a supervisor has looked "
            "at it: one whom the door assigns, who signs the answer. The supervisor refuses.",
        ),
        "sent to review, and refused by the reviewer; no read was opened",
        (*decided(answer, REVIEW), Shown("the reviewer", refusal)),
        facts_of(answer) | {"state_after_review": after["state"]},
    )


def on_behalf_of(stage: Stage) -> Step:
    """Try the side door: a local officer for a federal agency."""
    answer = stage.person(TEXAS_OFFICER).search(
        stage.asked(
            WANTED,
            scope="network",
            purpose="criminal_investigation",
            offense="120",
            case_number="26-0447",
            reason="armed robbery of a feed store, suspect left in this vehicle",
            ground="the suspect may be in any of the states",
            on_behalf_of={"name": "Immigration and Customs Enforcement", "state": None, "kind": "federal"},
        )
    )
    comes_out(answer, "denied", dict.fromkeys((TEXAS.id, ILLINOIS.id, FLORIDA.id, CALIFORNIA.id), DENY))
    holds(
        ILLINOIS_FEDERAL in rules_of(answer, ILLINOIS.id)
        and CALIFORNIA_FEDERAL in rules_of(answer, CALIFORNIA.id)
        and all(NO_FEDERAL in rules_of(answer, owner) for owner in (TEXAS.id, FLORIDA.id)),
        "the search was refused by other rules than the story says",
    )
    return Step(
        "on-behalf-of",
        "The side door: a search on behalf of ICE",
        (
            "Every search says on whose behalf it is made, and the officer signs that. A Texas officer names "
            "Immigration and Customs Enforcement, with a robbery as the stated matter: so it is decided as a "
            "search of that agency, with which nobody here has agreed to share.",
            "Illinois and California refuse by law whatever the matter is. The two other owners have written "
            '"no federal searches" into their own rules, and those bind their own officers too.',
        ),
        "denied by every owner; no read was opened",
        decided(answer),
        facts_of(answer),
    )


def federal(stage: Stage) -> Step:
    """Try the front door: a federal agency that takes part asks by itself."""
    answer = stage.person(FEDERAL_OFFICER).search(
        stage.asked(
            WANTED,
            scope="network",
            purpose="criminal_warrant",
            offense="WARRANT",
            case_number="26-77",
            reason="arrest warrant for cargo theft, signed by a judge",
            ground="the person may be in any of the states",
        )
    )
    comes_out(answer, "denied", dict.fromkeys((TEXAS.id, ILLINOIS.id, FLORIDA.id, CALIFORNIA.id), DENY))
    return Step(
        "federal",
        "The front door: a federal agency asks by itself",
        (
            "The invented Federal Canal Inspection Service takes part in the network, and an inspector of it "
            "searches. Taking part opens nothing: an owner shares with nobody until it says otherwise, and "
            "none has agreed to this.",
        ),
        "denied by every owner; no read was opened",
        decided(answer),
        facts_of(answer),
    )


def declaration(stage: Stage) -> Step:
    """Ask from another state before and after that state's agency has declared what Illinois asks for."""
    officer = stage.person(FLORIDA_OFFICER)

    def ask() -> dict[str, Any]:
        found: dict[str, Any] = officer.search(
            stage.asked(
                MISSING,
                days=2,
                scope="network",
                purpose="missing_endangered",
                offense="MISSING",
                case_number="26-0112",
                reason="endangered missing adult, needs daily medication, last seen in this car",
                ground="family says that the person may drive to relatives in Illinois or California",
            )
        )
        return found

    owners = {FLORIDA.id: PERMIT, TEXAS.id: PERMIT, CALIFORNIA.id: DENY}
    before = ask()
    comes_out(before, "released", owners | {ILLINOIS.id: DENY})
    holds(
        UNDECLARED in rules_of(before, ILLINOIS.id) and not before["reads"],
        "Illinois did not ask for the declaration",
    )
    network.declare(stage.node, FLORIDA)
    after = ask()
    comes_out(after, "released", owners | {ILLINOIS.id: PERMIT})
    holds(
        [each["owner"] for each in after["reads"]] == [ILLINOIS.id]
        and OUT_OF_STATE in rules_of(after, CALIFORNIA.id),
        "the missing person's car was not found where it had been",
    )
    return Step(
        "declaration",
        "Another state asks: California refuses, Illinois permits on a declaration",
        (
            "A Florida deputy looks for a missing person's car. Illinois may not answer an agency of another "
            "state that has not declared in writing what it will not use the data for, so it refuses.",
            "Two custodians of the sheriff put that declaration on the record, and the same search is "
            "permitted. California refuses still, whatever was declared: its police had agreed with Florida, "
            "but the law outranks the agreement.",
        ),
        f"Illinois refused, then released {len(after['reads'])} read; California refused both times",
        (
            *(each for each in decided(before, DENY) if "declares" in each.text),
            *(Shown("then", f"{each.label}: {each.text}") for each in decided(after, DENY)),
        ),
        {"before": facts_of(before), "after": facts_of(after)},
    )
