"""Who takes part: agencies, people and cameras, and the entries by which they come, change and leave.

Each function lets the effect of one entry happen to a view, or refuses it with `ChangeRefused`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gatehouse.model import Officer, Role
from gatehouse.node.bodies import CameraBody, Joining, Kind, OfficerBody, PackBody
from gatehouse.node.change import NODE, Version
from gatehouse.node.errors import ChangeRefused
from gatehouse.node.record import Recorded, text_of

if TYPE_CHECKING:
    from gatehouse.node.view import View

FOUNDED = "registry:node:founded"
OFFICER_ADDED, OFFICER_CHANGED = "registry:officer:added", "registry:officer:changed"
OFFICER_OFFBOARDED = "registry:officer:offboarded"
CAMERA_ADDED, CAMERA_CHANGED = "registry:camera:added", "registry:camera:changed"
LEAST_CUSTODIANS = 2


def found(view: View, entry: Recorded) -> None:
    """Begin with the operator, its custodians and the first rulebook."""
    joining = Joining.read(entry.detail.get("operator"), where="operator")
    pack = PackBody.read(entry.detail.get("pack"), where="pack")
    view.operator = joining.agency.id
    join(view, joining, entry)
    view.rules[Kind.PACK, NODE] = (Version(1, pack, entry.at, entry.index, loosens=False),)


def join(view: View, joining: Joining, entry: Recorded) -> None:
    """Let an agency join with two custodians or more, or change what is said of one that has."""
    agency = joining.agency
    known = view.agencies.get(agency.id)
    if known is None and len({each.id for each in joining.custodians}) < LEAST_CUSTODIANS:
        raise ChangeRefused(
            "an agency joins with two custodians, who are two people",
            expected=f"{LEAST_CUSTODIANS} or more",
            got=str(len(joining.custodians)),
        )
    if known is not None:
        if joining.custodians:
            raise ChangeRefused("an agency that has joined names its custodians itself", got=agency.id)
        if (known.state, known.kind) != (agency.state, agency.kind):
            raise ChangeRefused("an agency keeps its state and its kind", got=agency.id)
    # The rulebook knows an owner's own searches by name and state.
    name = (agency.state, *agency.name.casefold().split())
    other = view.names.setdefault(name, agency.id)
    if other != agency.id:
        raise ChangeRefused("another agency of that state has this name", got=other)
    if known is not None and (former := (known.state, *known.name.casefold().split())) != name:
        del view.names[former]
    view.agencies[agency.id] = agency.agency()
    for each in joining.custodians:
        if each.agency != agency.id or Role.CUSTODIAN not in each.roles:
            raise ChangeRefused("an agency joins with custodians of its own", got=each.id)
        add(view, each)


def add(view: View, officer: OfficerBody) -> None:
    """Add a person whose id is new."""
    if officer.id in view.officers:
        raise ChangeRefused("an id belongs to one person for good", got=officer.id)
    if officer.agency not in view.agencies:
        raise ChangeRefused("there is no such agency", got=officer.agency)
    view.officers[officer.id] = officer.officer()


def add_officer(view: View, entry: Recorded) -> None:
    """Add a person who is no custodian."""
    officer = OfficerBody.read(entry.detail.get("officer"), where="officer")
    view.decides(text_of(entry, "by"), officer.agency, entry)
    if Role.CUSTODIAN in officer.roles:
        raise ChangeRefused("a custodian is added by two custodians", hint="propose the change")
    add(view, officer)


def change_officer(view: View, entry: Recorded) -> None:
    """Change the name or the roles of a person; the role of a custodian can only be taken so."""
    officer = OfficerBody.read(entry.detail.get("officer"), where="officer")
    known = _known(view, officer.id)
    view.decides(text_of(entry, "by"), known.agency, entry)
    if officer.agency != known.agency or not known.active:
        raise ChangeRefused("a person stays with the agency, and is not taken back", got=officer.id)
    if Role.CUSTODIAN in officer.roles - known.roles:
        raise ChangeRefused("a custodian is added by two custodians", hint="propose the change")
    view.officers[officer.id] = officer.officer()
    _keep_custodians(view, known)


def offboard(view: View, entry: Recorded) -> None:
    """End what a person may do."""
    known = _known(view, text_of(entry, "officer"))
    view.decides(text_of(entry, "by"), known.agency, entry)
    if not known.active:
        raise ChangeRefused("the person has left already", got=known.id)
    view.officers[known.id] = replace(known, active=False)
    _keep_custodians(view, known)


def put_camera(view: View, entry: Recorded) -> None:
    """Add a camera, or change one that stays with its agency."""
    camera = CameraBody.read(entry.detail.get("camera"), where="camera")
    view.decides(text_of(entry, "by"), camera.agency, entry)
    known = view.cameras.get(camera.id)
    if (known is None) is not (entry.event == CAMERA_ADDED):
        raise ChangeRefused(
            "an id belongs to one camera for good" if known else "there is no such camera", got=camera.id
        )
    if known is not None and known.agency != camera.agency:
        raise ChangeRefused("a camera stays with its agency", got=camera.id)
    view.cameras[camera.id] = camera.camera()
    view.enrollments[camera.id] = (*view.enrollments.get(camera.id, ()), entry.index)


def _keep_custodians(view: View, changed: Officer) -> None:
    if changed.agency == view.operator and len(view.custodians(changed.agency)) < LEAST_CUSTODIANS:
        raise ChangeRefused(
            "the operator would be left with fewer than two custodians, and could change nothing again",
            hint="add another custodian first",
        )


def _known(view: View, officer: str) -> Officer:
    if officer not in view.officers:
        raise ChangeRefused("there is no such person", got=officer)
    return view.officers[officer]
