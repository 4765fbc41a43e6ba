"""Arguments and options that the commands about a node share, and how a node's folder is opened for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatehouse.model import BadUse

if TYPE_CHECKING:
    from gatehouse.model import Officer
    from gatehouse.node.node import Node

JsonOutput = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
NodePlace = Annotated[Path, typer.Argument(metavar="DIR", readable=False, help="The node's folder.")]
Login = Annotated[
    str,
    typer.Option(
        "--login", metavar="NAME", help="The custodian who acts. Password and one-time code are asked for."
    ),
]


@contextmanager
def opened(directory: Path) -> Iterator[Node]:
    """Open a node for one command, with nothing going on by itself; it must not be running."""
    from gatehouse.node.config import load_config
    from gatehouse.node.logs import configure
    from gatehouse.node.node import Node

    configure("error")
    with Node.open(load_config(directory), background=False) as node:
        yield node


def signed_in(node: Node, login: str) -> Officer:
    """Return who signs in with password and one-time code: of the terminal, or two lines of stdin."""
    import getpass
    import sys

    if sys.stdin.isatty():
        password, code = getpass.getpass("Password: "), getpass.getpass("One-time code: ")
    else:
        password, code = (sys.stdin.readline().rstrip("\n") for _ in range(2))
    if not password or not code:
        raise BadUse(
            "nobody has signed in", expected="a password and a one-time code, on two lines of standard input"
        )
    officer = node.accounts.sign_in.with_code(login, password, code, address="console")
    return node.registry.officer(officer)


def person(text: str, *, agency: str, roles: frozenset[Any]) -> Officer:
    """Return a person as `ID=NAME` names one."""
    from gatehouse.model import Officer

    id_, sign, name = text.partition("=")
    if not sign or not name.strip():
        raise BadUse(
            "a person is named by an id and a name", expected="ID=NAME", got=f"{len(text)} characters"
        )
    return Officer(id_.strip(), agency, name.strip(), roles)
