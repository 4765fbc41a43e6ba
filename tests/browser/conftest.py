"""Chromium for the browser tests: every request that would leave the machine is blocked and remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright
from tools.picture import Theme, find_chromium, launch

from tests.conftest import missing_part

VENDOR = Path(__file__).resolve().parent / "vendor"
AXE = VENDOR / "axe-core-4.14.1" / "axe.min.js"


# Playwright keeps an event loop in the thread while it runs, so it must end with these tests.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Return one Chromium for all browser tests."""
    with sync_playwright() as playwright:
        executable = find_chromium(playwright.chromium)
        if executable is None:
            missing_part("Chromium", "not named by GATEHOUSE_CHROMIUM, not on PATH, none of Playwright's own")
        else:
            browser = launch(playwright.chromium, executable)
            yield browser
            browser.close()


class Visit:
    """An open page with what it asked for and what went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requested: list[str] = []
        self.problems: list[str] = []

    def axe(self) -> list[dict[str, Any]]:
        """Return axe-core's violations with every rule it has, each with the elements at fault."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = self.page.evaluate(
            """axe.run(document, {resultTypes: ['violations'], selectors: false}).then(
                 result => result.violations.map(
                   rule => ({id: rule.id, nodes: rule.nodes.map(node => node.html.slice(0, 200))})))"""
        )
        return found


@pytest.fixture
def visit(chromium: Browser) -> Callable[..., Any]:
    """Return a context manager that opens HTML in a fresh context with the network blocked."""

    @contextmanager
    def open_page(
        path: Path, *, width: int = 1280, theme: Theme = "light", scripts: bool = True
    ) -> Iterator[Visit]:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, java_script_enabled=scripts
        )
        page = context.new_page()
        opened = Visit(page)

        def block(route: Route) -> None:
            opened.requested.append(route.request.url)
            if route.request.url == path.as_uri():
                route.continue_()
            else:
                route.abort()

        page.route("**/*", block)
        page.on("console", lambda message: opened.problems.append(message.text))
        page.on("pageerror", lambda error: opened.problems.append(str(error)))
        page.goto(path.as_uri())
        try:
            yield opened
        finally:
            context.close()

    return open_page
