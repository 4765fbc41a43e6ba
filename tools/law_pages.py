"""Seal the rulebook's files in `pack.toml` and write `docs/law/` from them, or `--check` both.

python tools/law_pages.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gatehouse import law
from gatehouse.law.pack import Pack
from gatehouse.law.packfiles import sealed
from gatehouse.law.pages import pages

RULEBOOK = Path(law.__file__).parent
FOLDER = Path(__file__).resolve().parent.parent / "docs" / "law"


def stale(folder: Path, wanted: dict[str, str]) -> list[str]:
    """Return the names of pages that are missing, differ, or belong to no jurisdiction."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))


def main() -> int:
    """Write seal and pages or check them; return 1 when they are not current."""
    parser = argparse.ArgumentParser(description="Seal the rulebook and write docs/law from it.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it is not current")
    checking = parser.parse_args().check
    named, seal = RULEBOOK / "pack.toml", sealed(RULEBOOK)
    if named.read_text(encoding="utf-8") != seal:
        if checking:
            sys.stderr.write("not current: the sha256 in pack.toml; run: make law-pages\n")
            return 1
        named.write_text(seal, encoding="utf-8")
    wanted = pages(Pack.load())
    changed = stale(FOLDER, wanted)
    if checking:
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
