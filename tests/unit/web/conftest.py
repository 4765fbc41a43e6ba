"""A node for each test, and its application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.unit.web.nodes import Browser, WebNode, app_of


@pytest.fixture
def node(tmp_path: Path) -> Iterator[WebNode]:
    found = WebNode(tmp_path)
    yield found
    found.close()


@pytest.fixture
def app(node: WebNode) -> Starlette:
    return app_of(node)


@pytest.fixture
def browser(app: Starlette) -> Browser:
    return Browser(app)
