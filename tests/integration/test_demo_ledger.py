"""The demonstration's chapter on the ledger, played as `make demo` plays it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

PLAY = """
import functools, sys
from pathlib import Path
sys.path.insert(0, "tools")
import demo, demo_ledger
demo_ledger.play(functools.partial(demo.run_any, "ledger"), demo.ROOT, Path(sys.argv[1]))
"""


def test_ledger_chapter_shows_a_receipt_that_holds_and_a_change_that_is_caught(tmp_path: Path) -> None:
    for _ in range(2):  # as on a second `make demo`, over what the first has left
        done = subprocess.run(
            [sys.executable, "-c", PLAY, str(tmp_path / "ledger")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout
    assert said.index("SYNTHETIC") < said.index("$ gatehouse")
    assert len(re.findall(r"^entry \d  leaf [0-9a-f]{64}$", said, re.M)) == 10
    assert 'Its `rules` is ["us-il/2-130(b)/immigration"].\n' in said
    assert "prairie-bend: 10 entries, root " in said
    caught = said.index("error: an entry does not follow its agency's last one\n")
    assert said.index("changes one byte") < caught < said.index("Caught, with exit code 4.")
    events = (ROOT / "samples/ledger/events.json").read_text("utf-8")
    assert not [plate for plate in re.findall(r'"plate": "(\w+)"', events) if plate in said]
