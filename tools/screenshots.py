"""Pictures of the portal's pages at three widths, for people to look at: `make screenshots`.

    python tools/screenshots.py gatehouse-demo/portal -o docs/img

Chromium is found as `tools/picture.py` finds it.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from tools.picture import find_chromium, launch

WIDTHS = (1280, 768, 390)
# Page, and what the picture is called.
PAGES = (
    ("index.html", "portal"),
    ("searches/1.html", "portal-searches"),
    ("agencies/dry-fork-tx-pd.html", "portal-agency"),
    ("rules.html", "portal-rules"),
    ("check.html#133", "portal-check"),
    ("es/index.html", "portal-es"),
)


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on the loopback and yield the address, without a slash at its end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def main() -> None:
    """Write one PNG per page and width."""
    parser = argparse.ArgumentParser(description="Take pictures of a portal's pages.")
    parser.add_argument("portal", type=Path, help="a folder that `gatehouse portal export` wrote")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/img"))
    options = parser.parse_args()
    if not (options.portal / "index.html").is_file():
        parser.error(f"{options.portal} holds no portal; `gatehouse demo` writes one")
    options.output.mkdir(parents=True, exist_ok=True)
    with serving(options.portal) as address, sync_playwright() as playwright:
        executable = find_chromium(playwright.chromium)
        if executable is None:
            parser.error("no Chromium found; install one or set GATEHOUSE_CHROMIUM to its path")
        browser = launch(playwright.chromium, executable)
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900})
            for path, name in PAGES:
                # A fragment alone would not load the page again.
                page.goto("about:blank")
                page.goto(f"{address}/{path}", wait_until="networkidle")
                page.screenshot(path=options.output / f"{name}-{width}.png", full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
