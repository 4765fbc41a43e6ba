"""The rulebooks and lexicons that a node has had, each under the hash that its entries name.

    packs/<sha256>/      the files of a pack
    lexicons/<sha256>    a lexicon

Nothing is ever taken away: who reads an old entry can still read the rules that decided it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

import gatehouse.law
from gatehouse.law import Lexicon, Pack, Rulebook
from gatehouse.law.pack import read_pack
from gatehouse.law.packfiles import read_files
from gatehouse.model import BadInput, PartUnavailable
from gatehouse.node.bodies import PackBody
from gatehouse.node.loosening import pack_tightens
from gatehouse.signing.durable import sync_directory

PACKAGED = Path(gatehouse.law.__file__).parent
_LEXICON = "lexicon.toml"


class Packs:
    """The folders `packs/` and `lexicons/` of a node."""

    def __init__(self, folder: Path) -> None:
        self._packs = folder / "packs"
        self._lexicons = folder / "lexicons"
        self._tightens = lru_cache(maxsize=64)(
            lambda before, after: pack_tightens(self._packs / before, self._packs / after)
        )

    def install(self, directory: Path = PACKAGED, lexicon: Path | None = None) -> PackBody:
        """Keep a copy of a pack and a lexicon, and return what an entry says of them. Neither is in force.

        `lexicon` is the one beside the pack unless given, or else the one that comes with Gatehouse.
        """
        files = read_files(directory)
        pack = read_pack(directory)
        beside = directory / _LEXICON
        path = lexicon or (beside if beside.is_file() else PACKAGED / _LEXICON)
        try:
            words = path.read_bytes()
        except OSError as error:
            raise BadInput("the lexicon cannot be read", where=str(path), got=error.strerror) from error
        sha256 = Lexicon(words, where=str(path)).sha256
        for parent in (self._packs, self._lexicons):
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = self._lexicons / sha256
        if not kept.exists():
            _write(kept, words)
        target = self._packs / pack.id.sha256
        if not target.exists():
            making = Path(tempfile.mkdtemp(dir=self._packs, prefix=".making-"))
            try:
                for name, content in files.items():
                    (making / name).parent.mkdir(parents=True, exist_ok=True)
                    _write(making / name, content)
                making.replace(target)
            except BaseException:
                shutil.rmtree(making, ignore_errors=True)
                raise
            sync_directory(self._packs)
        return PackBody(version=pack.id.version, sha256=pack.id.sha256, lexicon=sha256)

    def rulebook(self, body: PackBody) -> Rulebook:
        """Return the rulebook of a version, as `pack` does."""
        return Rulebook(self.pack(body))

    def pack(self, body: PackBody) -> Pack:
        """Return the pack of a version, whose files must still hash to what its entry names."""
        folder = self._packs / body.sha256
        if not folder.is_dir():
            raise PartUnavailable("the rulebook in force is not there", where=str(folder), hint=_HINT)
        pack = read_pack(folder)
        if pack.id.sha256 != body.sha256:
            raise BadInput(
                "the rulebook in force was changed",
                where=str(folder),
                expected=body.sha256,
                got=pack.id.sha256,
                hint=_HINT,
            )
        return pack

    def lexicon(self, body: PackBody) -> Lexicon:
        """Return the lexicon of a version, as `rulebook` does."""
        path = self._lexicons / body.lexicon
        try:
            content = path.read_bytes()
        except OSError as error:
            raise PartUnavailable(
                "the lexicon in force is not there", where=str(path), got=error.strerror, hint=_HINT
            ) from error
        if (got := hashlib.sha256(content).hexdigest()) != body.lexicon:
            raise BadInput(
                "the lexicon in force was changed",
                where=str(path),
                expected=body.lexicon,
                got=got,
                hint=_HINT,
            )
        return Lexicon(content, where=str(path))

    def tightens(self, before: PackBody, after: PackBody) -> bool:
        """Return whether a pack is shown to permit nothing that another does not; False shows nothing."""
        return self._tightens(before.sha256, after.sha256)


_HINT = "restore the folder `packs` and `lexicons` of the node from a backup"


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
