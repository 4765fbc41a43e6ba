"""A SoftHSM token for the tests of PKCS#11 keys."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import missing_part

PIN = "271828"
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


# A module reads its settings once, when it is loaded, so one folder of tokens serves the whole process.
@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of SoftHSM's module, with three tokens: a test that logs in leaves it so."""
    program = shutil.which("softhsm2-util")
    module = next((path for path in MODULES if Path(path).is_file()), None)
    if program is None or module is None:
        missing_part("SoftHSM 2", "no softhsm2-util on PATH, or its module is not where packages put it")
    assert program and module
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n", encoding="utf-8")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    for label in ("gatehouse", "spare", "environment"):
        subprocess.run(
            [program, "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "314159"],
            check=True,
            capture_output=True,
        )
    return module


@pytest.fixture
def pin_file(tmp_path: Path) -> Path:
    """Return a private file that holds the token's PIN."""
    path = tmp_path / "pin"
    path.write_text(PIN + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path
