"""Write `docs/law/` from the rulebook, or with `--check` say whether it is current.

python tools/law_pages.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gatehouse.law.pack import Pack
from gatehouse.law.pages import pages

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "law"


def stale(folder: Path, wanted: dict[str, str]) -> list[str]:
    """Return the names of pages that are missing, differ, or belong to no jurisdiction."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))


def main() -> int:
    """Write the pages or check them; return 1 when they are not current."""
    parser = argparse.ArgumentParser(description="Write docs/law from the rulebook.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it is not current")
    wanted = pages(Pack.load())
    changed = stale(FOLDER, wanted)
    if parser.parse_args().check:
        if changed:
            sys.stderr.write(f"not current: {', '.join(changed)}; run: make law-pages\n")
        return int(bool(changed))
    FOLDER.mkdir(exist_ok=True)
    for name in changed:
        if name in wanted:
            (FOLDER / name).write_text(wanted[name], encoding="utf-8")
        else:
            (FOLDER / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
