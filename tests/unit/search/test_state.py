"""The door's tables: what reading them raises."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.model import PartUnavailable
from gatehouse.search.state import SearchTables


def test_query_of_a_database_that_fails_is_part_unavailable(tmp_path: Path) -> None:
    tables = SearchTables(tmp_path / "log.sqlite")
    tables.close()
    with pytest.raises(PartUnavailable, match="the door's tables cannot be read") as failed:
        tables.known("a search")
    assert (failed.value.where, failed.value.got) == ("log.sqlite", "ProgrammingError")
