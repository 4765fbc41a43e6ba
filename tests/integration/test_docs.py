"""The documents against the program: commands run, links lead somewhere, and every name is explained."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.audit.findings import LEADS
from gatehouse.model import FieldState, Layout, LinkTier, Signal
from gatehouse.records import repair
from tests.conftest import ROOT

PAGES = (
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("samples/**/*.md")),
)
COMMAND = Path(sys.executable).parent / "gatehouse"
CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def named(page: Path) -> str:
    """Return a page's path as a test's id."""
    return page.relative_to(ROOT).as_posix()


def read(*names: str) -> str:
    return "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)


def transcript(page: Path) -> list[tuple[str, list[str]]]:
    """Return the commands that a page shows in console blocks, each with the lines shown below it."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.strip():
                found[-1][1].append(line)
    return found


def as_shown(line: str) -> re.Pattern[str]:
    """Return what a shown line stands for: an ellipsis for anything, blanks for blanks."""
    parts = (r"\s+".join(re.escape(word) for word in part.split()) for part in line.split("…"))
    return re.compile(".*?".join(parts))


@pytest.mark.parametrize("page", [page for page in PAGES if transcript(page)], ids=named)
def test_transcript_of_page_is_what_the_commands_print(page: Path, tmp_path: Path) -> None:
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    for command, lines in transcript(page):
        small = re.sub(r"--rows 200000\b", "--rows 2000", command)
        words = shlex.split(small)
        assert words[0] == "gatehouse"
        typed = [str(COMMAND), *(path for word in words[1:] for path in expanded(word, tmp_path))]
        done = subprocess.run(typed, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        at = 0
        for line in lines:
            match = as_shown(line).search(done.stdout, at)
            assert match, f"{command!r} does not print, or not here: {line!r}\n{done.stdout}"
            at = match.end()


def expanded(word: str, directory: Path) -> list[str]:
    """Return the files that a pattern stands for, as a shell would write them; else the word."""
    if "*" not in word:
        return [word]
    return sorted(path.relative_to(directory).as_posix() for path in directory.glob(word))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_of_page_lead_to_files_and_headings(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings get."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_files_that_page_names_in_the_repository_exist(page: Path) -> None:
    paths = re.findall(
        r"`((?:docs|tools|bench|samples|tests|src)/[\w./-]+)`", page.read_text(encoding="utf-8")
    )
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_finding_has_a_heading() -> None:
    headings = re.findall(r"^### `(\w+)`$", read("docs/findings.md"), re.M)
    assert sorted(headings) == sorted(lead.id for lead in LEADS)


def test_every_signal_is_explained() -> None:
    page = read("docs/reasons.md")
    assert [signal.value for signal in Signal if f"`{signal.value}`" not in page] == []


def test_every_layout_state_and_reject_reason_is_explained() -> None:
    page = read("docs/formats.md")
    reasons = [value for name, value in vars(repair).items() if name.isupper() and isinstance(value, str)]
    assert len(reasons) >= 4
    wanted = [*reasons, *(each.value for each in Layout), *(each.value for each in FieldState)]
    assert [word for word in wanted if word != FieldState.VALUE and f"`{word}`" not in page] == []


def test_every_link_tier_is_explained() -> None:
    page = read("docs/counting-searches.md", "docs/reconcile.md")
    assert [
        tier.value for tier in LinkTier if f"| `{tier.value}` |" not in page and tier != LinkTier.FIRST
    ] == []
    assert "`first`" in page


def test_every_note_is_explained() -> None:
    page = read("docs/formats.md", "docs/containers.md", "docs/sharing-lists.md")
    codes = {code for path in (ROOT / "src/gatehouse/records").rglob("*.py") for code in note_codes(path)}
    assert {
        "undated",
        "header_absent",
        "header_repeated",
        "truncated",
        "member_skipped",
        "pdf_furniture",
    } <= codes
    assert sorted(code for code in codes if f"`{code}`" not in page) == []


def note_codes(path: Path) -> Iterator[str]:
    """Yield the codes that a module notes: `(code, saying)` pairs, calls of `note`, and counters of notes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.Tuple(elts=[ast.Constant(value=str(code)), saying]) if is_saying(saying):
                yield from (code,) if CODE.fullmatch(code) else ()
            case ast.Call(
                func=ast.Attribute(attr="append"), args=[ast.Tuple(elts=[ast.Constant(value=str(code)), _])]
            ):
                yield code
            case ast.Call(func=ast.Name(id="note"), args=[ast.Constant(value=str(code)), *_]):
                yield code
            case ast.Subscript(value=ast.Attribute(attr="notes"), slice=ast.Constant(value=str(code))):
                yield code
            case ast.Assign(targets=[ast.Name(id="_SAYINGS")], value=ast.Dict(keys=keys)):
                yield from ("pdf_" + str(ast.literal_eval(key)) for key in keys if key is not None)
            case _:
                pass


def is_saying(node: ast.expr) -> bool:
    """Return whether an expression is a sentence, not a name."""
    if isinstance(node, ast.BinOp):
        return is_saying(node.left) or is_saying(node.right)
    spoken = isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
    return spoken or isinstance(node, ast.JoinedStr)


def test_commands_page_is_current() -> None:
    done = subprocess.run(
        [sys.executable, "tools/commands.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_readme_tells_the_tested_python() -> None:
    versions = re.findall(r"Python (3\.\d+)", read("README.md"))
    assert set(versions) == set(re.findall(r'requires-python = ">=(3\.\d+)"', read("pyproject.toml")))
