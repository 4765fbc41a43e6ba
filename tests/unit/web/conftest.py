"""A node for each test, and its application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.unit.web import whole as wholes
from tests.unit.web.nodes import Browser, WebNode, app_of
from tests.unit.web.whole import Whole


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


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wholes.made(tmp_path_factory.mktemp("whole") / "node")


@pytest.fixture
def whole(template: Path, tmp_path: Path) -> Iterator[Whole]:
    with wholes.opened(template, tmp_path / "whole") as found:
        yield found
