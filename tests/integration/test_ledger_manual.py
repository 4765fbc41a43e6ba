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
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.settings import DAY_KEYS, KEK, LOG, POLICY, PUBLIC, SETTINGS, Folder
from gatehouse.ledger.view import LogView
from gatehouse.model import HitState, SearchState
from tests.conftest import ROOT, missing_part
from tests.unit.signing.conftest import MODULES

PAGE = (ROOT / "docs/ledger.md").read_text("utf-8")
TOOLS = ("bash", "jq", "openssl", "sha256sum", "xxd")


def section(heading: str) -> str:
    """Return what stands below a heading."""
    found = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S)
    assert found is not None, heading
    return found[1]


def script(heading: str) -> str:
    """Return the one shell script below a heading."""
    (found,) = re.findall(r"^```bash\n(.*?)^```", section(heading), re.M | re.S)
    assert isinstance(found, str)
    return found


def need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            missing_part(tool, "an example of the page needs it")


@pytest.fixture
def by_hand(tmp_path: Path) -> Path:
    """The page's example as a script, in a folder where it can run."""
    need(*TOOLS)
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    (tmp_path / "by-hand.sh").write_text(script("By hand"), "utf-8")
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
    path = by_hand / "by-hand.sh"
    anchor = "bytes() {" if "rules" not in change else "{ printf 'gatehouse-leaf"
    text = path.read_text("utf-8")
    assert anchor in text
    path.write_text(text.replace(anchor, f"{change}\n{anchor}", 1), "utf-8")
    done = run(by_hand)
    assert done.returncode != 0 and "all of it holds" not in done.stdout
    assert re.search(r"^line \d+ does not hold$", done.stderr, re.M)


def test_key_in_a_token_makes_a_ledger_that_verifies(tmp_path: Path) -> None:
    need("bash", "softhsm2-util")
    module = next((each for each in MODULES if Path(each).is_file()), None)
    if module is None:
        missing_part("SoftHSM 2", "its module is not where packages put it")
    shown, text = "/usr/lib/softhsm/libsofthsm2.so", script("Where the key is")
    assert shown in text
    given = ROOT / "samples/ledger/events.json"
    more = f"gatehouse ledger append town '{given}'\ngatehouse ledger verify town\n"
    (tmp_path / "by-hand.sh").write_text(text.replace(shown, str(module)) + more, "utf-8")
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ledger.example.org/town: 10 entries, root " in done.stdout
    (settings,) = tmp_path.glob("*/town/ledger.toml")
    assert 'signers = ["pkcs11:token=town;object=log?pin-source=/' in settings.read_text("utf-8")
    assert not (settings.parent / "log.pem").exists()


def test_backup_made_while_a_process_appends_has_what_a_copied_file_lacks(tmp_path: Path) -> None:
    need("bash", "sqlite3")
    (command,) = re.findall(r"^```\n(sqlite3 .*)\n```", section("Backups"), re.M)
    assert isinstance(command, str)
    Ledger.create(tmp_path / "town", origin="ledger.example.org/town")
    with Ledger.open(tmp_path / "town") as ledger:
        ledger.append("search:plate:requested", agency="alder-pd", fields={}, pack=bytes(32))
        shutil.copy(Folder(tmp_path / "town").log, tmp_path / "copied.sqlite")
        typed = command.replace("/mnt/backup", str(tmp_path))
        subprocess.run(["bash", "-c", typed], cwd=tmp_path / "town", check=True)
    assert size(tmp_path / "log.sqlite") == 1
    assert size(tmp_path / "copied.sqlite") == 0


def size(log: Path) -> int:
    with LogView.read(log) as view:
        return view.size


def test_every_field_state_and_file_is_explained() -> None:
    events = section("Events")
    names = {*FIELDS, *SearchState, *HitState}
    assert sorted(name for name in names if f"`{name}`" not in events) == []


def test_every_file_of_a_ledger_in_use_is_explained(tmp_path: Path) -> None:
    Ledger.create(tmp_path, origin="ledger.example.org/town")
    with Ledger.open(tmp_path) as ledger:
        ledger.append("search:plate:requested", agency="alder-pd", fields={}, pack=bytes(32))
        names = {each.name for each in tmp_path.iterdir()}
    assert names >= {DAY_KEYS, KEK, LOG, f"{LOG}-wal", POLICY, PUBLIC, SETTINGS}
    explained = section("A ledger's folder")
    assert sorted(name for name in names if not re.search(rf"`{re.escape(name)}/?`", explained)) == []


def test_every_kind_of_finding_is_explained() -> None:
    sources = "".join(
        (ROOT / "src/gatehouse/ledger" / name).read_text("utf-8") for name in ("monitor.py", "chains.py")
    )
    kinds = set(re.findall(r'(?:Finding|_find|Broken|Finding\.of)\(\s*"(\w+)"', sources))
    assert len(kinds) >= 10
    assert sorted(kind for kind in kinds if f"`{kind}`" not in section("Following a log")) == []
