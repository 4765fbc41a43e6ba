"""The demonstration: a synthetic town's network audit, a book that nobody quietly edits, a day at a node.

All commands are shown as one would type them. On a terminal the node is left running in the end.

With `--export` it audits a real file instead, in a folder of its own under `out/audits/`.
"""

import argparse
import functools
import hashlib
import http.server
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import demo_ledger  # type: ignore[import-not-found]  # it stands beside this file

ROOT = Path(__file__).resolve().parent.parent
COMMAND = Path(sys.executable).parent / "gatehouse"
OUT = ROOT / "out"
ROWS, SEED = 200_000, 20260101


def run(*arguments: str) -> None:
    """Show a command as one would type it, then run it; end with its exit code if it fails."""
    code = run_any(*arguments)
    if code:
        sys.exit(code)


def run_any(*arguments: object) -> int:
    """Show a command, run it, and return its exit code."""
    words = [str(each) for each in arguments]
    print(f"\n$ gatehouse {shlex.join(words)}", flush=True)
    # What went wrong belongs below its command, also where somebody keeps stdout alone.
    return subprocess.run(
        [str(COMMAND), *words], cwd=ROOT, check=False, stderr=subprocess.STDOUT if piped() else None
    ).returncode


def piped() -> bool:
    """Return whether the output goes to a file or another program."""
    return not sys.stdout.isatty()


class ReportHandler(http.server.SimpleHTTPRequestHandler):
    """Serve the report's folder, the report itself at the root, without a line for each request."""

    def do_GET(self) -> None:
        """Answer the root with the report."""
        if self.path == "/":
            self.path = "/report.html"
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: what the terminal shows is the audit."""


def serve(directory: Path, node: Path | None, port: int = 8420) -> None:
    """Serve the report on loopback until interrupted, and run a node beside it if there is one."""
    handler = functools.partial(ReportHandler, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"\nThe report is at http://127.0.0.1:{port}/ (Ctrl-C ends it)", flush=True)
        try:
            if node is None:
                server.serve_forever()
            else:
                threading.Thread(target=server.serve_forever, daemon=True).start()
                try:
                    run("node", "serve", str(node))
                finally:
                    server.shutdown()
        except KeyboardInterrupt:
            print()


def serves(wanted: str | None, *, real: bool) -> bool:
    """Return whether to serve: as asked, else where a person watches, and nothing of a real export."""
    if wanted is not None:
        return wanted not in ("0", "no", "false")
    return not real and sys.stdin.isatty() and not piped() and os.environ.get("CI", "") in ("", "false", "0")


def main() -> None:
    """Generate, audit, say where the report lies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--export", help="a real export to audit instead of the synthetic one")
    parser.add_argument("--owner", help="the agency whose export it is, e.g. 'Prairie Bend IL PD'")
    parser.add_argument("--serve", metavar="0|1", help="run the node and serve the report on 127.0.0.1")
    options = parser.parse_args()
    report = report_directory(options.export)
    node = None
    if options.export:
        owner = ["--owner", options.owner] if options.owner else []
        run("audit", options.export, *owner, "-o", str(report.relative_to(ROOT)))
        print(f"\nEverything about this file lies in {report.relative_to(ROOT)}/", flush=True)
    else:
        data = OUT.relative_to(ROOT) / "demo" / "synthetic"
        run("records", "synth", "--rows", str(ROWS), "--seed", str(SEED), "--quirks", "-o", str(data))
        demo_audit(data, report.relative_to(ROOT))
        demo_ledger.play(
            functools.partial(run_any, "ledger"), ROOT, OUT.relative_to(ROOT) / "demo" / "ledger"
        )
        story = OUT.relative_to(ROOT) / "demo" / "story"
        run("demo", "--out", str(story))
        node = story / "node"
        print(f"\nThe report: {report.relative_to(ROOT)}/report.html", flush=True)
    if serves(options.serve, real=options.export is not None):
        serve(report, node)


def report_directory(export: str | None) -> Path:
    """Return where the report goes: no file takes the place of the synthetic one, nor of another."""
    if export is None:
        return OUT / "demo" / "report"
    path = Path(export).resolve()
    # Two files of one name in two folders are two files.
    mark = hashlib.sha256(str(path).encode()).hexdigest()[:6]
    return OUT / "audits" / f"{slug(path.stem)}-{mark}"


def slug(name: str) -> str:
    """Return a file's name as a folder's name that needs no quoting."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60] or "export"


def demo_audit(data: Path, report: Path) -> None:
    """Audit the generated town with its own sharing list and published rules."""
    truth = json.loads((ROOT / data / "truth.json").read_text(encoding="utf-8"))
    run(
        "audit", *(str(data / file["path"]) for file in truth["files"]),
        "--owner", truth["owner"],
        "--sharing", str(data / "sharing.csv"),
        "--policies", str(data / "policies.json"),
        "-o", str(report),
    )  # fmt: skip


if __name__ == "__main__":
    main()
