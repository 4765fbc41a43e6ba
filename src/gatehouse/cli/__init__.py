"""The command `gatehouse`: noun first, then verb."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["STOPPED", "main"]

STOPPED = 130  # 128 + SIGINT, as a shell tells it


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code, as docs/commands.md lists them."""
    _occupy_standard_streams()
    try:
        from gatehouse.cli.app import main as run

        code = run(arguments)
    except KeyboardInterrupt:
        # Typer turns an interruption into a code while a command runs, not while commands are loaded.
        code = STOPPED
    if code == STOPPED:
        sys.stderr.write("Stopped.\n")
    return code


def _occupy_standard_streams() -> None:
    """Open what was closed of the first three descriptors, so that no file of ours becomes one of them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stderr is None:
        # Nobody listens: the exit code has to say it all.
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (as long as the program)
