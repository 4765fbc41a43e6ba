"""The files of a law pack: which belong to it, their texts, its version and the hash over all.

Whoever names a folder may name any, so no more of it is looked at than a pack has.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from gatehouse.law.unseen import hidden_sign
from gatehouse.model import BadInput

_PATTERNS = (
    "pack.toml",
    "network/*.cedar",
    "network/*.cedarschema",
    "statutes/*/facts.toml",
    "statutes/*/rules.cedar",
)
_FOLDERS = ("network", "statutes")
# A pack has some hundred files of some kilobytes.
_MOST_ENTRIES = 5_000
_LONGEST = 1 << 20
# A `+` marks decisions under a draft.
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")


def read_files(directory: Path) -> dict[str, bytes]:
    """Return the files of a pack by their names in it; rules in a file that is none of them are refused."""
    try:
        rules = {*directory.glob("*.cedar"), *_rules_below(directory)}
        paths = sorted({path for pattern in _PATTERNS for path in directory.glob(pattern)})
        files = {path.relative_to(directory).as_posix(): _content(path) for path in paths}
    except OSError as error:
        raise BadInput("the law pack cannot be read", where=str(directory), got=error.strerror) from error
    if stray := sorted(rules.difference(paths)):
        # Whoever put it there believes that it is in force.
        raise unsound("rules stand in a file that no pack is read from", where=str(stray[0]))
    return files


def _rules_below(directory: Path) -> Iterator[Path]:
    """Yield the Cedar files below the folders of a pack."""
    seen = 0
    for folder in _FOLDERS:
        for place, _, names in os.walk(directory / folder):
            seen += 1 + len(names)
            if seen > _MOST_ENTRIES:
                raise unsound("its folders hold more than a pack does", where=str(directory / folder))
            yield from (Path(place, name) for name in names if name.endswith(".cedar"))


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise unsound("something that is no file stands in place of one", where=str(path))
    with path.open("rb") as file:
        content = file.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise unsound("a file is longer than 1 MiB", where=str(path))
    return content


def text_of(files: Mapping[str, bytes], name: str, directory: Path) -> str:
    """Return the text of a file; one that is missing or is not UTF-8 is `BadInput`."""
    try:
        return files[name].decode()
    except KeyError as error:
        raise unsound("a file of the law pack is missing", where=str(directory / name)) from error
    except UnicodeDecodeError as error:
        raise unsound("a file of the law pack is not UTF-8", where=str(directory / name)) from error


def version_of(files: Mapping[str, bytes], directory: Path) -> str:
    """Return the version that `pack.toml` names, which every decision repeats."""
    where = str(directory / "pack.toml")
    try:
        version = tomllib.loads(text_of(files, "pack.toml", directory)).get("version")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise unsound("pack.toml cannot be read", where=where, got=type(error).__name__) from error
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise BadInput(
            "the law pack is refused: pack.toml names no version",
            where=where,
            expected="letters, digits and . _ - such as 2026.11.23",
            got=None if version is None else ascii(version)[:80],
        )
    return version


def sha256_of(files: Mapping[str, bytes]) -> str:
    """Hash `<SHA-256 of file>  <name>` lines in the order of names."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def legible(text: str, where: str) -> None:
    """Refuse a text with a sign that nobody sees, or with ends of lines that its readers could take apart.

    Cedar ends a comment at a carriage return, an editor may not end the line there.
    """
    if hidden := hidden_sign(text.replace("\r\n", "\n")):
        raise unsound("a text holds a sign that nobody sees", where=where, got=hidden)


def unsound(what: str, *, where: str | None = None, got: str | None = None) -> BadInput:
    """Return the error for a pack that is refused."""
    return BadInput(
        f"the law pack is refused: {what}", where=where, got=got, hint="see docs/writing-rules.md"
    )
