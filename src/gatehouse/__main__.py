"""`python -m gatehouse`: the same as the command `gatehouse`."""

from __future__ import annotations

from gatehouse.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
