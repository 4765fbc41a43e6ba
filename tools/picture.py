"""Render HTML files to PNG (and PDF) at given widths, to look at them.

    python tools/picture.py out/report.html -o out/pictures --width 1280 390 --theme light dark

Chromium is found by `GATEHOUSE_CHROMIUM`, then by the usual names on PATH, then as Playwright's own.
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserType, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
)
Theme = Literal["light", "dark"]


def find_chromium(chromium: BrowserType) -> str | None:
    """Return the path of a Chromium that can be launched, or None when there is none."""
    named = os.environ.get("GATEHOUSE_CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    for name in NAMES:
        if path := shutil.which(name):
            return path
    own = chromium.executable_path
    return own if Path(own).is_file() else None


def launch(chromium: BrowserType, executable: str) -> Browser:
    """Start a headless Chromium that asks the network for nothing on its own."""
    return chromium.launch(executable_path=executable, args=list(FLAGS))


def open_file(browser: Browser, path: Path, *, width: int, height: int, theme: Theme) -> Page:
    """Open a file in a page of the given size and theme."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    page = context.new_page()
    page.goto(path.resolve().as_uri())
    return page


def main() -> None:
    """Write one PNG per file, width and theme, and one PDF per file with `--pdf`."""
    parser = argparse.ArgumentParser(description="Render HTML files to PNG at given widths.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("out/pictures"))
    parser.add_argument("--width", nargs="+", type=int, default=[1280, 768, 390])
    parser.add_argument("--theme", nargs="+", choices=["light", "dark"], default=["light", "dark"])
    parser.add_argument("--height", type=int, default=900, help="height of the window in pixels")
    parser.add_argument("--first-screen", action="store_true", help="the window only, not the whole page")
    parser.add_argument("--open", action="store_true", help="open every <details> first")
    parser.add_argument("--section", help="only the element that this CSS selector finds")
    parser.add_argument("--pdf", action="store_true", help="also print each file to PDF")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        executable = find_chromium(playwright.chromium)
        if executable is None:
            parser.error("no Chromium found; install one or set GATEHOUSE_CHROMIUM to its path")
        browser = launch(playwright.chromium, executable)
        for path in options.files:
            for width in options.width:
                for theme in options.theme:
                    page = open_file(browser, path, width=width, height=options.height, theme=theme)
                    if options.open:
                        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
                    target = options.output / f"{path.stem}-{width}-{theme}.png"
                    if options.section:
                        page.locator(options.section).first.screenshot(path=target)
                    else:
                        page.screenshot(path=target, full_page=not options.first_screen)
                    print(target)
                    page.context.close()
            if options.pdf:
                page = open_file(browser, path, width=1280, height=options.height, theme="light")
                target = options.output / f"{path.stem}.pdf"
                page.pdf(path=target, prefer_css_page_size=True, print_background=True)
                print(target)
                page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
