"""Write `docs/commands.md` from the commands' own help, or with `--check` say whether it is current.

python tools/commands.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from gatehouse.cli.app import app
from gatehouse.cli.audit import DEFAULT

PAGE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
OPENING = """# Commands

Written by `tools/commands.py` from the commands' own help: change the help, not this page.

Every command takes `--help` (`-h`); `gatehouse --version` prints the version. Exit codes: 0 done, 1 findings
asked for with `--fail-on`, 2 bad use, 3 bad input, 4 verification failed, 5 a needed part is unavailable;
130 stopped with Ctrl-C (a folder without `manifest.json` was not finished), 141 nobody read the output to its
end, as in `gatehouse ... | head -1`.
With `--json`, what is wrong with an input is a JSON document on standard output too.
"""


def commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command that can be run, with the words that name it."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name in sorted(children, key=lambda name: (name not in ("audit", DEFAULT), name)):
        yield from commands(children[name], path if name == DEFAULT else (*path, name))


def page() -> str:
    """Return the page: a heading, the summary and a table of arguments and options for each command."""
    sections = [OPENING]
    for path, command in commands(typer.main.get_command(app), ("gatehouse",)):
        rows = [_row(each) for each in command.params if each.name != "help"]
        table = "\n".join(["| argument or option | what it does |", "|---|---|", *rows])
        sections.append(f"## `{' '.join(path)}`\n\n{command.help.strip()}\n\n{table}\n")
    return "\n".join(sections)


def _row(parameter: Any) -> str:
    """Return a line of the table: the names with the shape of the value, and the help."""
    shape = "" if getattr(parameter, "is_flag", False) else _shape(parameter)
    names = [] if parameter.param_type_name == "argument" else sorted(parameter.opts, key=len)
    shown = " ".join(filter(None, [", ".join(names), shape])).replace("|", "\\|")
    needed = " Required." if parameter.required else ""
    default = f" Default: {parameter.default}." if isinstance(parameter.default, int) and shape else ""
    return f"| `{shown}` | {parameter.help}{needed}{default} |"


def _shape(parameter: Any) -> str:
    choices = getattr(parameter.type, "choices", None)
    if choices:
        return "|".join(getattr(each, "value", each) for each in choices)
    return str(parameter.metavar)


def main() -> int:
    """Write the page or check it; return 1 when it is not current."""
    parser = argparse.ArgumentParser(description="Write docs/commands.md from the commands' help.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it is not current")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page()
    if not current:
        sys.stderr.write("docs/commands.md is not current; run: python tools/commands.py\n")
    return int(not current)


if __name__ == "__main__":
    sys.exit(main())
