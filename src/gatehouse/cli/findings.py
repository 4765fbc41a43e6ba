"""How a doctor's findings are printed, and the exit code that they make."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from gatehouse.cli.output import print_json, printable
from gatehouse.findings import Found, Level

_SIGNS = {Level.GOOD: "ok  ", Level.NOTE: "note", Level.BAD: "BAD "}


def tell(found: Sequence[Found], *, as_json: bool) -> int:
    """Print findings, and return the highest of their exit codes."""
    code = max(each.exit_code for each in found)
    if as_json:
        print_json(
            {
                "sound": code == 0,
                "checks": [
                    {"check": each.check, "level": each.level.value, "what": each.what, "next": each.next}
                    for each in found
                ],
            }
        )
        return code
    for each in found:
        typer.echo(f"{_SIGNS[each.level]} {each.check}: {printable(each.what)}")
        if each.next and each.level is not Level.GOOD:
            typer.echo(f"     next: {printable(each.next)}")
    return code
