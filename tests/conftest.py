"""What every test may use, and the rule that CI skips nothing for want of a part."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Where nothing keeps bytecode, each of hundreds of commands that tests start compiles the project anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what collecting makes, which lasts as long as the session, out of every garbage collection."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


def missing_part(name: str, reason: str) -> None:
    """Skip for want of a part; in CI that is a failure, since a skipped test proves nothing there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} is missing: {reason}", pytrace=False)
    pytest.skip(f"{name} is missing: {reason}")


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder of reference data, which is not part of the project."""
    folder = Path(os.environ.get("GATEHOUSE_REFERENCE", ROOT.parent / "shared"))
    if not (folder / "records").is_dir():
        missing_part(
            "the reference data",
            f"no folder {folder.name}/records beside the project; set GATEHOUSE_REFERENCE",
        )
    return folder
