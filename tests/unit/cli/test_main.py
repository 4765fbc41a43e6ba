"""`python -m gatehouse` is the command `gatehouse`."""

from __future__ import annotations

import subprocess
import sys


def module(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the package as a program."""
    return subprocess.run(
        [sys.executable, "-m", "gatehouse", *arguments], capture_output=True, text=True, check=False
    )


class TestModule:
    def test_module_runs_the_command_and_returns_its_exit_code(self) -> None:
        found = module("--version")
        assert (found.returncode, found.stderr) == (0, "")
        assert found.stdout.startswith("gatehouse ")
        assert module("no-such-command").returncode == 2
