"""An AMBER alert: a standing search, the read that meets it, and the people who confirm what it is."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Final

from gatehouse.demo.cast import ABDUCTED, FLORIDA, ILLINOIS, ILLINOIS_OFFICER, TEXAS, name_of
from gatehouse.demo.stage import Stage, decided, facts_of_entry, outcomes
from gatehouse.demo.step import Shown, Step, holds
from gatehouse.demo.traffic import Passing

_STATE: Final = "IL"
_PICTURE: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100">
<rect width="200" height="100" rx="8" fill="#fff" stroke="#222"/>
<text x="100" y="28" font-size="16" text-anchor="middle">{state}</text>
<text x="100" y="76" font-size="40" text-anchor="middle">{plate}</text>
<text x="100" y="94" font-size="9" text-anchor="middle">SYNTHETIC: drawn, not photographed</text>
</svg>
"""


def amber(stage: Stage) -> Step:
    """Put a plate on the hotlist, have it pass a camera in another state, and confirm the hit."""
    officer = stage.person(ILLINOIS_OFFICER)
    # A standing search begins now, within a minute: whoever asks is signed in before.
    officer.get("/session")
    now = stage.clock()
    asked = stage.asked(
        ABDUCTED,
        scope="network",
        purpose="missing_endangered",
        offense="100",
        case_number="26-0911",
        reason="AMBER Alert: child taken from a school yard, last seen in this car",
        ground="the alert covers every state on the way south",
    ) | {"window": {"from": now.isoformat(), "to": (now + timedelta(days=1)).isoformat()}}
    standing = {"search": asked, "source": "AMBER desk", "state": _STATE}
    signed = officer.signed({"asks": "standing_search", "standing": standing})
    entry = officer.post("/hotlists/entries", {"standing": standing, "signed": signed}, 201)
    holds(
        entry["state"] == "released"
        and outcomes(entry).get(TEXAS.id) == outcomes(entry).get(FLORIDA.id) == "permit",
        "the standing search was not permitted",
        got=f"{entry['state']}: {outcomes(entry)}",
    )
    stage.clock.turn(timedelta(minutes=12))
    seen_at = stage.clock()
    reader = stage.readers[TEXAS.id][0]
    picture = _PICTURE.format(state=_STATE, plate=ABDUCTED).encode()
    image = sha256(picture).hexdigest()
    reader.hand_in(stage.site, [Passing(reader.id, seen_at, ABDUCTED, _STATE, image).as_read()])
    hits = officer.get("/hits")["hits"]
    holds(
        len(hits) == 1 and hits[0]["state"] == "raised", "the read did not raise one hit", got=str(len(hits))
    )
    hit = hits[0]
    pictures = stage.folder / "pictures"
    pictures.mkdir()
    (pictures / f"{image}.svg").write_bytes(picture)
    read, shown = hit["read"], (pictures / f"{hit['read']['image']}.svg").read_text("utf-8")
    compared = {
        "plate": read["plate"] == hit["plate"],
        "state": read["state"] == hit["plate_state"],
        "image": hit["plate"] in shown and f">{hit['plate_state']}<" in shown,
    }
    holds(all(compared.values()), "plate, state or image does not fit what is listed")
    stage.clock.turn(timedelta(minutes=1))
    steps = [
        officer.post(f"/hits/{hit['id']}/plate", compared)["state"],
        officer.post(f"/hits/{hit['id']}/origin", {"origin": name_of(ILLINOIS.id), "reference": "26-0911"})[
            "state"
        ],
        officer.post(f"/hits/{hit['id']}/close", {"disposition": "located"})["state"],
    ]
    holds(
        steps == ["plate_confirmed", "origin_confirmed", "closed"],
        "the hit was not confirmed",
        got=str(steps),
    )
    camera = stage.node.registry.camera(reader.id)
    return Step(
        "amber-alert",
        "An AMBER alert meets a car in another state",
        (
            "An Illinois officer enters the plate of an abductor as a standing search: it has a purpose, a "
            "case and an end, it is signed, and each owner decides on it as on any search.",
            "Minutes later a camera in Texas hands in a read of that plate, and the hit is on the record "
            "before anybody is told. A hit is a lead: a person compares plate, state and image, then asks "
            "whoever listed the plate, and says what came of it.",
        ),
        "one hit, confirmed by plate, state and image, then by the origin, and closed",
        (
            Shown(f"{seen_at:%Y-%m-%d %H:%M}", f"{name_of(camera.agency)}, {camera.name}"),
            Shown("the hit's way", ", ".join(["raised", *steps])),
            Shown("the image", "a plate that was drawn for this story; there is no photograph"),
            *decided(entry, "deny"),
        ),
        facts_of_entry(entry) | {"hit": hit["id"], "owner": hit["owner"], "states": ["raised", *steps]},
    )
