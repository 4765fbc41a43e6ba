"""`docs/ledger.md` against the program: the example by hand runs, and every name is explained."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gatehouse.ledger.commitment import FIELDS
from gatehouse.ledger.settings import DAY_KEYS, KEK, LOG, POLICY, PUBLIC, SETTINGS
from gatehouse.model import HitState, SearchState
from tests.conftest import ROOT, missing_part

PAGE = (ROOT / "docs/ledger.md").read_text("utf-8")
TOOLS = ("bash", "jq", "openssl", "sha256sum", "xxd")


def section(heading: str) -> str:
    """Return what stands below a heading."""
    found = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S)
    assert found is not None, heading
    return found[1]


@pytest.fixture
def by_hand(tmp_path: Path) -> Path:
    """The page's example as a script, in a folder where it can run."""
    for tool in TOOLS:
        if shutil.which(tool) is None:
            missing_part(tool, "the example by hand needs it")
    (script,) = re.findall(r"^```bash\n(.*?)^```", section("By hand"), re.M | re.S)
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    (tmp_path / "by-hand.sh").write_text(script, "utf-8")
    return tmp_path


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        # As the page says to run it: what makes it stop at a check that fails stands in the script.
        ["bash", "by-hand.sh"],
        cwd=folder,
        env={**os.environ, "PATH": path, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_example_by_hand_holds(by_hand: Path) -> None:
    done = run(by_hand)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "all of it holds"
    assert "Signature Verified Successfully" in done.stdout


@pytest.mark.parametrize(
    "change",
    [
        "sed -i 's/kelmholt/belmholt/' handed/0.entry",
        "sed -i '2s/2/3/' two/public/checkpoint",
        "sed -i 's/il/in/' rules.json",
    ],
)
def test_example_by_hand_fails_when_a_byte_is_changed(by_hand: Path, change: str) -> None:
    # INVARIANT: an example that cannot fail would prove nothing to whoever redoes it.
    script = by_hand / "by-hand.sh"
    anchor = "bytes() {" if "rules" not in change else "{ printf 'gatehouse-leaf"
    text = script.read_text("utf-8")
    assert anchor in text
    script.write_text(text.replace(anchor, f"{change}\n{anchor}", 1), "utf-8")
    done = run(by_hand)
    assert done.returncode != 0 and "all of it holds" not in done.stdout
    assert re.search(r"^line \d+ does not hold$", done.stderr, re.M)


def test_every_field_state_and_file_is_explained() -> None:
    events, folder = section("Events"), section("A ledger's folder")
    names = {*FIELDS, *SearchState, *HitState}
    assert sorted(name for name in names if f"`{name}`" not in events) == []
    files = (DAY_KEYS, KEK, LOG, POLICY, PUBLIC, SETTINGS)
    assert [name for name in files if not re.search(rf"`{name}/?`", folder)] == []


def test_every_kind_of_finding_is_explained() -> None:
    sources = "".join(
        (ROOT / "src/gatehouse/ledger" / name).read_text("utf-8") for name in ("monitor.py", "chains.py")
    )
    kinds = set(re.findall(r'(?:Finding|_find|Broken|Finding\.of)\(\s*"(\w+)"', sources))
    assert len(kinds) >= 10
    assert sorted(kind for kind in kinds if f"`{kind}`" not in section("Following a log")) == []
