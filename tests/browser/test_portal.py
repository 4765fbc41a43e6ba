"""The portal's pages in a browser: accessible in both themes, also on a phone, and a check that can fail."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tools.screenshots import serving

from gatehouse.web.portal.export import export_portal
from tests.browser.conftest import Visit
from tests.unit.web.portal.town import PAGES, Town, made_town


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with made_town(tmp_path_factory.mktemp("town")) as town:
        yield town


@pytest.fixture(scope="module")
def portal(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "portal"
    export_portal(town.portal(), folder)
    return folder


@contextmanager
def opened(chromium: Browser, address: str, path: str, **options: Any) -> Iterator[Visit]:
    context = chromium.new_context(**options)
    visit = Visit(context.new_page())
    visit.page.on("request", lambda request: visit.requested.append(request.url))
    visit.page.on("pageerror", lambda error: visit.problems.append(str(error)))
    visit.page.on("console", lambda message: visit.problems.append(message.text))
    visit.page.goto(f"{address}/{path}")
    yield visit
    context.close()


def checked(page: Page, index: int) -> str:
    page.get_by_label("Index of an entry").fill(str(index))
    page.get_by_role("button", name="Check this entry").click()
    verdict = page.locator("#one-result .verdict")
    expect(verdict).to_be_visible()
    return verdict.inner_text()


@pytest.mark.parametrize(("language", "theme", "width"), [("", "light", 1280), ("es/", "dark", 320)])
def test_page_axe_finds_nothing_and_it_fits(
    chromium: Browser, portal: Path, language: str, theme: Any, width: int
) -> None:
    with serving(portal) as address:
        for path in (f"{language}{each}" for each in PAGES):
            viewport: Any = {"width": width, "height": 800}
            with opened(
                chromium, address, path, viewport=viewport, color_scheme=theme, bypass_csp=True
            ) as visit:
                assert visit.axe() == [], path
                assert visit.page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_page_asks_nobody_else_and_breaks_no_policy(chromium: Browser, portal: Path) -> None:
    with serving(portal) as address:
        for path in PAGES:
            with opened(chromium, address, path) as visit:
                assert visit.problems == []
                assert all(url.startswith(address) for url in visit.requested)


def test_page_without_scripts_has_its_rows_and_says_how_to_check(chromium: Browser, portal: Path) -> None:
    with serving(portal) as address:
        with opened(chromium, address, "searches/1.html", java_script_enabled=False) as visit:
            assert visit.page.locator(".rows-table tbody tr").count() == 6
        with opened(chromium, address, "check.html", java_script_enabled=False) as visit:
            expect(visit.page.locator("noscript p")).to_contain_text(
                "The command below does the same offline."
            )


class TestCheck:
    def test_check_every_entry_of_the_record_verifies(
        self, chromium: Browser, town: Town, portal: Path
    ) -> None:
        with town.portal().folder.view() as log:
            size = log.size
        with serving(portal) as address, opened(chromium, address, "check.html") as visit:
            for index in (0, 1, size // 2, size - 1):
                assert checked(visit.page, index) == "Verified"
            signature = visit.page.get_by_text("The checkpoint's signature fits the key.")
            expect(signature).to_be_visible()
            assert checked(visit.page, size) == "Failed"
            assert visit.problems == []

    def test_check_link_of_a_row_opens_what_is_published(self, chromium: Browser, portal: Path) -> None:
        with serving(portal) as address, opened(chromium, address, "searches/1.html") as visit:
            visit.page.get_by_role("link", name="Check entry").first.click()
            expect(visit.page.locator("#one-result .verdict")).to_have_text("Verified")
            expect(visit.page.get_by_text("fits its commitments")).to_be_visible()

    @pytest.mark.parametrize("what", ["entry", "tile", "checkpoint", "opening"])
    def test_check_of_a_portal_that_was_changed_fails(
        self, chromium: Browser, portal: Path, tmp_path: Path, what: str
    ) -> None:
        copy = tmp_path / "portal"
        shutil.copytree(portal, copy)
        openings = copy / "data" / "openings" / "0.json"
        index = int(min(json.loads(openings.read_text()), key=int))
        said = _change(copy, what, index, openings)
        with serving(copy) as address, opened(chromium, address, "check.html") as visit:
            assert checked(visit.page, index) == "Failed"
            expect(visit.page.locator("#one-result")).to_contain_text(said)

    def test_check_against_a_kept_checkpoint(self, chromium: Browser, town: Town, portal: Path) -> None:
        with town.portal().folder.view() as log:
            now = log.checkpoint()
        with serving(portal) as address, opened(chromium, address, "check.html") as visit:
            for note, verdict in (
                (now, "Verified"),
                (_other_root(now), "Failed"),
                ("nothing", "Failed"),
            ):
                visit.page.get_by_label("A checkpoint that you kept").fill(note)
                visit.page.get_by_role("button", name="Check against it").click()
                expect(visit.page.locator("#grown-result .verdict")).to_have_text(verdict)


def _other_root(note: str) -> str:
    """Return a checkpoint with another root, which nobody has signed."""
    lines = note.split("\n")
    lines[2] = ("B" if lines[2][0] == "A" else "A") + lines[2][1:]
    return "\n".join(lines)


def _change(copy: Path, what: str, index: int, openings: Path) -> str:
    """Change one thing in a copy of the portal, and return what the check must say."""
    if what == "opening":
        openings.write_text(openings.read_text().replace('"permit"', '"deny"', 1))
        return "does not fit its commitment"
    if what == "checkpoint":
        note = copy / "ledger" / "checkpoint"
        lines = note.read_text().split("\n")
        lines[1] = str(int(lines[1]) - 1)
        note.write_text("\n".join(lines))
        return "not signed by the key"
    kind = "entries" if what == "entry" else "0"
    (path,) = (each for each in (copy / "ledger" / "tile" / kind).rglob("*") if each.is_file())
    data = bytearray(path.read_bytes())
    place = 32 * (index ^ 1)
    if what == "entry":
        place = -1
        for _ in range(index + 1):
            place = data.index(b'"sequence":', place + 1)
        place += len(b'"sequence":')
    data[place] ^= 1
    path.write_bytes(data)
    return "is not the one" if what == "entry" else "do not add up"
