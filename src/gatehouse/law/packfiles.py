"""The files of a law pack: which belong to it, their texts, its version and the hashes over them.

A decision names the version and the hash over all files. A released pack also says in `pack.toml` what its
other files hash to, so that none changes under a version that is known: `sealed` writes that.

Whoever names a folder may name any, so no more of it is looked at than a pack has.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gatehouse.law.unseen import hidden_sign
from gatehouse.model import BadInput

_PATTERNS = (
    "pack.toml",
    "network/*.cedar",
    "network/*.cedarschema",
    "network/scopes.toml",
    "statutes/*/facts.toml",
    "statutes/*/rules.cedar",
)
_FOLDERS = ("network", "statutes")
# A pack has some hundred files of some kilobytes.
_MOST_ENTRIES = 5_000
_LONGEST = 1 << 20
# A `+` marks decisions under a draft.
_SHA256_LINE = re.compile(r"^sha256\s*=.*\n?", re.M)
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


def identified(files: Mapping[str, bytes], directory: Path) -> tuple[str, bool]:
    """Return the version of a pack, which every decision repeats, and whether the pack is sealed.

    It is by a `sha256` in `pack.toml` that the other files hash to. Where they hash otherwise the version
    ends in `+changed`, so that no decision passes for one of the version that was changed.
    """
    where = str(directory / "pack.toml")
    data = _pack_toml(files, directory)
    version = data.get("version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise BadInput(
            "the law pack is refused: pack.toml names no version",
            where=where,
            expected="letters, digits and . _ - such as 2026.11.23",
            got=None if version is None else ascii(version)[:80],
        )
    if "sha256" not in data:
        return version, False
    fits = data["sha256"] == _sha256_of_others(files)
    return (version, True) if fits else (f"{version}+changed", False)


def sealed(directory: Path) -> str:
    """Return the text of `pack.toml` with the hash of the pack's other files."""
    files = read_files(directory)
    line = f'sha256 = "{_sha256_of_others(files)}"'
    text = _SHA256_LINE.sub("", text_of(files, "pack.toml", directory))
    return f"{text.rstrip()}\n{line}\n"


def _pack_toml(files: Mapping[str, bytes], directory: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text_of(files, "pack.toml", directory))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise unsound(
            "pack.toml cannot be read", where=str(directory / "pack.toml"), got=type(error).__name__
        ) from error


def _sha256_of_others(files: Mapping[str, bytes]) -> str:
    """Hash all files but `pack.toml`, as `sha256_of` does."""
    return sha256_of({name: content for name, content in files.items() if name != "pack.toml"})


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
