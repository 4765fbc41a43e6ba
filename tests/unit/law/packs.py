"""Packs to break: copies of the packaged one with something changed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from gatehouse.law import pack as module
from gatehouse.law.pack import Pack, read_pack

PACKAGED = Path(module.__file__).parent
DESIGN = "network/design.cedar"
ILLINOIS = "statutes/us-il/rules.cedar"


def copied(folder: Path, states: Collection[str] | None = None) -> Path:
    """Copy the packaged pack into a folder, all states or some."""
    shutil.copytree(PACKAGED / "network", folder / "network")
    for state in (PACKAGED / "statutes").iterdir():
        if states is None or state.name in states:
            shutil.copytree(state, folder / "statutes" / state.name)
    (folder / "pack.toml").write_text(unsealed((PACKAGED / "pack.toml").read_text()))
    return folder


def unsealed(text: str) -> str:
    """Return the text of a pack.toml without the hash of the other files, so that they can be changed."""
    return re.sub(r"(?m)^sha256 = .*\n", "", text)


def changed(
    folder: Path, name: str, change: Callable[[str], str], *, states: Collection[str] | None = None
) -> Pack:
    """Return the packaged pack with one file of it changed; a change that changes nothing is an error."""
    path = copied(folder, states) / name
    before = path.read_text()
    after = change(before)
    assert after != before
    path.write_text(after)
    return read_pack(folder)


def with_rule(
    folder: Path,
    body: str,
    *,
    head: str = "forbid (principal, action, resource)",
    states: Collection[str] | None = None,
) -> Pack:
    """Return the packaged pack with one more rule of the network, `test/rule`."""
    rule = f'\n@id("test/rule") @cite("a test") @sentence("A test.")\n{head} {body};\n'
    return changed(folder, DESIGN, lambda text: text + rule, states=states)


def without_rule(text: str, rule: str) -> str:
    """Return a Cedar text without the rule of an id."""
    return re.sub(rf'@id\("{re.escape(rule)}"\).*?;\n(?=\n|\Z)', "", text, flags=re.DOTALL)
