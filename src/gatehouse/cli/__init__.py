"""The command `gatehouse`: noun first, then verb."""

from __future__ import annotations

import sys

__all__ = ["STOPPED", "main"]

STOPPED = 130  # 128 + SIGINT, as a shell tells it


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code, as docs/commands.md lists them."""
    try:
        from gatehouse.cli.app import main as run

        code = run(arguments)
    except KeyboardInterrupt:
        # Typer turns an interruption into a code while a command runs, not while commands are loaded.
        code = STOPPED
    if code == STOPPED:
        sys.stderr.write("Stopped.\n")
    return code
