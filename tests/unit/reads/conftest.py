"""Both back ends of the read store, so that each test of what they promise runs on both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.reads import ReadStore, init_reads, open_reads
from tests.postgres import Postgres, postgres

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty store."""
    if request.param == "sqlite":
        found = f"sqlite:///{tmp_path}/reads.sqlite"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        found = server.new_database()
    init_reads(found)
    return found


@pytest.fixture
def store(url: str) -> Iterator[ReadStore]:
    """Yield an empty store."""
    found = open_reads(url)
    yield found
    found.close()
