"""The command `gatehouse`: noun first, then verb."""

from gatehouse.cli.app import main

__all__ = ["main"]
