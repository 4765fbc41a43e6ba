"""A whole node behind the web: registry, changes, ledger and intake as they run, with people of each role."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from gatehouse.model import Role
from gatehouse.node.config import load_config
from gatehouse.node.making import create_node
from gatehouse.node.node import Node
from gatehouse.web.app import create_app
from tests.unit.ledger.logs import Clock
from tests.unit.node.founded import ALDER, ORIGIN, START, custodian, officer
from tests.unit.web.nodes import ORIGIN as SITE
from tests.unit.web.nodes import Browser, at_work

CONFIG = f'[http]\nurl = "{SITE}"\n[accounts]\ndomain = "gatehouse.test"\n'
ROLES = {
    Role.OFFICER: officer(ALDER, 1, Role.OFFICER),
    Role.SUPERVISOR: officer(ALDER, 2, Role.SUPERVISOR),
    Role.AUDITOR: officer(ALDER, 3, Role.AUDITOR),
    Role.CUSTODIAN: custodian(ALDER, 1),
}
SECOND = custodian(ALDER, 2)


@dataclass(slots=True)
class Whole:
    """A node and its application; `clock` is moved by hand."""

    node: Node
    app: Starlette
    clock: Clock

    def at_work(self, officer: str) -> Browser:
        """Return the browser of a person who has a passkey and is signed in."""
        return at_work(self.node, self.app, officer)


def made(folder: Path) -> Path:
    """Make the node of an operator with people of every role, and close it."""
    clock = Clock(START)
    create_node(
        folder,
        origin=ORIGIN,
        operator=ALDER,
        custodians=[custodian(ALDER, number) for number in (1, 2)],
        config=CONFIG,
        clock=clock,
    )
    with Node.open(load_config(folder), clock=clock, background=False) as node:
        for role in (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR):
            node.registry.add_officer(ROLES[role], by=custodian(ALDER, 1))
    return folder


@contextmanager
def opened(template: Path, folder: Path) -> Iterator[Whole]:
    """Open a copy of a node that is closed."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    clock = Clock(START)
    with Node.open(load_config(folder), clock=clock, background=False) as node:
        yield Whole(node, create_app(node), clock)
