"""What the fault tests need of the system."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.conftest import missing_part


@pytest.fixture(scope="session")
def strace() -> str:
    """Return the program that makes system calls fail."""
    program = shutil.which("strace")
    if program is None:
        missing_part("strace", "no strace on PATH")
        raise AssertionError("skipped")
    return program


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    """Fork processes from one that has imported everything: starting them anew would take minutes."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["tests.faults.appender", "tests.faults.node_load", "tests.faults.vault_process"]
    )
    return context


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder in memory if there is one: the kernel keeps what a killed process wrote either way."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as found:
        yield Path(found)
