"""One town for all tests of the portal: they only read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.web.portal.town import Town, made_town


@pytest.fixture(scope="package")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with made_town(tmp_path_factory.mktemp("town")) as town:
        yield town
